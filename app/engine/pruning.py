"""Dropping finished history from a process in memory, so that a loop of a thousand rounds stays as small as one.

Kept are the root, every unfinished task with everything below it and its parent, and joins that were not consumed yet:
what the library looks at when it decides what runs next. A split above boundary events needs no rule of its own: while
one of them can still fire, an unfinished arrival at their join lies below each that has.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.due import CycleDefinition

FINISHED = TaskState.FINISHED_MASK


def prune(workflow: Any) -> int:
    """Drop what is finished; returns how many tasks went."""
    removed = 0
    for task_id in list(workflow.subprocesses):
        if task_id in workflow.subprocesses and _is_over(workflow, task_id):
            _drop_subprocess(workflow, task_id)
    for level in [workflow, *workflow.subprocesses.values()]:
        removed += _prune_level(workflow, level)
    return removed


def _is_over(workflow: Any, task_id: Any) -> bool:
    for level in [workflow, *workflow.subprocesses.values()]:
        if task_id in level.tasks:
            return bool(level.tasks[task_id]._state & FINISHED)
    return True


def _drop_subprocess(workflow: Any, task_id: Any) -> None:
    subprocess = workflow.subprocesses.pop(task_id)
    for inner in subprocess.tasks:
        if inner in workflow.subprocesses:
            _drop_subprocess(workflow, inner)


def _prune_level(workflow: Any, level: Any) -> int:
    removed = _drop_past_rounds(workflow, level)
    tasks, root = level.tasks, level.task_tree
    for task in reversed(_finished_part(level)):
        if task is root or not task._state & FINISHED or task.id in workflow.subprocesses:
            continue
        parent = tasks[task._parent]
        children = task._children
        if not children and _is_dead_end(task, parent):
            if not (task is level.last_task and len(parent._children) == 1) and len(parent._children) > 1:
                parent._children.remove(task.id)
                del tasks[task.id]
                removed += 1
        elif len(children) == 1 and _is_plain_link(tasks[children[0]]):
            child = tasks[children[0]]
            parent._children[parent._children.index(task.id)] = child.id
            child._parent = parent.id
            del tasks[task.id]
            removed += 1
    if level.last_task is not None and level.last_task.id not in tasks:
        level.last_task = root
    return removed


def _drop_past_rounds(workflow: Any, level: Any) -> int:
    """Drop what a repeating timer started and what has ended since; the timer itself may wait for years."""
    removed = 0
    for task in list(level.tasks.values()):
        if not isinstance(getattr(task.task_spec, "event_definition", None), CycleDefinition):
            continue
        for child in list(task._children):
            branch = _below(level, child)
            if all(level.tasks[each]._state & FINISHED and each not in workflow.subprocesses for each in branch):
                task._children.remove(child)
                for each in branch:
                    del level.tasks[each]
                removed += len(branch)
    return removed


def _below(level: Any, task_id: Any) -> list[Any]:
    found, stack = [], [task_id]
    while stack:
        found.append(stack.pop())
        stack.extend(level.tasks[found[-1]]._children)
    return found


def _finished_part(level: Any) -> list[Task]:
    """Tasks from the root down, not looking below unfinished ones."""
    found, stack = [], [level.task_tree]
    while stack:
        task = stack.pop()
        found.append(task)
        if task._state & FINISHED:
            stack.extend(level.tasks[child] for child in task._children)
    return found


def _is_join(task: Task) -> bool:
    return isinstance(task.task_spec, Join)


def _is_open_join(task: Task) -> bool:
    """A join's arrival that no later arrival has consumed."""
    return _is_join(task) and task._state != TaskState.COMPLETED and not task.internal_data.get("joined")


def _is_dead_end(task: Task, parent: Task) -> bool:
    return not _is_open_join(task) and bool(parent._state & FINISHED)


def _is_plain_link(child: Task) -> bool:
    return bool(child._state & FINISHED) and not _is_open_join(child)
