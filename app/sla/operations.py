"""What diagrams may do with the clocks of a ticket."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from app.engine.operations import Call, operation
from app.sla import service
from app.sla.models import ClockKind
from app.sla.rules import WARN_PERCENT
from app.tickets.subjects import ticket_of


class StartClocks(Schema):
    """The targets, in working minutes; without one there is no such deadline."""

    response_minutes = fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(min=1), metadata={"title": "Minutes to reply"}
    )
    resolution_minutes = fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(min=1), metadata={"title": "Minutes to solve"}
    )
    warn_percent = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1, max=100),
        metadata={"title": "Warn at percent"},
    )
    rule = fields.String(load_default=None, allow_none=True, metadata={"title": "Rule that gave the targets"})
    calendar = fields.String(load_default=None, allow_none=True, metadata={"title": "Calendar key"})


class Reason(Schema):
    """Why a clock is paused or runs again."""

    reason = fields.String(load_default="", metadata={"title": "Reason"})


class Kind(Schema):
    """Which clock."""

    kind = fields.Enum(ClockKind, by_value=True, required=True, metadata={"title": "response or resolution"})


class Recorded(Schema):
    """Whether this call put the breach on record."""

    recorded = fields.Boolean(required=True)


@operation("sla.start_clocks", StartClocks)
def start_clocks(
    call: Call,
    *,
    response_minutes: int | None,
    resolution_minutes: int | None,
    warn_percent: int | None,
    rule: str | None,
    calendar: str | None,
) -> None:
    """Start the response and resolution clocks of the ticket, or give running ones these targets."""
    service.start_clocks(
        call.session,
        ticket_of(call.session, call.subject),
        response_minutes=response_minutes,
        resolution_minutes=resolution_minutes,
        warn_percent=warn_percent or WARN_PERCENT,
        rule=rule,
        calendar_key=calendar,
    )


@operation("sla.pause", Reason)
def pause(call: Call, *, reason: str) -> None:
    """Pause the resolution clock; a paused one stays paused."""
    service.pause(call.session, ticket_of(call.session, call.subject), reason)


@operation("sla.resume", Reason)
def resume(call: Call, *, reason: str) -> None:
    """Let the resolution clock run again; a running one goes on."""
    service.resume(call.session, ticket_of(call.session, call.subject), reason or None)


@operation("sla.record_breach", Kind, result=Recorded)
def record_breach(call: Call, *, kind: ClockKind) -> dict[str, bool]:
    """Record that a deadline passed, once. Returns `recorded`: whether this call was the first to see it."""
    return {"recorded": service.record_breach(call.session, ticket_of(call.session, call.subject), kind)}
