"""What one step may use: a diagram that wants more stalls where it is, soon, and nobody else notices."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, create_app
from app import db as database
from app.db import run_in_transaction
from app.engine import budgets, queries, service, timers
from app.engine.budgets import Budget, BudgetExceeded, Limits
from app.engine.jobs import wake
from app.engine.models import DefinitionFile, InstanceState, Origin, Parked, ProcessDefinition, ProcessInstance, Timer
from app.engine.subject import Subject
from app.engine.xml import SourceFile
from tests.conftest import cheap_settings

from .conftest import THINGS, Desk, Thing
from .drawing import diagram, element, flow, path, service_task, table, timer, user_task

NOW = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
LONGEST_SECONDS = 2.0
MANY = "20000 if thing.broken else 2"
# What the step does before it wants too much, and what must be undone with it.
NOTE = service_task("before", "testing.note", text="&quot;before&quot;")


def script(name: str, text: str) -> str:
    return element("scriptTask", name, f"<bpmn:script>{text}</bpmn:script>")


def repeated(activity: str, how_many: str, *, in_order: bool) -> str:
    """An activity as multi-instance."""
    loop = element(
        "multiInstanceLoopCharacteristics",
        "loop",
        f"<bpmn:loopCardinality>{how_many}</bpmn:loopCardinality>",
        isSequential=str(in_order).lower(),
    )
    end = activity.rindex("</bpmn:")
    return activity[:end] + loop + activity[end:]


def after_a_timer(*body: str, first: str = "x") -> SourceFile:
    """A process that waits an hour, writes a note and comes to its first element; the rest is in `body`."""
    waiting = element("intermediateCatchEvent", "hour", timer("timeDuration", "&quot;PT1H&quot;"))
    return diagram(element("startEvent", "s"), waiting, NOTE, path("s", "hour", "before", first), *body, top="")


def going_round(*loop: str, names: tuple[str, ...]) -> SourceFile:
    """A loop that goes on while the thing is broken."""
    body = (
        element("exclusiveGateway", "again"),
        *loop,
        element("exclusiveGateway", "decide", default="decide_again"),
        element("endEvent", "e"),
        path("again", *names, "decide"),
        flow("decide", "again"),
        flow("decide", "e", "not thing.broken"),
    )
    return after_a_timer(*body, first="again")


def calling_itself() -> tuple[SourceFile, SourceFile]:
    body = (
        element("startEvent", "s"),
        element("exclusiveGateway", "d", default="d_e"),
        element("callActivity", "again", calledElement="q"),
        element("endEvent", "e"),
        path("s", "d", "e"),
        path("again", "e"),
        flow("d", "again", "thing.broken"),
    )
    outer = after_a_timer(element("callActivity", "x", calledElement="q"), element("endEvent", "e"), path("x", "e"))
    return outer, diagram(*body, key="q", top="")


def ending(*activity: str) -> SourceFile:
    return after_a_timer(*activity, element("endEvent", "e"), path("x", "e"))


def choosing() -> SourceFile:
    """A gateway whose conditions each go through many words."""
    condition = f"thing.broken and len({HEAVY.partition('= ')[2]}) &lt; 0"
    conditions = [flow("x", f"e{number}", condition) for number in range(100)]
    ends = [element("endEvent", f"e{number}") for number in range(100)]
    body = (element("exclusiveGateway", "x", default="x_e"), *ends, element("endEvent", "e"), path("x", "e"))
    return after_a_timer(*body, *conditions)


def deciding() -> tuple[SourceFile, SourceFile]:
    """A decision table whose rows each go through many words."""
    cell = f"thing.broken and len({HEAVY.partition('= ')[2]}) &lt; ?"
    asked = table(*[([cell], ["1"])] * 100, policy="COLLECT", inputs=("1",), outputs=("team",))
    called = "<spiffworkflow:calledDecisionId>routing</spiffworkflow:calledDecisionId>"
    task = element("businessRuleTask", "x", f"<bpmn:extensionElements>{called}</bpmn:extensionElements>")
    return ending(task), asked


LARGE = "if thing.broken:\n    a = text\n    b = text\n    c = text\n    d = text\n    f = text\n    g = text"
HEAVY = "heavy = [word for word in words if word not in words[:50]]"


@dataclass(frozen=True)
class Greedy:
    """A process that wants too much while its thing is broken."""

    files: tuple[SourceFile, ...]
    elements: tuple[str, ...]
    reason: str
    # What the instance is once its thing was mended and somebody tried again.
    mended: str = InstanceState.COMPLETED


GREEDY = {
    "a process that calls itself": Greedy(calling_itself(), ("again",), "call itself"),
    "a repetition of no length": Greedy(
        (
            after_a_timer(
                user_task("x"),
                element(
                    "boundaryEvent",
                    "b",
                    timer("timeCycle", "thing.patience"),
                    attachedToRef="x",
                    cancelActivity="false",
                ),
                element("endEvent", "e"),
                element("endEvent", "f"),
                path("x", "e"),
                path("b", "f"),
            ),
        ),
        ("b",),
        "never stops",
        InstanceState.RUNNING,
    ),
    "very many tasks at once": Greedy(
        (ending(repeated(user_task("x"), MANY, in_order=False)),), ("x",), "20000 tasks at once", InstanceState.RUNNING
    ),
    "very many operations at once": Greedy(
        (ending(repeated(service_task("x", "testing.note", text="&quot;x&quot;"), MANY, in_order=False)),),
        ("x",),
        "20000 tasks at once",
    ),
    "very many operations in order": Greedy(
        (ending(repeated(service_task("x", "testing.note", text="&quot;x&quot;"), MANY, in_order=True)),),
        ("x",),
        "20000 tasks one after the other",
    ),
    "an endless loop": Greedy(
        (going_round(script("count", "rounds = 1"), names=("count",)),), ("again", "count", "decide"), "seems to loop"
    ),
    "an endless loop that calculates much": Greedy(
        (going_round(script("count", HEAVY), names=("count",)),), ("again", "count", "decide"), "very many values"
    ),
    "a gateway that calculates much": Greedy((choosing(),), ("x",), "very many values"),
    "a decision table that calculates much": Greedy(deciding(), ("x",), "very many values"),
    "an endless loop over a timer of no length": Greedy(
        (
            going_round(
                element("intermediateCatchEvent", "now", timer("timeDuration", "&quot;PT0S&quot;")), names=("now",)
            ),
        ),
        ("again", "now", "decide"),
        "seems to loop",
    ),
    "a state too large to keep": Greedy((ending(script("x", LARGE)),), ("x",), "KB"),
}


def let_in(session: Session, *files: SourceFile) -> None:
    """A definition that lint may refuse: what an older desk let in must not hurt either."""
    definition = ProcessDefinition(
        key="p", version=1, name="p", content_hash=str(hash(files)), origin=Origin.EDITED.value, spec_names={},
        deployed_at=clock.now(),
        files=[DefinitionFile(kind=each.kind, name=each.name, content=each.content.decode()) for each in files],
    )  # fmt: skip
    session.add(definition)
    session.flush()


@pytest.fixture
def own_desk(tmp_path: Path) -> Iterator[Flask]:
    """A desk on a database of the test's own, whose transactions really commit."""
    application = create_app(cheap_settings(tmp_path), web=False)
    THINGS.update({number: Thing() for number in range(1, 4)})
    with application.app_context(), clock.frozen(NOW):
        database.db.create_all()
        yield application
        database.db.engine.dispose()
    THINGS.clear()


