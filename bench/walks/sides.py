"""The two ways to run the same diagram: the untouched library, and ours as the runtime drives it."""

from __future__ import annotations

import datetime as real
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Any

import orjson
from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.event_definitions import timer as timers
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app import clock
from app.engine import state, xml
from app.engine.budgets import Budget, Limits
from app.engine.compiled import Compiled, compile_files
from app.engine.environment import DeskScripts
from app.engine.parser import event_definitions, properties
from app.engine.pruning import prune
from app.engine.subject import Subject
from app.engine.values import plain
from app.engine.workflow import DeskWorkflow, run_task
from app.engine.xml import SourceFile

# Where the variables stand that are not compared when the process is over.
END = "end"
# A walk compares what happens; how long it takes on a busy machine is no difference.
UNHURRIED = Limits(seconds=inf, processor_seconds=inf)


@dataclass(frozen=True)
class Seen:
    """What both sides must agree on after every action."""

    # (element, data as JSON) of each task that waits for a person, sorted.
    ready: tuple[tuple[str, bytes], ...]
    # Elements that wait for an event, sorted.
    waiting: tuple[str, ...]
    messages: tuple[str, ...]
    completed: bool
    data: bytes
    # Operations that ran since the last look, sorted: branches side by side may run in any order.
    calls: tuple[str, ...] = ()


def written(data: dict[str, Any], without: frozenset[str] | set[str] = frozenset()) -> bytes:
    """Data as JSON that does not depend on the order of keys."""
    kept = {key: value for key, value in data.items() if key not in without}
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS, default=str)


def element(task: Task) -> str:
    """The element a task stands for; the library names each of several instances after it."""
    return str(task.task_spec.name).removesuffix(" [child]")


def _messages(task: Task) -> list[str]:
    definitions = event_definitions(task.task_spec)
    return [each.name for each in definitions if isinstance(each, MessageEventDefinition)]


def _listened(workflow: Any) -> list[str]:
    """Messages that begin an event sub-process of the outermost process: the library knows no others."""
    specs = [workflow.subprocess_specs[name] for name in workflow.spec.start.trigger_specs]
    definitions = [start.event_definition for spec in specs for start in spec.bpmn_start_events]
    return [each.name for each in definitions if isinstance(each, MessageEventDefinition)]


def _is_ended_cycle(task: Task) -> bool:
    # ended-cycles
    definition = getattr(task.task_spec, "event_definition", None)
    value = task.internal_data.get("event_value")
    return isinstance(definition, timers.CycleTimerEventDefinition) and bool(value) and value["cycles"] == 0


def _seen(side: Desk | Library, waiting: Sequence[Task], left_out: dict[str, set[str]]) -> Seen:
    last, completed = side.workflow.last_task, side.workflow.is_completed()
    calls = tuple(sorted(side.calls))
    side.calls.clear()
    everywhere = left_out.get("", set())
    tasks = (
        (element(task), written(task.data, everywhere | left_out.get(element(task), set()))) for task in side.tasks()
    )
    waiting = [task for task in waiting if not _is_ended_cycle(task)]
    return Seen(
        ready=tuple(sorted(tasks)),
        waiting=tuple(sorted(task.task_spec.name for task in waiting)),
        messages=tuple(sorted({*(name for task in waiting for name in _messages(task)), *_listened(side.workflow)})),
        completed=completed,
        data=written(last.data if last else {}, everywhere | left_out.get(END, set())) if completed else b"",
        calls=calls,
    )


class Desk:
    """Ours, written down and read back after every action, as the runtime does."""

    def __init__(self, compiled: Compiled, left_out: dict[str, set[str]], scripts: DeskScripts | None = None) -> None:
        self.compiled = compiled
        self.left_out = left_out
        self.scripts = scripts or plain_scripts()
        self.calls: list[str] = []
        self.workflow = DeskWorkflow(
            compiled.spec, compiled.subprocess_specs, scripts=self.scripts, budget=Budget(UNHURRIED)
        )

    def start(self, variables: dict[str, Any]) -> None:
        self.workflow.task_tree.data.update(plain(variables))
        self._run()

    def tasks(self) -> list[Task]:
        return self.workflow.for_people()

    def complete(self, place: int, answer: dict[str, Any]) -> None:
        task = _in_order(self.tasks(), self.left_out)[place]
        # As the runtime takes it: values of its own.
        task.data.update(plain(answer))
        run_task(task)
        self._run()

    def variable(self, place: int) -> str | None:
        """The variable that gets the answer to a ready task; None when the answer holds its own names."""
        return properties(_in_order(self.tasks(), self.left_out)[place].task_spec).get("variableName")

    def deliver(self, name: str, payload: dict[str, Any]) -> None:
        event = BpmnEvent(MessageEventDefinition(name), payload=plain(payload))
        self.workflow.event_manager.catch(event, internal=False)
        self._run()

    def next_due(self) -> datetime | None:
        found = self._due()
        return min(found)[0] if found else None

    def next_cycle(self) -> datetime | None:
        due = [
            t.due_at(task)
            for task, t in self.workflow.waiting_timers()
            if isinstance(t, timers.CycleTimerEventDefinition)
        ]
        return min((each for each in due if each is not None), default=None)

    def cancels_before(self, moment: datetime) -> bool:
        """Whether one of several timers due before this moment could take another's chance to fire."""
        due = [
            task
            for task, timer in self.workflow.waiting_timers()
            if (at := timer.due_at(task)) is not None and at < moment
        ]
        return len(due) > 1 and any(getattr(task.task_spec, "cancel_activity", True) for task in due)

    def _due(self) -> list[tuple[datetime, str, str]]:
        return [
            (moment, timer.element, task.id)
            for task, timer in self.workflow.waiting_timers()
            if (moment := timer.due_at(task)) is not None
        ]

    def fire_due(self) -> None:
        """Fire what is due, earliest first, each in a step of its own."""
        while found := self._due():
            moment, element, task_id = min(found)
            if moment > clock.now():
                return
            self.workflow.fire(task_id, element)
            self._run()

    def reload(self) -> None:
        blob = state.dump(self.workflow, self.compiled)
        self.workflow = state.load(blob, state.FORMAT, self.compiled, scripts=self.scripts, budget=Budget(UNHURRIED))

    def prune(self) -> None:
        prune(self.workflow)

    def _run(self) -> None:
        self.workflow.run_to_waits(_nothing, _nothing)
        self.workflow.get_events()
        self.prune()
        self.reload()

    def seen(self) -> Seen:
        return _seen(self, self.workflow.waiting(), self.left_out)


