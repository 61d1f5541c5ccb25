"""Where our engine differs from the library it is built on, each with the reason. Nothing of the library is patched:
we subclass, and give each parsed spec a class of ours (`unpredicted`) that inherits the one it had.

================================  =========================================================  ==========================
what differs                      why                                                        where
================================  =========================================================  ==========================
no predicted tasks                most of a state, and half of a step, were guesses about    `unpredicted` (here),
                                  what may come; children are made when an element completes `gateways`
AND-join looks at its round       it counts every earlier arrival, so it fires too early     `gateways.Scoped…`
                                  from the second round of a loop on
joins merge what changed          an old value of one branch overwrote the new one of        `gateways.merge_branches`
                                  another; so did an old value at one of several ends        `UnpredictedEnd` (here)
rounds replace what they changed  lists grew together: one that a round made shorter stayed  `repetitions`,
                                  as long, and a table that was asked again added to its     `UnpredictedDecision`
                                  old answer; None in a list of items waited for ever
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
plain elements pass by the hooks  ten calls for an element that only begins and ends         `Unpredicted` (here)
sub-processes inherit data        it copied every value, deeply, on the way in and out       `UnpredictedCall` (here)
ids of tasks are texts            its own are objects: slow to make and to look up           `task.DeskTask`
================================  =========================================================  ==========================
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.specs.control import EventSplit, _EndJoin
from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition, TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import EventBasedGateway
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.dmn.specs import BusinessRuleTaskMixin
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.specs.MultiChoice import MultiChoice
from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.gateways import merge_branches
from app.engine.task import inherited

# Whose hooks do the same for every element, as long as it has no scripts and no data of its own.
_GENERAL = (TaskSpec, BpmnTaskSpec, SpiffBpmnTask)
_BEGINNING = ("_update", "_update_hook", "_on_ready", "_on_ready_hook")


class Unpredicted:
    """Makes the children of a task when it completes, instead of guessing them before it ran."""

    outputs: list[TaskSpec]
    # Nothing happens when it begins or ends but what happens to every element, so the library's hooks may be passed by.
    begins_plainly = False
    ends_plainly = False
    # A cycle makes a child each time it fires.
    repeats = False
    # The timers among the events it waits for.
    timers: tuple[Any, ...] = ()
    # What its history says of it; None for what is drawn nowhere.
    passage: dict[str, Any] | None = None

    def prepare(self) -> None:
        """Find out, once for all instances, what never changes about the element."""
        definition = getattr(self, "event_definition", None)
        self.repeats = isinstance(definition, CycleTimerEventDefinition)
        waited_for = getattr(definition, "event_definitions", None) or [definition]
        self.timers = tuple(each for each in waited_for if isinstance(each, TimerEventDefinition))
        self.begins_plainly = self._has_only(_BEGINNING) and not self._has_any(
            "prescript", "pre_assign", "data_input_associations", "io_specification"
        )
        self.ends_plainly = self._has_only(("_on_complete_hook",)) and not self._has_any(
            "postscript", "data_output_associations", "data_input_associations", "io_specification"
        )
        self.passage = self._passage()

    def _has_only(self, hooks: tuple[str, ...]) -> bool:
        """Whether nothing but the general elements has anything to do in these hooks, and nobody listens."""
        own = (each for each in type(self).__mro__ if each not in _GENERAL and not issubclass(each, Unpredicted))
        listened_to = (self.__dict__.get(f"{name}_event") for name in ("update", "ready", "completed"))
        heard = any(each is not None and each.n_subscribers() for each in listened_to)
        return not heard and not any(hook in vars(each) for each in own for hook in hooks)

    def _has_any(self, *names: str) -> bool:
        return any(getattr(self, name, None) for name in names)

    def _passage(self) -> dict[str, Any] | None:
        bpmn_id: str | None = getattr(self, "bpmn_id", None)
        # A multi-instance element is drawn once, but its instances are what people and services do.
        if bpmn_id is None or isinstance(self, LoopTask):
            return None
        name = getattr(self, "bpmn_name", None)
        kind = getattr(self, "bpmn_tag", None) or type(self).__name__
        return {"element": str(bpmn_id), "element_type": kind, "name": name[:200] if name else None}

    def _update(self, my_task: Task) -> None:
        if not self.begins_plainly:
            super()._update(my_task)  # type: ignore[misc]  # mixed into the library's specs
            return
        my_task._inherit_data()
        if not my_task._state & TaskState.FINISHED_MASK:
            my_task._set_state(TaskState.READY)

    def _predict(self, my_task: Task, *_: Any, **__: Any) -> None:
        """Nothing is guessed."""

    def test(self) -> None:
        """A compiled diagram was tested when it was deployed."""

    def _run(self, my_task: Task) -> Any:
        # A step that fails is undone whole: nothing looks at the state of the task that failed.
        return self._run_hook(my_task)  # type: ignore[attr-defined]  # mixed into the library's specs

    def _on_complete(self, my_task: Task) -> None:
        self._grow(my_task)
        if not self.ends_plainly:
            self._on_complete_hook(my_task)  # type: ignore[attr-defined]  # mixed into the library's specs
        workflow = my_task.workflow
        for child in [workflow.tasks[each] for each in my_task._children]:
            if not child._state & TaskState.FINISHED_MASK:
                child.task_spec._update(child)
        workflow._task_completed_notify(my_task)

    def _grow(self, my_task: Task) -> None:
        if not self.repeats:
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


class UnpredictedCall(Unpredicted):
    """A sub-process or called process: it takes over the data as any element does from the one before it."""

    def copy_data(self, my_task: Task, subworkflow: Any) -> None:
        """Give the sub-process its data; the library copies all of it, down to the last value."""
        subworkflow.task_tree.data = inherited(my_task.data)

    def update_data(self, my_task: Task, subworkflow: Any) -> None:
        """Take over what the sub-process ended with."""
        my_task.data = inherited(subworkflow.last_task.data)


class UnpredictedDecision(Unpredicted):
    """Asks a decision table; its answer replaces an older one."""

    def _run_hook(self, my_task: Task) -> Any:
        my_task.data.update(self.dmnEngine.result(my_task))  # type: ignore[attr-defined]  # mixed into the library's
        return True


class UnpredictedEnd(Unpredicted):
    """The end of a process waits for everything else in it, and takes over what each path has changed."""

    def _run_hook(self, my_task: Task) -> bool:
        tasks = my_task.workflow.tasks.values()
        others = [task for task in tasks if task.task_spec is self and task is not my_task]
        if others:
            ended = sorted(others, key=lambda task: task.last_state_change)
            my_task.data = merge_branches([*ended, my_task])
        my_task.workflow.data.update(my_task.data)
        return True

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
            (SubWorkflowTask, UnpredictedCall),
            (BusinessRuleTaskMixin, UnpredictedDecision),
        ):
            if issubclass(spec_class, theirs):
                ours = mixin
                break
        _MADE[spec_class] = type(spec_class.__name__, (ours, spec_class), {})
    return _MADE[spec_class]
