"""What customers see: their own organisation's requests, without notes and work entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, case, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.contracts import queries as contracts
from app.contracts.models import Contact
from app.engine.models import HistoryEntry, ProcessDefinition, ProcessInstance
from app.errors import NotFound
from app.people.models import Person
from app.portal.progress import Visit
from app.texts import gettext as _
from app.tickets import search
from app.tickets.models import Category, Message, RequestType, Ticket, TicketState

PAGE_SIZE = 25


@dataclass(frozen=True)
class Filters:
    """Which requests: open ones or all, of everybody in the organisation or one's own, with some words."""

    closed: bool = False
    mine: bool = False
    words: str = ""

    def as_args(self) -> dict[str, str]:
        """The filters as arguments of an address, without those at rest."""
        args = {"show": "all" if self.closed else "", "whose": "mine" if self.mine else "", "q": self.words}
        return {name: value for name, value in args.items() if value}


@dataclass(frozen=True)
class Page:
    """A page of requests, newest change first; `before` is the cursor of the next one, None at the end."""

    rows: list[Ticket]
    before: str | None


def may_see(person: Person, contact: Contact | None) -> ColumnElement[bool]:
    """The condition that a request belongs to the person's organisation.

    Strangers share the unknown customer until somebody sorts them: they are no organisation, so each sees only their
    own. Staff who are somebody's contact too see here what that contact sees.
    """
    if contact is None or contact.customer.is_unknown:
        return Ticket.requester_id == person.id
    return Ticket.customer_id == contact.customer_id


def page(session: Session, person: Person, filters: Filters, before: str | None = None, size: int = PAGE_SIZE) -> Page:
    """Requests the person may see, those after the cursor only."""
    query = (
        select(Ticket)
        .where(may_see(person, contracts.contact_of(session, person)))
        .options(joinedload(Ticket.state), joinedload(Ticket.requester), joinedload(Ticket.assignee))
        .order_by(Ticket.updated_at.desc(), Ticket.id.desc())
    )
    if not filters.closed:
        query = query.join(Ticket.state).where(TicketState.category != Category.CLOSED.value)
    if filters.mine:
        query = query.where(Ticket.requester_id == person.id)
    if filters.words:
        query = query.where(search.matches(filters.words))
    after = _cursor(before)
    if after is not None:
        moment, key = after
        query = query.where(or_(Ticket.updated_at < moment, and_(Ticket.updated_at == moment, Ticket.id < key)))
    found = list(session.scalars(query.limit(size + 1)))
    rows = found[:size]
    return Page(rows, _cursor_of(rows[-1]) if len(found) > size else None)


def request_by_number(session: Session, person: Person, number: str) -> Ticket:
    """One request.

    Raises:
        NotFound: there is none with this number, or it is another organisation's.
    """
    query = (
        select(Ticket)
        .where(Ticket.number == number, may_see(person, contracts.contact_of(session, person)))
        .options(
            joinedload(Ticket.state),
            joinedload(Ticket.type),
            joinedload(Ticket.requester),
            joinedload(Ticket.assignee),
            joinedload(Ticket.previous_ticket),
        )
    )
    ticket = session.scalar(query)
    if ticket is None:
        raise NotFound(_("There is no such request, or it is not yours."))
    return ticket


def conversation(session: Session, ticket: Ticket) -> list[Message]:
    """What customers read of a request, oldest first."""
    query = select(Message).where(Message.ticket_id == ticket.id, Message.is_public).options(joinedload(Message.author))
    return list(session.scalars(query.order_by(Message.id)))


def request_types(session: Session) -> list[RequestType]:
    """The types a customer may choose from, in their order."""
    query = select(RequestType).where(RequestType.is_active).order_by(RequestType.position, RequestType.key)
    return list(session.scalars(query))


def first_message(session: Session, ticket: Ticket) -> Message:
    """The message a request began with."""
    return session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id).limit(1)).one()


def newest_instance(session: Session, ticket: Ticket) -> ProcessInstance | None:
    """The process that carries the request, or carried it last."""
    query = (
        select(ProcessInstance)
        .join(ProcessInstance.definition)
        .where(ProcessInstance.subject_kind == "ticket", ProcessInstance.subject_id == ticket.id)
        .options(contains_eager(ProcessInstance.definition))
        # Other processes may run beside the one that the type names.
        .order_by(case((ProcessDefinition.key == ticket.type.process_key, 0), else_=1), ProcessInstance.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def visits(session: Session, instance: ProcessInstance) -> list[Visit]:
    """Where the instance has been, oldest first."""
    query = (
        select(HistoryEntry.element, HistoryEntry.entered_at, HistoryEntry.left_at)
        .where(HistoryEntry.instance_id == instance.id)
        .order_by(HistoryEntry.entered_at, HistoryEntry.id)
    )
    return [Visit(element, entered_at, left_at) for element, entered_at, left_at in session.execute(query)]


def _cursor_of(ticket: Ticket) -> str:
    microseconds = int((ticket.updated_at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)
    return f"{microseconds}-{ticket.id}"


def _cursor(text: str | None) -> tuple[datetime, int] | None:
    # A cursor is part of an address, which people shorten and mangle: a broken one means the first page.
    microseconds, dash, key = (text or "").partition("-")
    if not dash or not microseconds.isdecimal() or not key.isdecimal() or len(microseconds) > 16 or len(key) > 18:
        return None
    return datetime.fromtimestamp(int(microseconds) // 1_000_000, UTC).replace(
        microsecond=int(microseconds) % 1_000_000
    ), int(key)
