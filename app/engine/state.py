"""The state of an instance as bytes, without its diagram.

Format 1 is JSON made of lists, so that nothing depends on the order of keys:

    [workflow, workflow, …]   the process first, then its sub-processes, outer before inner
    workflow = [parent task id | None, spec name, success, completed, [row, …], id of the last task, correlations, data]
    row = [parent row | -1, spec index, state, changed at, id, triggered, internal data, changed data, dropped data]

A row keeps only the data in which it differs from its parent. The spec index counts in the list of names stored with
the definition version, so the order in which a later parser finds elements does not matter.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.budgets import Budget
from app.engine.compiled import Compiled
from app.engine.environment import DeskScripts
from app.engine.parser import event_definitions
from app.engine.values import plain
from app.engine.workflow import DeskSubWorkflow, DeskWorkflow

FORMAT = 1


def dump(workflow: DeskWorkflow, compiled: Compiled) -> bytes:
    """Write the state down."""
    levels: list[Any] = sorted(workflow.levels(), key=lambda level: level.depth)
    return orjson.dumps([_dump_level(level, compiled) for level in levels], default=plain)


def _dump_level(level: Any, compiled: Compiled) -> list[Any]:
    index = compiled.index_of(level.spec.name)
    rows: list[list[Any]] = []
    places: dict[UUID, int] = {}
    stack = [level.task_tree]
    while stack:
        task = stack.pop()
        places[task.id] = len(rows)
        parent = level.tasks.get(task._parent)
        changed, dropped = _difference(task, parent)
        rows.append(
            [
                places[parent.id] if parent is not None else -1,
                index[task.task_spec.name],
                task.state,
                task.last_state_change,
                task.id.hex,
                int(task.triggered),
                _dump_internal(task) or None,
                changed or None,
                dropped or None,
            ]
        )
        stack.extend(level.tasks[child] for child in reversed(task._children))
    last = level.last_task
    return [
        level.parent_task_id.hex if level.parent_task_id else None,
        level.spec.name,
        level.success,
        level.completed,
        rows,
        last.id.hex if last is not None and last.id in places else None,
        level.correlations,
        level.data,
    ]


def _difference(task: Task, parent: Task | None) -> tuple[dict[str, Any], list[str]]:
    data = task.data
    if parent is None:
        return data, []
    before = parent.data
    changed = {key: value for key, value in data.items() if key not in before or before[key] != value}
    return changed, [key for key in before if key not in data]


def _dump_internal(task: Task) -> dict[str, Any]:
    internal = dict(task.internal_data)
    seen = internal.pop("seen_events", None)
    if task.has_state(TaskState.FINISHED_MASK):
        # A gateway that has chosen its branch never asks again what it saw.
        internal.pop("due", None)
    elif seen:
        definitions = event_definitions(task.task_spec)
        internal["seen"] = [[definitions.index(event.event_definition), event.payload] for event in seen]
    return internal


def load(
    blob: bytes,
    state_format: int,
    compiled: Compiled,
    *,
    scripts: DeskScripts | None = None,
    budget: Budget | None = None,
) -> DeskWorkflow:
    """Read a state back into a running process.

    Raises:
        ValueError: the state was written by a version of the desk newer than this one.
    """
    if state_format != FORMAT:
        raise ValueError(f"state format {state_format} is not known here")
    first, *rest = orjson.loads(blob)
    workflow = DeskWorkflow(
        compiled.spec, compiled.subprocess_specs, scripts=scripts, budget=budget, deserializing=True
    )
    _load_level(workflow, first, workflow, compiled)
    for written in rest:
        parent = workflow.get_task_from_id(UUID(hex=written[0]))
        level = DeskSubWorkflow(
            compiled.subprocess_specs[written[1]], parent_task_id=parent.id, top_workflow=workflow, deserializing=True
        )
        workflow.subprocesses[parent.id] = level
        level.completed_event.connect(parent.task_spec._on_subworkflow_completed, parent)
        _load_level(level, written, workflow, compiled)
    return workflow


def _load_level(level: Any, written: list[Any], top: DeskWorkflow, compiled: Compiled) -> None:
    _, name, success, completed, rows, last, correlations, data = written
    names, specs = compiled.names[name], level.spec.task_specs
    made: list[Task] = []
    for place, index, state, changed_at, task_id, triggered, internal, changed, dropped in rows:
        parent = made[place] if place >= 0 else None
        task = Task(level, specs[names[index]], state=state, id=UUID(hex=task_id))
        task.last_state_change = changed_at
        task.triggered = bool(triggered)
        if parent is not None:
            task._parent = parent.id
            parent._children.append(task.id)
        task.internal_data = _load_internal(task, internal or {})
        task.data = _merged(parent.data if parent is not None else {}, changed, dropped)
        made.append(task)
        if state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent):
            top.event_manager.add_task(task)
    level.task_tree = made[0]
    level.success, level.completed = success, completed
    level.correlations, level.data = correlations, data
    level.last_task = level.tasks.get(UUID(hex=last)) if last else None


def _load_internal(task: Task, internal: dict[str, Any]) -> dict[str, Any]:
    seen = internal.pop("seen", None)
    if seen is not None:
        definitions = event_definitions(task.task_spec)
        internal["seen_events"] = [BpmnEvent(definitions[place], payload=payload) for place, payload in seen]
    return internal


def _merged(before: dict[str, Any], changed: dict[str, Any] | None, dropped: list[str] | None) -> dict[str, Any]:
    # Branches must not share what one of them may later merge into.
    data = {key: _copy(value) for key, value in before.items()}
    data.update(changed or {})
    for key in dropped or ():
        data.pop(key, None)
    return data


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_copy(part) for part in value]
    return value
