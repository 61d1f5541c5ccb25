"""What a contact is found by when they call: name, address, company and number, kept with the contact.

So one look at one table finds them. It follows by itself when any of these changes, whoever changes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session

from app.contracts import queries
from app.contracts.models import Contact, Customer
from app.people import queries as people
from app.people.addresses import has_mail
from app.people.models import Person
from app.texts import folded

LONGEST: Final = 600
MOST_WORDS: Final = 6
# Fewer digits may as well be a word of a name: they are looked for as they are written.
FEWEST_DIGITS: Final = 4

_WORD = re.compile(r"[^\W_]+")
# What people write between the digits of a telephone number, and nothing else.
_NUMBER = re.compile(r"\+?[\d\s()./-]+")
# Romania's own prefix, from abroad and at home.
_PREFIX = re.compile(r"^(?:0040|40(?=\d{9}$)|0)")


def number_key(written: str) -> str:
    """A telephone number as it is compared: its digits without the prefix of the country; empty when it is none."""
    if not _NUMBER.fullmatch(written.strip()):
        return ""
    digits = _PREFIX.sub("", re.sub(r"\D", "", written))
    return digits if len(digits) >= FEWEST_DIGITS else ""


def found_by(name: str, email: str, company: str, phone: str | None) -> str:
    """The words of a contact, each after a space."""
    said = [name, email if has_mail(email) else "", company]
    every = [*_WORD.findall(folded(" ".join(said))), number_key(phone or "")]
    return "".join(f" {word}" for word in dict.fromkeys(every) if word)[:LONGEST]


def typed_words(written: str) -> list[str]:
    """What somebody looks for: a number, or the beginnings of words."""
    written = written.replace("\x00", "")
    number = number_key(written)
    if number:
        return [number]
    # A number may stand beside a name.
    return [number_key(word) or word for word in _WORD.findall(folded(written))[:MOST_WORDS]]


@event.listens_for(Session, "before_flush")
def keep_findable(session: Session, *_flush: object) -> None:
    """Write down anew what contacts are found by, with whatever changes it."""
    with session.no_autoflush:
        for contact in _touched(session):
            # A contact that is being added may be known by the ids alone.
            state = inspect(contact).dict
            person = state.get("person") or people.get_person(session, contact.person_id)
            customer = state.get("customer") or queries.get_customer(session, contact.customer_id)
            company = "" if customer.is_unknown else customer.name
            contact.found_by = found_by(person.name, person.email, company, contact.phone)


def _touched(session: Session) -> Iterable[Contact]:
    found = [each for each in session.new if isinstance(each, Contact)]
    for each in session.dirty:
        if isinstance(each, Contact) and _has_changed(each, "phone", "customer", "customer_id"):
            found.append(each)
        elif isinstance(each, Person) and _has_changed(each, "name", "email"):
            found += session.scalars(select(Contact).where(Contact.person_id == each.id))
        elif isinstance(each, Customer) and _has_changed(each, "name"):
            found += session.scalars(select(Contact).where(Contact.customer_id == each.id))
    return found


def _has_changed(row: object, *names: str) -> bool:
    state = inspect(row)
    return state is not None and any(state.attrs[name].history.has_changes() for name in names)
