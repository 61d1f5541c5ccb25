"""Looking up tickets and their conversation. What somebody may not see does not exist for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased, defer, joinedload

from app.contracts.models import Contact, Customer
from app.errors import NotFound
from app.people.models import Person, Team
from app.reading import read_once
from app.sql import at_most
from app.texts import gettext as _
from app.tickets import numbers, paging
from app.tickets.filters import Filters, conditions, in_categories
from app.tickets.models import Category, Message, MessageKind, Participant, RequestType, Ticket, TicketState
from app.tickets.paging import Page, Shown

__all__ = [
    "Filters",
    "Page",
    "assigned_to",
    "by_ids",
    "by_number",
    "conversation",
    "conversation_page",
    "count",
    "count_up_to",
    "counts_by_state",
    "customer_named",
    "following",
    "get",
    "get_message",
    "in_categories",
    "may_see",
    "oldest_unanswered",
    "other_requests",
    "page",
    "participants",
    "request_types",
    "rows",
    "states",
    "taking_part",
    "visible_to",
]

T = TypeVar("T")

PAGE_SIZE = 50
LARGEST_PAGE = 200
# Somebody still has to do something about a request in one of these.
UNSOLVED = (Category.NEW, Category.OPEN, Category.PENDING)
# The ticket page shows so many of the newest messages, and so many more each time older ones are asked for.
MESSAGES = 50
# A page that looks again shows what it had and what is new, within a bound.
MOST_MESSAGES = 200

# Everything a list shows of a ticket, read in the same query.
LISTED = (
    joinedload(Ticket.state),
    joinedload(Ticket.type),
    joinedload(Ticket.customer),
    joinedload(Ticket.requester),
    joinedload(Ticket.team),
    joinedload(Ticket.assignee),
)
# For many tickets: of people, teams and companies only what a row says of them; who asked, few lists say.
IN_ROWS = (
    joinedload(Ticket.state).load_only(TicketState.labels, TicketState.category, TicketState.position),
    joinedload(Ticket.type).load_only(RequestType.labels),
    joinedload(Ticket.customer).load_only(Customer.name),
    joinedload(Ticket.team).load_only(Team.key, Team.name),
    joinedload(Ticket.assignee).load_only(Person.name, Person.email),
)
REQUESTERS = joinedload(Ticket.requester).load_only(Person.name, Person.email)
_TICKETS = select(Ticket).options(*IN_ROWS, defer(Ticket.search_text))
_ASSIGNEE, _REQUESTER = aliased(Person), aliased(Person)
# What the rows of the ticket list say, as plain columns: objects with everything around them would cost twice as much.
_ROWS = (
    select(
        Ticket.id,
        Ticket.number,
        Ticket.subject,
        Ticket.language,
        Ticket.priority,
        Ticket.channel,
        Ticket.state_key,
        TicketState.labels.label("state_labels"),
        Ticket.type_key,
        RequestType.labels.label("type_labels"),
        Customer.name.label("customer_name"),
        Ticket.team_id,
        Team.name.label("team_name"),
        Ticket.assignee_id,
        _ASSIGNEE.name.label("assignee_name"),
        Ticket.opened_at,
        Ticket.updated_at,
    )
    .select_from(Ticket)
    .join(TicketState, TicketState.key == Ticket.state_key)
    .join(RequestType, RequestType.key == Ticket.type_key)
    .join(Customer, Customer.id == Ticket.customer_id)
    .outerjoin(Team, Team.id == Ticket.team_id)
    .outerjoin(_ASSIGNEE, _ASSIGNEE.id == Ticket.assignee_id)
)
_ROWS_WITH_REQUESTERS = _ROWS.add_columns(_REQUESTER.name.label("requester_name")).join(
    _REQUESTER, _REQUESTER.id == Ticket.requester_id
)


def get(session: Session, ticket_id: int, *, seen_by: Person | None = None) -> Ticket:
    """The ticket with an id.

    Args:
        seen_by: whose eyes to look with; None for the desk itself.

    Raises:
        NotFound: there is none, or that person may not know of it.
    """
    return _one(session, Ticket.id == ticket_id, seen_by)


def by_number(session: Session, number: str, *, seen_by: Person | None = None) -> Ticket:
    """The ticket with a number, which may be written `s-10482`, `#10482` or `10482`.

    Raises:
        NotFound: there is none, or `seen_by` may not know of it.
    """
    return _one(session, Ticket.number.in_(numbers.spellings(number)), seen_by)


def visible_to(person: Person) -> ColumnElement[bool]:
    """The condition on `Ticket` for what somebody may see: staff all, a contact what their own organisation asked.

    A contact who does not see the company sees of that what they asked or take part in. Strangers share the unknown
    customer but are no organisation: each of them sees only what they asked themselves.
    """
    if not person.is_active:
        return false()
    if person.is_staff:
        return true()
    speaks_for = select(Contact.customer_id).join(Customer, Customer.id == Contact.customer_id)
    known = speaks_for.where(Contact.person_id == person.id, Customer.is_unknown.is_(False))
    return or_(
        Ticket.customer_id.in_(known.where(Contact.sees_company)),
        and_(Ticket.customer_id.in_(known.where(Contact.sees_company.is_(False))), taking_part(person)),
        and_(Ticket.requester_id == person.id, ~known.exists()),
    )


def taking_part(person: Person) -> ColumnElement[bool]:
    """The condition on `Ticket` that somebody asked it or gets its replies."""
    told = select(Participant.ticket_id).where(Participant.person_id == person.id)
    return or_(Ticket.requester_id == person.id, Ticket.id.in_(told))


def may_see(session: Session, person: Person, ticket_id: int) -> bool:
    """Whether somebody may know of a ticket."""
    return session.scalar(select(Ticket.id).where(Ticket.id == ticket_id, visible_to(person))) is not None


def page(
    session: Session,
    person: Person,
    filters: Filters | None = None,
    cursor: str | None = None,
    size: int = PAGE_SIZE,
    *,
    before: str | None = None,
    sort: str = paging.NEWEST_CHANGE_FIRST,
    with_requesters: bool = False,
) -> Page[Ticket]:
    """A page of the tickets somebody may see, newest change first unless sorted, with all a list shows.

    Args:
        cursor: begin after this place (`next_cursor` of another page).
        before: end before this place (`previous_cursor`).
        sort: one of `paging.SORTS`, with a minus in front for the other direction.
        with_requesters: the list also says who asked.

    Raises:
        InvalidInput: the cursor is not one of ours.
    """
    tickets = _TICKETS.options(REQUESTERS) if with_requesters else _TICKETS
    shown: Shown[Ticket] = Shown(tickets, lambda row: row[0])
    return _page(session, person, filters or Filters(), shown, cursor, before, sort, size)


def rows(
    session: Session,
    person: Person,
    filters: Filters,
    cursor: str | None = None,
    size: int = PAGE_SIZE,
    *,
    before: str | None = None,
    sort: str = paging.NEWEST_CHANGE_FIRST,
    with_requesters: bool = False,
) -> Page[Any]:
    """As `page`, but with rows of what the ticket list says, instead of tickets.

    A row has `id`, `number`, `subject`, `language`, `priority`, `channel`, `state_key`, `state_labels`, `type_key`,
    `type_labels`, `customer_name`, `team_id`, `team_name`, `assignee_id`, `assignee_name`, `opened_at`, `updated_at`,
    and `requester_name` when it is asked for.

    Raises:
        InvalidInput: the cursor is not one of ours.
    """
    shown: Shown[Any] = Shown(_ROWS_WITH_REQUESTERS if with_requesters else _ROWS, lambda row: row)
    return _page(session, person, filters, shown, cursor, before, sort, size)


def _page(
    session: Session,
    person: Person,
    filters: Filters,
    shown: Shown[T],
    after: str | None,
    before: str | None,
    sort: str,
    size: int,
) -> Page[T]:
    size = max(1, min(size, LARGEST_PAGE))
    return paging.read_page(
        session, person, filters,
        visible=visible_to(person), shown=shown, sort=sort, after=after, before=before, size=size,
    )  # fmt: skip


def count(session: Session, person: Person, filters: Filters | None = None) -> int:
    """How many tickets `page` would list in all."""
    found = (
        select(func.count())
        .select_from(Ticket)
        .where(visible_to(person), *conditions(session, person, filters or Filters()))
    )
    return session.scalar(found) or 0


def count_up_to(session: Session, person: Person, filters: Filters, most: int) -> int:
    """How many tickets a list has, counting no further than one more than `most`: a long list costs no more for it."""
    found = select(Ticket.id).where(visible_to(person), *conditions(session, person, filters)).limit(at_most(most + 1))
    return session.scalar(select(func.count()).select_from(found.subquery())) or 0


def counts_by_state(session: Session, person: Person, filters: Filters | None = None) -> dict[str, int]:
    """How many tickets of a list are in each state; states without any are left out."""
    asked = (visible_to(person), *conditions(session, person, filters or Filters()))
    counted = select(Ticket.state_key, func.count()).where(*asked).group_by(Ticket.state_key)
    return dict(session.execute(counted).all())


def by_ids(session: Session, ids: Iterable[int]) -> dict[int, Ticket]:
    """Tickets by id with all a list shows, in one query; ids of none are left out."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {each.id: each for each in session.scalars(select(Ticket).where(Ticket.id.in_(wanted)).options(*LISTED))}