def _nothing(task: Task) -> None:
    """Nobody watches."""


def plain_scripts() -> DeskScripts:
    """Our script engine for a subject without facts, so that it needs no database."""
    return DeskScripts(None, Subject("walk", 1), 0, None)  # type: ignore[arg-type]  # nothing reads it


class Library:
    """SpiffWorkflow as it comes, its clock moved only while it runs."""

    def __init__(self, parsed: Any, left_out: dict[str, set[str]], scripts: Any = None) -> None:
        self.left_out = left_out
        self.calls: list[str] = []
        # shared-specs
        spec, subprocess_specs = deepcopy(parsed) if parsed[0].start.trigger_specs else parsed
        with library_time():
            self.workflow = BpmnWorkflow(spec, subprocess_specs, script_engine=scripts or PythonScriptEngine())

    def start(self, variables: dict[str, Any]) -> None:
        self.workflow.task_tree.data.update(variables)
        self._run()

    def tasks(self) -> list[Task]:
        levels = [self.workflow, *self.workflow.subprocesses.values()]
        return [
            task
            for level in levels
            if not level.completed
            for task in level.tasks.values()
            if task.state == TaskState.READY and task.task_spec.manual
        ]

    def waiting(self) -> list[Task]:
        return [
            task
            for task in self.workflow.event_manager.tasks.values()
            if task.state == TaskState.WAITING and task.id in task.workflow.tasks and not task.workflow.completed
        ]

    def complete(self, place: int, answer: dict[str, Any]) -> None:
        task = _in_order(self.tasks(), self.left_out)[place]
        task.data.update(answer)
        with library_time():
            task.run()
        self._run()

    def deliver(self, name: str, payload: dict[str, Any]) -> None:
        with library_time():
            self.workflow.send_event(BpmnEvent(MessageEventDefinition(name), payload=payload))
        self._run()

    def fire_due(self) -> None:
        """Let the library look at one overdue timer after another, earliest first (overdue-timers)."""
        while True:
            found = [
                (moment, task.task_spec.name, number, task)
                for number, task in enumerate(self.waiting())
                if (moment := _library_due(task)) is not None and moment <= clock.now()
            ]
            if not found:
                return
            *_, task = min(found)
            with library_time():
                task.task_spec._update(task)
                while self.workflow._do_engine_steps():
                    pass

    def _run(self) -> None:
        with library_time():
            while True:
                self.workflow.do_engine_steps()
                if not self.workflow.get_tasks(state=TaskState.READY, manual=False):
                    return

    def seen(self) -> Seen:
        return _seen(self, self.waiting(), self.left_out)


def _library_due(task: Task) -> datetime | None:
    definition = task.task_spec.event_definition
    kinds = (timers.TimerEventDefinition,)
    is_timer = isinstance(definition, kinds) or (
        isinstance(definition, MultipleEventDefinition)
        and any(isinstance(each, kinds) for each in definition.event_definitions)
    )
    value = task.internal_data.get("event_value")
    if not is_timer or value is None:
        return None
    if isinstance(value, dict):
        return datetime.fromisoformat(value["next"]) if value["cycles"] else None
    return datetime.fromisoformat(value)


class _LibraryDatetime(real.datetime):
    @classmethod
    def now(cls, tz: real.tzinfo | None = None) -> _LibraryDatetime:
        moment = clock.now().astimezone(tz or UTC)
        return cls(*moment.timetuple()[:6], moment.microsecond, moment.tzinfo)


@contextmanager
def library_time() -> Iterator[None]:
    """Put the walk's clock into the one place where the library reads the time."""
    before = timers.datetime
    timers.datetime = _LibraryDatetime
    try:
        yield
    finally:
        timers.datetime = before


def _in_order(tasks: list[Task], left_out: dict[str, set[str]]) -> list[Task]:
    everywhere = left_out.get("", set())

    def place(task: Task) -> tuple[str, bytes, float]:
        name = element(task)
        # Two tasks of one element that look alike: the earlier one first, on both sides.
        return name, written(task.data, everywhere | left_out.get(name, set())), task.last_state_change

    return sorted(tasks, key=place)


def parse_for_library(files: Sequence[SourceFile], key: str) -> Any:
    """The specs of the process and its sub-processes, as the library's own parser reads them."""
    parser = SpiffBpmnParser()
    for file in files:
        if file.kind == "dmn":
            parser.add_dmn_xml(xml.parse(file.content), file.name)
    for file in files:
        if file.kind == "bpmn":
            parser.add_bpmn_xml(xml.parse(file.content), file.name)
    return parser.get_spec(key), parser.get_subprocess_specs(key)


def compile_for_desk(files: Sequence[SourceFile], key: str) -> Compiled:
    """Our compiled definition of the same files."""
    return compile_files(key, files)
