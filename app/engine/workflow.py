"""A process in memory: the library's workflow with a run loop that counts what it does.

The loop keeps the library's order of work (innermost sub-process first) but looks tasks up in the table it already
has instead of walking the tree, which stops at a depth of a thousand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.exceptions import SpiffWorkflowException, TaskNotFoundException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError

from app import clock
from app.engine.budgets import Budget, BudgetExceeded
from app.engine.due import TimerDefinition
from app.engine.environment import DeskScripts, ElementFailed, element_of
from app.engine.listening import DeskEvents
from app.engine.task import DeskTask

Observer = Callable[[Task], None]


class _Table:
    """Looks tasks up by state in the table of tasks."""

    tasks: dict[Any, Task]
    completed: bool

    def update_waiting_tasks(self) -> None:
        """Let waiting tasks look again at what they wait for.

        Timers are left out: they fire in steps of their own, in the order of their due times, so that one that fails
        does not keep a person from completing a task.
        """
        for task in [task for task in self.tasks.values() if task._state == TaskState.WAITING]:
            if task.id in self.tasks and not task.task_spec.timers:
                task.task_spec._update(task)

    def is_completed(self) -> bool:
        """Whether nothing is left to do."""
        if not self.completed:
            self.completed = all(task.has_state(TaskState.FINISHED_MASK) for task in self.tasks.values())
        return self.completed

    def get_tasks(self, first_task: Task | None = None, **wanted: Any) -> list[Task]:
        """As the library; all of a state (a terminating end asks) come from the table."""
        if first_task is not None or wanted.keys() != {"state"}:
            return list(super().get_tasks(first_task, **wanted))  # type: ignore[misc]  # mixed into its workflows
        top, state = self.top_workflow, wanted["state"]  # type: ignore[attr-defined]
        below = [each for each in top.subprocesses.values() if self in _above(each)]
        return [task for level in (self, *below) for task in level.tasks.values() if task.state & state]

    def ready(self, *, manual: bool) -> list[Task]:
        """Tasks that can run now: by themselves, or (manual) by a person."""
        return [t for t in self.tasks.values() if t._state == TaskState.READY and bool(t.task_spec.manual) is manual]

    def collect_log_extras(self, dct: dict[str, Any] | None = None) -> dict[str, Any]:
        """Nothing: the library would describe the whole tree for every log line."""
        return dct or {}


class DeskSubWorkflow(_Table, BpmnSubWorkflow):  # type: ignore[misc]  # the library has no types
    """A sub-process or called process of a running instance."""

    def __init__(
        self, spec: BpmnProcessSpec, parent_task_id: str, top_workflow: DeskWorkflow, *, deserializing: bool = False
    ) -> None:
        super().__init__(spec, parent_task_id, top_workflow, deserializing=True)
        if not deserializing:
            _begin(self)

    def cancel(self, success: bool = False) -> list[Task]:
        """Cancel what is open in it."""
        self.success, self.completed = success, True
        cancelled = [task for task in self.tasks.values() if not task.has_state(TaskState.FINISHED_MASK)]
        for task in cancelled:
            task.cancel()
        return cancelled

    def _task_removed_notify(self, task: Task) -> None:
        super()._task_removed_notify(task)
        self.top_workflow.end_subprocess(task)


class DeskWorkflow(_Table, BpmnWorkflow):  # type: ignore[misc]  # the library has no types
    """A running instance in memory."""

    def __init__(
        self,
        spec: BpmnProcessSpec,
        subprocess_specs: dict[str, BpmnProcessSpec],
        *,
        scripts: DeskScripts | None = None,
        budget: Budget | None = None,
        deserializing: bool = False,
    ) -> None:
        self.budget = budget or Budget()
        super().__init__(spec, subprocess_specs, script_engine=scripts or _NoScripts(), deserializing=True)
        self.event_manager = DeskEvents(self)
        if not deserializing:
            _begin(self)

    def create_subprocess(self, my_task: Task, spec_name: str) -> DeskSubWorkflow:
        """Begin a sub-process, unless it would be nested too deeply."""
        spec = self.subprocess_specs[spec_name]
        depth, workflow = 1, my_task.workflow
        while workflow.parent_workflow is not None:
            depth, workflow = depth + 1, workflow.parent_workflow
        self.budget.check_depth(depth, element_of(my_task))
        subprocess = DeskSubWorkflow(spec, parent_task_id=my_task.id, top_workflow=self)
        self.subprocesses[my_task.id] = subprocess
        return subprocess

    def end_subprocess(self, caller: Task) -> None:
        """Its caller was removed: it has nowhere to go on to."""
        subprocess = self.subprocesses.pop(caller.id, None)
        if subprocess is not None:
            subprocess.cancel()

    def _task_removed_notify(self, task: Task) -> None:
        super()._task_removed_notify(task)
        self.end_subprocess(task)

    def get_task_from_id(self, task_id: str) -> Task:
        """The task, wherever it is.

        Raises:
            TaskNotFoundException: there is none.
        """
        for level in (self, *self.subprocesses.values()):
            found = level.tasks.get(task_id)
            if found is not None:
                return found
        raise TaskNotFoundException(f"A task with id {task_id} was not found", task_spec=self.spec)

    def levels(self) -> list[Any]:
        """The process and all its running sub-processes."""
        return [self, *self.subprocesses.values()]

    def run_to_waits(self, will: Observer, did: Observer) -> None:
        """Run everything that can run by itself, until only people, timers and messages are left.

        Args:
            will: called with each task before it runs.
            did: called with each task after it ran.

        Raises:
            ElementFailed: an element could not do its work.
            BudgetExceeded: the step does too much.
        """
        while self._run_round(will, did):
            pass

    def _run_round(self, will: Observer, did: Observer) -> bool:
        busy = False
        active = sorted(self.get_active_subprocesses(), key=lambda each: each.depth, reverse=True)
        for subprocess in active:
            while self._run_ready(subprocess, will, did):
                busy = True
            if subprocess.parent_task_id not in self.subprocesses:
                continue
            parent = self.get_task_from_id(subprocess.parent_task_id)
            parent.task_spec._update(parent)
        while self._run_ready(self, will, did):
            busy = True
        return busy or len(self.get_active_subprocesses()) > len(active)

    def _run_ready(self, level: Any, will: Observer, did: Observer) -> bool:
        ran = False
        for task in level.ready(manual=False):
            # An earlier task of this round may have cancelled it.
            if task._state != TaskState.READY or task.id not in level.tasks:
                continue
            self.budget.spend_task()
            will(task)
            run_task(task)
            did(task)
            ran = True
        return ran

    def fire(self, task_id: str, element: str) -> bool:
        """Let one waiting timer look at the clock; False when it waits no longer or is not due yet."""
        for task, timer in self.waiting_timers():
            if task.id == task_id and timer.element == element:
                due_at = timer.due_at(task)
                if due_at is None or due_at > clock.now():
                    return False
                if isinstance(task.task_spec.event_definition, MultipleEventDefinition):
                    task.task_spec.catch(task, BpmnEvent(timer))
                task.task_spec._update(task)
                return True
        return False

    def waiting(self) -> list[Task]:
        """The tasks that wait for a timer or a message."""
        return [
            task
            for task in self.event_manager.tasks.values()
            if task._state == TaskState.WAITING and task.id in task.workflow.tasks and not task.workflow.completed
        ]

    def waiting_timers(self) -> list[tuple[Task, TimerDefinition]]:
        """The tasks that wait for a timer, with the timer."""
        return [(task, timer) for task in self.waiting() for timer in task.task_spec.timers]

    def for_people(self) -> list[Task]:
        """The tasks that wait for a person."""
        return [task for level in self.levels() if not level.completed for task in level.ready(manual=True)]


def _begin(level: Any) -> None:
    level.task_tree = DeskTask(level, level.spec.start, state=TaskState.FUTURE)
    level.task_tree._ready()


def _above(level: Any) -> list[Any]:
    """The processes that this one is in."""
    found = []
    while level.parent_workflow is not None:
        level = level.parent_workflow
        found.append(level)
    return found


class _NoScripts(DeskScripts):
    """For looking at a state only: nothing may be calculated."""

    def __init__(self) -> None:
        """Hold nothing."""


def run_task(task: Task) -> None:
    """Run one task.

    Raises:
        ElementFailed: it could not do its work.
    """
    try:
        task.run()
    except (ElementFailed, BudgetExceeded, OperationalError, StaleDataError):
        raise
    except Exception as error:
        known = (ElementFailed, BudgetExceeded, OperationalError, StaleDataError)
        cause: BaseException | None = error
        # The library wraps some errors in its own, with and without `from`.
        while cause is not None and not isinstance(cause, known):
            cause = cause.__cause__ or cause.__context__
        if cause is not None:
            raise cause from error
        raise ElementFailed(element_of(task), _readable(error)) from error


def _readable(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "The diagram is nested too deeply."
    if isinstance(error, SpiffWorkflowException):
        return str(error)
    return f"{type(error).__name__}: {error}"
