"""Saved filters: lists of My work under a name, each person's own."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.errors import InvalidInput, NotFound
from app.people.models import Person
from app.tasklist.address import TEAMS, WorkAddress
from app.tasklist.models import SavedFilter
from app.texts import gettext as _
from app.tickets.list_address import LONGEST
from app.tickets.saved_views import KEPT, LONGEST_NAME, MOST_OF_A_PERSON


def of_person(session: Session, person: Person) -> Sequence[SavedFilter]:
    """Somebody's filters, by name."""
    found = select(SavedFilter).where(SavedFilter.person_id == person.id, SavedFilter.deleted_at.is_(None))
    return session.scalars(found.order_by(func.lower(SavedFilter.name), SavedFilter.id)).all()


def get(session: Session, filter_id: int, *, of: Person) -> SavedFilter:
    """One of somebody's filters.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    kept = session.get(SavedFilter, filter_id)
    if kept is None or kept.person_id != of.id or kept.deleted_at is not None:
        raise NotFound(_("There is no such filter, or it is not yours."))
    return kept


def first_of(session: Session, person: Person) -> SavedFilter | None:
    """The filter that My work opens with for somebody."""
    found = select(SavedFilter).where(SavedFilter.person_id == person.id, SavedFilter.deleted_at.is_(None))
    return session.scalars(found.where(SavedFilter.opens_first).limit(1)).first()


def save(session: Session, person: Person, *, name: str, query: str) -> SavedFilter:
    """Keep whose tasks and which under a name.

    Args:
        query: of the list's address.

    Raises:
        InvalidInput: it has no name, its address is too long, or there are too many.
    """
    own = select(func.count()).where(SavedFilter.person_id == person.id, SavedFilter.deleted_at.is_(None))
    if (session.scalar(own) or 0) >= MOST_OF_A_PERSON:
        raise InvalidInput(_("You have %(most)s filters; delete one that you do not need.", most=MOST_OF_A_PERSON))
    kept = SavedFilter(person_id=person.id, name=_name(name), query=_query(query), created_at=clock.now())
    session.add(kept)
    session.flush()
    return kept


def change(session: Session, kept: SavedFilter, *, name: str | None = None, query: str | None = None) -> None:
    """Rename a filter, or keep another list under its name; None leaves what it is.

    Raises:
        InvalidInput: the new name or address cannot be kept.
    """
    if name is not None:
        kept.name = _name(name)
    if query is not None:
        kept.query = _query(query)
    session.flush()


def remove(session: Session, kept: SavedFilter) -> None:
    """Delete a filter; for a day it can be brought back."""
    moment = clock.now()
    kept.deleted_at = moment
    session.flush()
    gone = delete(SavedFilter).where(SavedFilter.person_id == kept.person_id)
    session.execute(gone.where(SavedFilter.deleted_at < moment - KEPT))


def restore(session: Session, filter_id: int, *, of: Person) -> SavedFilter:
    """Bring a deleted filter back.

    Raises:
        NotFound: it is gone for good, or was never theirs.
    """
    kept = session.get(SavedFilter, filter_id)
    if kept is None or kept.person_id != of.id:
        raise NotFound(_("This filter is gone for good."))
    other = first_of(session, of)
    kept.opens_first = kept.opens_first and other is None
    kept.deleted_at = None
    session.flush()
    return kept


def open_first(session: Session, kept: SavedFilter, *, wanted: bool) -> None:
    """Let My work open with a filter, instead of the one before; or no longer."""
    others = update(SavedFilter).where(SavedFilter.person_id == kept.person_id, SavedFilter.id != kept.id)
    session.execute(others.values(opens_first=False))
    kept.opens_first = wanted
    session.flush()


def _name(written: str) -> str:
    name = " ".join(written.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        message = _("Give the filter a name of at most %(most)s characters.", most=LONGEST_NAME)
        raise InvalidInput(message, {"name": [message]})
    return name


def _query(written: str) -> str:
    address = WorkAddress.read(written)
    if not address.one("of"):
        address = address.whose(TEAMS)
    if len(address.query) > LONGEST:
        raise InvalidInput(_("This list has too many filters to be saved."))
    return address.query
