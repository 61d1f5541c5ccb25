"""How much people have on their hands in a week: what they worked, what is left to do, and what a week holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.people.models import Person
from app.sla import calendars
from app.sla.calendar import WorkingCalendar, working_minutes_between
from app.tickets.models import Ticket
from app.worklog.models import WorkEntry
from app.worklog.planned import left_to_do
from app.worklog.queries import NOT_COUNTING

WEEK = timedelta(days=7)
PAGE_SIZE = 100


@dataclass(frozen=True)
class Load:
    """One person's week.

    Args:
        worked_minutes: work and travel logged for the week, unless it was rejected or withdrawn.
        open_requests: requests they have that are not resolved.
        left_minutes: what these should still take, by the estimates of their types and the work done so far.
        capacity_minutes: what the week holds for them; days on which the desk is closed are not in it.
    """

    person: Person
    worked_minutes: int = 0
    open_requests: int = 0
    left_minutes: int = 0
    capacity_minutes: int = 0

    @property
    def expected_minutes(self) -> int:
        """What was worked and what is left, together."""
        return self.worked_minutes + self.left_minutes

    @property
    def is_over(self) -> bool:
        """Whether it is more than the week holds."""
        return self.expected_minutes > self.capacity_minutes

    @property
    def share(self) -> float:
        """What is on their hands as a share of what the week holds; 1 is all of it."""
        if self.capacity_minutes:
            return self.expected_minutes / self.capacity_minutes
        return float("inf") if self.expected_minutes else 0.0


def loads(session: Session, people: Sequence[Person], monday: date) -> list[Load]:
    """The week of these people that begins on a day, those with the most on their hands first."""
    ids = [person.id for person in people]
    worked = worked_minutes(session, ids, monday, monday + WEEK - timedelta(days=1))
    to_do = _open_work(session, ids)
    calendar = calendars.finder(session)(calendars.DEFAULT_KEY)
    open_minutes, usual_minutes = _open_minutes(calendar, monday), _usual_minutes(calendar)
    found = [
        Load(
            person,
            worked.get(person.id, 0),
            *to_do.get(person.id, (0, 0)),
            capacity_minutes=capacity(person, open_minutes, usual_minutes),
        )
        for person in people
    ]
    return sorted(found, key=lambda load: (-load.share, load.person.name, load.person.id))


def capacity(person: Person, open_minutes: int, usual_minutes: int) -> int:
    """What a week holds for somebody, whose own hours shrink with the days on which the desk is closed.

    Args:
        open_minutes: for how long the desk is open in that week.
        usual_minutes: for how long it is open in a week without holidays.
    """
    if person.weekly_minutes is None:
        return open_minutes
    return round(person.weekly_minutes * open_minutes / usual_minutes) if usual_minutes else 0


def worked_minutes(session: Session, person_ids: Collection[int], first: date, last: date) -> dict[int, int]:
    """Minutes of work and travel that people logged for the days from `first` to `last`, by person."""
    spent = func.sum(WorkEntry.minutes + WorkEntry.travel_minutes)
    found = select(WorkEntry.author_id, spent).where(*_of_week(person_ids, first, last)).group_by(WorkEntry.author_id)
    return {person_id: int(minutes) for person_id, minutes in session.execute(found)}


def entries(
    session: Session, person: Person, first: date, last: date, after: int | None = None, size: int = PAGE_SIZE
) -> Sequence[WorkEntry]:
    """The work entries that `worked_minutes` adds up for somebody, newest first; only those older than the cursor."""
    found = select(WorkEntry).where(*_of_week([person.id], first, last))
    if after is not None:
        found = found.where(WorkEntry.id < after)
    return session.scalars(found.order_by(WorkEntry.id.desc()).limit(size)).all()


def _of_week(person_ids: Iterable[int], first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    return (
        WorkEntry.author_id.in_(set(person_ids)),
        WorkEntry.worked_on.between(first, last),
        WorkEntry.state.not_in(NOT_COUNTING),
    )


def _open_work(session: Session, person_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """How many requests people have, and what is left of their estimates."""
    found = left_to_do(session, Ticket.assignee_id.in_(set(person_ids)))
    summed = select(found.c.assignee_id, func.count(), func.sum(found.c.left)).group_by(found.c.assignee_id)
    return {person_id: (number, int(minutes)) for person_id, number, minutes in session.execute(summed)}


def _open_minutes(calendar: WorkingCalendar, monday: date) -> int:
    start = datetime.combine(monday, time(), calendar.zone).astimezone(UTC)
    end = datetime.combine(monday + WEEK, time(), calendar.zone).astimezone(UTC)
    return working_minutes_between(calendar, start, end)


def _usual_minutes(calendar: WorkingCalendar) -> int:
    return sum(end - start for hours in calendar.week for start, end in hours)
