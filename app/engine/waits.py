"""What an instance waits for, as its process in memory says it.

A step compares this before and after, and so knows what changed in the tables without reading them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.due import TimerDefinition
from app.engine.environment import element_of
from app.engine.listening import listeners
from app.engine.message_events import MessageDefinition
from app.engine.parser import event_definitions
from app.engine.workflow import DeskWorkflow

_RESTING = TaskState.WAITING | TaskState.STARTED


class Awaited(NamedTuple):
    """A message that an element waits for, with the key it must have; None takes any."""

    element: str
    key: str | None


@dataclass(frozen=True)
class Waits:
    """Everything by the id of its task, as the tables keep it."""

    # Read from the tables, a wait has no task.
    people: dict[str, Any] = field(default_factory=dict)
    # Where the instance stands: people's tasks, events it waits for, sub-processes it is in.
    places: dict[str, Task] = field(default_factory=dict)
    timers: dict[tuple[str, str], datetime] = field(default_factory=dict)
    # Read from the tables, a message has no details.
    messages: dict[tuple[str, str], Any] = field(default_factory=dict)


def waits_of(workflow: DeskWorkflow) -> Waits:
    """Look at every task once."""
    found = Waits()
    for level in workflow.levels():
        if level.completed:
            continue
        for task in level.tasks.values():
            is_for_people = task._state == TaskState.READY and task.task_spec.manual
            if is_for_people:
                found.people[task.id] = task
            # A boundary event that has not happened is no place where the instance stands; neither is half a join.
            if (is_for_people or task._state & _RESTING) and is_drawn(task) and not _is_beside(task):
                found.places[task.id] = task
    for task in workflow.waiting():
        for definition in event_definitions(task.task_spec):
            if isinstance(definition, TimerDefinition):
                due_at = definition.due_at(task)
                if due_at is not None:
                    found.timers[task.id, definition.element] = due_at
            elif isinstance(definition, MessageDefinition):
                found.messages[task.id, definition.name] = Awaited(element_of(task), definition.key_of(task))
    for listener in listeners(workflow):
        definition = listener.start.event_definition
        if isinstance(definition, MessageDefinition):
            found.messages[listener.place, definition.name] = Awaited(str(listener.start.bpmn_id), None)
    return found


def stranded_at(workflow: DeskWorkflow) -> tuple[str, str]:
    """Where an instance stands that nothing can move on any more, and why in words: (element, reason)."""
    left = [task for level in workflow.levels() for task in level.tasks.values() if task._state & _RESTING]
    joins = [task for task in left if isinstance(task.task_spec, Join) and task.task_spec.bpmn_id is not None]
    for task in (*joins, *(each for each in left if is_drawn(each))):
        if isinstance(task.task_spec, Join):
            reason = "It waits for a branch that will not come: nothing is left in this process that could move it on."
        else:
            reason = "Nothing is left in this process that could move it on."
        return element_of(task), reason
    return "", "Nothing is left in this process that could move it on."


def is_drawn(task: Task) -> bool:
    """Whether it stands for an element of the diagram, as people see it."""
    return task.task_spec.passage is not None


def _is_beside(task: Any) -> bool:
    return isinstance(task.task_spec, BoundaryEvent | Join)
