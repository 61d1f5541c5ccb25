"""What the screen of requests without anybody reads; the number of queries does not grow with the requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.contracts.days import today
from app.contracts.models import Customer
from app.people import queries as people
from app.people.models import Person, Team
from app.sla import calendars
from app.sla import queries as sla
from app.sla.calendar import working_minutes_between
from app.sla.chips import Chip, first_chip
from app.sla.compliance import monday_of
from app.tickets import bulk, counting
from app.tickets import queries as tickets
from app.tickets.counting import ACTIVE
from app.tickets.filters import NO_TEAM, Filters, in_categories
from app.tickets.models import Ticket
from app.unassigned import alarms
from app.unassigned.alarms import Told
from app.worklog.workload import Load, loads

# The orders the screen offers, of those that `tickets.paging` knows.
SORTS = ("due", "waiting", "priority", "-opened")
# How many requests nobody has, as many as `filters()` finds.
UNASSIGNED = (
    select(func.count().label("number")).select_from(Ticket).where(in_categories(*ACTIVE), Ticket.assignee_id.is_(None))
)


@dataclass(frozen=True)
class Row:
    """A request that nobody has.

    Args:
        since: when it was opened, or when somebody gave it back.
        waited_minutes: working time since then, on the request's own calendar.
    """

    ticket: Ticket
    chip: Chip | None
    since: datetime
    waited_minutes: int
    told: Told | None


@dataclass(frozen=True)
class Page:
    """A piece of the list with the cursors of what follows and what comes before."""

    rows: list[Row]
    next_cursor: str | None = None
    previous_cursor: str | None = None


@dataclass(frozen=True)
class Waiting:
    """How many requests of a team nobody has; None is no team at all."""

    team: Team | None
    number: int

    @property
    def key(self) -> str:
        """What an address calls the team."""
        return self.team.key if self.team else NO_TEAM


def filters(*, teams: Sequence[str] = (), customer: Customer | None = None) -> Filters:
    """Which requests nobody has: of these teams (keys, `filters.NO_TEAM`), of a customer; of all when empty."""
    customer_id = customer.id if customer else None
    return Filters(unassigned=True, categories=ACTIVE, teams=teams, customer_id=customer_id)


def page(
    session: Session, reader: Person, wanted: Filters, sort: str, *, after: str | None = None, before: str | None = None
) -> Page:
    """A piece of the list with all that a row shows.

    Raises:
        InvalidInput: the cursor is not one of ours.
    """
    found = tickets.page(session, reader, wanted, after, before=before, sort=sort)
    ids = [ticket.id for ticket in found.tickets]
    clocks, told = sla.clocks_for(session, ids), alarms.of_tickets(session, ids)
    find_calendar, now, zone = calendars.finder(session), clock.now(), ZoneInfo(reader.zone)
    rows = []
    for ticket in found.tickets:
        views = clocks.get(ticket.id, {})
        key = next((view.calendar_key for view in views.values()), calendars.DEFAULT_KEY)
        since = ticket.unassigned_since or ticket.opened_at
        waited = working_minutes_between(find_calendar(key), since, now)
        rows.append(Row(ticket, first_chip(views.values(), now, zone), since, waited, told.get(ticket.id)))
    return Page(rows, found.next_cursor, found.previous_cursor)


def waiting_by_team(session: Session, reader: Person, customer: Customer | None) -> list[Waiting]:
    """What waits in each team, and in none when something does."""
    counts = counting.counts_by_team(session, reader, filters(customer=customer))
    # A team that was closed down may still have some.
    every = session.scalars(select(Team).order_by(Team.name, Team.id))
    found = [Waiting(team, counts.get(team.id, 0)) for team in every if team.is_active or team.id in counts]
    return [*found, Waiting(None, counts[None])] if None in counts else found


def teams_of(session: Session, numbers: Sequence[str]) -> dict[str, int | None]:
    """The team of each ticket by its number; numbers of none are left out."""
    found = select(Ticket.number, Ticket.team_id).where(Ticket.number.in_(numbers[: bulk.MOST]))
    return dict(session.execute(found).all())


def candidates(session: Session, team: Team | None) -> list[Load]:
    """Who could take a request of a team, those with the least on their hands first; anybody when there is no team."""
    members = people.agents(session, [team.id] if team is not None else None)
    found = loads(session, members, monday_of(today()))
    return sorted(found, key=lambda load: (load.share, load.open_requests, load.person.name))
