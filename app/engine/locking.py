"""One writer at a time for each instance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, event, inspect, select
from sqlalchemy.orm import contains_eager, load_only
from sqlalchemy.orm.util import identity_key

from app.db import Session
from app.engine.models import ProcessDefinition, ProcessInstance, UserTask

# What finds the compiled form; the names of its elements are read only when it has to be parsed.
_FORM_OF = load_only(ProcessDefinition.key, ProcessDefinition.version, ProcessDefinition.content_hash)
_READ = (
    select(ProcessInstance)
    .join(ProcessInstance.definition)
    .options(contains_eager(ProcessInstance.definition).options(_FORM_OF))
    .execution_options(populate_existing=True)
)
_LOCK = _READ.where(ProcessInstance.id == bindparam("this")).with_for_update(of=ProcessInstance)
_LOCK_FREE = (
    _READ.where(ProcessInstance.id.in_(bindparam("these", expanding=True)))
    .order_by(ProcessInstance.id)
    .with_for_update(of=ProcessInstance, skip_locked=True)
)
_HOLD_TASK = (
    select(UserTask)
    .join(UserTask.instance)
    .join(ProcessInstance.definition)
    .options(contains_eager(UserTask.instance).contains_eager(ProcessInstance.definition).options(_FORM_OF))
    .where(UserTask.id == bindparam("this"))
    # Both: what another transaction wrote while this one waited is read for locked rows only.
    .with_for_update(of=(ProcessInstance, UserTask))
    .execution_options(populate_existing=True)
)


def locked(session: Session, instance_id: int) -> ProcessInstance | None:
    """The instance as it is now, held until the transaction ends."""
    held: set[int] = session.info.setdefault("locked_instances", set())
    if instance_id in held:
        # Nobody else can have changed it since.
        present = session.identity_map.get(identity_key(ProcessInstance, instance_id))
        if present is not None and not inspect(present).expired_attributes:
            # As a query would: the caller may read anew what it has changed and not written yet.
            session.flush()
            return present
    instance = session.scalars(_LOCK, {"this": instance_id}).one_or_none()
    if instance is not None:
        held.add(instance_id)
    return instance


def held_task(session: Session, task_id: int) -> UserTask | None:
    """A user task as it is now, with its instance, held until the transaction ends; None when there is none.

    For whoever is about to complete it: one look instead of three.
    """
    task = session.scalars(_HOLD_TASK, {"this": task_id}).one_or_none()
    if task is not None:
        session.info.setdefault("locked_instances", set()).add(task.instance_id)
        session.info.setdefault("held_tasks", set()).add(task.id)
    return task


def is_held(session: Session, task: UserTask) -> bool:
    """Whether the task was read under the hold that this transaction has."""
    return task.id in session.info.get("held_tasks", ())


def locked_if_free(session: Session, instance_ids: Iterable[int]) -> set[int]:
    """Hold those of these instances that nobody else holds, without waiting for the others; says which."""
    found = {instance.id for instance in session.scalars(_LOCK_FREE, {"these": sorted(set(instance_ids))})}
    session.info.setdefault("locked_instances", set()).update(found)
    return found


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, *_: Any) -> None:
    # Rolling back to a savepoint gives back what was locked since.
    session.info.pop("locked_instances", None)
    session.info.pop("held_tasks", None)


@event.listens_for(Session, "after_commit")
def _forget_all(session: Session) -> None:
    # A savepoint commits too, and gives nothing back.
    if not session.in_nested_transaction():
        _forget(session)
