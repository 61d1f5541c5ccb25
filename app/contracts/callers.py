"""Whoever calls: found while their name, address, number or company is being typed, or made known to the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.contracts import queries, service
from app.contracts.findable import number_key, typed_words
from app.contracts.models import Contact, Customer
from app.errors import Conflict, InvalidInput
from app.people import service as people_service
from app.people.addresses import placeholder
from app.people.models import Person, Role
from app.texts import folded
from app.texts import gettext as _

SHOWN: Final = 8


@dataclass(frozen=True)
class NewCaller:
    """Somebody the desk does not know yet. An address or a number is needed; the company may be new too."""

    name: str
    email: str = ""
    phone: str = ""
    company: str = ""


def find(session: Session, written: str, most: int = SHOWN) -> Sequence[Contact]:
    """Contacts whose words begin with all the words that were typed, by name, with their people and companies."""
    wanted = typed_words(written)
    if not wanted:
        return []
    found = select(Contact).join(Contact.person).where(Person.is_active)
    for word in wanted:
        found = found.where(Contact.found_by.contains(f" {word}", autoescape=True))
    found = found.options(contains_eager(Contact.person), joinedload(Contact.customer))
    return session.scalars(found.order_by(Person.name, Contact.id).limit(most)).unique().all()


def is_exactly(contact: Contact, written: str) -> bool:
    """Whether a contact's own address or number was typed in full, so that it can only be them."""
    digits = number_key(written)
    by_number = bool(digits) and contact.phone is not None and digits == number_key(contact.phone)
    return by_number or (contact.person.email == written.strip().lower())


def is_number(written: str) -> bool:
    """Whether somebody typed a telephone number, and nothing else."""
    return bool(number_key(written))


def make_known(session: Session, caller: NewCaller) -> Contact:
    """The contact that a caller becomes; one whose address is known already is who they are.

    Raises:
        InvalidInput: with messages by field: `name`, `email`, `phone`.
    """
    problems: dict[str, list[str]] = {}
    if not caller.email and not caller.phone:
        problems["email"] = [_("Write an e-mail address or a telephone number.")]
    if not caller.name and not caller.email:
        problems["name"] = [_("Write the caller's name.")]
    if problems:
        raise InvalidInput(next(iter(problems.values()))[0], problems)
    customer = _company(session, caller.company)
    contact = _contact(session, caller, customer)
    if caller.phone and contact.phone is None:
        contact.phone = caller.phone
    if customer is not None and contact.customer.is_unknown:
        service.move_contact(session, contact, customer)
    session.flush()
    return contact


def _contact(session: Session, caller: NewCaller, customer: Customer | None) -> Contact:
    if caller.email:
        try:
            return service.contact_for_address(session, caller.email, caller.name)
        except (InvalidInput, Conflict) as error:
            # The address of a colleague, one that nothing could be sent to, or one that is being added right now.
            raise InvalidInput(error.message, {"email": [error.message]}) from error
    owner = customer or queries.unknown_customer(session)
    person = people_service.add_person(
        session, name=caller.name, email=placeholder(), roles=[Role.CUSTOMER], language=owner.language
    )
    return service.add_contact(session, owner, person, phone=caller.phone)


def _company(session: Session, name: str) -> Customer | None:
    """The company with a name, whatever its case and diacritics; a new customer when there is none."""
    if not name:
        return None
    wanted = folded(" ".join(name.split()))
    for customer_id, known in session.execute(select(Customer.id, Customer.name).where(Customer.is_unknown.is_(False))):
        if folded(known) == wanted:
            return session.get_one(Customer, customer_id)
    return service.add_customer(session, name=" ".join(name.split()))
