"""Moving where an instance stands, and changing what it holds, in memory."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit, _EndJoin
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.environment import ElementFailed, element_of
from app.engine.gateways import ScopedParallelGateway
from app.engine.steps import Step, StepKind
from app.engine.values import ExpressionError, plain
from app.engine.workflow import DeskWorkflow

_OPEN = TaskState.WAITING | TaskState.READY | TaskState.STARTED
_NO_PLACE_TO_START = {
    "boundaryEvent": "is an event at the edge of an element; start that element instead",
    "startEvent": "is where the process begins; start the element behind it",
}


def apply(workflow: DeskWorkflow, step: Step) -> bool:
    """Do what a person asked for.

    Raises:
        ElementFailed: it makes no sense here; the reason says why.
    """
    if step.kind == StepKind.SET:
        _set(workflow, step.data["name"], step.data["value"], step.data.get("task_id"))
        return True
    move(workflow, step.data.get("cancel"), step.data.get("start"), step.data.get("task_id"))
    return True


def move(workflow: DeskWorkflow, cancel: str | None, start: str | None, task_id: str | None = None) -> None:
    """Cancel what waits at an element, or start at one, or both on the same level of the process.

    Raises:
        ElementFailed: there is no such element, nothing waits there, or one cannot start there.
    """
    token = _waiting_at(workflow, cancel, task_id) if cancel is not None else None
    if start is None:
        if token is not None:
            _cancel(token)
            _refuse_empty(token)
        return
    level, spec = _place(workflow, start, token)
    if token is not None:
        _cancel(token)
        anchor = token
    else:
        anchor = _beside(level)
    _begin(anchor, spec)


def _waiting_at(workflow: DeskWorkflow, element: str, task_id: str | None) -> Task:
    found = [
        task
        for level in workflow.levels()
        if not level.completed
        for task in level.tasks.values()
        if task.state & _OPEN and task.task_spec.bpmn_id == element and (task_id is None or task.id == task_id)
    ]
    if any(isinstance(task.task_spec, BoundaryEvent) for task in found):
        raise ElementFailed(element, f"“{element}” waits beside another element; cancel what it belongs to.")
    # What a multi-instance element runs is cancelled with it, not one by one.
    whole = [task for task in found if isinstance(task.task_spec, LoopTask)] or found
    if not whole:
        _known(workflow, element)
        raise ElementFailed(element, f"Nothing waits at “{element}”.")
    if len(whole) > 1:
        ids = ", ".join(task.id for task in whole)
        raise ElementFailed(element, f"Several wait at “{element}”; say which of them: {ids}.")
    return whole[0]


def _known(workflow: DeskWorkflow, element: str) -> list[Any]:
    """The processes of the diagrams in which the element is drawn."""
    specs = {spec.name: spec for spec in (workflow.spec, *workflow.subprocess_specs.values())}
    found = [spec for spec in specs.values() if any(each.bpmn_id == element for each in spec.task_specs.values())]
    if not found:
        raise ElementFailed(element, f"There is no element “{element}” in this version of the process.")
    return found


def _place(workflow: DeskWorkflow, element: str, token: Task | None) -> tuple[Any, TaskSpec]:
    """Where to start: the running level that has the element, and what stands for it there."""
    names = {spec.name for spec in _known(workflow, element)}
    levels = [level for level in workflow.levels() if level.spec.name in names and not level.completed]
    if token is not None:
        if token.workflow not in levels:
            raise ElementFailed(
                element, f"“{element}” is not in the same sub-process as “{element_of(token)}”; move on one level only."
            )
        levels = [token.workflow]
    if not levels:
        raise ElementFailed(element, f"“{element}” is inside “{min(names)}”, which is not running.")
    if len(levels) > 1:
        raise ElementFailed(element, f"“{element}” is inside “{levels[0].spec.name}”, which runs several times.")
    return levels[0], _entry(levels[0], element)


def _entry(level: Any, element: str) -> TaskSpec:
    specs = [each for each in level.spec.task_specs.values() if each.bpmn_id == element]
    repeated = {each.task_spec for each in specs if isinstance(each, LoopTask)}
    spec = next(each for each in specs if each.name not in repeated)
    tag = getattr(spec, "bpmn_tag", "")
    if isinstance(spec, BoundaryEvent):
        tag = "boundaryEvent"
    if tag in _NO_PLACE_TO_START:
        raise ElementFailed(element, f"“{element}” {_NO_PLACE_TO_START[tag]}.")
    if isinstance(spec, Join) and len(spec.inputs) > 1 and tag != "exclusiveGateway":
        raise ElementFailed(element, f"“{element}” joins branches and would wait for the others; start behind it.")
    # With events at its edge an element is entered through what lets them wait.
    split = next((each for each in spec.inputs if isinstance(each, BoundaryEventSplit)), None)
    return split or spec


def _cancel(token: Task) -> None:
    split = token.parent
    if isinstance(token.task_spec, ScopedParallelGateway):
        token.task_spec.forget(token)
    token.cancel()
    if split is not None and isinstance(split.task_spec, BoundaryEventSplit):
        # The events at its edge go with it; what they have started already goes on.
        for event in list(split.children):
            if event.state & _OPEN and isinstance(event.task_spec, BoundaryEvent):
                event.cancel()


def _refuse_empty(token: Task) -> None:
    level = token.workflow
    left = [task for task in level.tasks.values() if task.state & _OPEN and not isinstance(task.task_spec, _EndJoin)]
    if not left:
        element = element_of(token)
        raise ElementFailed(element, f"Nothing else waits beside “{element}”; move it, or cancel what it is a part of.")


def _beside(level: Any) -> Task:
    """What a further token goes on from: a finished task of the round that runs now, with the newest variables."""
    open_tasks = [task for task in level.tasks.values() if task.state & _OPEN]
    newest = max(open_tasks, key=lambda task: task.last_state_change, default=level.task_tree)
    above = newest
    while above.parent is not None:
        above = above.parent
        if above.state == TaskState.COMPLETED and not isinstance(above.task_spec, BoundaryEventSplit | LoopTask):
            break
    link = above._add_child(level.spec.start, TaskState.FUTURE)
    link.data = deepcopy(newest.data)
    link._set_state(TaskState.COMPLETED)
    return link


def _begin(anchor: Task, spec: TaskSpec) -> None:
    task = anchor._add_child(spec, TaskState.FUTURE)
    task.task_spec._update(task)


def _set(workflow: DeskWorkflow, name: str, value: Any, task_id: str | None) -> None:
    if not name.isidentifier():
        raise ElementFailed("", f"“{name}” is no name of a variable.")
    try:
        kept = plain(value)
    except ExpressionError as error:
        raise ElementFailed("", f"`{name}`: {error}") from error
    for task in _holders(workflow, task_id):
        task.data[name] = deepcopy(kept)


def _holders(workflow: DeskWorkflow, task_id: str | None) -> list[Task]:
    """The tasks whose variables change: one, or all from which the instance can go on."""
    unfinished = [task for level in workflow.levels() for task in level.tasks.values() if task.state & _OPEN]
    if task_id is None:
        return unfinished
    chosen = [task for task in unfinished if task.id == task_id]
    if not chosen:
        raise ElementFailed("", "This task is not open any more.")
    return chosen
