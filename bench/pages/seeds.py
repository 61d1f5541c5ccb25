"""A small desk that the services themselves made: the demo's company and requests, and the states the demo lacks."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import run_in_transaction
from app.demo.loading import load
from app.engine import interventions, queries
from app.engine import service as engine
from app.engine.failures import StepFailed
from app.engine.models import InstanceState, ProcessInstance
from app.people.models import Person, Role
from app.supervision.preparing import ensure_shipped
from app.tickets import service as tickets
from app.tickets import tagging
from app.tickets.models import Ticket

TAGS = ("rețea", "imprimantă", "garanție", "de facturat", "așteaptă piese", "VIP", "conturi", "hardware")


def load_seeds() -> None:
    """Fill an empty desk; needs an application context. The desk's time must stand still."""
    ensure_shipped()
    run_in_transaction(load)
    run_in_transaction(_add_tags)
    held = run_in_transaction(lambda session: _open(session, "Contul de e-mail al recepției"))
    cancelled = run_in_transaction(lambda session: _open(session, "Cablu de rețea rupt la etaj"))
    stalled = run_in_transaction(lambda session: _open(session, "Scannerul nu mai trimite pe e-mail"))
    run_in_transaction(lambda session: _hold(session, held))
    run_in_transaction(lambda session: _end(session, cancelled))
    try:
        run_in_transaction(lambda session: _answer_wrongly(session, stalled))
    except StepFailed:
        return
    raise RuntimeError("the step that should stall did not fail")


def _add_tags(session: Session) -> None:
    for place, ticket in enumerate(session.scalars(select(Ticket).order_by(Ticket.id))):
        if place % 3 == 0:
            tagging.add_tag(session, ticket, TAGS[place % len(TAGS)], by=None)


def _open(session: Session, subject: str) -> int:
    contact = session.scalars(
        select(Person).where(Person.role_rows.any(role=Role.CUSTOMER)).order_by(Person.id)
    ).first()
    if contact is None:
        raise RuntimeError("the demo has no contact")
    opened = tickets.open_ticket(session, subject=subject, text=f"{subject}.", requester=contact, channel="phone")
    return opened.id


def _instance(session: Session, ticket_id: int) -> ProcessInstance:
    return queries.instances_of(session, session.get_one(Ticket, ticket_id).process_subject)[-1]


def _hold(session: Session, ticket_id: int) -> None:
    interventions.suspend(session, _instance(session, ticket_id), "Waiting for the new contract.", by_id=None)


def _end(session: Session, ticket_id: int) -> None:
    interventions.cancel(session, _instance(session, ticket_id), "Drawn by mistake.", by_id=None)


def _answer_wrongly(session: Session, ticket_id: int) -> None:
    """An answer without the outcome that the next step reads."""
    task = queries.open_tasks(session, session.get_one(Ticket, ticket_id).process_subject)[0]
    engine.complete_task(session, task, {}, by_id=None)


def states(session: Session) -> set[str]:
    """The states that instances are in; a desk of seeds has all of them."""
    return set(session.scalars(select(ProcessInstance.state).distinct()))


ALL_STATES = {each.value for each in InstanceState}
