"""A task in memory: the library's, without what it does for its log and for a tree it has guessed ahead.

Every task of a running process is one of these, because each makes its own children.
"""

from __future__ import annotations

import time
from os import urandom
from typing import Any

from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

_UNFINISHED = TaskState.NOT_FINISHED_MASK
_MUTABLE = frozenset({dict, list, set})


def inherited(data: dict[str, Any]) -> dict[str, Any]:
    """The data of one element as the next one has it: changing a variable here does not change it there."""
    return {key: value.copy() if type(value) in _MUTABLE else value for key, value in data.items()}


class DeskTask(Task):  # type: ignore[misc]  # the library has no types
    """One element that an instance has come to."""

    # The table of tasks holds it by this: 32 hexadecimal digits. The library's own are objects, slow to make and find.
    id: str

    def __init__(
        self,
        workflow: Any,
        task_spec: TaskSpec,
        parent: Task | None = None,
        state: int = TaskState.MAYBE,
        task_id: str | None = None,
        changed_at: float | None = None,
    ) -> None:
        """Put a task into the table of its process, below its parent.

        Args:
            changed_at: when it came to its state, in seconds; now when None.
        """
        self.id = task_id or urandom(16).hex()
        workflow.tasks[self.id] = self
        self.workflow = workflow
        self._children: list[str] = []
        self._state = state
        self.triggered = False
        self.task_spec = task_spec
        # Nothing of ours assigns threads; the library's joins compare them.
        self.thread_id = 0
        self.data: dict[str, Any] = {}
        self.internal_data: dict[str, Any] = {}
        self.last_state_change = time.time() if changed_at is None else changed_at
        if parent is None:
            self._parent = None
        else:
            self._parent = parent.id
            parent._children.append(self.id)

    def _add_child(self, task_spec: TaskSpec, state: int = TaskState.MAYBE) -> DeskTask:
        self.workflow.top_workflow.budget.spend_child()
        task = DeskTask(self.workflow, task_spec, self, state)
        if state == TaskState.READY:
            task._ready()
        return task

    def _sync_children(self, task_specs: list[TaskSpec], state: int = TaskState.MAYBE) -> None:
        if self._children:
            super()._sync_children(task_specs, state)
            return
        for task_spec in task_specs:
            self._add_child(task_spec, state)

    def _set_state(self, value: int) -> None:
        if value != self._state:
            self.last_state_change = time.time()
            self._state = value

    def _inherit_data(self) -> None:
        if self.data:
            super()._inherit_data()
            return
        self.data = inherited(self.workflow.tasks[self._parent].data)

    def cancel(self) -> None:
        """End it and what is unfinished below it; a chain of finished tasks may be longer than Python's stack.

        A repeating event that is ended with its activity waits no longer; what it has begun goes on by itself.
        """
        if self._state & _UNFINISHED and self._children and self.task_spec.repeats:
            self._set_state(TaskState.CANCELLED)
            self.workflow.top_workflow.event_manager.remove_task(self)
            return
        stack = [self]
        while stack:
            task = stack.pop()
            if task._state & _UNFINISHED:
                super(DeskTask, task).cancel()
            else:
                tasks = task.workflow.tasks
                stack.extend(tasks[child] for child in reversed(task._children))

    def is_descendant_of(self, task: Task) -> bool:
        """Whether the other task lies above this one."""
        above = self.parent
        while above is not None:
            if above is task:
                return True
            above = above.parent
        return False

    def find_ancestor(self, spec_name: str) -> Task | None:
        """The nearest task above this one that stands for an element."""
        above = self.parent
        while above is not None and above.task_spec.name != spec_name:
            above = above.parent
        return above

    def collect_log_extras(self, dct: dict[str, Any] | None = None) -> dict[str, Any]:
        """Nothing: the library would describe the task for every log line."""
        return dct or {}
