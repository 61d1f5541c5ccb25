"""Reading clocks: for one ticket, for a list of tickets, and why a deadline is when it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from app import clock as desk_clock
from app.reading import read_once
from app.sla import calendars, explanation, reasons
from app.sla.calendar import WorkingCalendar, open_until, working_time_between
from app.sla.clocks import Entry
from app.sla.models import LIVE, ClockEntry, ClockKind, ClockState, EntryKind, SlaClock
from app.sql import Among
from app.statements import Question
from app.tickets.models import Message, MessageKind, Ticket

# How close a deadline is called soon, whatever its warning share.
LAST_MINUTES = 15
# What a view is made of: lists read no more of a clock.
_VIEWED = (
    SlaClock.id, SlaClock.ticket_id, SlaClock.kind, SlaClock.state, SlaClock.target_minutes, SlaClock.calendar_key,
    SlaClock.counted_seconds, SlaClock.running_since, SlaClock.started_at, SlaClock.due_at, SlaClock.warn_at,
    SlaClock.met_at, SlaClock.breached_at,
)  # fmt: skip
# Not the plain state: SQLite would go through every clock that runs instead of those of a few tickets.
_LIVE = Question(select(*_VIEWED).where(Among(SlaClock.ticket_id, "ids"), func.coalesce(SlaClock.state, "").in_(LIVE)))
# A clock, what is read of one, or how one looks.
AClock = TypeVar("AClock", bound=Any)


@dataclass(frozen=True)
class ClockView:
    """A clock as a page shows it.

    Args:
        working_minutes_left: of the allowance; below zero when late. What a met clock had left when it was met.
        worked_minutes: working time used, whole minutes.
        percent: of the allowance used, 0 to 100 and more.
        open_until: when the calendar closes; None while it is closed.
        mood: `ok`, `soon`, `late`, `paused`, `met`, `met_late` or `stopped`.
        calendar_key: the calendar it counts on.
    """

    id: int
    kind: ClockKind
    state: ClockState
    mood: str
    target_minutes: int
    due_at: datetime | None
    warn_at: datetime | None
    started_at: datetime
    met_at: datetime | None
    breached_at: datetime | None
    working_minutes_left: int
    worked_minutes: int
    percent: int
    open_until: datetime | None = None
    calendar_key: str = calendars.DEFAULT_KEY


def latest_clocks(session: Session, ticket_id: int) -> dict[ClockKind, SlaClock]:
    """The newest clock of each kind of a ticket."""
    return _latest(session, [ticket_id]).get(ticket_id, {})


def clocks(session: Session, ticket: Ticket) -> dict[ClockKind, ClockView]:
    """What the clocks of a ticket say now."""
    return clocks_for(session, [ticket.id]).get(ticket.id, {})


def clocks_for(session: Session, ticket_ids: Iterable[int]) -> dict[int, dict[ClockKind, ClockView]]:
    """What the clocks of many tickets say now, in a number of queries that does not grow with the tickets."""
    find_calendar, now = calendars.finder(session), desk_clock.now()
    return {
        ticket_id: {kind: _view(clock, find_calendar(clock.calendar_key), now) for kind, clock in by_kind.items()}
        for ticket_id, by_kind in _latest(session, ticket_ids).items()
    }


@dataclass(frozen=True)
class Pressing:
    """How many tickets have a deadline that has passed, and how many are in time but have one that comes soon.

    Args:
        late_by_kind: the deadlines that have passed, by what they are for; a ticket may be late with both.
        soon_unassigned: of those with one that comes soon, how many nobody has.
    """

    late: int
    late_by_kind: Mapping[ClockKind, int]
    soon: int
    soon_unassigned: int


def pressing(session: Session, until: datetime, *of: ColumnElement[bool]) -> Pressing:
    """Count the tickets that meet some conditions by their running deadlines before a moment, in one query."""
    now = desk_clock.now()
    passed = {
        kind: func.sum(case((and_(SlaClock.kind == kind, SlaClock.due_at < now), 1), else_=0)) for kind in ClockKind
    }
    each = (
        select(Ticket.assignee_id, func.min(SlaClock.due_at).label("first"))
        .add_columns(*(number.label(str(kind)) for kind, number in passed.items()))
        .join(SlaClock, SlaClock.ticket_id == Ticket.id)
        .where(SlaClock.state == ClockState.RUNNING, SlaClock.due_at < until, *of)
        .group_by(Ticket.id)
        .subquery()
    )
    soon = each.c.first >= now
    counted = (
        func.count(case((each.c.first < now, 1))),
        func.count(case((soon, 1))),
        func.count(case((and_(soon, each.c.assignee_id.is_(None)), 1))),
        *(func.coalesce(func.sum(each.c[str(kind)]), 0) for kind in passed),
    )
    late, coming, unassigned, *by_kind = session.execute(select(*counted)).one()
    numbers = {kind: int(number) for kind, number in zip(passed, by_kind, strict=True) if number}
    return Pressing(late, numbers, coming, unassigned)


def first_clocks_for(session: Session, ticket_ids: Iterable[int]) -> dict[int, ClockView]:
    """Of many tickets the clock that comes due first, in one query; tickets without a live one are left out."""
    wanted = set(ticket_ids)
    if not wanted:
        return {}
    live: dict[int, list[Any]] = {}
    # Sorted here: SQLite would follow an index in this order through every clock there ever was.
    for clock in sorted(
        _LIVE.all(session, {"ids": wanted}), key=lambda row: (row.kind == ClockKind.RESOLUTION, row.id)
    ):
        live.setdefault(clock.ticket_id, []).append(clock)
    find_calendar, now = calendars.finder(session), desk_clock.now()
    first = {ticket_id: first_due(clocks) for ticket_id, clocks in live.items()}
    return {
        ticket_id: _view(clock, find_calendar(clock.calendar_key), now)
        for ticket_id, clock in first.items()
        if clock is not None
    }


def first_due(clocks: Iterable[AClock]) -> AClock | None:
    """The clock that comes due first; a paused one when none runs, None when none is left."""
    live = [clock for clock in clocks if clock.state in LIVE]
    running = [clock for clock in live if clock.state == ClockState.RUNNING and clock.due_at is not None]
    return min(running, key=lambda clock: clock.due_at) if running else next(iter(live), None)


def calendar_of(session: Session, ticket_id: int) -> WorkingCalendar:
    """The calendar a ticket's deadlines count on; the desk's own when it has none yet."""
    latest = latest_clocks(session, ticket_id)
    clock = latest.get(ClockKind.RESOLUTION) or latest.get(ClockKind.RESPONSE)
    return calendars.finder(session)(clock.calendar_key if clock is not None else calendars.DEFAULT_KEY)


def waits_for_reply_since(session: Session, ticket_id: int) -> datetime | None:
    """When the oldest customer message came that nobody has answered; notes and automatic replies answer nothing."""
    answered = (
        select(func.coalesce(func.max(Message.id), 0))
        .where(Message.ticket_id == ticket_id, Message.kind == MessageKind.REPLY, Message.author_id.is_not(None))
        .scalar_subquery()
    )
    return session.scalar(
        select(Message.sent_at)
        .where(Message.ticket_id == ticket_id, Message.kind == MessageKind.CUSTOMER, Message.id > answered)
        .order_by(Message.id)
        .limit(1)
    )


def explain(session: Session, clock: SlaClock | int, *, language: str = "en") -> explanation.Explanation:
    """Why this deadline: rows that add up to the allowance, and what moved it.

    Args:
        language: for the reasons of pauses and moves.
    """
    clock_id = clock if isinstance(clock, int) else clock.id
    return explain_each(session, (clock_id,), language=language)[clock_id]


@read_once
def explain_each(
    session: Session, clock_ids: Collection[int], *, language: str = "en"
) -> Mapping[int, explanation.Explanation]:
    """Why the deadlines of several clocks, by their ids; they are read together."""
    found: dict[int, list[ClockEntry]] = {clock_id: [] for clock_id in clock_ids}
    for row in session.scalars(select(ClockEntry).where(ClockEntry.clock_id.in_(clock_ids)).order_by(ClockEntry.id)):
        found[row.clock_id].append(row)
    return {clock_id: _explained(session, rows, language) for clock_id, rows in found.items()}


def _explained(session: Session, rows: Sequence[ClockEntry], language: str) -> explanation.Explanation:
    reader = reasons.reader(session, language, [row.reason for row in rows])
    entries = [
        Entry(
            row.at, EntryKind(row.kind), row.target_minutes, row.warn_percent, row.calendar_key, row.rule,
            reader.say(row.reason), row.actor_id,
        )
        for row in rows
    ]  # fmt: skip
    find_calendar = calendars.finder(session)
    explained = explanation.explain(entries, find_calendar, desk_clock.now())
    return explanation.in_language(explained, find_calendar(explained.calendar_key), language)


def _latest(session: Session, ticket_ids: Iterable[int]) -> dict[int, dict[ClockKind, SlaClock]]:
    wanted = frozenset(ticket_ids)
    return _newest(session, wanted) if wanted else {}


@read_once
def _newest(session: Session, ticket_ids: frozenset[int]) -> dict[int, dict[ClockKind, SlaClock]]:
    newest = (
        select(func.max(SlaClock.id))
        .where(SlaClock.ticket_id.in_(ticket_ids))
        .group_by(SlaClock.ticket_id, SlaClock.kind)
        .scalar_subquery()
    )
    found: dict[int, dict[ClockKind, SlaClock]] = {}
    for clock in session.scalars(select(SlaClock).where(SlaClock.id.in_(newest)).order_by(SlaClock.kind.desc())):
        found.setdefault(clock.ticket_id, {})[ClockKind(clock.kind)] = clock
    return found


def _view(clock: SlaClock | Any, calendar: WorkingCalendar, now: datetime) -> ClockView:
    counted = timedelta(seconds=clock.counted_seconds)
    if clock.running_since is not None:
        counted += working_time_between(calendar, clock.running_since, max(now, clock.running_since))
    left = timedelta(minutes=clock.target_minutes) - counted
    return ClockView(
        id=clock.id,
        kind=ClockKind(clock.kind),
        state=ClockState(clock.state),
        mood=_mood(clock, left, now),
        target_minutes=clock.target_minutes,
        due_at=clock.due_at,
        warn_at=clock.warn_at,
        started_at=clock.started_at,
        met_at=clock.met_at,
        breached_at=clock.breached_at,
        working_minutes_left=_whole_minutes(left),
        worked_minutes=_whole_minutes(counted),
        percent=int(100 * counted / timedelta(minutes=clock.target_minutes)),
        open_until=open_until(calendar, now),
        calendar_key=clock.calendar_key,
    )


def _whole_minutes(length: timedelta) -> int:
    """Minutes of a length, started ones not counted; what is late rounds away from zero, so it never reads 0 late."""
    return int(length.total_seconds() // 60)


def _mood(clock: SlaClock | Any, left: timedelta, now: datetime) -> str:
    if clock.state == ClockState.MET:
        return "met_late" if clock.due_at is not None and clock.met_at and clock.due_at < clock.met_at else "met"
    if clock.state == ClockState.STOPPED:
        return "stopped"
    if clock.due_at is not None and clock.due_at <= now:
        return "late"
    if clock.state == ClockState.PAUSED:
        return "paused"
    warned = clock.warn_at is not None and clock.warn_at <= now
    return "soon" if warned or left <= timedelta(minutes=LAST_MINUTES) else "ok"
