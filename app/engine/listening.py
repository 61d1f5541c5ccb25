"""Event sub-processes listen for as long as the process they stand in runs (BPMN 2.0 §13.5.4).

The library lets those of the outermost process begin when their event is thrown inside; ours begin in any process, and
are among what an instance waits for, so that messages from outside find them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.util.event import EventManager
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task

# The place of what listens in the outermost process; in an inner one it is the id of the task that called it.
OUTERMOST: Final = "process"


@dataclass(frozen=True)
class Listener:
    """A start event that begins its event sub-process each time its event comes."""

    level: Any
    # The name of the sub-process among the specs of its level.
    subprocess: str
    start: TaskSpec

    @property
    def place(self) -> str:
        """What stands for the id of a task: it stays the same for as long as the level runs."""
        return self.level.parent_task_id or OUTERMOST

    @property
    def task(self) -> Task:
        """The task that the sub-process begins below."""
        return self.level.task_tree

    def begin(self) -> None:
        """Begin the sub-process; its start event then waits for the event that is on its way."""
        self.level.spec.start.trigger_wf(self.level.task_tree, self.subprocess)


def listeners(workflow: Any) -> Iterator[Listener]:
    """All that listen in an instance now."""
    for level in workflow.levels():
        if level.completed:
            continue
        for name in level.spec.start.trigger_specs:
            for start in workflow.subprocess_specs[name].bpmn_start_events:
                yield Listener(level, name, start)


class DeskEvents(EventManager):  # type: ignore[misc]  # the library has no types
    """Who waits in an instance, and what begins when an event comes."""

    def update_collaboration(self, event: BpmnEvent) -> None:
        """Begin the event sub-processes that listen for this event, in every process of the instance."""
        for listener in list(listeners(self.workflow)):
            if listener.start.event_definition == event.event_definition:
                listener.begin()