def assigned_to(session: Session, person_id: int) -> Sequence[Ticket]:
    """The requests somebody is responsible for and has not solved, oldest first."""
    found = select(Ticket).where(Ticket.assignee_id == person_id, in_categories(*UNSOLVED))
    return session.scalars(found.options(*LISTED).order_by(Ticket.id)).all()


def conversation(session: Session, ticket: Ticket, *, for_customer: bool) -> list[Message]:
    """What was said, oldest first, with the authors loaded; customers never read notes and inner system lines."""
    found = select(Message).where(Message.ticket_id == ticket.id).options(joinedload(Message.author))
    if for_customer:
        found = found.where(Message.is_public, Message.kind != MessageKind.NOTE)
    return list(session.scalars(found.order_by(Message.id)))


@dataclass(frozen=True)
class Talk:
    """A piece of a conversation, oldest first, and whether there is more before and after it."""

    messages: Sequence[Message]
    has_older: bool
    has_newer: bool = False


def conversation_page(
    session: Session, ticket: Ticket, *, before: str | None = None, since: str | None = None, size: int = MESSAGES
) -> Talk:
    """The newest messages of a ticket for staff, with their authors.

    Args:
        before: the key (UUID) of a message: those before it.
        since: the key of a message: it and all after it, within `MOST_MESSAGES`.

    Raises:
        NotFound: no message of this ticket has the key.
    """
    found = select(Message).where(Message.ticket_id == ticket.id).options(joinedload(Message.author))
    if before:
        found = found.where(Message.id < _message_id(session, ticket, before))
    elif since:
        found, size = found.where(Message.id >= _message_id(session, ticket, since)), MOST_MESSAGES
    newest = list(session.scalars(found.order_by(Message.id.desc()).limit(size + 1)))
    messages = newest[size - 1 :: -1] if len(newest) > size else newest[::-1]
    has_older = len(newest) > size
    if since and not has_older and messages:
        earlier = select(Message.id).where(Message.ticket_id == ticket.id, Message.id < messages[0].id)
        has_older = session.scalar(earlier.limit(1)) is not None
    return Talk(messages, has_older, bool(before))


