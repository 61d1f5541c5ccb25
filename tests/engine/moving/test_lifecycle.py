"""A request whose process moves between two versions at every place where it waits lives as one that never moved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.engine import definitions, queries, service
from app.engine.models import MessageWait, ProcessDefinition, ProcessInstance, Timer
from app.engine.moving import instances
from app.engine.xml import SourceFile
from app.tickets import service as tickets
from app.tickets.models import Ticket
from tests.world import Build

KEY = "ticket_lifecycle"
WORK = {
    "minutes": None,
    "worked_on": None,
    "kind": None,
    "billable": None,
    "travel_minutes": None,
    "travel_km": None,
    "note": None,
    "files": None,
    "escalation_reason": None,
    "escalation_skill": None,
}
# What happens in a life, one word a step: see `Life.step`.
LIVES = {
    "solved and confirmed": "take solve confirm",
    "asked, answered and solved": "take ask write take solve silence",
    "asked, twice silent": "take ask silence silence",
    "reopened": "take solve reopen take solve confirm",
    "late": "unassigned late take late ask write take solve write take solve confirm",
    "cancelled": "take ask cancel",
    "rounds": "take " + "ask write take " * 2 + "solve confirm",
}


class Life:
    """Two requests that live the same; the process of the first is moved after each step."""

    def __init__(self, session: Session, at: Callable[[datetime], None], moved: Ticket, stays: Ticket, by: int) -> None:
        self.session, self.at, self.by = session, at, by
        self.moved, self.stays = moved, stays
        first = definitions.current(session, KEY)
        assert first is not None
        self.versions = [first, _other_version(session)]

    def step(self, word: str) -> None:
        if word in ("silence", "late", "unassigned"):
            self._wait_for_next_timer()
        for ticket in (self.moved, self.stays):
            self._act(ticket, word)
            self.session.flush()

    def move(self) -> None:
        instance = self.instance(self.moved)
        if instance.state != "running":
            return
        source = instance.definition
        target = next(each for each in self.versions if each.id != source.id)
        verdict = instances.move(self.session, instance.id, source, target, overrides={}, rearm=False, by_id=None)
        assert verdict.outcome == "ok"

    def compare(self) -> None:
        moved, stays = self.standing(self.moved), self.standing(self.stays)
        assert moved == stays

    def standing(self, ticket: Ticket) -> dict[str, Any]:
        """All that can be seen of a request's process."""
        self.session.refresh(ticket)
        instance = self.instance(ticket)
        timers = self.session.execute(select(Timer.element, Timer.due_at).filter_by(instance_id=instance.id))
        waits = self.session.execute(select(MessageWait.element, MessageWait.name).filter_by(instance_id=instance.id))
        open_tasks = queries.open_tasks(self.session, ticket.process_subject)
        history = queries.instance_history(self.session, instance)
        return {
            "state": instance.state,
            "why": instance.stalled_reason,
            "ticket": ticket.state_key if hasattr(ticket, "state_key") else ticket.state.key,
            "tasks": sorted((each.element, str(each.due_at), str(each.assignee_id)) for each in open_tasks),
            "timers": sorted((element, due_at) for element, due_at in timers),
            "waits": sorted((element, name) for element, name in waits),
            "history": [each.element for each in history if each.element_type != "move"],
        }

    def instance(self, ticket: Ticket) -> ProcessInstance:
        found = queries.instances_of(self.session, ticket.process_subject)
        return next(each for each in found if each.definition.key == KEY)

    def _wait_for_next_timer(self) -> None:
        query = select(Timer.due_at).order_by(Timer.due_at).limit(1)
        due = self.session.scalars(query.where(Timer.due_at > clock.now())).one()
        self.at(due + timedelta(seconds=1))

    def _act(self, ticket: Ticket, word: str) -> None:
        customer = ticket.requester
        if word in ("take", "ask", "solve"):
            self._complete(ticket, word)
        elif word == "write":
            tickets.add_customer_message(self.session, ticket, text="Here it is.", author=customer, channel="portal")
        elif word == "confirm":
            tickets.confirm(self.session, ticket, by=customer)
        elif word == "reopen":
            tickets.reopen(self.session, ticket, by=customer)
        elif word == "cancel":
            tickets.cancel(self.session, ticket, "No longer needed.", by=customer)
        else:
            due = select(Timer.id).filter_by(instance_id=self.instance(ticket).id).where(Timer.due_at <= clock.now())
            for timer_id in self.session.scalars(due.order_by(Timer.due_at, Timer.id)).all():
                service.wake(self.session, timer_id)

    def _complete(self, ticket: Ticket, word: str) -> None:
        wanted = "take_over" if word == "take" else "work"
        found = [each for each in queries.open_tasks(self.session, ticket.process_subject) if each.element == wanted]
        # Later rounds find somebody who has taken it over.
        assert found or word == "take"
        for task in found:
            answer = {**WORK, "outcome": {"ask": "ask", "solve": "solved"}.get(word), "reply": "A reply."}
            service.complete_task(self.session, task, answer, by_id=self.by)


def _other_version(session: Session) -> ProcessDefinition:
    files = [
        SourceFile(each.kind, each.name, each.content.replace(b"</bpmn:definitions>", b"<!-- 2 --></bpmn:definitions>"))
        for each in definitions.shipped_files()
        if each.name == "ticket-lifecycle.bpmn"
    ]
    return definitions.deploy(session, files)[0]


@pytest.mark.parametrize("words", LIVES.values(), ids=LIVES.keys())
def test_a_moved_request_lives_as_one_that_stays(
    session: Session,
    at: Callable[[datetime], None],
    ticket: Build[Ticket],
    person: Build[Any],
    contact: Build[Any],
    words: str,
) -> None:
    definitions.deploy_shipped(session)
    requester = contact().person
    life = Life(session, at, ticket(requester=requester), ticket(requester=requester), person().id)
    life.compare()
    for word in words.split():
        life.move()
        life.compare()
        life.step(word)
        life.compare()
    assert life.standing(life.stays)["why"] is None
