"""Elements that are done several times: once more while a condition holds, or once for each item.

The library takes whatever number or list it is given, and fails somewhere with an error of Python's or waits for ever.
It adds up the data of the rounds: a list that a round had made shorter stayed as long as it was, so that a loop going
through it never ended, and what one instance had left alone overwrote what another had changed.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import MultiInstanceTask
from SpiffWorkflow.spiff.specs.defaults import (
    ParallelMultiInstanceTask,
    SequentialMultiInstanceTask,
    StandardLoopTask,
)
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.budgets import MAX_PARALLEL_INSTANCES, MAX_ROUNDS, BudgetExceeded
from app.engine.environment import ElementFailed, element_of
from app.engine.gateways import lay_over
from app.engine.task import inherited
from app.engine.values import kind_of


class DeskLoop(StandardLoopTask):  # type: ignore[misc]  # the library has no types
    """Done again while its condition holds; each round goes on with the data of the one before."""

    def merge_child(self, workflow: Any, child: Task) -> None:
        """Take over what a round ended with, and begin the next one if there is any."""
        my_task = child.parent
        my_task.data = inherited(child.data)
        my_task.internal_data["merged"].append(child.id)
        if len(my_task.internal_data["merged"]) > MAX_ROUNDS:
            raise BudgetExceeded(f"The loop goes round more than {MAX_ROUNDS} times.", element_of(my_task))
        if self.loop_complete(my_task):
            my_task._set_state(TaskState.READY)
        else:
            self.create_child(my_task)


class _Several(MultiInstanceTask):  # type: ignore[misc]  # the library has no types
    """What one after the other and all at once have in common."""

    def merge_child(self, workflow: Any, child: Task) -> None:
        """Take over what one of them ended with."""
        if self.data_output is not None and self.output_item is not None:
            super().merge_child(workflow, child)
            return
        my_task = child.parent
        self._take_over(my_task, child)
        if self.input_item is not None:
            # It belongs to one instance; the next round of a loop around this element brings its own.
            my_task.data.pop(self.input_item.bpmn_id, None)
        my_task.internal_data["merged"].append(child.id)

    def _take_over(self, my_task: Task, child: Task) -> None:
        raise NotImplementedError

    def init_data_output_with_cardinality(self, my_task: Task) -> None:
        """Begin the list of results (the library's own stumbles over a name where there is one)."""
        self.data_output.set(my_task, [])

    def init_data_output_with_input_data(self, my_task: Task, input_data: Any) -> None:
        """Begin the list of results: a new one, unless the items themselves are replaced.

        A loop that comes back to this element would otherwise find the results of its last round, and fail.
        """
        if self.data_output.bpmn_id != self.data_input.bpmn_id:
            self.data_output.set(my_task, type(input_data)())

    def raise_data_exception(self, message: str, my_task: Task) -> None:
        """Say what is wrong with the data.

        Raises:
            ElementFailed: always.
        """
        raise ElementFailed(element_of(my_task), f"{message}.")

    def items(self, my_task: Task, at_most: int) -> int:
        """How many items the list has that it goes through.

        Raises:
            ElementFailed: it is no list.
            BudgetExceeded: there are too many.
        """
        value = self.data_input.get(my_task)
        if not isinstance(value, list | dict):
            message = f"`{self.data_input.bpmn_id}` should be a list to go through, not {kind_of(value)}."
            raise ElementFailed(element_of(my_task), message)
        _check_count(my_task, len(value), at_most)
        return len(value)


class DeskParallelInstances(ParallelMultiInstanceTask, _Several):  # type: ignore[misc]  # the library has no types
    """Opens all at once, unless they are too many."""

    def create_children(self, my_task: Task) -> Any:
        """Open one task per item."""
        if self.data_input is not None:
            self.items(my_task, MAX_PARALLEL_INSTANCES)
        else:
            count = my_task.workflow.script_engine.evaluate(my_task, self.cardinality)
            _check_count(my_task, count, MAX_PARALLEL_INSTANCES)
        return super().create_children(my_task)

    def _take_over(self, my_task: Task, child: Task) -> None:
        """What it changed; what it left alone may be older than what another one wrote."""
        before = my_task.parent.data
        changed = {key: value for key, value in child.data.items() if key not in before or before[key] != value}
        lay_over(my_task.data, inherited(changed))


class DeskSequentialInstances(SequentialMultiInstanceTask, _Several):  # type: ignore[misc]  # the library has no types
    """Opens one after the other."""

    def init_remaining_items(self, my_task: Task) -> Any:
        """Which items there are to go through."""
        self.items(my_task, MAX_ROUNDS)
        return super().init_remaining_items(my_task)

    def children_complete(self, my_task: Task) -> bool:
        """Whether none is left; the first look is the one that sees how many there are."""
        if self.data_input is None:
            _check_count(my_task, my_task.internal_data["cardinality"], MAX_ROUNDS)
        return bool(super().children_complete(my_task))

    def add_next_child(self, my_task: Task) -> None:
        """Open the next one; an item that is nothing (None) is an item too."""
        if self.data_input is None:
            place, item = self.get_next_index(my_task)
        else:
            try:
                place, item = self.get_next_input_item(my_task)
            except (LookupError, TypeError):
                message = f"`{self.data_input.bpmn_id}` was changed while it was gone through."
                raise ElementFailed(element_of(my_task), message) from None
        self.create_child(my_task, item, place)

    def _take_over(self, my_task: Task, child: Task) -> None:
        """All of it: nothing else ran meanwhile."""
        my_task.data = inherited(child.data)


def _check_count(my_task: Task, count: Any, most: int) -> None:
    element = element_of(my_task)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        said = str(count) if isinstance(count, int | float) and not isinstance(count, bool) else kind_of(count)
        raise ElementFailed(element, f"How many must be a whole number from 0 on, not {said}.")
    if count > most:
        at_once = most == MAX_PARALLEL_INSTANCES
        message = f"{count} tasks {'at once' if at_once else 'one after the other'}; at most {most} may be opened"
        raise BudgetExceeded(f"{message} {'together' if at_once else 'in all'}.", element)
