"""What diagrams may do with work entries."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, fields

from app.engine.operations import Call, operation
from app.people import queries as people
from app.people.models import Person
from app.tickets.subjects import ticket_of
from app.worklog import queries, service
from app.worklog.models import WorkEntry, WorkKind


class Log(Schema):
    """What was done, as the form brings it; empty fields count as nothing."""

    author = fields.Integer(required=True, allow_none=True, metadata={"title": "Author (person)"})
    minutes = fields.Integer(load_default=0, allow_none=True, metadata={"title": "Minutes worked"})
    worked_on = fields.Date(load_default=None, allow_none=True, metadata={"title": "Day; today when empty"})
    kind = fields.String(load_default=None, allow_none=True, metadata={"title": "remote, on_site, phone or other"})
    billable = fields.Boolean(load_default=True, allow_none=True, metadata={"title": "Billable"})
    note = fields.String(load_default="", allow_none=True, metadata={"title": "Note"})
    travel_minutes = fields.Integer(load_default=0, allow_none=True, metadata={"title": "Minutes travelled"})
    travel_km = fields.Integer(load_default=0, allow_none=True, metadata={"title": "Kilometres travelled"})


class Logged(Schema):
    """The new entry."""

    work_entry = fields.Integer(required=True, allow_none=True)


class Decision(Schema):
    """Who decided, and why."""

    by = fields.Integer(required=True, allow_none=True, metadata={"title": "Decided by (person)"})
    reason = fields.String(load_default="", allow_none=True, metadata={"title": "Reason"})


class Correction(Schema):
    """The corrected values; empty ones stay as they were."""

    by = fields.Integer(required=True, allow_none=True, metadata={"title": "Corrected by (person)"})
    minutes = fields.Integer(load_default=None, allow_none=True, metadata={"title": "Minutes worked"})
    kind = fields.String(load_default=None, allow_none=True, metadata={"title": "remote, on_site, phone or other"})
    billable = fields.Boolean(load_default=None, allow_none=True, metadata={"title": "Billable"})
    note = fields.String(load_default=None, allow_none=True, metadata={"title": "Note"})
    travel_minutes = fields.Integer(load_default=None, allow_none=True, metadata={"title": "Minutes travelled"})
    travel_km = fields.Integer(load_default=None, allow_none=True, metadata={"title": "Kilometres travelled"})
    worked_on = fields.Date(load_default=None, allow_none=True, metadata={"title": "Day"})


class By(Schema):
    """Who does it."""

    by = fields.Integer(load_default=None, allow_none=True, metadata={"title": "Person"})


@operation("work.log", Log, result=Logged)
def log(
    call: Call,
    *,
    author: int | None,
    minutes: int | None,
    worked_on: date | None,
    kind: str | None,
    billable: bool | None,
    note: str | None,
    travel_minutes: int | None,
    travel_km: int | None,
) -> dict[str, int | None]:
    """Log work on the ticket; nothing when neither work nor travel took time. Returns `work_entry`: its id."""
    who = author if author is not None else call.by_id
    if not (minutes or travel_minutes) or who is None:
        return {"work_entry": None}
    entry = service.log_work(
        call.session,
        ticket_of(call.session, call.subject),
        author=people.get_person(call.session, who),
        minutes=minutes or 0,
        worked_on=worked_on,
        kind=kind or WorkKind.REMOTE,
        billable=billable if billable is not None else True,
        note=note or "",
        travel_minutes=travel_minutes or 0,
        travel_km=travel_km or 0,
    )
    return {"work_entry": entry.id}


@operation("work.approve", Decision)
def approve(call: Call, *, by: int | None, reason: str | None) -> None:
    """Lock the work entry and count it against the contract; without a person, the rules approved it."""
    service.approve(call.session, _entry(call), by=_person(call, by), reason=reason)


@operation("work.reject", Decision)
def reject(call: Call, *, by: int | None, reason: str | None) -> None:
    """Send the work entry back to its author with a reason."""
    service.reject(call.session, _entry(call), by=_person(call, by), reason=reason or "")


@operation("work.correct", Correction)
def correct(call: Call, *, by: int | None, **values: Any) -> None:
    """Put the author's corrections into the work entry and submit it again."""
    service.correct(call.session, _entry(call), by=_person(call, by), **values)


@operation("work.withdraw", By)
def withdraw(call: Call, *, by: int | None) -> None:
    """Take the work entry back; it counts for nothing."""
    service.withdraw(call.session, _entry(call), by=_person(call, by))


def _entry(call: Call) -> WorkEntry:
    return queries.get(call.session, call.subject.id)


def _person(call: Call, person_id: int | None) -> Person | None:
    return people.get_person(call.session, person_id) if person_id is not None else None
