"""What diagrams read about a ticket, its customer and its contract, whatever their subject is."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.contracts import queries as contracts
from app.contracts.days import today
from app.engine.facts import provides_facts
from app.engine.subject import Subject
from app.tickets.subjects import ticket_of

# A work entry and an escalation belong to a ticket and see its facts.
SUBJECTS = ("ticket", "work_entry", "escalation")


@provides_facts("ticket", for_subjects=SUBJECTS)
def ticket_facts(session: Session, subject: Subject) -> dict[str, Any]:
    """The ticket. `is_first_contact` is false once a ticket was reopened: the customer has been greeted before."""
    ticket = ticket_of(session, subject)
    return {
        "id": ticket.id,
        "number": ticket.number,
        "subject": ticket.subject,
        "type": ticket.type_key,
        "priority": str(ticket.priority),
        "state": ticket.state_key,
        "category": ticket.category.value,
        "channel": str(ticket.channel),
        "language": str(ticket.language),
        "team": ticket.team.key if ticket.team else None,
        "default_team": ticket.type.default_team_key,
        "assignee": ticket.assignee_id,
        "requester": ticket.requester_id,
        "customer_id": ticket.customer_id,
        "is_first_contact": ticket.reopened_count == 0,
        "reopened_count": ticket.reopened_count,
        "follows_another": ticket.previous_ticket_id is not None,
        "estimated_minutes": ticket.type.estimated_minutes,
        "opened_at": ticket.opened_at,
    }


@provides_facts("customer", for_subjects=SUBJECTS)
def customer_facts(session: Session, subject: Subject) -> dict[str, Any]:
    """The customer; `known` is false for strangers whom nobody has sorted yet."""
    customer = ticket_of(session, subject).customer
    return {
        "id": customer.id,
        "name": customer.name,
        "language": str(customer.language),
        "level": str(customer.level),
        "known": not customer.is_unknown,
        "responsible": customer.responsible_id,
    }


@provides_facts("contract", for_subjects=SUBJECTS)
def contract_facts(session: Session, subject: Subject) -> dict[str, Any]:
    """The contract that covers the ticket. Hours and minutes are None when they are not limited.

    Without a contract the level and the responsible are the customer's, and the rest is None.
    """
    ticket = ticket_of(session, subject)
    contract = ticket.contract
    if contract is None:
        absent = dict.fromkeys(("number", "hours_left", "minutes_left", "overrun", "substitute"))
        return {**absent, "level": str(ticket.customer.level), "responsible": ticket.customer.responsible_id}
    left = contracts.minutes_left(session, contract, today())
    return {
        "number": contract.number,
        "level": str(contract.level),
        "hours_left": None if left is None else left / 60,
        "minutes_left": left,
        "overrun": str(contract.overrun),
        "responsible": contract.responsible_id,
        "substitute": contract.substitute_id,
    }