@pytest.mark.parametrize("name", GREEDY)
def test_a_process_that_wants_too_much_stalls_soon_and_its_neighbours_go_on(own_desk: Flask, name: str) -> None:
    greedy = GREEDY[name]
    variables = {"text": "x" * 190_000, "words": [f"word {number}" for number in range(800)]}

    def begin(session: Session) -> list[int]:
        let_in(session, *greedy.files)
        return [service.start(session, "p", Subject("thing", each), variables=variables).id for each in (1, 2, 3)]

    instances = run_in_transaction(begin)
    for number in (1, 2, 3):
        THINGS[number].patience = "R3/PT1H"
    THINGS[2].broken, THINGS[2].patience = True, "R1000000/PT0S"

    with clock.frozen(NOW + timedelta(hours=2)):
        ids = run_in_transaction(lambda session: timers.offer_due(session, clock.now()))
        assert len(ids) == 3
        began = time.process_time()
        wake(*ids)
        took = time.process_time() - began

        assert took < LONGEST_SECONDS
        run_in_transaction(lambda session: _expect_stalled(session, instances, greedy), writing=False)

        THINGS[2].broken, THINGS[2].patience = False, "R3/PT1H"
        run_in_transaction(
            lambda session: service.retry(session, session.get_one(ProcessInstance, instances[1]), by_id=1)
        )
    assert run_in_transaction(lambda session: _states(session, instances), writing=False) == [greedy.mended] * 3


