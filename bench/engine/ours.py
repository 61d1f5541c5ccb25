"""The desk's engine in memory, one step at a time as its drive loop does it, without the database."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any, cast

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition
from sqlalchemy.orm import Session

from app.engine import definitions, state
from app.engine.budgets import Budget
from app.engine.compiled import Compiled, compile_files
from app.engine.environment import DeskScripts, element_of
from app.engine.pruning import prune
from app.engine.subject import Subject
from app.engine.workflow import DeskWorkflow, run_task
from bench.engine import reference
from bench.engine.reference import Interaction

SUBJECT = Subject("bench", 1)


@cache
def compiled() -> Compiled:
    """The compiled reference diagram."""
    return compile_files(reference.KEY, files())


def files() -> list[definitions.SourceFile]:
    """The files of the reference diagram."""
    return reference.files()


def scripts() -> DeskScripts:
    """What calculates the expressions of one step; the reference diagram reads no facts, so it needs no session."""
    return DeskScripts(cast(Session, None), SUBJECT, 1, reference.PERSON)


def start() -> DeskWorkflow:
    """An instance at its first user task."""
    made = compiled()
    workflow = DeskWorkflow(made.spec, made.subprocess_specs, scripts=scripts(), budget=Budget())
    workflow.task_tree.data.update(reference.request())
    workflow.run_to_waits(_ignore, _ignore)
    prune(workflow)
    return workflow


def apply(workflow: DeskWorkflow, what: Interaction) -> None:
    """Let something happen to an instance, run it on and prune it."""
    workflow.budget = Budget()
    if what.element is None:
        event = BpmnEvent(MessageEventDefinition(reference.MESSAGE), payload=dict(what.answer))
        if not workflow.event_manager.catch(event, internal=False):
            raise RuntimeError("nothing waits for the reply")
    else:
        task = next(each for each in workflow.for_people() if element_of(each) == what.element)
        task.data[what.variable] = {**copy.deepcopy(what.answer), "by": reference.PERSON}
        run_task(task)
    workflow.run_to_waits(_ignore, _ignore)
    prune(workflow)


def dump(workflow: DeskWorkflow) -> bytes:
    """The state as the desk keeps it."""
    return state.dump(workflow, compiled())


def load(blob: bytes) -> DeskWorkflow:
    """The state read back."""
    return state.load(blob, state.FORMAT, compiled(), scripts=scripts(), budget=Budget())


def _ignore(task: Any) -> None:
    """No history is written."""
