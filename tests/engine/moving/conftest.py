"""Two versions of a small process, and an instance that goes from the first to the second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.engine import definitions, service, state
from app.engine.models import HistoryEntry, MessageWait, ProcessDefinition, ProcessInstance, TaskState, Timer, UserTask
from app.engine.moving import instances
from app.engine.moving.plan import mapper_for
from app.engine.moving.verdicts import Verdict
from app.engine.subject import Subject
from app.engine.waits import waits_of
from app.engine.xml import SourceFile
from tests.engine.conftest import Desk, subject, thing
from tests.engine.drawing import FORM, diagram

__all__ = ["subject", "thing"]


@dataclass
class Versions(Desk):
    """A desk on which one process, p, changes."""

    def put(self, *body: str | SourceFile) -> ProcessDefinition:
        """Deploy a version of p; the parts are its elements, or whole files."""
        files = [each for each in body if isinstance(each, SourceFile)]
        parts = [each for each in body if isinstance(each, str)]
        made = definitions.deploy(self.session, [diagram(*parts), *files, FORM])
        return next(each for each in made if each.key == "p")

    def begin(self, **variables: Any) -> ProcessInstance:
        return service.start(self.session, "p", self.subject, variables=variables)

    def check(
        self, instance: ProcessInstance, target: ProcessDefinition, rearm: bool = False, **overrides: str | None
    ) -> Verdict:
        mapper = mapper_for(instance.definition, target, overrides)
        return instances.check(self.session, instance, target, mapper, rearm=rearm)

    def move(
        self, instance: ProcessInstance, target: ProcessDefinition, rearm: bool = False, **overrides: str | None
    ) -> Verdict:
        """Move an instance, and see that its tables say what its state says."""
        assert self.check(instance, target, rearm, **overrides).outcome == "ok"
        verdict = instances.move(
            self.session, instance.id, instance.definition, target, overrides=overrides, rearm=rearm, by_id=7
        )
        assert instance.definition_id == target.id
        self.see_true_tables(instance)
        return verdict

    def see_true_tables(self, instance: ProcessInstance) -> None:
        """What the tables say is what the state says."""
        if instance.blob is None:
            return
        self.session.flush()
        compiled = definitions.compiled(instance.definition)
        waits = waits_of(state.load(instance.blob, instance.state_format, compiled))
        of = {"instance_id": instance.id}
        tasks = self.session.scalars(select(UserTask).filter_by(**of, state=TaskState.OPEN.value))
        assert {row.task_id: row.element for row in tasks} == {
            task_id: task.task_spec.bpmn_id for task_id, task in waits.people.items()
        }
        timers = self.session.scalars(select(Timer).filter_by(**of).where(Timer.element != "by_work"))
        assert {(row.task_id, row.element): row.due_at for row in timers} == waits.timers
        messages = self.session.scalars(select(MessageWait).filter_by(**of))
        assert {(row.task_id, row.name): row.element for row in messages} == {
            key: awaited.element for key, awaited in waits.messages.items()
        }
        passages = self.session.scalars(select(HistoryEntry).filter_by(**of, left_at=None))
        assert {row.task_id: row.element for row in passages} == {
            task_id: task.task_spec.bpmn_id for task_id, task in waits.places.items()
        }


@pytest.fixture
def desk(session: Session, subject: Subject) -> Versions:
    return Versions(session, subject)
