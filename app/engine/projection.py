"""Keeping the tables of user tasks, timers and message waits equal to what an instance waits for.

Nothing ever opens states to list things: the difference is written in the same transaction as the state.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Any

from SpiffWorkflow.task import Task
from sqlalchemy import ColumnElement, Delete, Table, bindparam, delete, select, update
from sqlalchemy.orm.attributes import set_committed_value

from app import clock
from app.db import Session, insert_one, write
from app.engine import messages
from app.engine.due import NEVER, DueTimerDefinition, due_moment
from app.engine.environment import DeskScripts, ElementFailed, element_of
from app.engine.expressions import compile_expression
from app.engine.facts import known_facts, known_functions
from app.engine.models import HistoryEntry, MessageWait, ProcessInstance, TaskState, Timer, UserTask, UserTaskTeam
from app.engine.parser import properties
from app.engine.values import ExpressionError
from app.engine.waits import Waits, waits_of
from app.engine.workflow import DeskWorkflow

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


_TASKS, _TEAMS, _TIMERS, _WAITS = (_table(model) for model in (UserTask, UserTaskTeam, Timer, MessageWait))
_CLOSE_TASK = (
    update(_TASKS)
    .where(*_this(_TASKS, "task_id")[:2])
    .values(
        state=bindparam("now_is"),
        completed_at=bindparam("at"),
        completed_by_id=bindparam("by"),
        outcome=bindparam("result"),
    )
)
_NEW_TASK = _TASKS.insert()
_NEW_TEAM = _TEAMS.insert()
_NO_TIMER = delete(_TIMERS).where(*_this(_TIMERS, "element"))
_NEW_TIMER = _TIMERS.insert()
# A parked timer stays parked: whoever holds the instance wants that, whenever the timer is due.
_MOVE_TIMER = (
    update(_TIMERS).where(*_this(_TIMERS, "element")).values(due_at=bindparam("due"), lease_until=None, attempts=0)
)
_NO_WAIT = delete(_WAITS).where(*_this(_WAITS, "name"))
_NEW_WAIT = _WAITS.insert()


def project(
    session: Session,
    instance: ProcessInstance,
    workflow: DeskWorkflow,
    scripts: DeskScripts,
    *,
    completed: dict[str, str | None],
    by_id: int | None,
    again: bool = False,
    before: Waits | None = None,
    after: Waits | None = None,
) -> None:
    """Write what the instance waits for.

    Args:
        completed: the user tasks a person completed in this step, with their outcome.
        again: also calculate the open user tasks anew (their facts may have changed).
        before: what it waited for before the step, which is what the tables hold; they are read when None.
        after: what it waits for now; looked up when None.
    """
    after = after or waits_of(workflow)
    before = before or _written(session, instance)
    held = _held(session, instance)
    _project_user_tasks(session, instance, scripts, before, after, held, completed, by_id, again)
    _project_timers(session, instance, before, after, held)
    _project_messages(session, instance, before, after, held)
    for entry in held:
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
    """The instance's rows that somebody in this transaction holds: what is written past them must reach them too."""
    # Looking into the dictionaries loads nothing.
    return [
        row
        for row in session.identity_map.values()
        if isinstance(row, _PROJECTED) and row.__dict__.get("instance_id") == instance.id
    ]


def _project_user_tasks(
    session: Session,
    instance: ProcessInstance,
    scripts: DeskScripts,
    before: Waits,
    after: Waits,
    held: list[Any],
    completed: dict[str, str | None],
    by_id: int | None,
    again: bool,
) -> None:
    gone = before.people.keys() - after.people.keys()
    closed: list[dict[str, Any]] = []
    for task_id in gone:
        state = TaskState.COMPLETED if task_id in completed else TaskState.CANCELLED
        values = {"now_is": state.value, "at": clock.now(), "by": by_id, "result": completed.get(task_id)}
        closed.append({"of_instance": instance.id, "of_task": task_id, **values})
        for row in held:
            if isinstance(row, UserTask) and row.__dict__.get("task_id") == task_id:
                for name, key in _CLOSED.items():
                    set_committed_value(row, name, values[key])
    write(session, _CLOSE_TASK, closed)
    if again and (kept := before.people.keys() & after.people.keys()):
        query = select(UserTask).where(UserTask.instance_id == instance.id, UserTask.task_id.in_(kept))
        for row in session.scalars(query):
            _refresh_user_task(row, after.people[row.task_id], scripts)
    for task_id, task in after.people.items():
        if task_id not in before.people:
            values, teams = _user_task(instance, task, scripts)
            row_id = insert_one(session, _NEW_TASK, values)
            write(session, _NEW_TEAM, [{"user_task_id": row_id, "team_key": key} for key in teams])


