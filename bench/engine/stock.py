"""The library as it comes: its parser, script engine, workflow and serializer, used the way its manual shows."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.event_definitions import timer
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, Text, insert, select, update

from bench.engine import reference
from bench.engine.reference import Interaction

_TABLE = Table("stock_instance", MetaData(), Column("id", Integer, primary_key=True), Column("state", Text))


@contextmanager
def untouched() -> Iterator[None]:
    """The library's own clock: the desk puts its in, which would make the library slower than it is."""
    ours = timer.datetime
    timer.datetime = datetime
    try:
        yield
    finally:
        timer.datetime = ours


def parse() -> tuple[Any, dict[str, Any]]:
    """The specs of the reference diagram, parsed anew."""
    parser = SpiffBpmnParser()
    parser.add_bpmn_files(reference.paths(".bpmn"))
    parser.add_dmn_files(reference.paths(".dmn"))
    return parser.get_spec(reference.KEY), parser.get_subprocess_specs(reference.KEY)


@cache
def specs() -> tuple[Any, dict[str, Any]]:
    """The specs, parsed once."""
    return parse()


@cache
def serializer() -> BpmnWorkflowSerializer:
    """The library's serializer for diagrams of this family."""
    return BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))


def start() -> BpmnWorkflow:
    """An instance at its first user task."""
    spec, subprocess_specs = specs()
    workflow = BpmnWorkflow(spec, subprocess_specs, script_engine=PythonScriptEngine())
    for task in workflow.get_tasks(state=TaskState.READY):
        task.data.update(reference.request())
    workflow.do_engine_steps()
    return workflow


def apply(workflow: BpmnWorkflow, what: Interaction) -> None:
    """Let something happen to an instance in memory.

    Raises:
        StopIteration: the library no longer finds the user task.
    """
    if what.element is None:
        workflow.send_event(BpmnEvent(MessageEventDefinition(reference.MESSAGE), payload=dict(what.answer)))
    else:
        ready = workflow.get_tasks(state=TaskState.READY, manual=True)
        task = next(each for each in ready if each.task_spec.name == what.element)
        task.data[what.variable] = copy.deepcopy(what.answer)
        task.run()
    workflow.do_engine_steps()


def dump(workflow: BpmnWorkflow) -> str:
    """The state as the library writes it down: JSON, with the diagram in it."""
    written: str = serializer().serialize_json(workflow)
    return written


def load(written: str) -> BpmnWorkflow:
    """The state read back."""
    workflow = serializer().deserialize_json(written)
    workflow.script_engine = PythonScriptEngine()
    return workflow


def size(workflow: BpmnWorkflow) -> int:
    """The bytes of the written state."""
    return len(dump(workflow).encode())


def prepare_rows(engine: Engine, written: str, count: int) -> None:
    """A table with as many instances in one and the same state, numbered from 1."""
    with engine.begin() as connection:
        _TABLE.drop(connection, checkfirst=True)
        _TABLE.create(connection)
        connection.execute(insert(_TABLE), [{"id": number, "state": written} for number in range(1, count + 1)])


def persist(connection: Connection, number: int, what: Interaction) -> None:
    """One step as a first program with the library would do it: read the row, go on, write the row, commit."""
    found = connection.execute(select(_TABLE.c.state).where(_TABLE.c.id == number)).scalar_one()
    workflow = load(found)
    apply(workflow, what)
    connection.execute(update(_TABLE).where(_TABLE.c.id == number).values(state=dump(workflow)))
    connection.commit()


def parts(written: str) -> dict[str, int]:
    """Where the bytes of a written state go: {"specs": …, "tasks": …}."""
    read = json.loads(written)
    return {
        "specs": len(json.dumps([read.get("spec"), read.get("subprocess_specs")])),
        "tasks": len(json.dumps([read.get("tasks"), read.get("subprocesses")])),
    }
