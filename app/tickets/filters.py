"""Which tickets a list shows: filters, and the conditions they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.people.models import Person, Team
from app.reading import read_once
from app.tickets import deadlines, search
from app.tickets.list_models import Tag, TicketTag
from app.tickets.models import Ticket, TicketState

# What the teams of a filter call requests that no team has; the key of a team has a letter or a digit.
NO_TEAM = "-"


@dataclass(frozen=True)
class Filters:
    """Which tickets to list; empty means all that may be seen. The conditions are joined by *and*.

    Moments after a `_from` count, those at a `_until` do not. Somebody's and nobody's tickets may be asked for
    together.
    """

    text: str = ""
    states: Sequence[str] = ()
    categories: Sequence[str] = ()
    types: Sequence[str] = ()
    priorities: Sequence[str] = ()
    channels: Sequence[str] = ()
    teams: Sequence[str] = ()
    tags: Sequence[str] = ()
    assignee_id: int | None = None
    assignee_ids: Sequence[int] = ()
    unassigned: bool = False
    customer_id: int | None = None
    requester_id: int | None = None
    opened_from: datetime | None = None
    opened_until: datetime | None = None
    due_from: datetime | None = None
    due_until: datetime | None = None
    late: bool = False
    # Nothing of it is late yet.
    in_time: bool = False
    at_risk: bool = False


def conditions(session: Session, person: Person, filters: Filters) -> list[ColumnElement[bool]]:
    """The conditions on `Ticket`; whose eyes look decides which words are searched, not what may be seen."""
    found: list[ColumnElement[bool]] = []
    if filters.text.strip():
        by_words = search.found_by_staff(session, filters.text) if person.is_staff else search.matches(filters.text)
        found.append(by_words)
    for attribute, wanted in (
        (Ticket.state_key, filters.states),
        (Ticket.type_key, filters.types),
        (Ticket.priority, filters.priorities),
        (Ticket.channel, filters.channels),
    ):
        if wanted:
            found.append(attribute.in_(wanted))
    if filters.categories:
        found.append(in_states_of(session, *filters.categories))
    if filters.teams:
        of_teams = Ticket.team_id.in_(select(Team.id).where(Team.key.in_(filters.teams)))
        found.append(or_(of_teams, Ticket.team_id.is_(None)) if NO_TEAM in filters.teams else of_teams)
    for tag in filters.tags:
        tagged = select(TicketTag.ticket_id).join(Tag, Tag.id == TicketTag.tag_id)
        found.append(Ticket.id.in_(tagged.where(Tag.key == search.normalized(tag))))
    found += _whose(filters)
    found += _when(filters)
    return found


def in_states_of(session: Session, *categories: str) -> ColumnElement[bool]:
    """As `in_categories`, by the names of the states: the database then knows how few tickets are in them."""
    return Ticket.state_key.in_(_states_of(session, categories))


@read_once
def _states_of(session: Session, categories: tuple[str, ...]) -> Sequence[str]:
    return session.scalars(select(TicketState.key).where(TicketState.category.in_(categories))).all()


def in_categories(*categories: str) -> ColumnElement[bool]:
    """The condition on `Ticket` that its state belongs to one of these categories."""
    return Ticket.state_key.in_(select(TicketState.key).where(TicketState.category.in_(categories)))


def _whose(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    ids = [*filters.assignee_ids, *([filters.assignee_id] if filters.assignee_id is not None else [])]
    whose: list[ColumnElement[bool]] = [Ticket.assignee_id.in_(ids)] if ids else []
    if filters.unassigned:
        whose.append(Ticket.assignee_id.is_(None))
    if whose:
        found.append(or_(*whose))
    if filters.customer_id is not None:
        found.append(Ticket.customer_id == filters.customer_id)
    if filters.requester_id is not None:
        found.append(Ticket.requester_id == filters.requester_id)
    return found


def _when(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.opened_from is not None:
        found.append(Ticket.opened_at >= filters.opened_from)
    if filters.opened_until is not None:
        found.append(Ticket.opened_at < filters.opened_until)
    if filters.due_from is not None or filters.due_until is not None:
        found.append(deadlines.due(after=filters.due_from, until=filters.due_until))
    if filters.late:
        found.append(deadlines.due(until=clock.now()))
    if filters.in_time:
        found.append(~deadlines.due(until=clock.now()))
    if filters.at_risk:
        found.append(deadlines.at_risk(clock.now()))
    return found
