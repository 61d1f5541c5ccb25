"""The shipped processes on both sides: the real files, facts as plain dicts, operations that are only written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.task import Task

from app import clock
from app.engine.compiled import Compiled
from app.engine.environment import DeskScripts, ElementFailed, element_of
from app.engine.subject import Subject
from app.engine.xml import SourceFile
from bench.walks.sides import compile_for_desk, parse_for_library

FOLDER = Path(__file__).resolve().parents[2] / "processes"
KEYS = ("ticket_lifecycle", "escalation", "work_validation")
MESSAGES = ("customer_reply", "escalation_decided", "ticket_cancelled", "ticket_confirmed", "ticket_reopened")
OUTCOMES = {
    "take_over": ("self", "colleague"),
    "work": ("ask", "escalate", "solved", "save", "ask"),
    "decision": ("approve", "reject"),
    "acceptance": ("accept", "refuse"),
    "correction": ("withdraw", "again"),
}


class Dotted(dict[str, Any]):
    """A dict whose values the library's expressions reach with a dot, as ours do."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error

    def __deepcopy__(self, memo: dict[int, Any]) -> Dotted:
        return Dotted({key: deepcopy(value, memo) for key, value in self.items()})


@dataclass
class World:
    """What the process of one side works on."""

    facts: dict[str, Dotted]
    # Each operation that ran, with its parameters.
    calls: list[str] = field(default_factory=list)
    # How often the deadlines were set.
    moved: int = 0

    def run(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Write an operation down and change what the diagrams look at afterwards."""
        self.calls.append(f"{operation} {json.dumps(parameters, sort_keys=True, default=str)}")
        ticket, sla = self.facts["ticket"], self.facts["sla"]
        if operation == "ticket.take_over":
            ticket["assignee"] = parameters["person"]
        elif operation == "ticket.assign_to_team":
            ticket["team"] = parameters["team"]
        elif operation == "ticket.reopen":
            ticket["is_first_contact"] = False
        if operation in ("ticket.reply", "sla.start_clocks", "ticket.reopen"):
            self.moved += 1
            # Seconds of their own, so that no two deadlines meet.
            for number, name in enumerate(("response_warn", "response_due", "resolution_warn", "resolution_due")):
                due = clock.now() + timedelta(hours=3 + number * 5, seconds=self.moved * 11 + number)
                sla[name] = due.isoformat()
        return {"did": operation}


def new_world(seed: int) -> World:
    """The facts at the start, by chance."""
    rng = Random(f"world {seed}")
    far = (clock.now() + timedelta(days=400)).isoformat()
    pick = rng.choice
    return World(
        {
            "ticket": Dotted(
                assignee=pick((None, 3)),
                is_first_contact=pick((True, True, False)),
                team=pick((None, "network")),
                default_team=pick((None, "hardware")),
                priority=pick(("low", "normal", "high", "urgent")),
                type=pick(("incident", "question")),
            ),
            "customer": Dotted(known=pick((True, False)), level=pick(("gold", "silver", "standard"))),
            "desk": Dotted(default_team="front"),
            "sla": Dotted(dict.fromkeys(("response_warn", "response_due", "resolution_warn", "resolution_due"), far)),
            "escalation": Dotted(skill=pick((None, "sql")), from_team="front", kind=pick(("asked", "overdue"))),
            "work": Dotted(
                over_budget=pick((True, False)),
                minutes=pick((10, 50, 200)),
                travel_minutes=pick((0, 200)),
                days_back=pick((0, 9)),
                billable=pick((True, False)),
            ),
        }
    )


def answer_for(rng: Random, variable: str, step: int) -> dict[str, Any]:
    """What a person may send with a form, every field filled in."""
    fields = {
        "outcome": rng.choice(OUTCOMES[variable]),
        "person": rng.randrange(1, 9),
        "by": rng.randrange(1, 9),
        "minutes": rng.randrange(100),
        "travel_minutes": 5,
        "travel_km": 3,
        "kind": "remote",
        "billable": rng.random() < 0.5,
        "files": [],
        "note": f"note {step}",
        "reply": f"reply {step}",
        "reason": f"reason {step}",
        "worked_on": "2031-03-03",
        "escalation_reason": "too hard",
        "escalation_skill": rng.choice((None, "sql")),
    }
    return {variable: Dotted(fields)}


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "working_time": lambda length: length,
    "working_days": lambda count: f"P{count}D",
}


class _PlainFacts(dict[str, Any]):
    """Facts as the scripts of ours read them, already loaded."""

    functions = FUNCTIONS

    def drop(self) -> None:
        """Nothing is kept."""


class DeskSide(DeskScripts):
    """Our script engine, its operations only written down."""

    def __init__(self, world: World) -> None:
        super().__init__(None, Subject("walk", 1), 0, None)  # type: ignore[arg-type]  # nothing reads it
        self.world = world
        self.facts = _PlainFacts(world.facts)  # type: ignore[assignment]  # read the same way

    def call_service(self, task: Task, **kwargs: Any) -> str:
        """Write the operation down."""
        parameters = {name: given["value"] for name, given in kwargs["operation_params"].items()}
        try:
            return json.dumps(self.world.run(kwargs["operation_name"], parameters))
        except KeyError as error:
            raise ElementFailed(element_of(task), str(error)) from error


class LibrarySide(PythonScriptEngine):  # type: ignore[misc]  # the library has no types
    """The library's own script engine, its operations only written down."""

    def __init__(self, world: World) -> None:
        super().__init__(_FactsBehind({**FUNCTIONS, **world.facts}))
        self.world = world

    def call_service(self, task: Task, **kwargs: Any) -> str:
        """Write the operation down."""
        parameters = {name: given["value"] for name, given in kwargs["operation_params"].items()}
        return json.dumps(self.world.run(kwargs["operation_name"], parameters))


class _FactsBehind(TaskDataEnvironment):  # type: ignore[misc]  # the library has no types
    """The library's environment; facts are its globals, behind the variables."""


@lru_cache(maxsize=4)
def prepared(key: str) -> tuple[Compiled, Any]:
    """The shipped process, compiled by us and parsed by the library."""
    files = [
        SourceFile("dmn" if path.suffix == ".dmn" else "bpmn", path.name, path.read_bytes())
        for path in sorted(FOLDER.iterdir())
        if path.suffix in (".dmn", ".bpmn")
    ]
    # cells-run-together
    theirs = [SourceFile(file.kind, file.name, file.content.replace(b">is not None<", b">!= None<")) for file in files]
    return compile_for_desk(files, key), parse_for_library(theirs, key)