def _expect_stalled(session: Session, instances: list[int], greedy: Greedy) -> None:
    assert _states(session, instances) == [greedy.mended, InstanceState.STALLED, greedy.mended]
    instance = session.get_one(ProcessInstance, instances[1])
    assert instance.stalled_element in greedy.elements
    assert greedy.reason in (instance.stalled_reason or "")
    # Nothing of the step is left: it stands where it stood, and its timer waits for somebody.
    assert [entry.element for entry in queries.instance_history(session, instance)] == ["s", "hour"]
    left = session.scalars(select(Timer).where(Timer.instance_id == instance.id)).all()
    assert [(each.element, each.parked) for each in left] == [("hour", Parked.STALLED)]


def _states(session: Session, instances: list[int]) -> list[str]:
    return [session.get_one(ProcessInstance, each).state for each in instances]


def test_a_start_that_wants_too_much_leaves_a_stalled_instance(desk: Desk, thing: Thing) -> None:
    thing.broken = True
    body = (element("startEvent", "s"), user_task("x"), element("endEvent", "e"), path("s", "x", "e"))
    let_in(
        desk.session, diagram(*(repeated(each, MANY, in_order=False) if "userTask" in each else each for each in body))
    )

    instance = service.start(desk.session, "p", desk.subject)

    assert (instance.state, instance.stalled_element, instance.blob) == (InstanceState.STALLED, "x", None)
    thing.broken = False
    service.retry(desk.session, instance, by_id=1)
    assert desk.open() == ["x", "x"]


def test_an_answer_too_large_to_keep_is_refused(desk: Desk) -> None:
    desk.start("too_large")

    with pytest.raises(service.StepFailed, match="too large"):
        desk.complete("write", text=["x" * 100_000] * 20)


@pytest.mark.parametrize(
    ("limit", "spend"),
    [
        ("tasks", lambda budget: budget.spend_task()),
        ("children", lambda budget: budget.spend_child()),
        ("effort", lambda budget: budget.spend_effort(1)),
        ("depth", lambda budget: budget.check_depth(4, "call")),
        ("blob_bytes", lambda budget: budget.check_size(b"1234")),
    ],
)
def test_each_limit_is_the_last_that_is_allowed(limit: str, spend: Callable[[Budget], None]) -> None:
    allowed: dict[str, Any] = {limit: 4 if limit in ("depth", "blob_bytes") else 1}
    budget = Budget(replace(Limits(), **allowed))
    spend(budget)

    tighter: dict[str, Any] = {limit: allowed[limit] - 1}
    with pytest.raises(BudgetExceeded):
        spend(Budget(replace(Limits(), **tighter)))


@pytest.mark.parametrize("limit", ["seconds", "processor_seconds"])
def test_a_step_that_takes_too_long_ends(limit: str) -> None:
    none: dict[str, Any] = {limit: -1.0}

    with pytest.raises(BudgetExceeded, match="seconds"):
        Budget(replace(budgets.LIMITS, **none)).spend_task()


def _calculate_for(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(1000))


def test_an_operation_that_takes_long_once_is_no_fault_of_the_diagram_but_many_are() -> None:
    budget = Budget(Limits(processor_seconds=0.1, operation_seconds=0.04))

    with budget.charging_at_most(budget.limits.operation_seconds):
        _calculate_for(0.2)
    budget.spend_task()

    for _ in range(3):
        with budget.charging_at_most(budget.limits.operation_seconds):
            _calculate_for(0.05)
    budget.tasks = 0
    with pytest.raises(BudgetExceeded, match="calculated"):
        budget.spend_task()
