"""Starting, waiting, completing: what an instance does between two waits."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import clock
from app.engine import queries, service
from app.engine.models import InstanceState, MessageWait, TaskState, UserTask
from app.errors import Conflict, NotFound

from .conftest import Desk, Thing


def test_a_user_task_is_offered_as_its_diagram_says(desk: Desk, thing: Thing) -> None:
    thing.owner, thing.author, thing.team, thing.due = 3, 4, "field", clock.now() + timedelta(hours=5)

    desk.start("one_task")

    task = desk.task("approve")
    assert (task.assignee_id, task.excluded_person_id, task.candidate_role) == (3, 4, "approver")
    assert task.team_keys == ["field", "network"]
    assert task.due_at == thing.due
    assert task.name == {"en": "Approve", "ro": "Aprobă"}
    assert task.customer_step == {"en": "Being decided", "ro": "Se decide"}
    assert (task.form, task.variable, str(task.subject)) == ("answer", "approve", "thing:1")


def test_a_deadline_that_never_comes_is_no_due_time(desk: Desk) -> None:
    desk.start("one_task")

    assert desk.task("approve").due_at is None


def test_completing_the_last_task_ends_the_instance_and_keeps_who_and_when(desk: Desk) -> None:
    instance = desk.start("one_task")
    task = desk.task("approve")

    service.complete_task(desk.session, task, {"outcome": "yes"}, by_id=7)

    assert instance.state == InstanceState.COMPLETED
    assert instance.ended_at == clock.now()
    assert (task.state, task.completed_by_id, task.outcome) == (TaskState.COMPLETED, 7, "yes")
    assert desk.variables(instance)["approve"] == {"outcome": "yes", "by": 7, "at": clock.now().isoformat()}


def test_a_task_completed_before_is_a_conflict_that_names_the_winner(desk: Desk) -> None:
    desk.start("one_task")
    task = desk.task("approve")
    service.complete_task(desk.session, task, {}, by_id=7)

    with pytest.raises(service.TaskClosed, match=r"Person 7 completed this task at 2026-11-18 08:00") as caught:
        service.complete_task(desk.session, task, {}, by_id=8)

    assert (caught.value.by_id, caught.value.at) == (7, clock.now())


def test_a_task_is_claimed_by_one_person_and_can_be_given_back(desk: Desk) -> None:
    desk.start("one_task")
    task = desk.task("approve")

    service.claim(desk.session, task, 5)
    service.claim(desk.session, task, 5)
    with pytest.raises(Conflict, match="Person 5 has taken"):
        service.claim(desk.session, task, 6)
    service.release(desk.session, task, 5)

    assert task.assignee_id is None


def test_history_tells_each_passage_with_who_and_how_long(desk: Desk, later: Callable[..., datetime]) -> None:
    instance = desk.start("one_task")
    opened = clock.now()
    later(minutes=30)

    desk.complete("approve", outcome="no")

    assert desk.history(instance) == ["start", "approve", "end"]
    entry = queries.instance_history(desk.session, instance)[1]
    assert (entry.element_type, entry.entered_at, entry.left_at) == ("userTask", opened, clock.now())
    assert (entry.actor_id, entry.outcome) == (7, "no")
    mark = queries.marks(desk.session, instance)["approve"]
    assert (mark["count"], mark["state"], mark["minutes"]) == (1, "done", 30)


def test_where_an_instance_waits_is_marked_active(desk: Desk) -> None:
    instance = desk.start("boundary_timers")

    marks = queries.marks(desk.session, instance)

    assert {element for element, mark in marks.items() if mark["state"] == "active"} == {"handling", "first_step"}


def test_a_decision_table_puts_its_answer_among_the_variables(desk: Desk) -> None:
    instance = desk.start("decided", "size.dmn", amount=150)

    assert desk.open() == ["handle_big"]
    assert desk.variables(instance)["size"] == "big"


def test_a_called_process_shows_its_tasks_and_hands_its_variables_back(desk: Desk) -> None:
    instance = desk.start("calls_fragment", "fragment")
    assert desk.open() == ["question"]

    desk.complete("question", outcome="fine")

    assert desk.open() == ["after"]
    assert desk.variables(instance)["answer"]["outcome"] == "fine"


def test_an_operation_reads_facts_and_its_result_becomes_a_variable(desk: Desk) -> None:
    instance = desk.start("failing_step")

    desk.complete("decide")

    assert desk.open() == ["review"]
    assert desk.variables(instance)["done"] == {"well": True}


def test_ninety_rounds_of_a_loop_stay_small(desk: Desk) -> None:
    """A conversation may go on for months: the state must not grow with it."""
    instance = desk.start("reply_loop")
    sizes = []

    for _ in range(90):
        desk.complete("work", outcome="again")
        sizes.append(len(instance.blob or b""))

    assert sizes[-1] <= sizes[2] + 20
    desk.complete("work", outcome="done")
    assert instance.state == InstanceState.COMPLETED
    assert desk.variables(instance)["rounds"] == 91


def test_a_join_inside_a_loop_waits_for_both_branches_in_every_round(desk: Desk) -> None:
    instance = desk.start("parallel_loop")

    for _ in range(5):
        desk.complete("right", outcome="-")
        assert desk.open() == ["left"]
        desk.complete("left", outcome="again")
        assert sorted(desk.open()) == ["left", "right"]
    desk.complete("left", outcome="done")
    desk.complete("right", outcome="-")

    assert instance.state == InstanceState.COMPLETED
    assert desk.variables(instance)["rounds"] == 6


def test_an_answer_that_is_no_plain_data_is_refused(desk: Desk) -> None:
    desk.start("one_task")
    bottomless: list[Any] = []
    bottomless.append(bottomless)

    with pytest.raises(service.StepFailed):
        service.complete_task(desk.session, desk.task("approve"), {"x": bottomless}, by_id=1)


def test_cancelling_closes_everything_that_was_open(desk: Desk) -> None:
    instance = desk.start("boundary_timers")
    task = desk.task("first_step")

    service.cancel(desk.session, instance, "The customer withdrew.", by_id=9)

    assert (instance.state, instance.end_reason) == (InstanceState.CANCELLED, "The customer withdrew.")
    desk.session.refresh(task)
    assert (task.state, task.completed_by_id) == (TaskState.CANCELLED, 9)
    assert desk.timers() == {}
    with pytest.raises(service.TaskClosed, match="withdrew"):
        service.complete_task(desk.session, task, {}, by_id=1)


def test_nobody_can_start_a_process_that_does_not_exist(desk: Desk) -> None:
    with pytest.raises(NotFound):
        service.start(desk.session, "no_such_process", desk.subject)


def test_an_ended_instance_waits_for_nothing(desk: Desk) -> None:
    desk.start("event_gateway")

    service.send_message(desk.session, "reply", desk.subject, {"text": "hello"})

    assert desk.session.scalars(select(MessageWait)).all() == []
    assert desk.timers() == {}
    assert desk.session.scalars(select(UserTask)).all() == []
