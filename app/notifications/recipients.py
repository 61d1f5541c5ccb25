"""Who is meant by "the approvers", "the responsible", "the team": the words diagrams name people by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from sqlalchemy.orm import Session

from app.engine.subject import Subject
from app.escalations.models import Escalation
from app.people import queries as people
from app.people.models import Person, Team
from app.tickets.models import Ticket
from app.worklog.models import WorkEntry

Find = Callable[[Session, Ticket, Subject], Sequence[Person | None]]


def staff(session: Session, ticket: Ticket, subject: Subject, words: Iterable[str]) -> Sequence[Person]:
    """The people some words mean, each once; the managers when they mean nobody, so that nothing is told to nobody."""
    meant = [person for word in words for person in WORDS[word](session, ticket, subject)]
    found = {person.id: person for person in meant if person is not None and person.is_active}
    return list(found.values()) or people.managers(session)


def _team(session: Session, ticket: Ticket, subject: Subject) -> Sequence[Person]:
    return people.members(session, ticket.team) if ticket.team else []


def _team_if_unassigned(session: Session, ticket: Ticket, subject: Subject) -> Sequence[Person]:
    return _team(session, ticket, subject) if ticket.assignee_id is None else []


def _responsible(session: Session, ticket: Ticket, subject: Subject) -> Sequence[Person]:
    """The contract's responsible, else their substitute, else the customer's responsible."""
    contract = ticket.contract
    candidates = [contract.responsible, contract.substitute] if contract else []
    for person in (*candidates, ticket.customer.responsible):
        if person is not None and person.is_active:
            return [person]
    return []


def _approvers(session: Session, ticket: Ticket, subject: Subject) -> Sequence[Person]:
    """Who decides about a work entry or an escalation; never whoever asked for it."""
    team, own = ticket.team, None
    if subject.kind == "work_entry":
        own = session.get_one(WorkEntry, subject.id).author_id
        teams = people.teams_of(session, people.get_person(session, own))
        # The author's own team decides; the ticket may have moved on since.
        if team is None or team.id not in {one.id for one in teams}:
            team = teams[0] if teams else team
    elif subject.kind == "escalation":
        escalation = session.get_one(Escalation, subject.id)
        own = escalation.asked_by_id
        team = (session.get(Team, escalation.from_team_id) if escalation.from_team_id else None) or team
    return people.approvers_for(session, team.key if team else None, own)


def _asker(session: Session, ticket: Ticket, subject: Subject) -> Sequence[Person | None]:
    escalation = _escalation(session, subject)
    return [session.get(Person, escalation.asked_by_id)] if escalation and escalation.asked_by_id else []


def _receiver(session: Session, ticket: Ticket, subject: Subject) -> Sequence[Person | None]:
    """The consultant a ticket is escalated to, else everybody in the team it is escalated to."""
    escalation = _escalation(session, subject)
    if escalation is None:
        return []
    if escalation.to_person_id is not None:
        return [session.get(Person, escalation.to_person_id)]
    team = session.get(Team, escalation.to_team_id) if escalation.to_team_id is not None else None
    return people.members(session, team) if team else []


def _author(session: Session, ticket: Ticket, subject: Subject) -> Sequence[Person | None]:
    entry = session.get(WorkEntry, subject.id) if subject.kind == "work_entry" else None
    return [session.get(Person, entry.author_id)] if entry else []


def _escalation(session: Session, subject: Subject) -> Escalation | None:
    return session.get(Escalation, subject.id) if subject.kind == "escalation" else None


WORDS: Final[dict[str, Find]] = {
    "assignee": lambda session, ticket, subject: [ticket.assignee],
    "team": _team,
    "team_if_unassigned": _team_if_unassigned,
    "team_lead": lambda session, ticket, subject: [ticket.team.lead] if ticket.team else [],
    "responsible": _responsible,
    "managers": lambda session, ticket, subject: people.managers(session),
    "approvers": _approvers,
    "asker": _asker,
    "receiver": _receiver,
    "author": _author,
}
