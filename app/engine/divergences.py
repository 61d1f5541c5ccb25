"""Where our engine differs from the library it is built on, each with the reason. Nothing of the library is patched:
we subclass, and give each parsed spec a class of ours (`unpredicted`) that inherits the one it had.

================================  =========================================================  ==========================
what differs                      why                                                        where
================================  =========================================================  ==========================
no predicted tasks                most of a state, and half of a step, were guesses about    `unpredicted` (here),
                                  what may come; children are made when an element completes `gateways`
AND-join looks at its round       it counts every earlier arrival, so it fires too early     `gateways.Scoped…`
                                  from the second round of a loop on
AND-join merges what changed      an old value of one branch overwrote the new one of        `gateways._merge_branches`
                                  another
OR-join asks where tokens can go  it looked at predicted tasks                               `gateways.Reachable…`
event gateway takes one branch    it took every one whose event it had seen                  `gateways.FirstEvent…`
several timers at one gateway     they shared one due time                                   `due.DueTimerDefinition`
a late cycle fires once           it fired once per missed round, all at once                `due.CycleDefinition`
desk time, ISO 8601 by ours       its timers ask the machine's clock, read "-PT1H" as an     `due`, `iso_times`
                                  hour ahead, and know no summer time
the end waits by the table        walking the tree stops at a depth of a thousand            `UnpredictedEnd` (here),
and so do look-ups                                                                           `workflow._Table`
timers fire in steps of their     one that fails must not keep a person from completing      `workflow.update_waiting…`
own                               a task
removed sub-processes end         one whose caller was removed went on without it            `workflow.DeskWorkflow`
long chains do not recurse        cancelling or looking up the tree ended in RecursionError  `task.DeskTask`
no log extras, no threads         a dictionary describing the task for every state change    `task.DeskTask`
no `test()` of specs at run time  a compiled diagram cannot change; lint has looked at it    `unpredicted` (here)
frozen event sub-processes        their start was connected while an instance ran, in the    `parser.freeze`
                                  spec that all instances share
one expression language           the library runs any Python                                `environment`, `dmn`
limits                            it has none                                                `budgets`
finished tasks go                 the tree grew with every round of a loop                   `pruning`
================================  =========================================================  ==========================
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.control import EventSplit, _EndJoin
from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import EventBasedGateway
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.specs.MultiChoice import MultiChoice
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState


class Unpredicted:
    """Makes the children of a task when it completes, instead of guessing them before it ran."""

    outputs: list[TaskSpec]

    def _predict(self, my_task: Task, *_: Any, **__: Any) -> None:
        """Nothing is guessed."""

    def test(self) -> None:
        """A compiled diagram was tested when it was deployed."""

    def _on_complete(self, my_task: Task) -> None:
        self._grow(my_task)
        super()._on_complete(my_task)  # type: ignore[misc]  # mixed into the library's specs

    def _grow(self, my_task: Task) -> None:
        # A cycle makes a child each time it fires.
        if not isinstance(getattr(self, "event_definition", None), CycleTimerEventDefinition):
            my_task._sync_children(self.outputs, TaskState.FUTURE)


class UnpredictedChoice(Unpredicted):
    """Gateways that choose: they make the children they chose when they run."""

    def _grow(self, my_task: Task) -> None:
        """Already done."""


class UnpredictedEventGateway(UnpredictedChoice):
    """Chooses among the branches behind its events, which must be there to be chosen from."""

    def _run_hook(self, my_task: Task) -> Any:
        my_task._sync_children(self.outputs, TaskState.MAYBE)
        return super()._run_hook(my_task)  # type: ignore[misc]  # mixed into the library's specs


class UnpredictedSplit(UnpredictedChoice):
    """Above an element with boundary events: lets them wait as soon as the element begins."""

    def _run_hook(self, my_task: Task) -> Any:
        self._predict_hook(my_task)  # type: ignore[attr-defined]  # mixed into the library's specs
        return super()._run_hook(my_task)  # type: ignore[misc]


class UnpredictedEnd(Unpredicted):
    """The end of a process waits for everything else in it."""

    def _check_threshold_unstructured(self, my_task: Task) -> bool:
        finished = TaskState.FINISHED_MASK
        return all(task.state & finished or task is my_task for task in my_task.workflow.tasks.values())


_MADE: dict[type, type] = {}


def unpredicted(spec_class: type) -> type:
    """The class that a spec of this class gets."""
    if spec_class not in _MADE:
        ours: type = Unpredicted
        for theirs, mixin in (
            (_EndJoin, UnpredictedEnd),
            (EventSplit, UnpredictedSplit),
            (EventBasedGateway, UnpredictedEventGateway),
            (MultiChoice, UnpredictedChoice),
        ):
            if issubclass(spec_class, theirs):
                ours = mixin
                break
        _MADE[spec_class] = type(spec_class.__name__, (ours, spec_class), {})
    return _MADE[spec_class]
