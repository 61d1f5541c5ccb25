"""Looking up customers, contacts, contracts and what is left of their hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.contracts.hours import period_around
from app.contracts.models import Contact, Contract, Customer, CustomerDomain, HoursEntry, Period
from app.errors import NotFound
from app.people.models import Person
from app.reading import read_once
from app.texts import folded
from app.texts import gettext as _


def get_customer(session: Session, customer_id: int) -> Customer:
    """The customer with an id.

    Raises:
        NotFound: there is none.
    """
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise NotFound(_("There is no such customer."))
    return customer


def customers(session: Session) -> Sequence[Customer]:
    """All customers by name, the unknown one last."""
    return session.scalars(select(Customer).order_by(Customer.is_unknown, Customer.name, Customer.id)).all()


def names_like(session: Session, written: str, most: int = 20) -> Sequence[str]:
    """The names of customers that a piece of a name may mean, or of a contact: what a field offers while one types."""
    words = folded(written).split()
    if not words:
        return []
    # As it is written too: SQLite knows the small letters of English only.
    by_name = or_(
        Customer.name.contains(written.strip(), autoescape=True),
        func.lower(Customer.name).contains(written.strip().lower(), autoescape=True),
    )
    # Contacts are found without diacritics, by their company too.
    by_contact = select(Contact.customer_id).where(
        *(Contact.found_by.contains(f" {word}", autoescape=True) for word in words)
    )
    found = select(Customer.name).where(Customer.is_unknown.is_(False), or_(by_name, Customer.id.in_(by_contact)))
    return session.scalars(found.order_by(Customer.name).limit(most)).all()


def unknown_customer(session: Session) -> Customer:
    """The customer that strangers' requests belong to until somebody sorts them.

    Raises:
        LookupError: `contracts.service.ensure_lists` has not run; a desk makes it when it starts.
    """
    customer = session.scalar(select(Customer).where(Customer.is_unknown))
    if customer is None:
        raise LookupError("the unknown customer is missing; contracts.service.ensure_lists makes it")
    return customer


def customer_of_domain(session: Session, email: str) -> Customer | None:
    """The customer whose mail domain an address has, or a domain above it (`it.example.ro` is `example.ro`)."""
    labels = email.strip().lower().rpartition("@")[2].split(".")
    # A lone top-level domain never names a customer, so the last label is not tried by itself.
    candidates = [".".join(labels[start:]) for start in range(len(labels) - 1)] or labels
    found = (
        select(Customer)
        .join(CustomerDomain, CustomerDomain.customer_id == Customer.id)
        .where(CustomerDomain.domain.in_(candidates))
        .order_by(func.length(CustomerDomain.domain).desc())
        .limit(1)
    )
    return session.scalar(found)


@read_once
def contact_of(session: Session, person: Person | int) -> Contact | None:
    """Whom a person speaks for, with the customer loaded; None when for nobody."""
    person_id = person if isinstance(person, int) else person.id
    return session.scalar(select(Contact).where(Contact.person_id == person_id).options(joinedload(Contact.customer)))


def contacts(session: Session, customer: Customer) -> Sequence[Contact]:
    """A customer's active contacts by name, with their people loaded."""
    found = (
        select(Contact)
        .join(Person, Person.id == Contact.person_id)
        .where(Contact.customer_id == customer.id, Person.is_active)
        .options(joinedload(Contact.person))
    )
    return session.scalars(found.order_by(Person.name, Contact.id)).all()


def get_contract(session: Session, contract_id: int) -> Contract:
    """The contract with an id.

    Raises:
        NotFound: there is none.
    """
    contract = session.get(Contract, contract_id)
    if contract is None:
        raise NotFound(_("There is no such contract."))
    return contract


def contract_for(session: Session, customer_id: int, on_date: date) -> Contract | None:
    """The contract that covers a customer on a day: of several, the one that began last."""
    return session.scalar(
        select(Contract)
        .where(
            Contract.customer_id == customer_id,
            Contract.valid_from <= on_date,
            or_(Contract.valid_to.is_(None), Contract.valid_to >= on_date),
        )
        .order_by(Contract.valid_from.desc(), Contract.id.desc())
        .limit(1)
    )


def counted_minutes(session: Session, contract: Contract, on_date: date) -> int:
    """Minutes counted so far in the budget period around a day."""
    first, last = period_around(contract, on_date)
    total = session.scalar(
        select(func.coalesce(func.sum(HoursEntry.minutes), 0)).where(
            HoursEntry.contract_id == contract.id, HoursEntry.on_date.between(first, last)
        )
    )
    return int(total or 0)


def minutes_left(session: Session, contract: Contract, on_date: date) -> int | None:
    """What is left of the included minutes in the period around a day; below zero when overrun, None when unlimited."""
    if contract.included_minutes is None:
        return None
    return contract.included_minutes - counted_minutes(session, contract, on_date)


@dataclass(frozen=True)
class PeriodHours:
    """A budget period of a contract, clipped to its validity, and the minutes counted in it."""

    first: date
    last: date
    minutes: int


def hours_by_period(session: Session, contract: Contract, until: date, most: int = 6) -> list[PeriodHours]:
    """The budget periods of a contract up to a day, newest first, with what was counted in each."""
    periods: list[tuple[date, date]] = []
    day = until
    while len(periods) < most and day >= contract.valid_from:
        first, last = period_around(contract, day)
        periods.append((max(first, contract.valid_from), min(last, contract.valid_to or last)))
        day = first - timedelta(days=1) if first > date.min else date.min
        if contract.period == Period.TERM:
            break
    if not periods:
        return []
    by_day = session.execute(
        select(HoursEntry.on_date, func.sum(HoursEntry.minutes))
        .where(HoursEntry.contract_id == contract.id, HoursEntry.on_date.between(periods[-1][0], periods[0][1]))
        .group_by(HoursEntry.on_date)
    ).all()
    return [
        PeriodHours(first, last, sum(int(minutes) for on_date, minutes in by_day if first <= on_date <= last))
        for first, last in periods
    ]


def contracts_by_ids(session: Session, ids: Iterable[int | None]) -> dict[int, Contract]:
    """Contracts by id, in one query; ids of none are left out."""
    wanted = {each for each in ids if each is not None}
    if not wanted:
        return {}
    return {contract.id: contract for contract in session.scalars(select(Contract).where(Contract.id.in_(wanted)))}
