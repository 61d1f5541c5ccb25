"""The list of those who speak for customers, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.contracts.models import Contact
from app.people.directory import PAGE_SIZE, follows, in_order, named
from app.people.models import Person


@dataclass(frozen=True)
class Contacts:
    """A page of contacts by name; `after` is the person that the next page follows, None at the end."""

    rows: list[Contact]
    after: int | None


def contacts(
    session: Session,
    *,
    words: str = "",
    customer_id: int | None = None,
    active: bool | None = True,
    after: int | None = None,
    size: int = PAGE_SIZE,
) -> Contacts:
    """Those who speak for customers, by name, with their people and customers loaded in one query.

    Args:
        active: only those who may come in, only those who may not any more, or, with None, all.
    """
    query = select(Contact).join(Person, Person.id == Contact.person_id).where(*named(words), *follows(session, after))
    if customer_id is not None:
        query = query.where(Contact.customer_id == customer_id)
    if active is not None:
        query = query.where(Person.is_active.is_(active))
    query = query.options(contains_eager(Contact.person), joinedload(Contact.customer))
    found = list(session.scalars(in_order(query).limit(size + 1)))
    return Contacts(found[:size], found[size - 1].person_id if len(found) > size else None)


def count_contacts(session: Session) -> int:
    """How many people speak for customers and may come in."""
    active = select(func.count()).select_from(Contact).join(Person, Person.id == Contact.person_id)
    return session.scalar(active.where(Person.is_active)) or 0
