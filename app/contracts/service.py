"""Changing customers, contacts and contracts, and counting hours."""

from __future__ import annotations

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
from app.people import queries as people
from app.people import service as people_service
from app.people.models import Language, Person, Role
from app.texts import gettext as _

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


def move_contact(session: Session, contact: Contact, customer: Customer) -> None:
    """Let a contact speak for another customer from now on; tickets stay with the customer they have."""
    if contact.customer_id == customer.id:
        return
    before = contact.customer_id
    contact.customer = customer
    session.flush()
    events.record(
        session,
        ContactMoved(person_id=contact.person_id, from_customer_id=before, to_customer_id=customer.id),
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
    responsible: Person | None = None,
    substitute: Person | None = None,
) -> Contract:
    """Write down what was agreed with a customer; the service level is the customer's unless said otherwise.

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
