"""What customers see: their own organisation's requests, without notes and work entries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.contracts.models import Contact
from app.engine.models import HistoryEntry, ProcessDefinition, ProcessInstance, Timer
from app.errors import NotFound
from app.people.models import Person
from app.portal.progress import Visit
from app.texts import gettext as _
from app.tickets import numbers, search
from app.tickets.models import Category, Message, MessageKind, RequestType, Ticket, TicketState
from app.tickets.queries import taking_part

PAGE_SIZE = 25
# What waits for the customer stands first, all of it; more than so many nobody works through at once.
WAITING_SHOWN = 50
SNIPPET = 160
# These wait for the customer: an answer, or a word on whether it works.
WAITS_FOR_CUSTOMER = (Category.PENDING.value, Category.RESOLVED.value)
COLLEAGUES = 300
# "S-10482", "#10482", "10482": words around it make it a search for words.
NUMBER = re.compile(r"#?\s*[^\W\d]{0,12}-?\d+")


@dataclass(frozen=True)
class Filters:
    """Which requests: one's own or the whole company's, open ones or closed ones, with some words."""

    company: bool = False
    closed: bool = False
    words: str = ""

    def as_args(self, **changed: object) -> dict[str, str]:
        """The filters as arguments of an address, without those at rest."""
        args = {"whose": "company" if self.company else "", "show": "closed" if self.closed else "", "q": self.words}
        args |= {name: str(value or "") for name, value in changed.items()}
        return {name: value for name, value in args.items() if value}


@dataclass(frozen=True)
class Page:
    """A page of requests.

    Args:
        waiting: those that wait for the customer; on the first page only.
        rows: the others, newest change first.
        before: the cursor of the next page, None at the end.
        last: the last thing said on each, by ticket id.
    """

    waiting: list[Ticket]
    rows: list[Ticket]
    before: str | None
    last: dict[int, Message]


def sees_company(contact: Contact | None) -> bool:
    """Whether somebody sees every request of an organisation. Strangers share a customer that is none."""
    return contact is not None and contact.sees_company and not contact.customer.is_unknown


def may_see(person: Person, contact: Contact | None) -> ColumnElement[bool]:
    """The condition that a request is somebody's to see.

    Strangers share the unknown customer until somebody sorts them: each sees only their own. A contact who does not
    see the company sees what they asked or take part in. Staff who are somebody's contact too see here what that
    contact sees.
    """
    if contact is None or contact.customer.is_unknown:
        return Ticket.requester_id == person.id
    if contact.sees_company:
        return Ticket.customer_id == contact.customer_id
    return and_(Ticket.customer_id == contact.customer_id, taking_part(person))


def page(
    session: Session,
    person: Person,
    contact: Contact | None,
    filters: Filters,
    before: str | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """Requests somebody may see: what waits for them first, then the newest change."""
    found = (
        select(Ticket)
        .join(Ticket.state)
        .where(may_see(person, contact))
        .options(joinedload(Ticket.state), joinedload(Ticket.requester), joinedload(Ticket.assignee))
        .order_by(Ticket.updated_at.desc(), Ticket.id.desc())
    )
    if not filters.company:
        found = found.where(taking_part(person))
    if filters.words:
        found = found.where(search.matches(filters.words))
    after = _cursor(before)
    waiting: list[Ticket] = []
    if filters.closed:
        others = found.where(TicketState.category == Category.CLOSED.value)
    else:
        if after is None:
            wait = found.where(TicketState.category.in_(WAITS_FOR_CUSTOMER))
            waiting = list(session.scalars(wait.limit(WAITING_SHOWN)))
        others = found.where(TicketState.category.not_in((*WAITS_FOR_CUSTOMER, Category.CLOSED.value)))
    if after is not None:
        moment, key = after
        others = others.where(or_(Ticket.updated_at < moment, and_(Ticket.updated_at == moment, Ticket.id < key)))
    rows = list(session.scalars(others.limit(size + 1)))
    shown = rows[:size]
    last = last_messages(session, [ticket.id for ticket in (*waiting, *shown)])
    return Page(waiting, shown, _cursor_of(shown[-1]) if len(rows) > size else None, last)


def count_open(session: Session, person: Person, contact: Contact | None, *, company: bool) -> int:
    """How many requests somebody may see that are not closed."""
    open_ones = (
        select(func.count())
        .select_from(Ticket)
        .join(Ticket.state)
        .where(may_see(person, contact), TicketState.category != Category.CLOSED.value)
    )
    return session.scalar(open_ones if company else open_ones.where(taking_part(person))) or 0


def last_messages(session: Session, ticket_ids: Iterable[int]) -> dict[int, Message]:
    """The last thing said on each of many requests, in one query."""
    wanted = list(ticket_ids)
    if not wanted:
        return {}
    said = (MessageKind.CUSTOMER, MessageKind.REPLY)
    newest = (
        select(func.max(Message.id))
        .where(Message.ticket_id.in_(wanted), Message.is_public, Message.kind.in_(said))
        .group_by(Message.ticket_id)
        .scalar_subquery()
    )
    found = select(Message).where(Message.id.in_(newest)).options(joinedload(Message.author))
    return {message.ticket_id: message for message in session.scalars(found)}


def request_by_number(session: Session, person: Person, contact: Contact | None, number: str) -> Ticket:
    """One request.

    Raises:
        NotFound: there is none with this number, or it is not for this person.
    """
    query = (
        select(Ticket)
        .where(Ticket.number == number, may_see(person, contact))
        .options(
            joinedload(Ticket.state),
            joinedload(Ticket.type),
            joinedload(Ticket.requester),
            joinedload(Ticket.assignee),
            joinedload(Ticket.team),
            joinedload(Ticket.contract),
            joinedload(Ticket.previous_ticket),
        )
    )
    ticket = session.scalar(query)
    if ticket is None:
        raise NotFound(_("There is no such request, or it is not yours."))
    return ticket


def number_meant(session: Session, person: Person, contact: Contact | None, words: str) -> str | None:
    """The number of the request that a search names, however it is written; None without one that one may see."""
    if not NUMBER.fullmatch(words.strip()):
        return None
    named = Ticket.number.in_(numbers.spellings(words))
    return session.scalar(select(Ticket.number).where(named, may_see(person, contact)).limit(1))


def following(session: Session, person: Person, contact: Contact | None, ticket: Ticket) -> Sequence[Ticket]:
    """The requests that later messages to this one opened, as far as this person may see them."""
    found = select(Ticket).where(Ticket.previous_ticket_id == ticket.id, may_see(person, contact))
    return session.scalars(found.order_by(Ticket.id)).all()


def conversation(session: Session, ticket: Ticket) -> list[Message]:
    """What customers read of a request, oldest first."""
    query = select(Message).where(Message.ticket_id == ticket.id, Message.is_public).options(joinedload(Message.author))
    return list(session.scalars(query.order_by(Message.id)))


def colleagues(session: Session, person: Person, contact: Contact | None) -> Sequence[Person]:
    """For whom somebody may ask instead of for themselves: the others of their organisation, when they see it whole."""
    if contact is None or not sees_company(contact):
        return []
    found = (
        select(Person)
        .join(Contact, Contact.person_id == Person.id)
        .where(Contact.customer_id == contact.customer_id, Person.is_active, Person.id != person.id)
    )
    return session.scalars(found.order_by(Person.name, Person.id).limit(COLLEAGUES)).all()


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


def timer_due(session: Session, instance: ProcessInstance, elements: Iterable[str]) -> datetime | None:
    """When the first of these timer events is due that the instance waits at."""
    wanted = list(elements)
    if not wanted:
        return None
    found = select(Timer.due_at).where(Timer.instance_id == instance.id, Timer.element.in_(wanted))
    return session.scalar(found.order_by(Timer.due_at).limit(1))


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
