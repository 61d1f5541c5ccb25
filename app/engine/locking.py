"""One writer at a time for each instance."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import contains_eager, load_only
from sqlalchemy.orm.util import identity_key

from app.db import Session
from app.engine.models import ProcessDefinition, ProcessInstance

_LOCK = (
    select(ProcessInstance)
    .join(ProcessInstance.definition)
    .options(
        # What finds the compiled form; the names of its elements are read only when it has to be parsed.
        contains_eager(ProcessInstance.definition).options(
            load_only(ProcessDefinition.key, ProcessDefinition.version, ProcessDefinition.content_hash)
        )
    )
    .with_for_update(of=ProcessInstance)
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
    instance = session.scalars(_LOCK.where(ProcessInstance.id == instance_id)).one_or_none()
    if instance is not None:
        held.add(instance_id)
    return instance


@event.listens_for(Session, "after_soft_rollback")
@event.listens_for(Session, "after_commit")
def _forget(session: Session, *_: Any) -> None:
    # Rolling back to a savepoint gives back what was locked since.
    session.info.pop("locked_instances", None)
