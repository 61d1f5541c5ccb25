"""Who is meant by "the approvers", "the responsible", "the team"."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.engine.subject import Subject
from app.escalations.models import Escalation
from app.people import queries as people
from app.people.models import Person, Team
from app.tickets.models import Ticket
from app.worklog.models import WorkEntry


def team_of(session: Session, ticket: Ticket) -> Sequence[Person]:
    """The ticket's team; the managers while it has none, so that nothing is told to nobody."""
    members = people.members(session, ticket.team) if ticket.team else []
    return members or people.managers(session)


def assignee_of(session: Session, ticket: Ticket) -> Sequence[Person]:
    """Who has the ticket; its team while nobody does."""
    return [ticket.assignee] if ticket.assignee and ticket.assignee.is_active else team_of(session, ticket)


def responsible_for(session: Session, ticket: Ticket) -> Sequence[Person]:
    """The contract's responsible or their substitute, the customer's responsible, or the managers."""
    contract = ticket.contract
    candidates = [contract.responsible, contract.substitute] if contract else []
    for person in (*candidates, ticket.customer.responsible):
        if person is not None and person.is_active:
            return [person]
    return people.managers(session)


def approvers_of(session: Session, ticket: Ticket, subject: Subject) -> Sequence[Person]:
    """Who decides about a work entry or an escalation; never whoever asked for it."""
    team, own = ticket.team, None
    if subject.kind == "work_entry":
        entry = session.get_one(WorkEntry, subject.id)
        own = entry.author_id
        teams = people.teams_of(session, people.get_person(session, own))
        # The author's own team decides; the ticket may have moved on since.
        if team is None or team.id not in {one.id for one in teams}:
            team = teams[0] if teams else team
    elif subject.kind == "escalation":
        escalation = session.get_one(Escalation, subject.id)
        own = escalation.asked_by_id
        team = (session.get(Team, escalation.from_team_id) if escalation.from_team_id else None) or team
    return people.approvers_for(session, team.key if team else None, own)