def _message_id(session: Session, ticket: Ticket, key: str) -> int:
    found = session.scalar(select(Message.id).where(Message.uuid == key, Message.ticket_id == ticket.id))
    if found is None:
        raise NotFound(_("There is no such message."))
    return found


def get_message(session: Session, message_uuid: str, *, seen_by: Person | None = None) -> Message:
    """The message with a public key.

    Raises:
        NotFound: there is none, or `seen_by` may not read it.
    """
    found = select(Message).where(Message.uuid == message_uuid).options(joinedload(Message.ticket))
    message = session.scalar(found)
    hidden = (
        message is not None
        and seen_by is not None
        and not (may_see(session, seen_by, message.ticket_id) and (message.is_public or seen_by.is_staff))
    )
    if message is None or hidden:
        raise NotFound(_("There is no such message."))
    return message


def oldest_unanswered(session: Session, ticket_id: int) -> Message | None:
    """The first customer message since the desk last replied: the one the response deadline runs from."""
    last_reply = (
        select(func.max(Message.id))
        .where(Message.ticket_id == ticket_id, Message.kind == MessageKind.REPLY)
        .scalar_subquery()
    )
    waiting = select(Message).where(
        Message.ticket_id == ticket_id,
        Message.kind == MessageKind.CUSTOMER,
        Message.id > func.coalesce(last_reply, 0),
    )
    return session.scalar(waiting.order_by(Message.id).limit(1))


@read_once
def participants(session: Session, ticket: Ticket) -> Sequence[Person]:
    """Who gets the replies besides the requester, by name."""
    found = select(Person).join(Participant, Participant.person_id == Person.id)
    return session.scalars(found.where(Participant.ticket_id == ticket.id).order_by(Person.name, Person.id)).all()


def customer_named(session: Session, written: str) -> int:
    """The id of the customer that an address names by id or by name; 0 when there is none."""
    if written.isascii() and written.isdecimal():
        return int(written) if len(written) < 10 else 0
    # SQLite knows the small letters of English only: a name as it stands is found whatever its letters are.
    exactly = Customer.name == written
    found = select(Customer.id).where(or_(exactly, func.lower(Customer.name) == written.lower()))
    return session.scalar(found.order_by(exactly.desc(), Customer.id).limit(1)) or 0


def other_requests(session: Session, ticket: Ticket, *, most: int) -> Sequence[Ticket]:
    """What else its requester asked for, newest change first, with the states."""
    found = select(Ticket).where(Ticket.requester_id == ticket.requester_id, Ticket.id != ticket.id)
    newest = found.options(joinedload(Ticket.state)).order_by(Ticket.updated_at.desc(), Ticket.id.desc())
    return session.scalars(newest.limit(most)).all()


def following(session: Session, ticket: Ticket) -> Sequence[Ticket]:
    """The tickets that late replies to this one opened."""
    return session.scalars(select(Ticket).where(Ticket.previous_ticket_id == ticket.id).order_by(Ticket.id)).all()


def states(session: Session) -> Sequence[TicketState]:
    """The list of states, in its order."""
    return session.scalars(select(TicketState).order_by(TicketState.position, TicketState.key)).all()


def request_types(session: Session, *, all_of_them: bool = False) -> Sequence[RequestType]:
    """The list of request types, in its order; those no longer offered only when asked for."""
    found = select(RequestType).order_by(RequestType.position, RequestType.key)
    return session.scalars(found if all_of_them else found.where(RequestType.is_active)).all()


def _one(session: Session, condition: ColumnElement[bool], seen_by: Person | None) -> Ticket:
    found = select(Ticket).where(condition, visible_to(seen_by) if seen_by else true()).options(*LISTED).limit(1)
    ticket = session.scalar(found)
    if ticket is None:
        raise NotFound(_("There is no such ticket."))
    return ticket
