"""Taking a request down for somebody who calls or comes by: who they are, what else they asked, what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.contracts import callers
from app.contracts import queries as contracts
from app.contracts.callers import NewCaller
from app.contracts.days import today
from app.contracts.models import Contact, Contract
from app.errors import InvalidInput
from app.people.models import Person
from app.texts import folded
from app.texts import gettext as _
from app.tickets import conversation, queries, service
from app.tickets.filters import in_categories
from app.tickets.models import Category, Channel, TakenDownDraft, Ticket

OWN, OTHERS, LOOKED_THROUGH = 5, 5, 40
ACTIVE = (Category.NEW, Category.OPEN, Category.PENDING)
DRAFT_MAX_CHARACTERS = 60_000
# Shorter words say little about what a request is about; of longer ones the beginning is compared.
SHORTEST_WORD, STEM = 4, 5

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Told:
    """What somebody said, and how.

    Args:
        contact_id: who they are; None for somebody new, then `caller` says who.
        about: the number of a request of theirs that it belongs to; empty for a new one.
        note: for colleagues only.
    """

    text: str
    channel: Channel | str
    subject: str = ""
    type_key: str = ""
    priority: str | None = None
    contact_id: int | None = None
    caller: NewCaller | None = None
    about: str = ""
    note: str = ""


@dataclass(frozen=True)
class Known:
    """What the desk knows of a caller: their contract with its hours, and requests it may be about, likely ones first.

    Args:
        minutes_left: of the contract's hours in this period; None when they are not limited.
        likely: ids of the requests that seem to be about the same.
    """

    contact: Contact
    contract: Contract | None = None
    minutes_left: int | None = None
    requests: Sequence[Ticket] = ()
    likely: frozenset[int] = field(default_factory=frozenset)


def take_down(session: Session, told: Told, *, by: Person) -> tuple[Ticket, bool]:
    """Open a request, or add to one that is there; the ticket, and whether it is a new one.

    What is said about a request closed long ago opens one that follows it.

    Raises:
        InvalidInput: with messages by field.
    """
    contact = _contact(session, told)
    if told.about:
        old = _own_request(session, contact, told.about)
        written = service.add_customer_message(
            session, old, author=contact.person, text=told.text, channel=told.channel
        )
        ticket = written.ticket
    else:
        ticket = service.open_ticket(
            session,
            subject=told.subject,
            text=told.text,
            requester=contact.person,
            channel=told.channel,
            type_key=told.type_key,
            priority=told.priority,
            by=by,
        )
    if told.note:
        conversation.add_note(session, ticket, told.note, author=by)
    forget_draft(session, by)
    return ticket, not told.about


def know(session: Session, contact: Contact, subject: str = "") -> Known:
    """What the desk knows of a caller, in a few queries.

    Args:
        subject: what the request is about, as far as it is typed.
    """
    owner = contact.customer
    contract = None if owner.is_unknown else contracts.contract_for(session, owner.id, today())
    newest = select(Ticket).options(joinedload(Ticket.state)).order_by(Ticket.updated_at.desc(), Ticket.id.desc())
    own = session.scalars(newest.where(Ticket.requester_id == contact.person_id).limit(OWN)).all()
    others: Sequence[Ticket] = []
    if not owner.is_unknown:
        active = newest.where(Ticket.customer_id == owner.id, in_categories(*ACTIVE))
        others = session.scalars(active.limit(LOOKED_THROUGH)).all()
    every = list(dict.fromkeys([*own, *others]))
    likely = [ticket for ticket in every if _is_about(ticket, subject)]
    rest = [ticket for ticket in [*own, *others[:OTHERS]] if ticket not in likely]
    shown = list(dict.fromkeys([*likely, *rest]))[: OWN + OTHERS]
    return Known(
        contact,
        contract,
        contracts.minutes_left(session, contract, today()) if contract is not None else None,
        shown,
        frozenset(ticket.id for ticket in likely),
    )


def contact_of(session: Session, person_id: int) -> Contact | None:
    """The contact a form names by their person; None when they speak for nobody."""
    return contracts.contact_of(session, person_id) if person_id < 2**31 else None


def draft_of(session: Session, person: Person) -> TakenDownDraft | None:
    """What somebody has typed and not sent."""
    return session.get(TakenDownDraft, person.id)


def keep_draft(session: Session, person: Person, values: Mapping[str, str]) -> TakenDownDraft | None:
    """Keep what somebody typed so far; nothing is kept of an empty form.

    Raises:
        InvalidInput: it is far more than the form can hold.
    """
    if sum(map(len, values.values())) > DRAFT_MAX_CHARACTERS:
        raise InvalidInput(_("This is too long to keep."))
    draft = draft_of(session, person)
    if not any(values.get(name, "").strip() for name in ("caller", "subject", "text", "note", "name", "requester")):
        forget_draft(session, person)
        return None
    if draft is None:
        draft = TakenDownDraft(person_id=person.id, values={}, saved_at=clock.now())
        session.add(draft)
    draft.values, draft.saved_at = dict(values), clock.now()
    session.flush()
    return draft


def forget_draft(session: Session, person: Person) -> None:
    """Forget what somebody typed: it was sent, or they do not want it."""
    draft = draft_of(session, person)
    if draft is not None:
        session.delete(draft)
        session.flush()


def _contact(session: Session, told: Told) -> Contact:
    if told.contact_id is not None:
        contact = contact_of(session, told.contact_id)
        if contact is None or not contact.person.is_active:
            message = _("This caller is not there any more; look again.")
            raise InvalidInput(message, {"caller": [message]})
        return contact
    if told.caller is None:
        message = _("Choose who is asking, or say who they are.")
        raise InvalidInput(message, {"caller": [message]})
    return callers.make_known(session, told.caller)


def _own_request(session: Session, contact: Contact, number: str) -> Ticket:
    """A request of the caller or of their company.

    Raises:
        InvalidInput: there is none with this number, or it is somebody else's.
    """
    ticket = session.scalar(select(Ticket).where(Ticket.number == number, queries.visible_to(contact.person)))
    if ticket is None:
        message = _("%(number)s is no request of this caller or their company.", number=number)
        raise InvalidInput(message, {"about": [message]})
    return ticket


def _is_about(ticket: Ticket, subject: str) -> bool:
    """Whether a request's subject has at least a third of the telling words of another one: enough for a hint."""
    wanted = _stems(subject)
    return bool(wanted) and 3 * len(wanted & _stems(ticket.subject)) >= max(3, len(wanted))


def _stems(subject: str) -> set[str]:
    return {word[:STEM] for word in _WORD.findall(folded(subject)) if len(word) >= SHORTEST_WORD}
