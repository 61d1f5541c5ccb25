"""One writer at a time for each instance."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, event, inspect, select
from sqlalchemy.orm import load_only
from sqlalchemy.orm.util import identity_key

from app.db import Session
from app.engine.models import ProcessDefinition, ProcessInstance, UserTask

# What a step reads; the rest is read when somebody asks for it.
_STEP = load_only(
    ProcessInstance.definition_id,
    ProcessInstance.subject_kind,
    ProcessInstance.subject_id,
    ProcessInstance.state,
    ProcessInstance.blob,
    ProcessInstance.state_format,
    ProcessInstance.lock_version,
    ProcessInstance.pending_step,
    ProcessInstance.attempts,
    ProcessInstance.suspended_at,
)
# What finds the compiled form of an instance's version, without its row. Outer joins: of an instance that was moved to
# another version while this transaction waited for it, PostgreSQL joins the row it saw before, which fits no longer.
_VERSION = (ProcessDefinition.key, ProcessDefinition.version, ProcessDefinition.content_hash)
_READ = (
    select(ProcessInstance, *_VERSION)
    .outerjoin(ProcessInstance.definition)
    .options(_STEP)
    .execution_options(populate_existing=True)
)
_LOCK = _READ.where(ProcessInstance.id == bindparam("this")).with_for_update(of=ProcessInstance)
_LOCK_FREE = (
    _READ.where(ProcessInstance.id.in_(bindparam("these", expanding=True)))
    .order_by(ProcessInstance.id)
    .with_for_update(of=ProcessInstance, skip_locked=True)
)
_LOCK_TASK = (
    select(
        ProcessInstance,
        *_VERSION,
        UserTask.task_id,
        UserTask.state,
        UserTask.completed_at,
        UserTask.completed_by_id,
    )
    .outerjoin(ProcessInstance.definition)
    .join(UserTask, UserTask.instance_id == ProcessInstance.id)
    .options(_STEP)
    .where(UserTask.id == bindparam("this"))
    # Both: what another transaction wrote while this one waited is read for locked rows only.
    .with_for_update(of=(ProcessInstance, UserTask))
    .execution_options(populate_existing=True)
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
        if present is not None and not inspect(present).expired_attributes:
            # As a query would: the caller may read anew what it has changed and not written yet.
            session.flush()
            return present
    found = session.execute(_LOCK, {"this": instance_id}).one_or_none()
    return _hold(session, *found) if found is not None else None


def locked_task(session: Session, number: int) -> LockedTask | None:
    """A user task as it is now, with its instance, both held until the transaction ends; None when there is none."""
    found = session.execute(_LOCK_TASK, {"this": number}).one_or_none()
    if found is None:
        return None
    instance, key, version, digest, task_id, state, completed_at, completed_by_id = found
    _hold(session, instance, key, version, digest)
    return LockedTask(instance, task_id, state, completed_at, completed_by_id)


def _hold(session: Session, instance: ProcessInstance, *version: Any) -> ProcessInstance:
    session.info.setdefault("locked_instances", set()).add(instance.id)
    if version[0] is not None:
        session.info.setdefault("versions", {})[instance.definition_id] = version
    return instance


def version_of(session: Session, instance: ProcessInstance) -> tuple[str, int, str] | None:
    """The key, number and content hash of the version that a locked instance runs on; None when it is not locked."""
    versions: dict[int, tuple[str, int, str]] = session.info.get("versions", {})
    return versions.get(instance.definition_id)


def locked_if_free(session: Session, instance_ids: Iterable[int]) -> set[int]:
    """Hold those of these instances that nobody else holds, without waiting for the others; says which."""
    found = session.execute(_LOCK_FREE, {"these": sorted(set(instance_ids))})
    return {_hold(session, *each).id for each in found}


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, *_: Any) -> None:
    # Rolling back to a savepoint gives back what was locked since.
    for held in ("locked_instances", "versions"):
        session.info.pop(held, None)


@event.listens_for(Session, "after_commit")
def _forget_all(session: Session) -> None:
    # A savepoint commits too, and gives nothing back.
    if not session.in_nested_transaction():
        _forget(session)
