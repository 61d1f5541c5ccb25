"""Gateways of ours: an AND-join that stays right inside loops, an OR-join without prediction, events with one winner.

The library's join counts every earlier arrival at the same gateway, so from the second round on it fires too early.
Ours looks at the arrivals of the current round only: those below the nearest completed instance of itself.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin
from SpiffWorkflow.bpmn.specs.defaults import EventBasedGateway, InclusiveGateway, ParallelGateway
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.due import CycleDefinition


class ScopedParallelGateway(ParallelGateway):  # type: ignore[misc]  # the library has no types
    """Joins the branches of one round (BPMN 2.0 §13.4.1)."""

    def arrivals(self, my_task: Task) -> list[Task]:
        """The other tasks of this gateway that belong to the same round and were not joined yet."""
        above, scope, task = set(), None, my_task.parent
        while task is not None:
            above.add(task.id)
            if scope is None and task.task_spec is self and task.state == TaskState.COMPLETED:
                scope = task
            task = task.parent
        found, stack = [], [scope or my_task.workflow.task_tree]
        while stack:
            task = stack.pop()
            if task.task_spec is self and task is not scope:
                joined = task.internal_data.get("joined")
                if task is not my_task and task.state != TaskState.COMPLETED and task.id not in above and not joined:
                    found.append(task)
                # Other rounds live below this arrival.
                continue
            stack.extend(task.children)
        return [task for task in found if not _went_apart(my_task, task)]

    def forget(self, my_task: Task) -> None:
        """Take away what has arrived and waits: a branch that comes later meets nobody."""
        for task in (my_task, *self.arrivals(my_task)):
            task.internal_data["joined"] = True

    def _check_threshold_unstructured(self, my_task: Task) -> bool:
        missing = set(self._inputs)
        for task in (my_task, *self.arrivals(my_task)):
            if task.parent.state == TaskState.COMPLETED or _is_repetition(task.parent):
                missing.discard(task.parent.task_spec.name)
        return not missing

    def _update_hook(self, my_task: Task) -> bool:
        may_fire = self._check_threshold_unstructured(my_task)
        for task in self.arrivals(my_task):
            if task.state == TaskState.WAITING:
                task.cancel()
        if may_fire:
            my_task._inherit_data()
        else:
            my_task._set_state(TaskState.WAITING)
        return may_fire

    def _run_hook(self, my_task: Task) -> bool:
        finished = [task for task in self.arrivals(my_task) if task.has_state(TaskState.FINISHED_MASK)]
        arrived = [*sorted(finished, key=lambda task: task.last_state_change), my_task]
        my_task.data = merge_branches(arrived)
        for task in finished:
            # Consumed: a later round does not count it and pruning may drop it.
            task.internal_data["joined"] = True
        return True


def _went_apart(one: Task, other: Task) -> bool:
    """Whether two arrivals belong to different rounds that run at the same time, as a repeating event begins them.

    Since they parted, each went through a parting of branches that the other went through too: there each got what it
    is joined with. Having passed other elements both says nothing: branches may share them.
    """
    above, task = set(), one.parent
    while task is not None:
        above.add(task.id)
        task = task.parent
    partings, task = set(), other.parent
    while task.id not in above:
        partings |= {task.task_spec} if _parts(task) else set()
        task = task.parent
    parted, task = task, one.parent
    while task is not parted:
        if task.task_spec in partings and _parts(task):
            return True
        task = task.parent
    return False


def _parts(task: Task) -> bool:
    """Whether more than one token went on from here; a boundary event that never happened had none."""
    if task.task_spec is task.workflow.spec.start:
        return False
    return sum(not _is_beside(child) for child in task.children) > 1


def _is_beside(child: Task) -> bool:
    waits = child._state == TaskState.WAITING and isinstance(child.task_spec, BoundaryEvent)
    return waits or child._state == TaskState.CANCELLED or isinstance(child.task_spec, BoundaryEventJoin)


def _is_repetition(task: Task) -> bool:
    """A repeating timer goes on waiting while what it started runs."""
    return isinstance(getattr(task.task_spec, "event_definition", None), CycleDefinition)


def merge_branches(arrived: list[Task]) -> dict[str, Any]:
    """The data before the branches parted, with what each branch changed since.

    The library merges all that a branch holds, so that an old value which one branch never touched overwrites the new
    one from the other.
    """
    before = _parting(arrived).data
    data: dict[str, Any] = deepcopy(before)
    for task in arrived:
        branch = task.parent.data
        changed = {key: value for key, value in branch.items() if key not in before or before[key] != value}
        lay_over(data, deepcopy(changed))
    return data


def lay_over(data: dict[str, Any], changed: dict[str, Any]) -> None:
    """Change these values; sets of named values are laid over each other, everything else is replaced."""
    for key, value in changed.items():
        present = data.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            lay_over(present, value)
        else:
            data[key] = value


def _parting(arrived: list[Task]) -> Task:
    """The last task that all of these descend from."""
    lines = []
    for task in arrived:
        line = [task]
        while (task := task.parent) is not None:
            line.append(task)
        lines.append(line[::-1])
    common = lines[0][0]
    for generation in zip(*lines, strict=False):
        if any(task is not generation[0] for task in generation):
            break
        common = generation[0]
    # One arrival alone descends from itself; its parent is where it came from.
    return common if common not in arrived else common.parent


class ReachableInclusiveGateway(InclusiveGateway):  # type: ignore[misc]  # the library has no types
    """Waits for the tokens that can still come to a flow that has none (BPMN 2.0 §13.4.3).

    The library asks its predicted tasks, which ours does not make. In a loop neither is right; lint refuses that.
    """

    def _check_threshold_unstructured(self, my_task: Task) -> bool:
        arrived, tokens = set(), set()
        for task in my_task.workflow.tasks.values():
            if task.task_spec is not self:
                if not task.has_state(TaskState.FINISHED_MASK):
                    tokens.add(task.task_spec.name)
            elif task.parent.state == TaskState.COMPLETED:
                arrived.add(task.parent.task_spec.name)
        to_empty = self._leading_to(set(self._inputs) - arrived)
        return not tokens & (to_empty - self._leading_to(arrived))

    def _leading_to(self, names: set[str]) -> set[str]:
        """The elements from which a token can come to one of these without passing this gateway."""
        found, stack = set(names), list(names)
        while stack:
            for name in self._wf_spec.task_specs[stack.pop()]._inputs:
                if name not in found and name != self.name:
                    found.add(name)
                    stack.append(name)
        return found


class FirstEventGateway(EventBasedGateway):  # type: ignore[misc]  # the library has no types
    """Takes the branch of the event that came first (BPMN 2.0 §10.6.6); the library would take every one it saw."""

    def _run_hook(self, my_task: Task) -> bool:
        seen = my_task.internal_data.get("seen_events", [])
        moments = my_task.internal_data.get("due", {})
        # Several timers may be overdue at once: the earliest wins, as it would have with an attentive clock.
        seen.sort(key=lambda event: moments.get(getattr(event.event_definition, "element", None), ""))
        my_task.internal_data["seen_events"] = seen[:1]
        return bool(super()._run_hook(my_task))