_CLOSED = {"state": "now_is", "completed_at": "at", "completed_by_id": "by", "outcome": "result"}


def new_user_task(instance: ProcessInstance, task: Task, scripts: DeskScripts) -> UserTask:
    """The row of a task that waits for a person, not yet added to a session.

    Raises:
        ElementFailed: one of its expressions cannot be calculated.
    """
    values, teams = _user_task(instance, task, scripts)
    return UserTask(**values, teams=[UserTaskTeam(team_key=key) for key in teams])


def _user_task(instance: ProcessInstance, task: Task, scripts: DeskScripts) -> tuple[dict[str, Any], list[str]]:
    """The values of a task's row, and the teams whose members may take it."""
    given = properties(task.task_spec)
    element = element_of(task)
    assignee = _person(task, scripts, given.get("assignee"))
    values = {
        "instance_id": instance.id,
        "task_id": task.id.hex,
        "element": element,
        "name": _texts(task.task_spec.bpmn_name or element, given, "name"),
        "form": given.get("form"),
        "variable": given.get("variableName"),
        "subject_kind": instance.subject_kind,
        "subject_id": instance.subject_id,
        "assignee_id": assignee,
        "offered_to_id": assignee,
        "candidate_role": given.get("candidate_role"),
        "excluded_person_id": _person(task, scripts, given.get("excluded_person")),
        "due_at": _due(task, scripts, given.get("due")),
        "customer_step": _texts(given["customer_step"], given, "customer_step") if given.get("customer_step") else None,
        "state": TaskState.OPEN.value,
        "opened_at": clock.now(),
    }
    return values, _teams(task, scripts, given.get("candidate_teams"))


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


def _project_timers(session: Session, instance: ProcessInstance, before: Waits, after: Waits, held: list[Any]) -> None:
    rows = [row for row in held if isinstance(row, Timer)]
    _remove(session, _NO_TIMER, instance, before.timers.keys() - after.timers.keys(), rows, "element")
    moved = [
        {"of_instance": instance.id, "of_task": task_id, "of_name": element, "due": due_at}
        for (task_id, element), due_at in after.timers.items()
        if before.timers.get((task_id, element), due_at) != due_at
    ]
    if moved:
        write(session, _MOVE_TIMER, moved)
        for row in rows:
            if row in session:
                session.expire(row)
    new = [
        {
            "instance_id": instance.id,
            "task_id": task_id,
            "element": element,
            "due_at": due_at,
            "lease_until": None,
            "attempts": 0,
            "parked": None,
        }
        for (task_id, element), due_at in after.timers.items()
        if (task_id, element) not in before.timers
    ]
    write(session, _NEW_TIMER, new)


def _project_messages(
    session: Session, instance: ProcessInstance, before: Waits, after: Waits, held: list[Any]
) -> None:
    rows = [row for row in held if isinstance(row, MessageWait)]
    _remove(session, _NO_WAIT, instance, before.messages.keys() - after.messages.keys(), rows, "name")
    new = [
        {
            "instance_id": instance.id,
            "task_id": task_id,
            "element": element_of(task),
            "name": name,
            "subject_kind": instance.subject_kind,
            "subject_id": instance.subject_id,
            "key": definition.key_of(task),
        }
        for (task_id, name), (task, definition) in after.messages.items()
        if (task_id, name) not in before.messages
    ]
    write(session, _NEW_WAIT, new)
    if new:
        messages.note_new_waits(session, instance.id)


def _remove(
    session: Session,
    statement: Delete,
    instance: ProcessInstance,
    gone: Set[tuple[str, str]],
    rows: Sequence[Any],
    named: str,
) -> None:
    if not gone:
        return
    write(
        session,
        statement,
        [{"of_instance": instance.id, "of_task": task_id, "of_name": name} for task_id, name in gone],
    )
    for row in rows:
        if (row.__dict__.get("task_id"), row.__dict__.get(named)) in gone:
            session.expunge(row)


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
