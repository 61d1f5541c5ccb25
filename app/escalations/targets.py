"""Who could take an escalated ticket."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.escalations.models import Escalation
from app.people import queries as people
from app.people.models import Person, Role, Team
from app.tickets.models import Category, Ticket, TicketState

WORKERS = (Role.AGENT, Role.TEAM_LEAD)
OPEN = (Category.NEW, Category.OPEN, Category.PENDING)


def best_person(session: Session, escalation: Escalation, skill: str, team: Team | None) -> Person | None:
    """Who has the best level of a skill, and of those with the same level the fewest open tickets.

    The one who asks and the one who has the ticket are passed over. Members of `team` come first among equals.
    """
    passed_over = {escalation.asked_by_id, escalation.from_person_id}
    able = [
        (person, level)
        for person, level in people.skilled(session, skill)
        if person.id not in passed_over and person.has_role(*WORKERS)
    ]
    if not able:
        return None
    best_level = max(level for _, level in able)
    equals = [person for person, level in able if level == best_level]
    load = open_tickets(session, [person.id for person in equals])
    members = {person.id for person in people.members(session, team)} if team is not None else set()
    return min(equals, key=lambda person: (load.get(person.id, 0), person.id not in members, person.id))


def team_for(session: Session, person: Person, team: Team | None) -> Team | None:
    """The team a person takes the ticket in: the named one when they work in it, else their own first."""
    own = people.teams_of(session, person)
    if team is not None and any(each.id == team.id for each in own):
        return team
    return own[0] if own else None


def open_tickets(session: Session, person_ids: Iterable[int]) -> dict[int, int]:
    """How many tickets that are not resolved each of these people has."""
    found = (
        select(Ticket.assignee_id, func.count())
        .join(TicketState, TicketState.key == Ticket.state_key)
        .where(Ticket.assignee_id.in_(set(person_ids)), TicketState.category.in_(OPEN))
        .group_by(Ticket.assignee_id)
    )
    return {assignee: count for assignee, count in session.execute(found) if assignee is not None}
