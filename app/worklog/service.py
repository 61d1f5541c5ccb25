"""Logging, correcting and deciding on work entries."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app import clock, events
from app.contracts import service as contracts
from app.engine import queries as engine_queries
from app.engine import service as engine
from app.engine.models import InstanceState
from app.engine.subject import Subject
from app.errors import Conflict, InvalidInput, NotAllowed
from app.people.models import Person
from app.texts import gettext as _
from app.tickets.models import Ticket
from app.worklog import rules
from app.worklog.events import WorkApproved, WorkCorrected, WorkRejected, WorkSubmitted, WorkWithdrawn
from app.worklog.models import WorkEntry, WorkEntryChange, WorkKind, WorkState

OVER = (InstanceState.COMPLETED, InstanceState.CANCELLED)
COLUMNS = tuple(field.name for field in fields(rules.Work))


def log_work(
    session: Session,
    ticket: Ticket,
    *,
    author: Person,
    minutes: int,
    kind: WorkKind | str = WorkKind.REMOTE,
    billable: bool = True,
    note: str = "",
    travel_minutes: int = 0,
    travel_km: int = 0,
    worked_on: date | None = None,
    started_at: datetime | None = None,
) -> WorkEntry:
    """Take down what somebody did for a ticket; the process decides whether it needs approval.

    Args:
        worked_on: the day in the desk's zone; today when None.

    Raises:
        InvalidInput: with a message per field.
    """
    if not (author.is_active and author.is_staff):
        raise InvalidInput(_("%(name)s does not work at the desk.", name=author.name))
    work = rules.check(
        minutes=minutes,
        kind=kind,
        billable=billable,
        note=note,
        travel_minutes=travel_minutes,
        travel_km=travel_km,
        worked_on=worked_on,
        started_at=started_at,
    )
    entry = WorkEntry(
        ticket_id=ticket.id,
        author_id=author.id,
        state=WorkState.SUBMITTED.value,
        billed_minutes=rules.billed_minutes(ticket.contract, minutes=minutes, billable=billable),
        created_at=clock.now(),
        **_values(work),
    )
    session.add(entry)
    session.flush()
    events.record(session, WorkSubmitted(work_entry_id=entry.id, ticket_id=ticket.id, author_id=author.id))
    return entry


def correct(
    session: Session,
    entry: WorkEntry,
    *,
    by: Person | None,
    minutes: int | None = None,
    kind: WorkKind | str | None = None,
    billable: bool | None = None,
    note: str | None = None,
    travel_minutes: int | None = None,
    travel_km: int | None = None,
    worked_on: date | None = None,
    reason: str | None = None,
) -> None:
    """Change a work entry that is not approved yet and submit it again; what it said before stays readable.

    None leaves a value as it is.

    Raises:
        Conflict: it is approved, and so locked, or withdrawn.
        NotAllowed: somebody else wrote it.
        InvalidInput: with a message per field.
    """
    _refuse_settled(entry)
    _refuse_stranger(entry, by)
    given = {
        "minutes": minutes, "kind": kind, "billable": billable, "note": note, "travel_minutes": travel_minutes,
        "travel_km": travel_km, "worked_on": worked_on,
    }  # fmt: skip
    before = {name: getattr(entry, name) for name in COLUMNS}
    wanted: dict[str, Any] = {**before, **{name: value for name, value in given.items() if value is not None}}
    if wanted["worked_on"] != entry.worked_on:
        wanted["started_at"] = None
    # An entry may keep the day it was logged with, however long its approval takes.
    after = _values(rules.check(**wanted, oldest=min(entry.worked_on, rules.oldest_day())))
    previous = {name: _plain(value) for name, value in before.items() if value != after[name]}
    if previous:
        row = WorkEntryChange(at=clock.now(), by_id=by.id if by else None, previous=previous, reason=reason or None)
        entry.changes.append(row)
    for name, value in after.items():
        setattr(entry, name, value)
    ticket = session.get_one(Ticket, entry.ticket_id)
    entry.billed_minutes = rules.billed_minutes(ticket.contract, minutes=entry.minutes, billable=entry.billable)
    _decide(entry, WorkState.SUBMITTED, None, None)
    entry.decided_at = None
    session.flush()
    corrected = WorkCorrected(work_entry_id=entry.id, ticket_id=entry.ticket_id, by_id=by.id if by else None)
    events.record(session, corrected)


def approve(session: Session, entry: WorkEntry, *, by: Person | None, reason: str | None = None) -> None:
    """Lock a work entry and count it against the contract, once.

    Args:
        by: None when the rules say that nobody needs to look at it.

    Raises:
        NotAllowed: it is the approver's own work.
        Conflict: it was rejected or withdrawn.
    """
    # A process step that is run again finds its work done.
    if entry.state == WorkState.APPROVED:
        return
    _refuse_own(entry, by)
    _refuse_undecidable(entry)
    ticket = session.get_one(Ticket, entry.ticket_id)
    entry.billed_minutes = rules.billed_minutes(ticket.contract, minutes=entry.minutes, billable=entry.billable)
    _decide(entry, WorkState.APPROVED, by, reason)
    session.flush()
    if ticket.contract is not None and entry.billed_minutes:
        source = str(Subject("work_entry", entry.id))
        contracts.count_hours(session, ticket.contract, source, entry.billed_minutes, entry.worked_on)
    approved = WorkApproved(
        work_entry_id=entry.id, ticket_id=entry.ticket_id, author_id=entry.author_id, by_id=by.id if by else None
    )
    events.record(session, approved)


def reject(session: Session, entry: WorkEntry, *, by: Person | None, reason: str) -> None:
    """Send a work entry back to its author.

    Raises:
        InvalidInput: there is no reason.
        NotAllowed: it is the approver's own work.
        Conflict: it was approved or withdrawn.
    """
    if entry.state == WorkState.REJECTED:
        return
    if not reason.strip():
        message = _("Say why, so that it can be corrected.")
        raise InvalidInput(message, {"reason": [message]})
    _refuse_own(entry, by)
    _refuse_undecidable(entry)
    _decide(entry, WorkState.REJECTED, by, reason)
    session.flush()
    rejected = WorkRejected(
        work_entry_id=entry.id,
        ticket_id=entry.ticket_id,
        author_id=entry.author_id,
        by_id=by.id if by else None,
        reason=reason.strip(),
    )
    events.record(session, rejected)


def withdraw(session: Session, entry: WorkEntry, *, by: Person | None) -> None:
    """Take a work entry back; it counts for nothing.

    Raises:
        Conflict: it is approved, and so locked.
        NotAllowed: somebody else wrote it.
    """
    if entry.state == WorkState.WITHDRAWN:
        return
    _refuse_settled(entry)
    _refuse_stranger(entry, by)
    entry.state = WorkState.WITHDRAWN
    session.flush()
    withdrawn = WorkWithdrawn(
        work_entry_id=entry.id, ticket_id=entry.ticket_id, author_id=entry.author_id, by_id=by.id if by else None
    )
    events.record(session, withdrawn)


def take_back(session: Session, entry: WorkEntry, *, by: Person) -> None:
    """Withdraw a work entry that nobody has decided about; its validation ends with it.

    Raises:
        Conflict: it is approved, or was returned and waits for its correction.
        NotAllowed: somebody else wrote it.
    """
    if entry.state == WorkState.WITHDRAWN:
        return
    _refuse_returned(entry)
    withdraw(session, entry, by=by)
    for instance in engine_queries.instances_of(session, Subject("work_entry", entry.id)):
        if instance.state not in OVER:
            engine.cancel(session, instance, "The author took the entry back.", by_id=by.id)


def revise(session: Session, entry: WorkEntry, *, by: Person, **values: Any) -> None:
    """Let the author change an entry that nobody has decided about; values as for `correct`.

    Raises:
        Conflict: it is approved, and so locked; or it was returned, and its correction is a task of the author's.
        NotAllowed: somebody else wrote it.
        InvalidInput: with a message per field.
    """
    _refuse_returned(entry)
    correct(session, entry, by=by, **values)


def may_revise(entry: WorkEntry, person: Person) -> bool:
    """Whether this person may change or take back an entry now."""
    return entry.author_id == person.id and entry.state == WorkState.SUBMITTED


def _refuse_returned(entry: WorkEntry) -> None:
    if entry.state == WorkState.REJECTED:
        raise Conflict(_("This work was returned. The task “Correct the work entry” corrects it or withdraws it."))


def _decide(entry: WorkEntry, state: WorkState, by: Person | None, reason: str | None) -> None:
    entry.state = state
    entry.decided_by_id = by.id if by else None
    entry.decided_at = clock.now()
    entry.decision_reason = (reason or "").strip() or None


def _refuse_own(entry: WorkEntry, by: Person | None) -> None:
    if by is not None and by.id == entry.author_id:
        raise NotAllowed(_("Nobody decides on their own work; another approver will."))


def _refuse_stranger(entry: WorkEntry, by: Person | None) -> None:
    if by is not None and by.id != entry.author_id:
        raise NotAllowed(_("Only its author changes a work entry; reject it with a reason instead."))


def _refuse_settled(entry: WorkEntry) -> None:
    if entry.state == WorkState.APPROVED:
        raise Conflict(_("This work is approved and locked; log another entry to correct it."))
    if entry.state == WorkState.WITHDRAWN:
        raise Conflict(_("This work was withdrawn; log it anew."))


def _refuse_undecidable(entry: WorkEntry) -> None:
    _refuse_settled(entry)
    if entry.state == WorkState.REJECTED:
        raise Conflict(_("This work was rejected; its author has to correct it first."))


def _values(work: rules.Work) -> dict[str, Any]:
    return {name: getattr(work, name) for name in COLUMNS}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else value
