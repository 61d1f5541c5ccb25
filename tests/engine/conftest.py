"""A desk of things: facts and operations of a made-up subject, and small diagrams to run about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.engine import definitions, queries, service
from app.engine.due import NEVER
from app.engine.facts import provides_facts, provides_function
from app.engine.models import ProcessDefinition, ProcessInstance, Timer, UserTask
from app.engine.operations import Call, operation
from app.engine.subject import Subject
from app.engine.values import parse_duration
from app.errors import Conflict

from .drawing import FORM

DIAGRAMS = Path(__file__).parent / "diagrams"


@dataclass
class Thing:
    """What the diagrams of these tests are about; the tests change it as a feature would change its rows."""

    owner: int | None = None
    author: int | None = None
    team: str | None = None
    due: datetime = NEVER
    patience: str = "PT2H"
    broken: bool = False
    notes: list[str] = field(default_factory=list)


THINGS: dict[int, Thing] = {}


@provides_facts("thing", for_subjects=("thing",))
def thing_facts(session: Session, subject: Subject) -> dict[str, Any]:
    about = THINGS[subject.id]
    return {
        "owner": about.owner,
        "author": about.author,
        "team": about.team,
        "due": about.due,
        "patience": about.patience,
        "broken": about.broken,
        "notes": list(about.notes),
    }


@provides_function("from_now")
def from_now(session: Session, subject: Subject, length: str) -> datetime:
    return clock.now() + parse_duration(length)


class Note(Schema):
    text = fields.String(required=True)


class Work(Schema):
    broken = fields.Boolean(required=True)


class Worked(Schema):
    well = fields.Boolean(required=True)


class Send(Schema):
    name = fields.String(required=True)
    text = fields.String(required=True)


class Begin(Schema):
    process = fields.String(required=True)


@operation("testing.note", Note)
def note(call: Call, *, text: str) -> None:
    """Write a note on the thing."""
    THINGS[call.subject.id].notes.append(text)


@operation("testing.work", Work, result=Worked)
def work(call: Call, *, broken: bool) -> dict[str, Any]:
    """Do the work, unless the thing is broken."""
    # A row written before the failure must be gone afterwards.
    call.session.add(Timer(instance_id=call.instance_id, task_id="written", element="by_work", due_at=NEVER))
    call.session.flush()
    if broken:
        raise Conflict("The thing is broken.")
    return {"well": True}


@operation("testing.send", Send)
def send(call: Call, *, name: str, text: str) -> None:
    """Send a message about the thing."""
    service.send_message(call.session, name, call.subject, {"text": text})


@operation("testing.begin", Begin)
def begin(call: Call, *, process: str) -> None:
    """Start another process about the thing."""
    service.start(call.session, process, call.subject)


@pytest.fixture
def thing() -> Iterator[Thing]:
    """Thing number 1, the subject of most tests."""
    THINGS[1] = Thing()
    yield THINGS[1]
    THINGS.clear()


@pytest.fixture
def subject(thing: Thing) -> Subject:
    return Subject("thing", 1)


def source(name: str) -> definitions.SourceFile:
    """A file of the tests, by its name."""
    return definitions.source_file(DIAGRAMS / name)


def put_in(session: Session, *names: str) -> list[ProcessDefinition]:
    """Deploy diagrams of the tests with what they need."""
    files = [source(name if "." in name else f"{name}.bpmn") for name in names]
    return definitions.deploy(session, [*files, source("answer.form")])


@dataclass
class Desk:
    """What a test does to instances, in few words."""

    session: Session
    subject: Subject

    def deploy(self, *names: str) -> list[ProcessDefinition]:
        return put_in(self.session, *names)

    def start(self, key: str, *others: str, **variables: Any) -> ProcessInstance:
        self.deploy(key, *others)
        return service.start(self.session, key, self.subject, variables=variables)

    def draw(self, *files: definitions.SourceFile, **variables: Any) -> ProcessInstance:
        """Deploy diagrams that a test drew and start the first."""
        definitions.deploy(self.session, [*files, FORM])
        return service.start(self.session, files[0].name.removesuffix(".bpmn"), self.subject, variables=variables)

    def open(self) -> list[str]:
        return [task.element for task in queries.open_tasks(self.session, self.subject)]

    def task(self, element: str) -> UserTask:
        return next(each for each in queries.open_tasks(self.session, self.subject) if each.element == element)

    def complete(self, element: str, by_id: int = 7, **answer: Any) -> None:
        service.complete_task(self.session, self.task(element), answer, by_id=by_id)

    def timers(self) -> dict[str, datetime]:
        rows = self.session.scalars(select(Timer).where(Timer.element != "by_work"))
        return {row.element: row.due_at for row in rows}

    def fire_due(self) -> list[str]:
        """Wake what is due, as the clock and the workers would; says which elements."""
        query = select(Timer).where(Timer.due_at <= clock.now()).order_by(Timer.due_at)
        due = [(row.id, row.element) for row in self.session.scalars(query)]
        for timer_id, _ in due:
            service.wake(self.session, timer_id)
        return [element for _, element in due]

    def variables(self, instance: ProcessInstance) -> dict[str, Any]:
        return queries.variables(self.session, instance)

    def history(self, instance: ProcessInstance) -> list[str]:
        return [entry.element for entry in queries.instance_history(self.session, instance)]


@pytest.fixture
def desk(session: Session, subject: Subject) -> Desk:
    return Desk(session, subject)


@pytest.fixture
def later(at: Callable[[datetime], None]) -> Callable[..., datetime]:
    """Move the desk's time on: `later(hours=2)`."""

    def move(**amount: float) -> datetime:
        moment = clock.now() + timedelta(**amount)
        at(moment)
        return moment

    return move
