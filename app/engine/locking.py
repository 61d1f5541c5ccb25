"""One writer at a time for each instance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, event, inspect, select
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from app.db import Session, keep_until_the_end
from app.engine.models import (
    EarlyMessage,
    HistoryEntry,
    MessageWait,
    ProcessDefinition,
    ProcessInstance,
    Timer,
    UserTask,
)
from app.statements import Question

_WRITTEN_PAST = (ProcessInstance, UserTask, Timer, MessageWait, EarlyMessage, HistoryEntry)
# What a step reads of an instance; the rest is read when somebody asks for it.
_STEP = tuple(
    ProcessInstance.__table__.c[name]
    for name in (
        "id",
        "definition_id",
        "subject_kind",
        "subject_id",
        "state",
        "blob",
        "state_format",
        "lock_version",
        "pending_step",
        "attempts",
        "suspended_at",
    )
)
_STEP_NAMES = frozenset(column.name for column in _STEP)
# What finds the compiled form of its version, without the version's row.
_VERSION = (ProcessDefinition.key, ProcessDefinition.version, ProcessDefinition.content_hash)
# An outer join: when an instance was moved to another version while this transaction waited for it, PostgreSQL joins
# the row that it saw before, which fits no longer.
_READ = select(*_STEP, *_VERSION).outerjoin(ProcessDefinition, ProcessDefinition.id == ProcessInstance.definition_id)
_LOCK = Question(_READ.where(ProcessInstance.id == bindparam("this")).with_for_update(of=ProcessInstance))
_LOCK_FREE = (
    _READ.where(ProcessInstance.id.in_(bindparam("these", expanding=True)))
    .order_by(ProcessInstance.id)
    .with_for_update(of=ProcessInstance, skip_locked=True)
)
_LOCK_TASK = Question(
    _READ.join(UserTask, UserTask.instance_id == ProcessInstance.id)
    .add_columns(UserTask.task_id, UserTask.state, UserTask.completed_at, UserTask.completed_by_id)
    .where(UserTask.id == bindparam("this"))
    # Both: what another transaction wrote while this one waited is read for locked rows only.
    .with_for_update(of=(ProcessInstance, UserTask))
)


class LockedTask(NamedTuple):
    """What has become of a user task by the time its instance is locked."""

    instance: ProcessInstance
    task_id: str
    state: str
    completed_at: datetime | None
    completed_by_id: int | None


def locked(session: Session, instance_id: int) -> ProcessInstance | None:
    """The instance as it is now, held until the transaction ends."""
    if instance_id in session.info.get("locked_instances", ()):
        # Nobody else can have changed it since.
        present = session.identity_map.get(identity_key(ProcessInstance, instance_id))
        if present is not None and inspect(present).expired_attributes.isdisjoint(_STEP_NAMES):
            # As a query would: the caller may read anew what it has changed and not written yet.
            session.flush()
            return present
    found = _LOCK.first(session, {"this": instance_id})
    return _hold(session, found) if found is not None else None


def locked_task(session: Session, number: int) -> LockedTask | None:
    """A user task as it is now, with its instance, both held until the transaction ends; None when there is none."""
    found = _LOCK_TASK.first(session, {"this": number})
    if found is None:
        return None
    *of_instance, task_id, state, completed_at, completed_by_id = found
    return LockedTask(_hold(session, of_instance), task_id, state, completed_at, completed_by_id)


def _hold(session: Session, found: Sequence[Any]) -> ProcessInstance:
    """The instance of a row that was locked, as this session has it from now on."""
    values = {column.name: value for column, value in zip(_STEP, found, strict=False)}
    version = tuple(found[len(_STEP) :])
    if version[0] is not None:
        session.info.setdefault("versions", {})[values["definition_id"]] = version
    session.info.setdefault("locked_instances", set()).add(values["id"])
    present: ProcessInstance | None = session.identity_map.get(identity_key(ProcessInstance, values["id"]))
    if present is None:
        present = ProcessInstance(**values)
        make_transient_to_detached(present)
        session.add(present)
        keep_until_the_end(session, present)
        return present
    for name, value in values.items():
        set_committed_value(present, name, value)
    return present


def version_of(session: Session, instance: ProcessInstance) -> tuple[str, int, str] | None:
    """The key, number and content hash of the version that a locked instance runs on; None when it is not locked."""
    versions: dict[int, tuple[str, int, str]] = session.info.get("versions", {})
    return versions.get(instance.definition_id)


def locked_if_free(session: Session, instance_ids: Iterable[int]) -> set[int]:
    """Hold those of these instances that nobody else holds, without waiting for the others; says which."""
    found = session.execute(_LOCK_FREE, {"these": sorted(set(instance_ids))})
    return {_hold(session, row).id for row in found}


@event.listens_for(Session, "after_soft_rollback")
def _undo(session: Session, *_: Any) -> None:
    # Rolling back to a savepoint gives back what was locked since.
    _forget(session)
    # Rows were told of what a step wrote past the session: nobody else knows that it is undone.
    for row in session.identity_map.values():
        if isinstance(row, _WRITTEN_PAST):
            session.expire(row)


@event.listens_for(Session, "after_commit")
def _forget_all(session: Session) -> None:
    # A savepoint commits too, and gives nothing back.
    if not session.in_nested_transaction():
        _forget(session)


def _forget(session: Session) -> None:
    for held in ("locked_instances", "versions"):
        session.info.pop(held, None)
