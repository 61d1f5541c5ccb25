"""Keeping the tables of user tasks, timers and message waits equal to what an instance waits for.

Nothing ever opens states to list things: the difference is written in the same transaction as the state.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from SpiffWorkflow.task import Task
from sqlalchemy import Select, select

from app import clock
from app.db import Session, add_rows
from app.engine import messages
from app.engine.due import NEVER, DueTimerDefinition, due_moment
from app.engine.environment import DeskScripts, ElementFailed, element_of
from app.engine.expressions import compile_expression
from app.engine.facts import known_facts, known_functions
from app.engine.message_events import MessageDefinition
from app.engine.models import MessageWait, ProcessInstance, TaskState, Timer, UserTask, UserTaskTeam
from app.engine.parser import event_definitions, properties
from app.engine.values import ExpressionError
from app.engine.workflow import DeskWorkflow

Row = TypeVar("Row", UserTask, Timer, MessageWait)


def project(
    session: Session,
    instance: ProcessInstance,
    workflow: DeskWorkflow,
    scripts: DeskScripts,
    *,
    completed: dict[str, str | None],
    by_id: int | None,
    again: bool = False,
) -> None:
    """Write what the instance waits for.

    Args:
        completed: the user tasks a person completed in this step, with their outcome.
        again: also calculate the open user tasks anew (their facts may have changed).
    """
    _project_user_tasks(session, instance, workflow, scripts, completed, by_id, again)
    _project_timers(session, instance, workflow)
    _project_messages(session, instance, workflow)


def _project_user_tasks(
    session: Session,
    instance: ProcessInstance,
    workflow: DeskWorkflow,
    scripts: DeskScripts,
    completed: dict[str, str | None],
    by_id: int | None,
    again: bool,
) -> None:
    waiting = {task.id.hex: task for task in workflow.for_people()}
    query = select(UserTask).where(UserTask.instance_id == instance.id, UserTask.state == TaskState.OPEN)
    rows = {row.task_id: row for row in _present(session, instance, query)}
    for task_id, row in rows.items():
        if task_id not in waiting:
            done = task_id in completed
            row.state = TaskState.COMPLETED if done else TaskState.CANCELLED
            row.completed_at, row.completed_by_id, row.outcome = clock.now(), by_id, completed.get(task_id)
        elif again:
            _refresh_user_task(row, waiting[task_id], scripts)
    for task_id, task in waiting.items():
        if task_id not in rows:
            session.add(new_user_task(instance, task, scripts))


def new_user_task(instance: ProcessInstance, task: Task, scripts: DeskScripts) -> UserTask:
    """The row of a task that waits for a person, not yet added to a session.

    Raises:
        ElementFailed: one of its expressions cannot be calculated.
    """
    given = properties(task.task_spec)
    element = element_of(task)
    assignee = _person(task, scripts, given.get("assignee"))
    return UserTask(
        instance_id=instance.id,
        task_id=task.id.hex,
        element=element,
        name=_texts(task.task_spec.bpmn_name or element, given, "name"),
        form=given.get("form"),
        variable=given.get("variableName"),
        subject_kind=instance.subject_kind,
        subject_id=instance.subject_id,
        assignee_id=assignee,
        offered_to_id=assignee,
        candidate_role=given.get("candidate_role"),
        excluded_person_id=_person(task, scripts, given.get("excluded_person")),
        due_at=_due(task, scripts, given.get("due")),
        customer_step=_texts(given["customer_step"], given, "customer_step") if given.get("customer_step") else None,
        state=TaskState.OPEN.value,
        opened_at=clock.now(),
        teams=[UserTaskTeam(team_key=key) for key in _teams(task, scripts, given.get("candidate_teams"))],
    )


def _refresh_user_task(row: UserTask, task: Task, scripts: DeskScripts) -> None:
    given = properties(task.task_spec)
    if reads_facts(given.get("assignee"), scripts):
        assignee = _person(task, scripts, given["assignee"])
        # Somebody may have claimed the task since: only a new answer of the diagram changes who has it.
        if assignee != row.offered_to_id:
            row.assignee_id = row.offered_to_id = assignee
    if reads_facts(given.get("excluded_person"), scripts):
        row.excluded_person_id = _person(task, scripts, given["excluded_person"])
    if reads_facts(given.get("candidate_teams"), scripts):
        keys = _teams(task, scripts, given["candidate_teams"])
        if keys != row.team_keys:
            kept = {team.team_key: team for team in row.teams}
            row.teams = [kept.get(key) or UserTaskTeam(team_key=key) for key in keys]
    if is_deadline(given.get("due"), scripts):
        row.due_at = _due(task, scripts, given["due"])


def reads_facts(text: str | None, scripts: DeskScripts) -> bool:
    """Whether an expression reads facts of the subject, which may have changed since."""
    return text is not None and bool(compile_expression(text).names & known_facts(scripts.subject.kind))


def is_deadline(text: str | None, scripts: DeskScripts) -> bool:
    """Whether an expression names a moment kept in the facts (`sla.response_due`).

    One that counts from now (`working_time("PT4H")`) is none: calculated anew it would start again.
    """
    if text is None or not reads_facts(text, scripts):
        return False
    return not compile_expression(text).functions & known_functions()


def _texts(english: str, given: dict[str, str], name: str) -> dict[str, str]:
    """The text and its translations, which stand in properties such as `name:ro`."""
    start = f"{name}:"
    return {"en": english} | {key.removeprefix(start): text for key, text in given.items() if key.startswith(start)}


def _person(task: Task, scripts: DeskScripts, text: str | None) -> int | None:
    if not text:
        return None
    value = scripts.evaluate_text(task, text)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ElementFailed(element_of(task), f"`{text}` should give a person's number or None, not {value!r}.")


def _teams(task: Task, scripts: DeskScripts, text: str | None) -> list[str]:
    if not text:
        return []
    value = scripts.evaluate_text(task, text)
    keys = value if isinstance(value, list) else [value]
    if not all(key is None or isinstance(key, str) for key in keys):
        raise ElementFailed(element_of(task), f"`{text}` should give team keys, not {value!r}.")
    return sorted({key for key in keys if key})


def _due(task: Task, scripts: DeskScripts, text: str | None) -> datetime | None:
    if not text:
        return None
    value = scripts.evaluate(task, text)
    moment = scripts.due(task, value) if value is not None else NEVER
    return moment if moment.year < NEVER.year else None


def _project_timers(session: Session, instance: ProcessInstance, workflow: DeskWorkflow) -> None:
    waiting: dict[tuple[str, str], datetime] = {}
    for task, timer in workflow.waiting_timers():
        due_at = timer.due_at(task)
        if due_at is not None:
            waiting[task.id.hex, timer.element] = due_at
    query = select(Timer).where(Timer.instance_id == instance.id)
    rows = {(row.task_id, row.element): row for row in _present(session, instance, query)}
    for key, row in rows.items():
        if key not in waiting:
            session.delete(row)
        elif row.due_at != waiting[key]:
            row.due_at, row.lease_until, row.attempts = waiting[key], None, 0
    new = [
        Timer(instance_id=instance.id, task_id=task_id, element=element, due_at=due_at, attempts=0)
        for (task_id, element), due_at in waiting.items()
        if (task_id, element) not in rows
    ]
    add_rows(session, new)


def _project_messages(session: Session, instance: ProcessInstance, workflow: DeskWorkflow) -> None:
    waiting: dict[tuple[str, str], tuple[Any, MessageDefinition]] = {
        (task.id.hex, definition.name): (task, definition)
        for task in workflow.waiting()
        for definition in event_definitions(task.task_spec)
        if isinstance(definition, MessageDefinition)
    }
    query = select(MessageWait).where(MessageWait.instance_id == instance.id)
    rows = {(row.task_id, row.name): row for row in _present(session, instance, query)}
    for key, row in rows.items():
        if key not in waiting:
            session.delete(row)
    new = [
        MessageWait(
            instance_id=instance.id,
            task_id=task_id,
            element=element_of(task),
            name=name,
            subject_kind=instance.subject_kind,
            subject_id=instance.subject_id,
            key=definition.key_of(task),
        )
        for (task_id, name), (task, definition) in waiting.items()
        if (task_id, name) not in rows
    ]
    add_rows(session, new)
    if new:
        messages.note_new_waits(session, instance.id)


def _present(session: Session, instance: ProcessInstance, query: Select[Row]) -> Sequence[Row]:
    """The rows there are; an instance in its first step has none yet."""
    return session.scalars(query).all() if instance.blob is not None else ()


def rearm(workflow: DeskWorkflow, scripts: DeskScripts) -> None:
    """Calculate the waiting deadline timers anew: their facts have moved."""
    for task, timer in workflow.waiting_timers():
        if not isinstance(timer, DueTimerDefinition) or not is_deadline(timer.expression, scripts):
            continue
        value = scripts.evaluate(task, timer.expression)
        # A duration counts from when the timer was armed, even where a fact says how long it is.
        if isinstance(value, datetime):
            timer.arm(task, due_moment(value, clock.now()))
        elif isinstance(value, str) and not value.startswith("P"):
            try:
                timer.arm(task, due_moment(value, clock.now()))
            except ExpressionError as error:
                raise ElementFailed(timer.element, str(error)) from error
