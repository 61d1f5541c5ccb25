"""What diagrams read about a ticket, its customer and its contract, whatever their subject is."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.contracts import queries as contracts
from app.contracts.days import today
from app.contracts.models import Contract, Customer
from app.engine.facts import Attribute, Kind, provides_facts
from app.engine.subject import Subject
from app.tickets.models import Ticket
from app.tickets.subjects import ticket_of

# A work entry and an escalation belong to a ticket and see its facts.
SUBJECTS = ("ticket", "work_entry", "escalation")


TICKET = {
    "id": Attribute(Kind.NUMBER, "which ticket"),
    "number": Attribute(Kind.TEXT, "its number, as people know it"),
    "subject": Attribute(Kind.TEXT, "its subject"),
    "type": Attribute(Kind.TEXT, "key of its type: `incident`, `request`, `question`, `change`, or one of your own"),
    "priority": Attribute(Kind.TEXT, "`low`, `normal`, `high` or `urgent`"),
    "state": Attribute(Kind.TEXT, "key of its state"),
    "category": Attribute(Kind.TEXT, "category of its state: `new`, `open`, `pending`, `resolved` or `closed`"),
    "channel": Attribute(Kind.TEXT, "how it came: `email`, `portal`, `phone`, `chat`, `direct`, `api` or `recurring`"),
    "language": Attribute(Kind.TEXT, "`en` or `ro`"),
    "team": Attribute(Kind.TEXT, "key of its team", optional=True),
    "default_team": Attribute(Kind.TEXT, "key of the team that its type names", optional=True),
    "assignee": Attribute(Kind.NUMBER, "person who has it", optional=True),
    "requester": Attribute(Kind.NUMBER, "person who asked"),
    "customer_id": Attribute(Kind.NUMBER, "which customer"),
    "is_first_contact": Attribute(Kind.TRUTH, "whether it was never reopened"),
    "reopened_count": Attribute(Kind.NUMBER, "how often it was reopened"),
    "follows_another": Attribute(Kind.TRUTH, "whether it continues a closed ticket"),
    "estimated_minutes": Attribute(Kind.NUMBER, "what its type estimates", optional=True),
    "opened_at": Attribute(Kind.MOMENT, "when it was opened"),
}


@provides_facts("ticket", for_subjects=SUBJECTS, attributes=TICKET)
def ticket_facts(session: Session, subject: Subject) -> dict[str, Any]:
    """The ticket. `is_first_contact` is false once a ticket was reopened: the customer has been greeted before."""
    return facts_of_ticket(ticket_of(session, subject))


def facts_of_ticket(ticket: Ticket) -> dict[str, Any]:
    """The facts of a ticket, also of one that nobody has opened yet."""
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


CUSTOMER = {
    "id": Attribute(Kind.NUMBER, "which customer"),
    "name": Attribute(Kind.TEXT, "its name"),
    "language": Attribute(Kind.TEXT, "`en` or `ro`"),
    "level": Attribute(Kind.TEXT, "`standard`, `silver` or `gold`"),
    "known": Attribute(Kind.TRUTH, "false for strangers whom nobody has sorted yet"),
    "responsible": Attribute(Kind.NUMBER, "person who looks after it", optional=True),
}


@provides_facts("customer", for_subjects=SUBJECTS, attributes=CUSTOMER)
def customer_facts(session: Session, subject: Subject) -> dict[str, Any]:
    """The customer; `known` is false for strangers whom nobody has sorted yet."""
    return facts_of_customer(ticket_of(session, subject).customer)


def facts_of_customer(customer: Customer) -> dict[str, Any]:
    """The facts of a customer."""
    return {
        "id": customer.id,
        "name": customer.name,
        "language": str(customer.language),
        "level": str(customer.level),
        "known": not customer.is_unknown,
        "responsible": customer.responsible_id,
    }


CONTRACT = {
    "number": Attribute(Kind.TEXT, "its number; `None` when no contract covers the ticket", optional=True),
    "level": Attribute(Kind.TEXT, "its level; the customer's when there is no contract"),
    "hours_left": Attribute(Kind.NUMBER, "hours left in this period; `None` when not limited", optional=True),
    "minutes_left": Attribute(Kind.NUMBER, "the same in minutes", optional=True),
    "overrun": Attribute(
        Kind.TEXT, "what happens to more than is left: `allowed`, `approval` or `refused`", optional=True
    ),
    "responsible": Attribute(
        Kind.NUMBER, "person who looks after it; the customer's when there is no contract", optional=True
    ),
    "substitute": Attribute(Kind.NUMBER, "person who stands in", optional=True),
}


@provides_facts("contract", for_subjects=SUBJECTS, attributes=CONTRACT)
def contract_facts(session: Session, subject: Subject) -> dict[str, Any]:
    """The contract that covers the ticket. Hours and minutes are None when they are not limited.

    Without a contract the level and the responsible are the customer's, and the rest is None.
    """
    ticket = ticket_of(session, subject)
    return facts_of_contract(session, ticket.contract, ticket.customer)


def facts_of_contract(session: Session, contract: Contract | None, customer: Customer) -> dict[str, Any]:
    """The facts of a contract of a customer, or of none."""
    if contract is None:
        absent = dict.fromkeys(("number", "hours_left", "minutes_left", "overrun", "substitute"))
        return {**absent, "level": str(customer.level), "responsible": customer.responsible_id}
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
