"""Starting, pausing, moving and ending the clocks of a ticket.

Each change is one entry in the clock's history; what the clock then says is always `sla.clocks.reckon` of that history.
Every change of a deadline ends with `engine.service.refresh`, so that the timers of the ticket's processes follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock as desk_clock
from app import events
from app.engine import service as engine
from app.people.models import Person
from app.sla import calendars, queries, rules
from app.sla.clocks import Entry, Reckoning, is_possible, reckon
from app.sla.events import ClockEnded, ClockMoved, ClockStarted, DeadlineBreached
from app.sla.models import Calendar, ClockEntry, ClockKind, ClockState, EntryKind, SlaClock
from app.sla.rules import Target
from app.tickets.models import Ticket

# The columns of a clock that follow from its entries.
DERIVED = (
    "state", "target_minutes", "warn_percent", "calendar_key", "rule", "counted_seconds", "running_since",
    "started_at", "due_at", "warn_at", "met_at", "breached_at", "is_kept", "decided_at",
)  # fmt: skip


def ensure_lists(session: Session) -> None:
    """Add what a new desk starts with: its calendar."""
    ensure_calendar(session)


def ensure_calendar(session: Session) -> Calendar:
    """The calendar every desk starts with: Monday to Friday, 9 to 18, Romanian time and holidays."""
    calendar = session.scalar(select(Calendar).where(Calendar.key == calendars.DEFAULT_KEY))
    if calendar is None:
        week: dict[str, list[list[str]]] = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
        calendar = add_calendar(
            session,
            key=calendars.DEFAULT_KEY,
            name="Program L–V 09–18, România",
            zone="Europe/Bucharest",
            hours=week,
            holidays_country="RO",
        )
    return calendar


def add_calendar(
    session: Session,
    *,
    key: str,
    name: str,
    zone: str,
    hours: dict[str, list[list[str]]],
    holidays_country: str = "",
    extra: dict[str, Any] | None = None,
) -> Calendar:
    """Add a working calendar.

    Raises:
        InvalidInput: the zone, hours, country or extra days cannot be used.
    """
    calendar = Calendar(
        key=key, name=name, zone=zone, hours=hours, holidays_country=holidays_country, extra=extra or {}
    )
    calendars.working_calendar(calendar)
    session.add(calendar)
    session.flush()
    return calendar


def start_clocks(
    session: Session,
    ticket: Ticket,
    *,
    response_minutes: int | None,
    resolution_minutes: int | None,
    warn_percent: int = rules.WARN_PERCENT,
    rule: str | None = None,
    calendar_key: str | None = None,
) -> None:
    """Start a ticket's clocks, or give those that exist the new targets; None means no such deadline.

    A ticket that was reopened goes on with the resolution clock it had.
    """
    calendar_key = calendar_key or calendars.DEFAULT_KEY
    targets = {
        ClockKind.RESPONSE: Target(response_minutes, warn_percent, calendar_key, rule),
        ClockKind.RESOLUTION: Target(resolution_minutes, warn_percent, calendar_key, rule),
    }
    latest = queries.latest_clocks(session, ticket.id)
    for kind, target in targets.items():
        _start_or_go_on(session, ticket, kind, target, latest.get(kind))
    engine.refresh(session, ticket.process_subject)


def start_response(session: Session, ticket: Ticket) -> None:
    """Let the response clock run from the oldest customer message that waits for a reply; one that runs goes on."""
    latest = queries.latest_clocks(session, ticket.id).get(ClockKind.RESPONSE)
    if latest is not None and latest.is_live:
        return
    target = rules.target_of(latest) if latest is not None else rules.targets_for(session, ticket)[ClockKind.RESPONSE]
    _start_or_go_on(session, ticket, ClockKind.RESPONSE, target, latest)
    engine.refresh(session, ticket.process_subject)


def pause(
    session: Session, ticket: Ticket, reason: str, *, kind: ClockKind = ClockKind.RESOLUTION, by: Person | None = None
) -> None:
    """Stop counting for a while; a clock that does not run stays as it is."""
    _change(session, ticket, (kind,), EntryKind.PAUSE, reason=reason, by=by)


def resume(
    session: Session,
    ticket: Ticket,
    reason: str | None = None,
    *,
    kind: ClockKind = ClockKind.RESOLUTION,
    even_ended: bool = False,
    by: Person | None = None,
) -> None:
    """Count on after a pause; earlier pauses stay what they were.

    Args:
        even_ended: go on with a clock that was met or stopped too, because the ticket was reopened.
    """
    clock = queries.latest_clocks(session, ticket.id).get(kind)
    if clock is not None and (even_ended or clock.is_live):
        _change(session, ticket, (kind,), EntryKind.RESUME, reason=reason, by=by)


def meet(session: Session, ticket: Ticket, kind: ClockKind, *, by: Person | None = None) -> None:
    """The work the clock waited for is done. When that was too late, the breach is on record first."""
    _change(session, ticket, (kind,), EntryKind.MEET, by=by)


def stop(
    session: Session,
    ticket: Ticket,
    reason: str | None = None,
    *,
    kinds: Sequence[ClockKind] = tuple(ClockKind),
    by: Person | None = None,
) -> None:
    """The deadline does not matter any more: the request was cancelled, or is closed."""
    _change(session, ticket, kinds, EntryKind.STOP, reason=reason, by=by)


def retarget(
    session: Session,
    ticket: Ticket,
    *,
    response_minutes: int | None,
    resolution_minutes: int | None,
    warn_percent: int = rules.WARN_PERCENT,
    rule: str | None = None,
    calendar_key: str | None = None,
    reason: str | None = None,
    by: Person | None = None,
) -> None:
    """Give the live clocks other targets; what was counted and every pause is kept.

    None ends a deadline. A deadline that now lies ahead again is not breached any more.
    """
    calendar_key = calendar_key or calendars.DEFAULT_KEY
    minutes = {ClockKind.RESPONSE: response_minutes, ClockKind.RESOLUTION: resolution_minutes}
    changed = False
    for kind, clock in queries.latest_clocks(session, ticket.id).items():
        target = Target(minutes[kind], warn_percent, calendar_key, rule)
        changed |= _retarget_clock(session, clock, target, reason=reason, by_id=by.id if by else None)
    if changed:
        engine.refresh(session, ticket.process_subject)


def retarget_by_rules(session: Session, ticket: Ticket, reason: str, *, by_id: int | None = None) -> None:
    """Ask the decision table again, after the priority, type or customer changed, and follow what it says."""
    live = {kind: clock for kind, clock in queries.latest_clocks(session, ticket.id).items() if clock.is_live}
    if not live:
        return
    targets = rules.targets_for(session, ticket)
    changed = False
    for kind, clock in live.items():
        changed |= _retarget_clock(session, clock, targets[kind], reason=reason, by_id=by_id)
    if changed:
        engine.refresh(session, ticket.process_subject)


def record_breach(session: Session, ticket: Ticket, kind: ClockKind) -> bool:
    """Put on record that a deadline passed; False when it has not, does not run, or was recorded before."""
    clock = queries.latest_clocks(session, ticket.id).get(kind)
    if clock is None or not clock.is_live:
        return False
    return _record_breach(session, clock, desk_clock.now())


def differences(session: Session, clock: SlaClock) -> dict[str, tuple[object, object]]:
    """Where a stored clock is not what its history says: {column: (stored, right)}; nothing when all is well."""
    reckoning = reckon(entries_of(clock), calendars.finder(session))
    both = {name: (getattr(clock, name), getattr(reckoning, name)) for name in DERIVED}
    return {name: values for name, values in both.items() if values[0] != values[1]}


def repair(session: Session, clock: SlaClock) -> dict[str, tuple[object, object]]:
    """Make a stored clock equal to what its history says; returns what differed, as `differences` does."""
    wrong = differences(session, clock)
    if wrong:
        _copy(session, clock, reckon(entries_of(clock), calendars.finder(session)))
        session.flush()
        engine.refresh(session, session.get_one(Ticket, clock.ticket_id).process_subject)
    return wrong


def entries_of(clock: SlaClock) -> list[Entry]:
    """The history of a clock, oldest first, as the calculation takes it."""
    return [
        Entry(
            at=row.at,
            kind=EntryKind(row.kind),
            target_minutes=row.target_minutes,
            warn_percent=row.warn_percent,
            calendar_key=row.calendar_key,
            rule=row.rule,
            reason=row.reason,
            actor_id=row.actor_id,
        )
        for row in clock.entries
    ]


def _start_or_go_on(session: Session, ticket: Ticket, kind: ClockKind, target: Target, latest: SlaClock | None) -> None:
    if latest is not None and latest.is_live:
        _retarget_clock(session, latest, target, reason=None, by_id=None)
    elif not target.minutes or ticket.is_closed:
        return
    elif kind is ClockKind.RESPONSE:
        waiting_since = queries.waits_for_reply_since(session, ticket.id)
        if waiting_since is not None:
            _start(session, ticket, kind, target, waiting_since)
    elif latest is None:
        _start(session, ticket, kind, target, ticket.opened_at)
    elif not ticket.is_resolved:
        _write(session, latest, EntryKind.RESUME)
        _retarget_clock(session, latest, target, reason=None, by_id=None)


def _start(session: Session, ticket: Ticket, kind: ClockKind, target: Target, since: datetime) -> None:
    at = min(since, desk_clock.now()).replace(microsecond=0)
    entry = Entry(at, EntryKind.START, target.minutes, target.warn_percent, target.calendar_key, target.rule)
    clock = SlaClock(ticket_id=ticket.id, kind=kind.value)
    _copy(session, clock, reckon([entry], calendars.finder(session)))
    clock.entries.append(_row(entry))
    session.add(clock)
    session.flush()
    events.record(session, ClockStarted(ticket_id=ticket.id, clock_id=clock.id, kind=kind.value))


def _change(
    session: Session,
    ticket: Ticket,
    kinds: Sequence[ClockKind],
    change: EntryKind,
    *,
    reason: str | None = None,
    by: Person | None = None,
) -> None:
    latest = queries.latest_clocks(session, ticket.id)
    changed = [clock for kind in kinds if (clock := latest.get(kind)) and is_possible(ClockState(clock.state), change)]
    for clock in changed:
        if change in (EntryKind.MEET, EntryKind.STOP):
            # A late answer ends the wait for the breach's timer, so the breach is recorded here.
            _record_breach(session, clock, desk_clock.now())
        _write(session, clock, change, reason=reason, actor_id=by.id if by else None)
        _tell(session, clock, change)
    if changed:
        engine.refresh(session, ticket.process_subject)


def _tell(session: Session, clock: SlaClock, change: EntryKind) -> None:
    if clock.is_live:
        moved = ClockMoved(ticket_id=clock.ticket_id, clock_id=clock.id, kind=clock.kind, change=change.value)
        events.record(session, moved)
    else:
        ended = ClockEnded(ticket_id=clock.ticket_id, clock_id=clock.id, kind=clock.kind, state=clock.state)
        events.record(session, ended)


def _retarget_clock(
    session: Session, clock: SlaClock, target: Target, *, reason: str | None, by_id: int | None
) -> bool:
    if not clock.is_live or rules.target_of(clock) == target:
        return False
    if not target.minutes:
        _write(session, clock, EntryKind.STOP, reason=reason, actor_id=by_id)
        _tell(session, clock, EntryKind.STOP)
        return True
    _write(
        session,
        clock,
        EntryKind.RETARGET,
        target_minutes=target.minutes,
        warn_percent=target.warn_percent,
        calendar_key=target.calendar_key,
        rule=target.rule,
        reason=reason,
        actor_id=by_id,
    )
    _tell(session, clock, EntryKind.RETARGET)
    return True


def _record_breach(session: Session, clock: SlaClock, moment: datetime) -> bool:
    if clock.due_at is None or clock.due_at > moment or clock.breached_at is not None:
        return False
    _write(session, clock, EntryKind.BREACH)
    events.record(session, DeadlineBreached(ticket_id=clock.ticket_id, clock_id=clock.id, kind=clock.kind))
    return True


def _write(session: Session, clock: SlaClock, kind: EntryKind, **values: Any) -> None:
    """Add an entry, never before the last one, and copy what the clock now says."""
    at = max(desk_clock.now().replace(microsecond=0), clock.entries[-1].at)
    clock.entries.append(_row(Entry(at, kind, **values)))
    _copy(session, clock, reckon(entries_of(clock), calendars.finder(session)))
    session.flush()


def _row(entry: Entry) -> ClockEntry:
    return ClockEntry(
        at=entry.at,
        kind=entry.kind.value,
        target_minutes=entry.target_minutes,
        warn_percent=entry.warn_percent,
        calendar_key=entry.calendar_key,
        rule=entry.rule,
        reason=entry.reason,
        actor_id=entry.actor_id,
    )


def _copy(session: Session, clock: SlaClock, reckoning: Reckoning) -> None:
    if reckoning.decided_at is None:
        clock.decided_team_id = clock.decided_customer_id = None
    elif clock.decided_at != reckoning.decided_at:
        ticket = session.get_one(Ticket, clock.ticket_id)
        clock.decided_team_id, clock.decided_customer_id = ticket.team_id, ticket.customer_id
    for name in DERIVED:
        value = getattr(reckoning, name)
        setattr(clock, name, value.value if isinstance(value, ClockState) else value)
