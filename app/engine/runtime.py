"""The only drive loop: restore → apply → run to the next wait states → prune → project → save."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from SpiffWorkflow.exceptions import TaskNotFoundException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState as SpiffState
from sqlalchemy import Table, bindparam, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from app import clock
from app.db import Session, changes
from app.engine import definitions, messages, projection, state, tokens
from app.engine.budgets import Budget, BudgetExceeded
from app.engine.environment import DeskScripts, ElementFailed, element_of
from app.engine.failures import StepFailed, close, settle, strand
from app.engine.history import History
from app.engine.locking import locked
from app.engine.message_events import MessageDefinition, MessageEvent
from app.engine.models import InstanceState, ProcessInstance
from app.engine.parser import properties
from app.engine.pruning import prune
from app.engine.steps import Step, StepKind
from app.engine.values import ExpressionError, plain
from app.engine.waits import Waits, stranded_at, waits_of
from app.engine.workflow import DeskWorkflow, run_task
from app.statements import Batch, Outcome, Statement

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Thrown:
    """A message that an instance threw and that does not wait inside it."""

    name: str
    payload: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    keep_for: timedelta | None = None


@dataclass
class _Run:
    """One step under way."""

    session: Session
    instance: ProcessInstance
    step: Step
    scripts: DeskScripts
    workflow: DeskWorkflow
    before: Waits
    history: History
    # The element that runs now, for an error that does not say where it was.
    element: str = ""
    completed: dict[str, str | None] = field(default_factory=dict)

    def enter(self, task: Task) -> None:
        # What the library puts around the elements, the end of a process say, is drawn nowhere.
        if task.task_spec.bpmn_id is not None:
            self.element = element_of(task)

    def leave(self, task: Task) -> None:
        self.history.leave(task)


def advance(session: Session, instance_id: int, step: Step) -> list[Thrown]:
    """Do one step of an instance; returns the messages it threw.

    Nothing happens when the instance has ended, or when nothing waits for the step any longer.

    Raises:
        StepFailed: the step cannot be done; the caller rolls back what it did.
    """
    instance = locked(session, instance_id)
    if instance is None or instance.state in (InstanceState.COMPLETED, InstanceState.CANCELLED):
        return []
    element = ""
    try:
        run = _restore(session, instance, step)
        try:
            if not _apply(run):
                messages.keep_untaken(session, instance.subject, [step])
                settle(session, instance, step)
                return []
            run.workflow.run_to_waits(run.enter, run.leave)
            thrown = _thrown(run.workflow)
            _save(run)
        except BudgetExceeded as error:
            raise ElementFailed(error.element or run.element, str(error)) from error
        finally:
            element = run.element
    except (StepFailed, OperationalError, StaleDataError):
        raise
    except ElementFailed as error:
        name = definitions.compiled_for(session, instance).name_of(error.element)
        raise StepFailed(instance_id, error.element, error.reason, step, name=name, errors=error.errors) from error
    except Exception as error:
        # Whatever it is, it must stop this instance only; the log has the whole story.
        log.exception("step_crashed", instance=instance_id, element=element)
        raise StepFailed(instance_id, element, f"{type(error).__name__}: {error}", step) from error
    return thrown


def is_fresh(session: Session, instance_id: int) -> bool:
    """Whether an instance began in these queued steps and nothing was written since: a refresh would change nothing."""
    fresh: tuple[int, int] | None = session.info.get("fresh_instance")
    return fresh == (instance_id, changes(session))


def _restore(session: Session, instance: ProcessInstance, step: Step) -> _Run:
    compiled = definitions.compiled_for(session, instance)
    scripts = DeskScripts(session, instance.subject, instance.id, step.by_id)
    budget = Budget()
    if instance.blob is None:
        workflow = DeskWorkflow(compiled.spec, compiled.subprocess_specs, scripts=scripts, budget=budget)
    else:
        workflow = state.load(instance.blob, instance.state_format, compiled, scripts=scripts, budget=budget)
    # A step that begins an instance has nothing before it.
    before = Waits() if instance.blob is None else waits_of(workflow)
    return _Run(session, instance, step, scripts, workflow, before, History(session, instance, before))


def _apply(run: _Run) -> bool:
    """Apply the step; False when nothing waits for it."""
    if run.step.kind == StepKind.START:
        return _apply_start(run)
    if run.instance.blob is None:
        return False
    if run.step.kind == StepKind.TASK:
        return _apply_task(run)
    if run.step.kind == StepKind.MESSAGE:
        return _apply_message(run)
    if run.step.kind == StepKind.TIMER:
        run.element = run.step.data["element"]
        return run.workflow.fire(run.step.data["task_id"], run.step.data["element"])
    if run.step.kind in (StepKind.MOVE, StepKind.SET):
        return tokens.apply(run.workflow, run.step)
    projection.rearm(run.workflow, run.scripts)
    return True


def _apply_start(run: _Run) -> bool:
    if run.instance.blob is not None:
        return False
    variables = _plain(run, run.step.data.get("variables") or {})
    run.workflow.task_tree.data.update(variables)
    return True


def _apply_task(run: _Run) -> bool:
    try:
        task = run.workflow.get_task_from_id(run.step.data["task_id"])
    except TaskNotFoundException:
        return False
    if task.state != SpiffState.READY or not task.task_spec.manual:
        return False
    run.enter(task)
    answer = _plain(run, run.step.data.get("answer") or {})
    variable = properties(task.task_spec).get("variableName")
    # Diagrams ask who decided: `decision.by`.
    signed = {**answer, "by": run.step.by_id, "at": clock.now().isoformat()}
    task.data.update({variable: signed} if variable else answer)
    run_task(task)
    outcome = answer.get("outcome")
    outcome = outcome[:100] if isinstance(outcome, str) else None
    run.completed[task.id] = outcome
    run.history.leave(task, actor_id=run.step.by_id, outcome=outcome)
    return True


def _apply_message(run: _Run) -> bool:
    payload = _plain(run, run.step.data.get("payload") or {})
    run.element = run.step.data["name"]
    event = MessageEvent(MessageDefinition(run.step.data["name"]), payload, key=run.step.data.get("key"))
    return bool(run.workflow.event_manager.catch(event, internal=False))


def _plain(run: _Run, value: dict[str, Any]) -> dict[str, Any]:
    try:
        copied: dict[str, Any] = plain(value)
    except ExpressionError as error:
        raise ElementFailed(run.element, str(error)) from error
    return copied


def _thrown(workflow: DeskWorkflow) -> list[Thrown]:
    """Messages for others; each also goes to the other instances of the subject that wait for it."""
    return [
        Thrown(
            event.event_definition.name,
            event.payload if isinstance(event.payload, dict) else {},
            event.key,
            event.keep_for,
        )
        for event in workflow.get_events()
        if isinstance(event, MessageEvent)
    ]


def _save(run: _Run) -> None:
    instance, workflow = run.instance, run.workflow
    again = run.step.kind == StepKind.REFRESH
    has_begun = run.step.kind == StepKind.START
    if has_begun:
        # A later element may have moved what an earlier one armed its timer for.
        projection.rearm(workflow, run.scripts)
    prune(workflow)
    after = waits_of(workflow)
    batch = Batch()
    projection.project(
        run.session,
        instance,
        workflow,
        run.scripts,
        batch,
        completed=run.completed,
        by_id=run.step.by_id,
        again=again,
        before=run.before,
        after=after,
    )
    run.history.settle(workflow, batch, after)
    is_over = workflow.is_completed()
    blob = state.dump(workflow, definitions.compiled_for(run.session, instance))
    workflow.budget.check_size(blob, run.scripts.assigning)
    kept = batch.add(_KEEP, [_written(instance, blob)]) if blob != instance.blob else None
    batch.run(run.session)
    if kept is not None:
        _hold_to(instance, blob, kept)
    if is_over:
        close(run.session, instance, InstanceState.COMPLETED, run.step.by_id)
    else:
        settle(run.session, instance, run.step)
        if not (after.people or after.timers or after.messages):
            strand(run.session, instance, *stranded_at(workflow))
    run.session.flush()
    if has_begun:
        run.session.info["fresh_instance"] = (instance.id, changes(run.session))


_INSTANCES = ProcessInstance.__table__
assert isinstance(_INSTANCES, Table)
# As the session would write it: only over the version that was read.
_KEEP = Statement(
    update(_INSTANCES)
    .where(_INSTANCES.c.id == bindparam("this"), _INSTANCES.c.lock_version == bindparam("seen"))
    .values(blob=bindparam("new_blob"), state_format=state.FORMAT, lock_version=bindparam("next"))
)


def _written(instance: ProcessInstance, blob: bytes) -> dict[str, Any]:
    seen = instance.lock_version
    return {"this": instance.id, "seen": seen, "new_blob": blob, "next": seen + 1}


def _hold_to(instance: ProcessInstance, blob: bytes, kept: Outcome) -> None:
    seen = instance.lock_version
    if kept.count != 1:
        raise StaleDataError(f"instance {instance.id} was changed since version {seen}")
    for name, value in (("blob", blob), ("state_format", state.FORMAT), ("lock_version", seen + 1)):
        set_committed_value(instance, name, value)
