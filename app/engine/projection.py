"""Keeping the tables of user tasks, timers and message waits equal to what an instance waits for.

Nothing ever opens states to list things: the difference is written in the same transaction as the state.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from SpiffWorkflow.task import Task
from sqlalchemy import ColumnElement, Table, bindparam, delete, select, update
from sqlalchemy.orm.attributes import set_committed_value

from app import clock
from app.db import Session
from app.engine import messages, team_sets
from app.engine.due import NEVER, DueTimerDefinition, due_moment
from app.engine.environment import DeskScripts, ElementFailed, element_of
from app.engine.expressions import compile_expression
from app.engine.facts import known_facts, known_functions
from app.engine.models import HistoryEntry, MessageWait, ProcessInstance, TaskState, Timer, UserTask
from app.engine.parser import properties
from app.engine.values import ExpressionError
from app.engine.waits import Waits, waits_of
from app.engine.workflow import DeskWorkflow
from app.statements import Batch, Insertion, Statement

_PROJECTED = (UserTask, Timer, MessageWait, HistoryEntry)


def _table(model: type[Any]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _this(table: Table, named: str) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.instance_id == bindparam("of_instance"),
        table.c.task_id == bindparam("of_task"),
        table.c[named] == bindparam("of_name"),
    )


_TASKS, _TIMERS, _WAITS = (_table(model) for model in (UserTask, Timer, MessageWait))
_CLOSE_TASK = Statement(
    update(_TASKS)
    .where(_TASKS.c.instance_id == bindparam("of_instance"), _TASKS.c.task_id == bindparam("of_task"))
    .values(
        state=bindparam("now_is"),
        completed_at=bindparam("at"),
        completed_by_id=bindparam("by"),
        outcome=bindparam("result"),
    )
)
_NEW_TASK = Insertion(_TASKS)
_NO_TIMER = Statement(delete(_TIMERS).where(*_this(_TIMERS, "element")))
_NEW_TIMER = Insertion(_TIMERS)
# A parked timer stays parked: whoever holds the instance wants that, whenever the timer is due.
_MOVE_TIMER = Statement(
    update(_TIMERS).where(*_this(_TIMERS, "element")).values(due_at=bindparam("due"), lease_until=None, attempts=0)
)
_NO_WAIT = Statement(delete(_WAITS).where(*_this(_WAITS, "name")))
_NEW_WAIT = Insertion(_WAITS)


@dataclass(frozen=True)
class _Change:
    """One instance between two states: what its rows were made from, and what they will be made from."""

    session: Session
    instance: ProcessInstance
    scripts: DeskScripts
    batch: Batch
    before: Waits
    after: Waits
    # Its rows that somebody in this transaction holds: what is written past them must reach them too.
    held: list[Any]

    def place(self, task_id: str, name: str) -> dict[str, Any]:
        """The parameters that find a timer or a wait."""
        return {"of_instance": self.instance.id, "of_task": task_id, "of_name": name}


def project(
    session: Session,
    instance: ProcessInstance,
    workflow: DeskWorkflow,
    scripts: DeskScripts,
    batch: Batch,
    *,
    completed: dict[str, str | None],
    by_id: int | None,
    again: bool = False,
    before: Waits | None = None,
    after: Waits | None = None,
) -> None:
    """Put into the batch what makes the tables equal to what the instance waits for.

    Args:
        completed: the user tasks a person completed in this step, with their outcome.
        again: also calculate the open user tasks anew (their facts may have changed).
        before: what it waited for before the step, which is what the tables hold; they are read when None.
        after: what it waits for now; looked up when None.
    """
    after = after or waits_of(workflow)
    before = before or _written(session, instance)
    change = _Change(session, instance, scripts, batch, before, after, _held(session, instance))
    _close_user_tasks(change, completed, by_id)
    if again:
        _refresh_user_tasks(change)
    _open_user_tasks(change)
    _project_timers(change)
    _project_messages(change)
    for entry in change.held:
        if isinstance(entry, HistoryEntry) and entry.__dict__.get("left_at") is None:
            session.expire(entry)


def _written(session: Session, instance: ProcessInstance) -> Waits:
    """What the tables hold, for whoever has changed an instance otherwise than by a step."""
    open_tasks = select(UserTask.task_id).where(UserTask.instance_id == instance.id, UserTask.state == TaskState.OPEN)
    timers = select(Timer.task_id, Timer.element, Timer.due_at).where(Timer.instance_id == instance.id)
    waits = select(MessageWait.task_id, MessageWait.name).where(MessageWait.instance_id == instance.id)
    return Waits(
        people=dict.fromkeys(session.scalars(open_tasks)),
        timers={(task_id, element): due_at for task_id, element, due_at in session.execute(timers)},
        messages=dict.fromkeys(session.execute(waits)),
    )


def _held(session: Session, instance: ProcessInstance) -> list[Any]:
    # Looking into the dictionaries loads nothing.
    return [
        row
        for row in session.identity_map.values()
        if isinstance(row, _PROJECTED) and row.__dict__.get("instance_id") == instance.id
    ]


def _close_user_tasks(change: _Change, completed: dict[str, str | None], by_id: int | None) -> None:
    for task_id in change.before.people.keys() - change.after.people.keys():
        state = TaskState.COMPLETED if task_id in completed else TaskState.CANCELLED
        ended = {"now_is": state.value, "at": clock.now(), "by": by_id, "result": completed.get(task_id)}
        change.batch.add(_CLOSE_TASK, [{"of_instance": change.instance.id, "of_task": task_id, **ended}])
        for row in change.held:
            if isinstance(row, UserTask) and row.__dict__.get("task_id") == task_id:
                for name, parameter in _CLOSED.items():
                    set_committed_value(row, name, ended[parameter])


_CLOSED = {"state": "now_is", "completed_at": "at", "completed_by_id": "by", "outcome": "result"}


def _refresh_user_tasks(change: _Change) -> None:
    kept = change.before.people.keys() & change.after.people.keys()
    if not kept:
        return
    query = select(UserTask).where(UserTask.instance_id == change.instance.id, UserTask.task_id.in_(kept))
    for row in change.session.scalars(query):
        _refresh_user_task(change, row, change.after.people[row.task_id])


def _open_user_tasks(change: _Change) -> None:
    for task_id, task in change.after.people.items():
        if task_id in change.before.people:
            continue
        values = _user_task(change.instance, task, change.scripts)
        change.batch.add(_NEW_TASK, [{**_NOT_COMPLETED, **values}])
        team_sets.keep(change.batch, values["team_set"])


_NOT_COMPLETED = {"completed_at": None, "completed_by_id": None, "outcome": None}


def new_user_task(instance: ProcessInstance, task: Task, scripts: DeskScripts) -> UserTask:
    """The row of a task that waits for a person, not yet added to a session.

    Raises:
        ElementFailed: one of its expressions cannot be calculated.
    """
    return UserTask(**_user_task(instance, task, scripts))


def _user_task(instance: ProcessInstance, task: Task, scripts: DeskScripts) -> dict[str, Any]:
    given = properties(task.task_spec)
    element = element_of(task)
    assignee = _person(task, scripts, given.get("assignee"))
    return {
        "uuid": str(uuid.uuid4()),
        "instance_id": instance.id,
        "task_id": task.id,
        "element": element,
        "name": _texts(task.task_spec.bpmn_name or element, given, "name"),
        "form": given.get("form"),
        "variable": given.get("variableName"),
        "subject_kind": instance.subject_kind,
        "subject_id": instance.subject_id,
        "assignee_id": assignee,
        "offered_to_id": assignee,
        "candidate_role": given.get("candidate_role") or None,
        "team_set": _team_set(task, scripts, given.get("candidate_teams")),
        "excluded_person_id": _person(task, scripts, given.get("excluded_person")),
        "due_at": _due(task, scripts, given.get("due")),
        "customer_step": _texts(given["customer_step"], given, "customer_step") if given.get("customer_step") else None,
        "state": TaskState.OPEN.value,
        "opened_at": clock.now(),
    }


def _refresh_user_task(change: _Change, row: UserTask, task: Task) -> None:
    given, scripts = properties(task.task_spec), change.scripts
    if reads_facts(given.get("assignee"), scripts):
        assignee = _person(task, scripts, given["assignee"])
        # Somebody may have claimed the task since: only a new answer of the diagram changes who has it.
        if assignee != row.offered_to_id:
            row.assignee_id = row.offered_to_id = assignee
    if reads_facts(given.get("excluded_person"), scripts):
        row.excluded_person_id = _person(task, scripts, given["excluded_person"])
    if reads_facts(given.get("candidate_teams"), scripts):
        team_set = _team_set(task, scripts, given["candidate_teams"])
        if team_set != row.team_set:
            row.team_set = team_set
            team_sets.keep(change.batch, team_set)
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


def _team_set(task: Task, scripts: DeskScripts, text: str | None) -> str:
    if not text:
        return ""
    value = scripts.evaluate_text(task, text)
    keys = value if isinstance(value, list) else [value]
    if not all(key is None or isinstance(key, str) for key in keys):
        raise ElementFailed(element_of(task), f"`{text}` should give team keys, not {value!r}.")
    try:
        return team_sets.named(key for key in keys if key)
    except ValueError as error:
        raise ElementFailed(element_of(task), f"`{text}` should give team keys: {error}.") from None


def _due(task: Task, scripts: DeskScripts, text: str | None) -> datetime | None:
    if not text:
        return None
    value = scripts.evaluate(task, text)
    moment = scripts.due(task, value) if value is not None else NEVER
    return moment if moment.year < NEVER.year else None


def _project_timers(change: _Change) -> None:
    before, after = change.before.timers, change.after.timers
    rows = [row for row in change.held if isinstance(row, Timer)]
    _remove(change, _NO_TIMER, before.keys() - after.keys(), rows, "element")
    moved = [
        {**change.place(*timer), "due": due_at}
        for timer, due_at in after.items()
        if before.get(timer, due_at) != due_at
    ]
    change.batch.add(_MOVE_TIMER, moved)
    if moved:
        for row in rows:
            if row in change.session:
                change.session.expire(row)
    new = [
        {
            "instance_id": change.instance.id,
            "task_id": task_id,
            "element": element,
            "due_at": due_at,
            "lease_until": None,
            "attempts": 0,
            "parked": None,
        }
        for (task_id, element), due_at in after.items()
        if (task_id, element) not in before
    ]
    change.batch.add(_NEW_TIMER, new)


def _project_messages(change: _Change) -> None:
    before, after, instance = change.before.messages, change.after.messages, change.instance
    rows = [row for row in change.held if isinstance(row, MessageWait)]
    _remove(change, _NO_WAIT, before.keys() - after.keys(), rows, "name")
    new = [
        {
            "instance_id": instance.id,
            "task_id": task_id,
            "element": awaited.element,
            "name": name,
            "subject_kind": instance.subject_kind,
            "subject_id": instance.subject_id,
            "key": awaited.key,
        }
        for (task_id, name), awaited in after.items()
        if (task_id, name) not in before
    ]
    change.batch.add(_NEW_WAIT, new)
    if new:
        messages.look_for_kept(change.session, change.batch, instance, new)


def _remove(change: _Change, statement: Statement, gone: Set[tuple[str, str]], rows: Sequence[Any], named: str) -> None:
    change.batch.add(statement, [change.place(*each) for each in gone])
    for row in rows:
        if (row.__dict__.get("task_id"), row.__dict__.get(named)) in gone:
            change.session.expunge(row)


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
