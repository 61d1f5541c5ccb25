"""Changing customers, contacts and contracts, and counting hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import clock, events
from app.contracts import findable, queries
from app.contracts.events import ContactMoved, HoursCounted
from app.contracts.models import (
    Contact,
    Contract,
    Customer,
    CustomerDomain,
    HoursEntry,
    Level,
    Overrun,
    Period,
)
from app.errors import Conflict, InvalidInput
from app.people import colleagues
from app.people import queries as people
from app.people import service as people_service
from app.people.details import refuse
from app.people.events import PersonChanged
from app.people.models import Language, Person, Role
from app.texts import gettext as _

LONGEST_PHONE = 40
# Importing it registers it.
FINDABLE = findable.keep_findable


def ensure_lists(session: Session) -> None:
    """Make the unknown customer that a new desk starts with; nothing happens when it is there."""
    if session.scalar(select(Customer.id).where(Customer.is_unknown)) is None:
        unknown = Customer(name="Unknown customer", is_unknown=True, language=Language.RO, created_at=clock.now())
        session.add(unknown)
        session.flush()


def add_customer(
    session: Session,
    *,
    name: str,
    language: Language | str = Language.RO,
    level: Level | str = Level.STANDARD,
    responsible: Person | None = None,
    domains: tuple[str, ...] = (),
) -> Customer:
    """Make an organisation a customer; mail from its domains is then known to be its own."""
    customer = Customer(
        name=name.strip(),
        language=Language(language),
        level=Level(level),
        responsible=responsible,
        created_at=clock.now(),
    )
    session.add(customer)
    session.flush()
    for domain in domains:
        add_domain(session, customer, domain)
    return customer


def add_domain(session: Session, customer: Customer, domain: str) -> CustomerDomain:
    """Say that mail from a domain comes from a customer.

    Raises:
        Conflict: the domain is another customer's.
    """
    clean = domain.strip().lower().lstrip("@")
    row = session.get(CustomerDomain, clean)
    if row is not None and row.customer_id != customer.id:
        raise Conflict(_("%(domain)s belongs to another customer.", domain=clean))
    if row is None:
        row = CustomerDomain(domain=clean, customer_id=customer.id)
        session.add(row)
        session.flush()
    return row


def add_contact(session: Session, customer: Customer, person: Person, *, phone: str | None = None) -> Contact:
    """Let a person speak for a customer; they get the role that opens the portal.

    Raises:
        Conflict: they speak for another customer; `move_contact` moves them.
    """
    contact = queries.contact_of(session, person)
    if contact is not None:
        if contact.customer_id != customer.id:
            raise Conflict(_("%(name)s speaks for another customer already.", name=person.name))
        return contact
    people_service.give_role(session, person, Role.CUSTOMER)
    contact = Contact(person_id=person.id, customer_id=customer.id, phone=phone)
    session.add(contact)
    session.flush()
    return contact


def let_see_company(session: Session, contact: Contact, may_see: bool) -> None:
    """Let a contact see every request of their customer, or only what they take part in themselves."""
    contact.sees_company = may_see
    session.flush()


def contact_for_address(session: Session, email: str, name: str = "") -> Contact:
    """The contact behind an address; a stranger becomes one of the customer their mail domain names.

    Without such a domain they belong to the unknown customer until somebody sorts them. A new contact speaks the
    customer's language.

    Raises:
        InvalidInput: the address could not receive mail.
        Conflict: the address is that of somebody at the desk.
    """
    person = people.person_by_email(session, email)
    contact = queries.contact_of(session, person) if person is not None else None
    if contact is not None:
        return contact
    if person is not None and person.is_staff:
        raise Conflict(_("%(name)s works at the desk and speaks for no customer.", name=person.name))
    customer = queries.customer_of_domain(session, email) or queries.unknown_customer(session)
    if person is None:
        try:
            person = people_service.add_person(
                session, name=name or email, email=email, roles=[Role.CUSTOMER], language=customer.language
            )
        except Conflict:
            # Two first mails of one stranger arrived at once, and the other one's transaction was faster.
            person = people.person_by_email(session, email)
            contact = queries.contact_of(session, person) if person is not None else None
            if contact is None:
                raise
            return contact
    return add_contact(session, customer, person)


def change_contact(session: Session, contact: Contact, sent: Mapping[str, str], *, by: Person | None) -> list[str]:
    """Change a contact's name, email, language, phone or customer (an id), by field; those that are different.

    Raises:
        InvalidInput: with messages by field.
        NotAllowed: they also run the desk, and whoever changes them does not.
    """
    problems: dict[str, list[str]] = {}
    phone = " ".join(sent.get("phone", contact.phone or "").split())
    if len(phone) > LONGEST_PHONE:
        problems["phone"] = [_("Keep this to %(most)s characters.", most=LONGEST_PHONE)]
    wanted = sent.get("customer", str(contact.customer_id))
    customer = session.get(Customer, int(wanted)) if wanted.isdecimal() and len(wanted) < 10 else None
    if customer is None:
        problems["customer"] = [_("Choose a customer.")]
    details = {field: sent[field] for field in ("name", "email", "language") if field in sent}
    different: list[str] = []
    try:
        with session.begin_nested():
            different = colleagues.change_person(session, contact.person, details, by=by)
            refuse(problems)
    except InvalidInput as error:
        # Everything that is wrong is told at once.
        raise InvalidInput(error.message, {**error.errors, **problems}) from error
    if phone != (contact.phone or ""):
        change = PersonChanged(contact.person_id, fields={"phone": [contact.phone, phone or None]}, by_id=_id(by))
        contact.phone = phone or None
        session.flush()
        events.record(session, change)
        different.append("phone")
    if customer is not None and customer.id != contact.customer_id:
        move_contact(session, contact, customer, by=by)
        different.append("customer")
    return different


def move_contact(session: Session, contact: Contact, customer: Customer, *, by: Person | None = None) -> None:
    """Let a contact speak for another customer from now on; tickets stay with the customer they have."""
    if contact.customer_id == customer.id:
        return
    before = contact.customer_id
    contact.customer = customer
    session.flush()
    events.record(
        session,
        ContactMoved(contact.person_id, from_customer_id=before, to_customer_id=customer.id, by_id=_id(by)),
    )


def add_contract(
    session: Session,
    customer: Customer,
    *,
    number: str,
    name: str,
    valid_from: date,
    valid_to: date | None = None,
    level: Level | str | None = None,
    included_minutes: int | None = None,
    period: Period | str = Period.MONTH,
    rounding_minutes: int = 1,
    overrun: Overrun | str = Overrun.APPROVAL,
    shows_hours: bool = True,
    responsible: Person | None = None,
    substitute: Person | None = None,
) -> Contract:
    """Write down what was agreed with a customer; the service level is the customer's unless said otherwise.

    Args:
        shows_hours: the customer reads in the portal how many hours are used and left.

    Raises:
        InvalidInput: the dates or the minutes make no sense.
        Conflict: another contract has the number.
    """
    if valid_to is not None and valid_to < valid_from:
        raise InvalidInput(_("A contract cannot end before it begins."))
    if rounding_minutes < 1 or (included_minutes is not None and included_minutes < 0):
        raise InvalidInput(_("Minutes of a contract cannot be negative, and it rounds to at least one."))
    if session.scalar(select(Contract.id).where(Contract.number == number)) is not None:
        raise Conflict(_("There is a contract %(number)s already.", number=number))
    contract = Contract(
        number=number,
        customer=customer,
        name=name,
        level=Level(level or customer.level),
        valid_from=valid_from,
        valid_to=valid_to,
        included_minutes=included_minutes,
        period=Period(period),
        rounding_minutes=rounding_minutes,
        overrun=Overrun(overrun),
        shows_hours=shows_hours,
        responsible=responsible or customer.responsible,
        substitute=substitute,
    )
    session.add(contract)
    session.flush()
    return contract


def count_hours(session: Session, contract: Contract, source: str, minutes: int, on_date: date) -> HoursEntry:
    """Count minutes against a contract, once for each source; counting a source again changes nothing.

    Args:
        source: what the minutes are for, such as `work_entry:12`.
    """
    already = session.scalar(select(HoursEntry).where(HoursEntry.source == source))
    if already is not None:
        return already
    entry = HoursEntry(contract_id=contract.id, source=source, minutes=minutes, on_date=on_date, counted_at=clock.now())
    try:
        with session.begin_nested():
            session.add(entry)
    except IntegrityError:
        # Somebody counted the same source between our look and our write: theirs holds.
        return session.scalars(select(HoursEntry).where(HoursEntry.source == source)).one()
    left = queries.minutes_left(session, contract, on_date)
    events.record(session, HoursCounted(contract_id=contract.id, source=source, minutes=minutes, minutes_left=left))
    return entry


def _id(by: Person | None) -> int | None:
    return by.id if by else None
