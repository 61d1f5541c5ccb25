"""The story of an instance: one row per passage through an element that stands in the diagram.

What a step adds is kept in memory and written when the step is over, all rows together. Which passages are open is
known from where the instance stands, so none has to be read.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.task import Task
from sqlalchemy import Select, Table, bindparam, select, update

from app import clock
from app.db import Session
from app.engine.models import HistoryEntry, ProcessInstance
from app.engine.waits import Waits, is_drawn, waits_of
from app.engine.workflow import DeskWorkflow
from app.statements import Batch, Insertion, Statement

CANCELLED = "cancelled"

_TABLE = HistoryEntry.__table__
assert isinstance(_TABLE, Table)
_ENTER = Insertion(_TABLE)
_LEAVE = Statement(
    update(_TABLE)
    .where(
        _TABLE.c.instance_id == bindparam("of_instance"),
        _TABLE.c.task_id == bindparam("of_task"),
        _TABLE.c.left_at.is_(None),
    )
    .values(left_at=bindparam("left"), actor_id=bindparam("actor"), outcome=bindparam("result"))
)


def _open_in(instance: ProcessInstance) -> Select[str]:
    return select(HistoryEntry.task_id).where(HistoryEntry.instance_id == instance.id, HistoryEntry.left_at.is_(None))


def waiting_places(workflow: DeskWorkflow) -> list[Task]:
    """Where the instance stands: people's tasks, events it waits for, sub-processes it is in."""
    return list(waits_of(workflow).places.values())


class History:
    """Writes the passages of one step."""

    def __init__(self, session: Session, instance: ProcessInstance, before: Waits | None = None) -> None:
        """Begin a step of an instance that waited for this; which passages are open is read when None."""
        self._instance = instance
        # A step is one moment of the desk's time, however long its operations take.
        self._now = clock.now()
        self._new: list[dict[str, Any]] = []
        self._left: list[dict[str, Any]] = []
        # The open passages in the table.
        self._open = set(before.places) if before is not None else set(session.scalars(_open_in(instance)))

    def leave(self, task: Task, *, actor_id: int | None = None, outcome: str | None = None) -> None:
        """The instance went on from this element."""
        if not is_drawn(task):
            return
        if task.id in self._open:
            self._close(task.id, actor_id, outcome)
            return
        entry = self._enter(task)
        entry |= {"left_at": entry["entered_at"], "actor_id": actor_id, "outcome": outcome}

    def settle(self, workflow: DeskWorkflow, batch: Batch, after: Waits | None = None) -> None:
        """The step is over: open passages for what waits now, close those that were cancelled; all into the batch."""
        after = after or waits_of(workflow)
        for task_id in self._open - after.places.keys():
            self._close(task_id, None, CANCELLED)
        for task_id, task in after.places.items():
            if task_id not in self._open:
                self._enter(task)
        batch.add(_LEAVE, self._left)
        batch.add(_ENTER, self._new)
        self._left, self._new = [], []

    def _close(self, task_id: str, actor_id: int | None, outcome: str | None) -> None:
        self._open.discard(task_id)
        self._left.append(
            {
                "of_instance": self._instance.id,
                "of_task": task_id,
                "left": self._now,
                "actor": actor_id,
                "result": outcome,
            }
        )

    def _enter(self, task: Task) -> dict[str, Any]:
        entry = {
            **task.task_spec.passage,
            "instance_id": self._instance.id,
            "task_id": task.id,
            "entered_at": self._now,
            "left_at": None,
            "actor_id": None,
            "outcome": None,
            "note": None,
        }
        self._new.append(entry)
        return entry
