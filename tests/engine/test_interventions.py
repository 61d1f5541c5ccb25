"""What people do to running instances: each is allowed, recorded, refused where it makes no sense, and safe."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from app import clock
from app.engine import interventions, messages, queries, service
from app.engine.due import NEVER
from app.engine.interventions import INTERVENTION
from app.engine.models import InstanceState, MessageState, ProcessInstance, TaskState
from app.errors import Conflict, DeskError, InvalidInput, NotAllowed

from .conftest import Desk, Thing

Later = Callable[..., datetime]
MANAGER = 5


@pytest.fixture(autouse=True)
def _managers_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interventions, "_check", lambda _session, person_id, _subject: person_id == MANAGER)


def told(desk: Desk, instance: ProcessInstance) -> list[tuple[str, str | None, int | None, str | None]]:
    """What people did: element, what, who, note."""
    return [
        (each.element, each.outcome, each.actor_id, each.note)
        for each in queries.instance_history(desk.session, instance)
        if each.element_type == INTERVENTION
    ]


def test_nobody_intervenes_without_leave(desk: Desk) -> None:
    instance = desk.start("one_task")

    attempts: tuple[Callable[[], object], ...] = (
        lambda: interventions.cancel(desk.session, instance, "No", by_id=7),
        lambda: interventions.suspend(desk.session, instance, "No", by_id=7),
        lambda: interventions.resume(desk.session, instance, by_id=7),
        lambda: interventions.retry(desk.session, instance, by_id=7),
        lambda: interventions.move(desk.session, instance, cancel="approve", reason="No", by_id=7),
        lambda: interventions.set_variable(desk.session, instance, "a", 1, reason="No", by_id=7),
    )

    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()

    assert told(desk, instance) == []
    assert instance.state == InstanceState.RUNNING


def test_without_a_rule_only_the_desk_itself_may(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interventions, "_check", None)
    instance = desk.start("one_task")

    with pytest.raises(NotAllowed):
        interventions.suspend(desk.session, instance, "Look", by_id=MANAGER)
    interventions.suspend(desk.session, instance, "Look", by_id=None)

    assert instance.suspended_at is not None


def test_cancelling_tells_who_and_why(desk: Desk) -> None:
    instance = desk.start("one_task")

    interventions.cancel(desk.session, instance, "Opened by mistake", by_id=MANAGER)

    assert (instance.state, instance.end_reason) == (InstanceState.CANCELLED, "Opened by mistake")
    assert told(desk, instance) == [("one_task", "cancelled", MANAGER, "Opened by mistake")]
    with pytest.raises(Conflict, match="has ended"):
        interventions.cancel(desk.session, instance, "Again", by_id=MANAGER)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_every_change_needs_a_reason(desk: Desk, reason: str) -> None:
    instance = desk.start("one_task")

    with pytest.raises(InvalidInput) as caught:
        interventions.suspend(desk.session, instance, reason, by_id=MANAGER)

    assert "reason" in caught.value.errors


def test_a_screen_that_is_out_of_date_changes_nothing(desk: Desk) -> None:
    instance = desk.start("waits_late")
    seen = instance.lock_version
    desk.complete("prepare")

    with pytest.raises(Conflict, match="has gone on"):
        interventions.suspend(desk.session, instance, "Look", by_id=MANAGER, lock_version=seen)


def test_a_held_instance_takes_no_answer_and_says_who_holds_it(desk: Desk) -> None:
    instance = desk.start("one_task")
    interventions.suspend(desk.session, instance, "The customer is away.", by_id=MANAGER)

    with pytest.raises(Conflict, match=r"Person 5 has put this process on hold .* The customer is away\."):
        desk.complete("approve", outcome="yes")
    assert desk.open() == ["approve"]
    with pytest.raises(Conflict):
        interventions.suspend(desk.session, instance, "Twice", by_id=MANAGER)

    interventions.resume(desk.session, instance, by_id=MANAGER)
    desk.complete("approve", outcome="yes")
    assert instance.state == InstanceState.COMPLETED
    assert [entry[1] for entry in told(desk, instance)] == ["suspended", "resumed"]
    with pytest.raises(Conflict):
        interventions.resume(desk.session, instance, by_id=MANAGER)


def test_the_timers_of_a_held_instance_wait_and_fire_once_after_it_is_resumed(
    desk: Desk, thing: Thing, later: Later
) -> None:
    instance = desk.start("event_gateway")
    interventions.suspend(desk.session, instance, "Look", by_id=MANAGER)
    later(hours=30)

    desk.fire_due()
    assert instance.state == InstanceState.RUNNING

    interventions.resume(desk.session, instance, by_id=MANAGER)
    desk.fire_due()
    assert instance.state == InstanceState.COMPLETED
    assert desk.history(instance).count("note_silence") == 1


def test_a_message_for_a_held_instance_is_kept_for_it(desk: Desk, thing: Thing) -> None:
    instance = desk.start("event_gateway")
    other = service.start(desk.session, "event_gateway", desk.subject)
    interventions.suspend(desk.session, instance, "Look", by_id=MANAGER)

    service.send_message(desk.session, "reply", desk.subject, {"text": "hello"})
    assert (instance.state, other.state) == (InstanceState.RUNNING, InstanceState.COMPLETED)
    kept = messages.listed(desk.session)
    assert [(each.state, each.held_for_id) for each in kept] == [(MessageState.WAITING, instance.id)]

    interventions.resume(desk.session, instance, by_id=MANAGER)
    assert instance.state == InstanceState.COMPLETED
    assert thing.notes == ["hello", "hello"]
    assert kept[0].state == MessageState.DELIVERED


def test_a_message_kept_for_a_held_instance_that_is_cancelled_was_never_received(desk: Desk) -> None:
    instance = desk.start("event_gateway")
    interventions.suspend(desk.session, instance, "Look", by_id=MANAGER)
    service.send_message(desk.session, "reply", desk.subject, {"text": "hello"})

    interventions.cancel(desk.session, instance, "Over", by_id=MANAGER)
    assert messages.expire(desk.session) == 1

    assert [each.state for each in messages.listed(desk.session)] == [MessageState.EXPIRED]


def test_deadlines_that_moved_during_the_hold_are_looked_up_when_it_ends(desk: Desk, thing: Thing) -> None:
    thing.due = clock.now() + timedelta(hours=4)
    instance = desk.start("deadlines")
    before = desk.timers()
    interventions.suspend(desk.session, instance, "Look", by_id=MANAGER)
    thing.due = clock.now() + timedelta(hours=9)
    service.refresh(desk.session, desk.subject)
    assert desk.timers() == before

    interventions.resume(desk.session, instance, by_id=MANAGER)

    assert desk.timers() != before
    assert NEVER not in desk.timers().values()


def test_a_token_moves_to_another_element_and_the_edges_of_the_old_one_go(desk: Desk) -> None:
    instance = desk.start("boundary_message")
    task = desk.task("work")

    interventions.move(
        desk.session, instance, cancel="handling", start="say_sorry", reason="Nobody needs it", by_id=MANAGER
    )

    assert desk.open() == ["say_sorry"]
    assert task.state == TaskState.CANCELLED
    assert not messages.is_awaited(desk.session, "withdrawn", desk.subject)
    assert [each[:3] for each in told(desk, instance)] == [("say_sorry", "moved", MANAGER)]
    assert "Nobody needs it" in (told(desk, instance)[0][3] or "")
    desk.complete("say_sorry")
    assert instance.state == InstanceState.COMPLETED


def test_a_token_that_moves_back_to_an_element_gets_its_edges_again(desk: Desk) -> None:
    instance = desk.start("boundary_message")
    interventions.move(desk.session, instance, cancel="handling", start="say_sorry", reason="Wrong", by_id=MANAGER)

    interventions.move(desk.session, instance, cancel="say_sorry", start="handling", reason="Right", by_id=MANAGER)

    assert desk.open() == ["work"]
    assert messages.is_awaited(desk.session, "withdrawn", desk.subject)
    desk.complete("work")
    assert instance.state == InstanceState.COMPLETED


def test_a_further_token_has_the_variables_and_the_end_waits_for_both(desk: Desk) -> None:
    instance = desk.start("waits_late", size=3)
    desk.complete("prepare", note="kept")

    interventions.move(desk.session, instance, start="prepare", reason="Once more", by_id=MANAGER)
    assert desk.open() == ["prepare"]
    assert desk.variables(instance)["prepare"]["note"] == "kept"
    assert desk.variables(instance)["size"] == 3

    service.send_message(desk.session, "hello", desk.subject, {"text": "one"})
    assert instance.state == InstanceState.RUNNING
    desk.complete("prepare")
    service.send_message(desk.session, "hello", desk.subject, {"text": "two"})
    assert instance.state == InstanceState.COMPLETED


@pytest.mark.parametrize(
    ("key", "change", "words"),
    [
        ("boundary_message", {"start": "nowhere"}, "no element “nowhere”"),
        ("boundary_message", {"cancel": "nowhere"}, "no element “nowhere”"),
        ("boundary_message", {"cancel": "say_sorry"}, "Nothing waits at “say_sorry”"),
        ("boundary_message", {"cancel": "handling"}, "Nothing else waits"),
        ("boundary_message", {"cancel": "work", "start": "say_sorry"}, "not in the same sub-process"),
        ("boundary_message", {"start": "start"}, "is where the process begins"),
        ("parallel_loop", {"start": "join"}, "joins branches"),
    ],
)
def test_what_makes_no_sense_is_refused_and_names_the_element(
    desk: Desk, key: str, change: dict[str, Any], words: str
) -> None:
    instance = desk.start(key)
    before = (desk.open(), instance.blob)

    with pytest.raises(Conflict, match=words):
        interventions.move(desk.session, instance, **change, reason="Try", by_id=MANAGER)

    assert (desk.open(), instance.blob) == before
    assert instance.state == InstanceState.RUNNING
    assert told(desk, instance) == []


def test_an_element_of_a_sub_process_that_is_not_running_cannot_start(desk: Desk) -> None:
    instance = desk.start("boundary_message")
    interventions.move(desk.session, instance, cancel="handling", start="say_sorry", reason="Out", by_id=MANAGER)

    with pytest.raises(Conflict, match="which is not running"):
        interventions.move(desk.session, instance, start="work", reason="In", by_id=MANAGER)


def test_a_move_to_an_element_that_fails_is_undone(desk: Desk, thing: Thing) -> None:
    thing.broken = True
    instance = desk.start("failing_step")

    with pytest.raises(Conflict, match="The thing is broken"):
        interventions.move(desk.session, instance, cancel="decide", start="carry_out", reason="Go", by_id=MANAGER)

    assert (instance.state, desk.open()) == (InstanceState.RUNNING, ["decide"])
    assert told(desk, instance) == []


def test_moving_away_from_a_failed_step_lets_a_stalled_instance_run_again(desk: Desk, thing: Thing) -> None:
    thing.broken = True
    instance = desk.start("failing_step")
    with pytest.raises(service.StepFailed) as caught, desk.session.begin_nested():
        desk.complete("decide", outcome="do it")
    caught.value.aftermath(desk.session)
    assert instance.state == InstanceState.STALLED

    interventions.move(desk.session, instance, cancel="decide", start="review", reason="By hand", by_id=MANAGER)

    assert (instance.state, instance.pending_step) == (InstanceState.RUNNING, None)
    assert desk.open() == ["review"]


def test_retrying_is_told_in_the_history(desk: Desk, thing: Thing) -> None:
    thing.broken = True
    instance = desk.start("failing_start")
    thing.broken = False

    interventions.retry(desk.session, instance, by_id=MANAGER)

    assert instance.state == InstanceState.RUNNING
    assert [each[1:3] for each in told(desk, instance)] == [("retried", MANAGER)]


def test_a_variable_set_by_hand_is_what_the_next_step_reads(desk: Desk) -> None:
    instance = desk.start("waits_late", size=1)

    interventions.set_variable(desk.session, instance, "size", {"cm": [4, 5]}, reason="Mistyped", by_id=MANAGER)

    assert desk.variables(instance)["size"] == {"cm": [4, 5]}
    desk.complete("prepare")
    assert desk.variables(instance)["size"] == {"cm": [4, 5]}
    assert told(desk, instance) == [("waits_late", "variable_set", MANAGER, 'size: 1 → {"cm": [4, 5]}. Mistyped')]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a b", 1),
        ("", 1),
        ("if", 1),
        ("_mine", 1),
        ("thing", 1),
        ("size", object()),
        ("size", "x" * 10_000_000),
    ],
)
def test_a_variable_that_no_diagram_could_have_is_refused(desk: Desk, name: str, value: Any) -> None:
    instance = desk.start("waits_late", size=1)

    with pytest.raises(DeskError):
        interventions.set_variable(desk.session, instance, name, value, reason="Try", by_id=MANAGER)

    assert desk.variables(instance)["size"] == 1
    assert told(desk, instance) == []


def test_a_variable_may_be_set_while_the_instance_is_on_hold_but_no_token_moves(desk: Desk) -> None:
    instance = desk.start("waits_late", size=1)
    interventions.suspend(desk.session, instance, "Mend it", by_id=MANAGER)

    interventions.set_variable(desk.session, instance, "size", 2, reason="Mistyped", by_id=MANAGER)
    with pytest.raises(Conflict, match="on hold"):
        interventions.move(desk.session, instance, start="prepare", reason="Again", by_id=MANAGER)

    assert desk.variables(instance)["size"] == 2


def test_what_people_did_is_no_passage_through_an_element(desk: Desk) -> None:
    instance = desk.start("one_task")
    interventions.suspend(desk.session, instance, "Look", by_id=MANAGER)

    assert "one_task" not in queries.marks(desk.session, instance)
