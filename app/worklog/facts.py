"""What diagrams may read about a work entry."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.contracts.days import desk_day
from app.engine.facts import Attribute, Kind, provides_facts
from app.engine.subject import Subject
from app.people import queries as people
from app.tickets.models import Ticket
from app.tickets.subjects import finds_ticket_of
from app.worklog import queries
from app.worklog.models import WorkEntry


@finds_ticket_of("work_entry")
def ticket_id_of(session: Session, work_entry_id: int) -> int | None:
    """The ticket the work was done for."""
    entry = session.get(WorkEntry, work_entry_id)
    return entry.ticket_id if entry is not None else None


WORK = {
    "id": Attribute(Kind.NUMBER, "which entry"),
    "author": Attribute(Kind.NUMBER, "person who worked"),
    "minutes": Attribute(Kind.NUMBER, "minutes worked"),
    "billed_minutes": Attribute(Kind.NUMBER, "minutes as the contract rounds them"),
    "kind": Attribute(Kind.TEXT, "`remote`, `on_site`, `phone` or `other`"),
    "billable": Attribute(Kind.TRUTH, "whether it is billed"),
    "travel_minutes": Attribute(Kind.NUMBER, "minutes travelled"),
    "travel_km": Attribute(Kind.NUMBER, "kilometres travelled"),
    "days_back": Attribute(Kind.NUMBER, "days between the work and its entry"),
    "over_budget": Attribute(Kind.TRUTH, "whether it takes more than the contract has left"),
    "team": Attribute(Kind.TEXT, "key of the team whose approvers decide", optional=True),
    "state": Attribute(Kind.TEXT, "where it stands"),
}


@provides_facts("work", for_subjects=("work_entry",), attributes=WORK)
def work(session: Session, subject: Subject) -> dict[str, Any]:
    """The work entry; `days_back` is how many days after the work it was logged, `team` who approves it."""
    entry = queries.get(session, subject.id)
    ticket = session.get_one(Ticket, entry.ticket_id)
    return {
        "id": entry.id,
        "author": entry.author_id,
        "minutes": entry.minutes,
        "billed_minutes": entry.billed_minutes,
        "kind": entry.kind,
        "billable": entry.billable,
        "travel_minutes": entry.travel_minutes,
        "travel_km": entry.travel_km,
        "days_back": (desk_day(entry.created_at) - entry.worked_on).days,
        "over_budget": queries.is_over_budget(session, entry, ticket),
        "team": _team_key(session, entry, ticket),
        "state": entry.state,
    }


def _team_key(session: Session, entry: WorkEntry, ticket: Ticket) -> str | None:
    """The author's own team approves: the ticket's when they work in it, else the first of theirs."""
    own = [team.key for team in people.teams_of(session, people.get_person(session, entry.author_id))]
    if ticket.team is not None and (ticket.team.key in own or not own):
        return ticket.team.key
    return own[0] if own else None
