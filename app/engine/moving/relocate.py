"""Putting a state in memory onto another version: every task gets the spec of the element it is in the new version.

Nothing runs here and nothing is calculated. What the library predicted is dropped, it is predicted anew from the new
version. Finished tasks whose element is gone stand in as a level's start, which nothing looks at: what counts for what
comes next are the unfinished ones, half joins and open splits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.environment import element_of
from app.engine.gateways import ScopedParallelGateway
from app.engine.moving.mapping import SPLIT, LevelMap, Mapper, describe, kind
from app.engine.moving.verdicts import CannotMove, Outcome
from app.engine.parser import event_definitions
from app.engine.workflow import DeskWorkflow

FINISHED = TaskState.FINISHED_MASK
JOINS = (ScopedParallelGateway, InclusiveGateway)
NOT_YET = TaskState.PREDICTED_MASK | TaskState.FUTURE


def relocate(workflow: DeskWorkflow, mapper: Mapper) -> dict[str, LevelMap]:
    """Put every level of a state onto the new version.

    Returns:
        the level map of each task, by the task's id.

    Raises:
        CannotMove: a waiting element has no counterpart, or the new version could not go on from here.
    """
    maps: dict[str, LevelMap] = {}
    levels: list[Any] = sorted(workflow.levels(), key=lambda level: level.depth)
    for level in levels:
        if level is workflow:
            found = mapper.top()
        else:
            owner = workflow.get_task_from_id(level.parent_task_id)
            inner = mapper.inside(owner.task_spec)
            if inner is None:
                raise CannotMove(Outcome.NEEDS_MAPPING, element_of(owner), "What it calls is not in the new version.")
            found = mapper.level(level.spec, inner)
        _relocate_level(workflow, level, found)
        maps |= dict.fromkeys(level.tasks, found)
    return maps


def _relocate_level(workflow: DeskWorkflow, level: Any, found: LevelMap) -> None:
    _drop_predictions(level)
    starved = {found.names.get(name) for name in starving_joins(level, found.old)}
    wanted = _new_boundary_events(workflow, level, found)
    for split in [task for task in level.tasks.values() if isinstance(task.task_spec, BoundaryEventSplit)]:
        _fit_boundary_events(workflow, level, split, found)
    for task in list(level.tasks.values()):
        _repoint(workflow, task, found)
    for task, names in wanted:
        _add_boundary_events(level, task, names, found)
    level.spec = found.new
    for task in level.tasks.values():
        _fit_arrival(task)
    for name in starving_joins(level, found.new) - starved:
        reason = "It would wait for a branch that this instance never began."
        raise CannotMove(Outcome.IMPOSSIBLE, name, reason)


def _drop_predictions(level: Any) -> None:
    for task in [each for each in level.tasks.values() if each.state & NOT_YET]:
        parent = level.tasks.get(task._parent)
        if task.id in level.tasks and parent is not None and not parent.state & FINISHED:
            _remove_branch(level, task)


def _remove_branch(level: Any, task: Task) -> None:
    parent = level.tasks.get(task._parent)
    if parent is not None and task.id in parent._children:
        parent._children.remove(task.id)
    stack = [task.id]
    while stack:
        gone = level.tasks.pop(stack.pop())
        stack.extend(gone._children)


def _hang_below(level: Any, task: Task, parent: Task, *, instead_of: Task | None = None) -> None:
    before = level.tasks.get(task._parent)
    if before is not None and task.id in before._children:
        before._children.remove(task.id)
    task._parent = parent.id
    if instead_of is not None and instead_of.id in parent._children:
        parent._children[parent._children.index(instead_of.id)] = task.id
    else:
        parent._children.append(task.id)


def _is_live(workflow: DeskWorkflow, task: Task) -> bool:
    return not task.state & FINISHED or task.id in workflow.subprocesses


def _has_live(workflow: DeskWorkflow, level: Any, task: Task) -> bool:
    stack = [task]
    while stack:
        each = stack.pop()
        if _is_live(workflow, each):
            return True
        stack.extend(level.tasks[child] for child in each._children)
    return False


def _fit_boundary_events(workflow: DeskWorkflow, level: Any, split: Task, found: LevelMap) -> None:
    """Take away the boundary events that the new version does not have any more, while their activity goes on."""
    children = [level.tasks[child] for child in split._children]
    main = next((each for each in children if not isinstance(each.task_spec, BoundaryEvent)), None)
    if main is None or not _is_live(workflow, main):
        return
    target = found.names[main.task_spec.name]
    after = found.new.task_specs.get(f"{target}{SPLIT}") if target is not None else None
    for event in children:
        if event is main:
            continue
        name = found.names[event.task_spec.name]
        stays = after is not None and name in after._outputs
        if stays and event.state & FINISHED:
            # One that fired without interrupting must not interrupt now.
            stays = not found.new.task_specs[name].cancel_activity
        if not stays:
            _take_out_event(workflow, level, split, event)
    if after is None:
        _hang_below(level, main, level.tasks[split._parent], instead_of=split)
        _remove_branch(level, split)


def _take_out_event(workflow: DeskWorkflow, level: Any, split: Task, event: Task) -> None:
    """Remove a boundary event; what it started and what still runs goes on."""
    for child in [level.tasks[each] for each in event._children]:
        if not isinstance(child.task_spec, BoundaryEventJoin) and _has_live(workflow, level, child):
            _hang_below(level, child, level.tasks[split._parent])
    _remove_branch(level, event)


def _new_boundary_events(workflow: DeskWorkflow, level: Any, found: LevelMap) -> list[tuple[Task, list[str]]]:
    """The activities under way that get boundary events in the new version, with these."""
    wanted = []
    for task in level.tasks.values():
        target = found.names[task.task_spec.name]
        after = found.new.task_specs.get(f"{target}{SPLIT}") if target is not None else None
        if after is None or not _is_live(workflow, task):
            continue
        before = found.old.task_specs.get(f"{task.task_spec.name}{SPLIT}")
        # One that was there has its place already, or has fired and must not come back.
        known: set[str | None] = set()
        if before is not None:
            waiting = {each.task_spec.name for each in _siblings(level, task) if not each.state & FINISHED}
            known = {found.names[name] for name in before._outputs}
            known |= {name for name in before._outputs if name in found.changed and name not in waiting}
        names = [name for name in after._outputs if name != target and name not in known]
        if names or before is None:
            wanted.append((task, names))
    return wanted


def _siblings(level: Any, task: Task) -> list[Task]:
    return [level.tasks[each] for each in level.tasks[task._parent]._children]


def _add_boundary_events(level: Any, task: Task, names: list[str], found: LevelMap) -> None:
    split = level.tasks[task._parent]
    if not isinstance(split.task_spec, BoundaryEventSplit) or split.task_spec.name != f"{task.task_spec.name}{SPLIT}":
        above = split
        split = above._add_child(found.new.task_specs[f"{task.task_spec.name}{SPLIT}"], TaskState.COMPLETED)
        split._inherit_data()
        above._children.remove(split.id)
        above._children[above._children.index(task.id)] = split.id
        task._parent = split.id
        split._children.append(task.id)
    for name in names:
        event = split._add_child(found.new.task_specs[name], TaskState.WAITING)
        event._inherit_data()


def _repoint(workflow: DeskWorkflow, task: Task, found: LevelMap) -> None:
    spec = task.task_spec
    name = found.names[spec.name]
    counts = _is_live(workflow, task) or is_open_arrival(task)
    if name is None:
        if isinstance(spec, BoundaryEventJoin) and not task._children:
            _remove_branch(task.workflow, task)
            return
        if counts:
            raise CannotMove(Outcome.NEEDS_MAPPING, element_of(task), _why_gone(task, found))
        task.task_spec = found.new.start
        return
    target = found.new.task_specs[name]
    if counts and kind(spec) != kind(target):
        reason = f"It waits at a {describe(spec)}, but {name} is a {describe(target)}."
        raise CannotMove(Outcome.NEEDS_MAPPING, element_of(task), reason)
    task.task_spec = target
    _carry_events(task, spec, found)


def _why_gone(task: Task, found: LevelMap) -> str:
    element = element_of(task)
    if element in found.changed:
        was, now = found.changed[element]
        return f"It waits here at a {was}, which is a {now} in the new version."
    if element in found.suggestions:
        return f"It waits here, and the new version has no such element; {found.suggestions[element]} looks like it."
    return "It waits here, and the new version has no such element."


def _carry_events(task: Task, old: Any, found: LevelMap) -> None:
    """What a task knows about its events refers to them by element, and to what it saw by definition."""
    definitions = event_definitions(task.task_spec)
    due = task.internal_data.get("due")
    if due:
        elements = {getattr(each, "element", None) for each in definitions}
        kept = {found.element(element): moment for element, moment in due.items()}
        task.internal_data["due"] = {element: moment for element, moment in kept.items() if element in elements}
    seen = task.internal_data.get("seen_events")
    if seen:
        carried = []
        for event in seen:
            match = next((each for each in definitions if _is_same_event(event.event_definition, each, found)), None)
            if match is not None:
                carried.append(BpmnEvent(match, payload=event.payload))
        task.internal_data["seen_events"] = carried


def _is_same_event(old: Any, new: Any, found: LevelMap) -> bool:
    if type(old) is not type(new):
        return False
    if hasattr(old, "element"):
        return bool(found.element(old.element) == new.element)
    return bool(old.name == new.name)


def is_open_arrival(task: Task) -> bool:
    """Whether a task is an arrival at a join that nothing consumed yet."""
    if not isinstance(task.task_spec, JOINS):
        return False
    return task.state != TaskState.COMPLETED and not task.internal_data.get("joined")


def _fit_arrival(task: Task) -> None:
    """A half join knows who arrived by the element before it: the branch counts as the one it is in the new version."""
    parent, join = task.parent, task.task_spec
    if not is_open_arrival(task) or parent.task_spec.name in join._inputs:
        return
    possible = reachable(join._wf_spec, [parent.task_spec.name])
    candidates = {name for name in join._inputs if name in possible[join.name]}
    if parent.task_spec is join._wf_spec.start or len(candidates) != 1 or len(parent._children) != 1:
        reason = "A branch has arrived here, and which one it is in the new version cannot be told."
        raise CannotMove(Outcome.NEEDS_MAPPING, element_of(task), reason)
    parent.task_spec = join._wf_spec.task_specs[candidates.pop()]


def reachable(spec: BpmnProcessSpec, names: Iterable[str]) -> dict[str, set[str]]:
    """For each join, what can be reached from these specs without going through it."""
    starts = list(names)
    found: dict[str, set[str]] = {}
    for join in spec.task_specs.values():
        if not isinstance(join, JOINS):
            continue
        seen: set[str] = set()
        stack = [name for name in starts if name != join.name]
        while stack:
            name = stack.pop()
            if name in seen or name == join.name or name not in spec.task_specs:
                continue
            seen.add(name)
            stack.extend(spec.task_specs[name]._outputs)
        found[join.name] = seen
    return found


def starving_joins(level: Any, spec: BpmnProcessSpec) -> set[str]:
    """Joins that would wait for ever: somebody arrived or will, but not on every branch."""
    tokens = [task.task_spec.name for task in level.tasks.values() if not task.state & FINISHED]
    starving = set()
    for name, seen in reachable(spec, tokens).items():
        join = spec.task_specs[name]
        if not isinstance(join, ScopedParallelGateway):
            continue
        arrived = {
            task.parent.task_spec.name
            for task in level.tasks.values()
            if task.task_spec is join and is_open_arrival(task)
        }
        inputs = set(join._inputs)
        if (arrived or inputs & seen) and not inputs <= arrived | seen:
            starving.add(name)
    return starving
