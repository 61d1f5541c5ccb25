"""The story of an instance: one row per passage through an element that stands in the diagram.

What a step adds is kept in memory and written when the step is over, all rows together.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select

from app import clock
from app.db import Session, add_rows
from app.engine.environment import element_of
from app.engine.models import HistoryEntry, ProcessInstance
from app.engine.workflow import DeskWorkflow

CANCELLED = "cancelled"


class History:
    """Writes the passages of one step."""

    def __init__(self, session: Session, instance: ProcessInstance) -> None:
        self._session = session
        self._instance = instance
        self._new: list[HistoryEntry] = []
        self._open: dict[str, HistoryEntry] = {}
        if instance.blob is None:
            # It has not been anywhere yet.
            return
        query = select(HistoryEntry).where(HistoryEntry.instance_id == instance.id, HistoryEntry.left_at.is_(None))
        self._open = {entry.task_id: entry for entry in session.scalars(query)}

    def leave(self, task: Task, *, actor_id: int | None = None, outcome: str | None = None) -> None:
        """The instance went on from this element."""
        if not _is_drawn(task):
            return
        entry = self._open.pop(task.id.hex, None) or self._enter(task)
        entry.left_at = clock.now()
        entry.actor_id = actor_id
        entry.outcome = outcome

    def settle(self, workflow: DeskWorkflow) -> None:
        """The step is over: open passages for what waits now, close those that were cancelled, write them all."""
        waits = {task.id.hex: task for task in waiting_places(workflow)}
        for task_id, task in waits.items():
            if task_id not in self._open:
                self._open[task_id] = self._enter(task)
        for task_id, entry in list(self._open.items()):
            if task_id not in waits:
                entry.left_at, entry.outcome = clock.now(), CANCELLED
                del self._open[task_id]
        add_rows(self._session, self._new)
        self._new = []

    def entered_at(self, task: Task) -> datetime:
        """When the instance came to an element where it waits."""
        entry = self._open.get(task.id.hex)
        return entry.entered_at if entry is not None else clock.now()

    def _enter(self, task: Task) -> HistoryEntry:
        entry = HistoryEntry(
            instance_id=self._instance.id,
            task_id=task.id.hex,
            element=element_of(task),
            element_type=getattr(task.task_spec, "bpmn_tag", None) or type(task.task_spec).__name__,
            name=(task.task_spec.bpmn_name or None) and task.task_spec.bpmn_name[:200],
            entered_at=clock.now(),
        )
        self._new.append(entry)
        return entry


def _is_drawn(task: Task) -> bool:
    # A multi-instance element is drawn once, but its instances are what people and services do.
    return task.task_spec.bpmn_id is not None and not isinstance(task.task_spec, LoopTask)


def waiting_places(workflow: DeskWorkflow) -> list[Task]:
    """Where the instance stands: people's tasks, events it waits for, sub-processes it is in."""
    places: list[Any] = []
    for level in workflow.levels():
        if level.completed:
            continue
        for task in level.tasks.values():
            waits = task.state in (TaskState.WAITING, TaskState.STARTED) or (
                task.state == TaskState.READY and task.task_spec.manual
            )
            # A boundary event that has not happened is no place where the instance stands; neither is half a join.
            if waits and _is_drawn(task) and not isinstance(task.task_spec, BoundaryEvent | Join):
                places.append(task)
    return places
