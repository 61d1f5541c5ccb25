"""The state of an instance as bytes, without its diagram and without what the library guesses may come.

Format 2 is JSON made of lists, so that nothing depends on the order of keys:

    [process, process, …]   the process first, then its sub-processes, outer before inner
    process = [id of the calling task, spec name, success + 2 × completed, [row, …], place of the last task + 1,
               correlations, data]
    row     = [parent's place + 1, spec index, state + 1024 × triggered, changed at, id, internal data, changed data,
               dropped data]

Empty values at the end of a list are left out. Times are milliseconds. Finished tasks have no id: nothing names them.
A row keeps only the data in which it differs from its parent. The spec index counts in the list of names stored with
the definition version, so the order in which a later parser finds elements does not matter.

Format 1 (`_read_1`) had predicted tasks, which are passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.budgets import Budget
from app.engine.compiled import Compiled
from app.engine.environment import DeskScripts
from app.engine.parser import event_definitions
from app.engine.task import DeskTask, inherited
from app.engine.values import plain
from app.engine.workflow import DeskSubWorkflow, DeskWorkflow

FORMAT = 2

_TRIGGERED = 1024
_SUCCESS, _COMPLETED = 1, 2
_PREDICTED = TaskState.PREDICTED_MASK | TaskState.FUTURE


def dump(workflow: DeskWorkflow, compiled: Compiled) -> bytes:
    """Write the state down."""
    levels: list[Any] = sorted(workflow.levels(), key=lambda level: level.depth)
    return orjson.dumps([_dump_level(level, compiled) for level in levels], default=plain)


def _dump_level(level: Any, compiled: Compiled) -> list[Any]:
    index = compiled.index_of(level.spec.name)
    rows: list[list[Any]] = []
    places: dict[str, int] = {}
    tasks = level.tasks
    stack = [level.task_tree]
    while stack:
        task = stack.pop()
        parent = tasks.get(task._parent)
        state = task._state
        finished = state & TaskState.FINISHED_MASK
        changed, dropped = _difference(task, parent)
        row = [
            places[parent.id] if parent is not None else 0,
            index[task.task_spec.name],
            state + _TRIGGERED if task.triggered else state,
            int(task.last_state_change * 1000),
            0 if finished else task.id,
            _dump_internal(task) if task.internal_data else 0,
            changed,
            dropped,
        ]
        rows.append(_shortened(row))
        places[task.id] = len(rows)
        if task._children:
            stack.extend(tasks[child] for child in reversed(task._children))
    last = level.last_task
    return _shortened(
        [
            level.parent_task_id or 0,
            level.spec.name,
            _SUCCESS * bool(level.success) + _COMPLETED * bool(level.completed),
            rows,
            places.get(last.id, 0) if last is not None else 0,
            level.correlations,
            level.data,
        ]
    )


def _shortened(values: list[Any]) -> list[Any]:
    while not values[-1]:
        values.pop()
    return values


def _difference(task: Task, parent: Task | None) -> tuple[dict[str, Any], list[str]]:
    data = task.data
    if parent is None:
        return data, []
    before = parent.data
    if data is before or data == before:
        return {}, []
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
    if state_format not in _READERS:
        raise ValueError(f"state format {state_format} is not known here")
    read = _READERS[state_format]
    first, *rest = orjson.loads(blob)
    workflow = DeskWorkflow(
        compiled.spec, compiled.subprocess_specs, scripts=scripts, budget=budget, deserializing=True
    )
    _load_level(workflow, read(first), workflow, compiled)
    for written in rest:
        parent = workflow.get_task_from_id(written[0])
        level = DeskSubWorkflow(
            compiled.subprocess_specs[written[1]], parent_task_id=parent.id, top_workflow=workflow, deserializing=True
        )
        workflow.subprocesses[parent.id] = level
        level.completed_event.connect(parent.task_spec._on_subworkflow_completed, parent)
        _load_level(level, read(written), workflow, compiled)
    return workflow


def _read_2(written: list[Any]) -> list[Any]:
    return written + [0] * (7 - len(written))


def _read_1(written: list[Any]) -> list[Any]:
    """A process of format 1 in the words of format 2.

    workflow = [parent task id | None, spec name, success, completed, [row, …], id of the last task, correlations, data]
    row = [parent row | -1, spec index, state, changed at, id, triggered, internal data, changed data, dropped data]
    """
    parent_id, name, success, completed, old_rows, last, correlations, data = written
    rows: list[list[Any]] = []
    moved: dict[int, int] = {-1: 0}
    places: dict[str | None, int] = {None: 0}
    for place, (parent, index, state, changed_at, task_id, triggered, internal, changed, dropped) in enumerate(
        old_rows
    ):
        if state & _PREDICTED or parent not in moved:
            continue
        rows.append(
            [
                moved[parent],
                index,
                state + _TRIGGERED * triggered,
                changed_at * 1000,
                task_id,
                internal,
                changed,
                dropped,
            ]
        )
        moved[place] = places[task_id] = len(rows)
    flags = _SUCCESS * bool(success) + _COMPLETED * bool(completed)
    return [parent_id, name, flags, rows, places.get(last, 0), correlations, data]


_READERS: dict[int, Callable[[list[Any]], list[Any]]] = {1: _read_1, 2: _read_2}


def _load_level(level: Any, written: list[Any], top: DeskWorkflow, compiled: Compiled) -> None:
    _, name, flags, rows, last, correlations, data = written
    names, specs = compiled.names[name], level.spec.task_specs
    made: list[DeskTask] = []
    for row in rows:
        place, index, state, changed_at, task_id, internal, changed, dropped = row + [0] * (8 - len(row))
        parent = made[place - 1] if place else None
        task = DeskTask(
            level,
            specs[names[index]],
            parent,
            state & ~_TRIGGERED,
            task_id or None,
            changed_at / 1000,
        )
        task.triggered = state >= _TRIGGERED
        if internal:
            task.internal_data = _load_internal(task, internal)
        if parent is None:
            task.data = changed or {}
        elif not (changed or dropped) and _is_finished(task) and _is_finished(parent):
            # Nothing merges into what is finished, so both may look at the same.
            task.data = parent.data
        else:
            task.data = _merged(parent.data, changed, dropped)
        made.append(task)
        if task._state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent):
            top.event_manager.add_task(task)
    level.task_tree = made[0]
    level.success, level.completed = bool(flags & _SUCCESS), bool(flags & _COMPLETED)
    level.correlations, level.data = correlations or {}, data or {}
    level.last_task = made[last - 1] if last else None


def _load_internal(task: Task, internal: dict[str, Any]) -> dict[str, Any]:
    seen = internal.pop("seen", None)
    if seen is not None:
        definitions = event_definitions(task.task_spec)
        internal["seen_events"] = [BpmnEvent(definitions[place], payload=payload) for place, payload in seen]
    return internal


def _merged(before: dict[str, Any], changed: dict[str, Any] | None, dropped: list[str] | None) -> dict[str, Any]:
    data = inherited(before)
    data.update(changed or {})
    for key in dropped or ():
        data.pop(key, None)
    return data


def _is_finished(task: DeskTask) -> bool:
    return bool(task._state & TaskState.FINISHED_MASK)
