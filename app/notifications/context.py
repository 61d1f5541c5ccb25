"""What a template may say: plain words about the ticket and what happened to it, in one reader's language and zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.engine.subject import Subject
from app.escalations.models import Escalation, EscalationState
from app.mail.desk import desk_settings
from app.people.models import Person, Team
from app.sla import queries as sla
from app.sla.models import ClockState
from app.texts import translated
from app.tickets import ratings
from app.tickets.models import Message, MessageKind, Priority, Ticket
from app.worklog.models import WorkEntry

_PRIORITIES = {
    Priority.LOW: {"en": "low priority", "ro": "prioritate scăzută"},
    Priority.NORMAL: {"en": "normal priority", "ro": "prioritate normală"},
    Priority.HIGH: {"en": "high priority", "ro": "prioritate ridicată"},
    Priority.URGENT: {"en": "urgent", "ro": "urgentă"},
}
_LONGEST_MESSAGE = 20_000


def ticket_path(ticket: Ticket) -> str:
    """Where staff find a ticket on the desk."""
    return f"/tickets/{ticket.number}"


def portal_path(ticket: Ticket) -> str:
    """Where its customer finds a ticket."""
    return f"/portal/requests/{ticket.number}"


class Occasion:
    """What a notice is about, read once however many people it goes to."""

    def __init__(
        self,
        session: Session,
        ticket: Ticket,
        *,
        subject: Subject | None = None,
        message: Message | None = None,
        instance: dict[str, str] | None = None,
    ) -> None:
        """Read it.

        Args:
            subject: the work entry or escalation it is about, when it is about one.
            message: the reply that is being sent; the last one otherwise.
            instance: url, element and reason of a stalled instance.
        """
        first, last = _first_and_last(session, ticket)
        spoken = message or last
        self._session = session
        self._ticket = ticket
        self._in_language: dict[str, dict[str, Any]] = {}
        self._subject = subject
        self._asks_rating = ratings.may_be_rated(ticket) and ratings.rating_of(session, ticket) is None
        self._due = {
            kind.value: view.due_at
            for kind, view in sla.clocks(session, ticket).items()
            if view.state == ClockState.RUNNING and view.due_at is not None
        }
        self._same_for_all = {
            "desk": {"name": desk_settings().desk_name},
            "message": {
                "text": _text(spoken),
                "author": spoken.author.name if spoken and spoken.author else "",
                "signature": spoken.author.signature if spoken and spoken.author else "",
            },
            "first_message": {"text": _text(first)},
            "escalation": _escalation(session, subject),
            "instance": instance or {"url": "", "element": "", "reason": ""},
        }

    def values(self, reader: Person) -> dict[str, Any]:
        """Everything templates may use, for one reader; every name is always there."""
        known = self.values_in(reader.language)
        return {
            **known,
            "ticket": {**known["ticket"], **_moments(self._ticket, self._due, reader)},
            "person": {"name": reader.name},
        }

    def values_in(self, language: str) -> dict[str, Any]:
        """What a title may use: everything but the reader's name and moments, which are those of a zone."""
        if language not in self._in_language:
            self._in_language[language] = {
                **self._same_for_all,
                "ticket": _ticket(self._ticket, language, asks_rating=self._asks_rating),
                "work": _work(self._session, self._subject, language),
            }
        return self._in_language[language]


def moment(at: datetime, reader: Person) -> str:
    """A moment as the reader says it: `today at 14:10`, `Thu 3 Dec at 09:30`."""
    zone = ZoneInfo(reader.zone)
    local = at.astimezone(zone)
    time = format_datetime(local, "HH:mm", locale=reader.language)
    if local.date() == clock.now().astimezone(zone).date():
        return f"astăzi la {time}" if reader.language == "ro" else f"today at {time}"
    day = format_date(
        local.date(), "EEEE, d MMMM" if reader.language == "ro" else "EEEE d MMMM", locale=reader.language
    )
    return f"{day}, la {time}" if reader.language == "ro" else f"{day} at {time}"


def _day(on: date, language: str) -> str:
    return format_date(on, "EEE d MMM y", locale=language)


def _moments(ticket: Ticket, due: Mapping[str, datetime], reader: Person) -> dict[str, str]:
    return {
        "opened_at": moment(ticket.opened_at, reader),
        "response_due": moment(due["response"], reader) if "response" in due else "",
        "resolution_due": moment(due["resolution"], reader) if "resolution" in due else "",
    }


def _ticket(ticket: Ticket, language: str, *, asks_rating: bool) -> dict[str, Any]:
    base = desk_settings().base_url.rstrip("/")
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "type": translated(ticket.type.labels, language),
        "state": translated(ticket.state.labels, language),
        "priority": translated(_PRIORITIES[Priority(ticket.priority)], language),
        "customer": ticket.customer.name,
        "requester": ticket.requester.name,
        "team": ticket.team.name if ticket.team else "",
        "assignee": ticket.assignee.name if ticket.assignee else "",
        "url": base + ticket_path(ticket),
        # Who has no password signs in with a link by mail.
        "portal_url": base + portal_path(ticket),
        # Empty where nothing is left to ask: rated already, too long ago, or ratings are not asked for here.
        "rating_url": f"{base}{portal_path(ticket)}#rating" if asks_rating else "",
    }


def _work(session: Session, subject: Subject | None, language: str) -> dict[str, Any]:
    entry = session.get(WorkEntry, subject.id) if subject is not None and subject.kind == "work_entry" else None
    if entry is None:
        return {}
    return {
        "author": _name(session, entry.author_id),
        "worked_on": _day(entry.worked_on, language),
        "minutes": entry.minutes,
        "travel_minutes": entry.travel_minutes,
        "note": entry.note or "",
        "decided_by": _name(session, entry.decided_by_id),
        "decision_reason": entry.decision_reason or "",
    }


def _escalation(session: Session, subject: Subject | None) -> dict[str, Any]:
    found = session.get(Escalation, subject.id) if subject is not None and subject.kind == "escalation" else None
    if found is None:
        return {}
    target = _name(session, found.to_person_id) or _team(session, found.to_team_id)
    # An approved escalation that is declined was turned down by its receiver, not by who approved it.
    declined = found.state == EscalationState.DECLINED
    return {
        "reason": found.reason,
        "asked_by": _name(session, found.asked_by_id),
        "from_team": _team(session, found.from_team_id),
        "to": target,
        "decided_by": target if declined else _name(session, found.decided_by_id),
        "decision_reason": found.decision_reason or "",
    }


def _name(session: Session, person_id: int | None) -> str:
    person = session.get(Person, person_id) if person_id is not None else None
    return person.name if person else ""


def _team(session: Session, team_id: int | None) -> str:
    team = session.get(Team, team_id) if team_id is not None else None
    return team.name if team else ""


def _first_and_last(session: Session, ticket: Ticket) -> tuple[Message | None, Message | None]:
    """The message a ticket began with, and the last reply to it."""
    first = select(func.min(Message.id)).where(Message.ticket_id == ticket.id, Message.kind == MessageKind.CUSTOMER)
    last = select(func.max(Message.id)).where(Message.ticket_id == ticket.id, Message.kind == MessageKind.REPLY)
    found = session.scalars(select(Message).where(Message.id.in_(first.union_all(last)))).all()
    by_kind = {message.kind: message for message in found}
    return by_kind.get(MessageKind.CUSTOMER), by_kind.get(MessageKind.REPLY)


def _text(message: Message | None) -> str:
    return message.text[:_LONGEST_MESSAGE] if message is not None else ""
