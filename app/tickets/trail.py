"""The way through a list: whoever opened a ticket from one goes on to the ticket before or after it.

What the list showed is remembered in the session when a ticket is opened from it (the browser names the page one comes
from). So the way stays the same while one works, however the tickets move in their list meanwhile, and addresses stay
short enough to be shared.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people.models import Person
from app.tickets.models import Ticket
from app.tickets.queries import visible_to

# Two lists in two tabs do not disturb each other; a third one is remembered, the oldest forgotten.
MOST_LISTS: Final = 3
MOST_TICKETS: Final = 50
LONGEST_ADDRESS: Final = 600
_KEPT: Final = "trails"

# Reads a list by the query of its address: the ids of its tickets in order.
Read = Callable[[Session, Person, str], Sequence[int]]


@dataclass(frozen=True)
class List:
    """A page that lists tickets."""

    title: Callable[[], str]
    read: Read


@dataclass(frozen=True)
class Trail:
    """Where a ticket stands in the list one came from."""

    address: str
    title: str
    position: int
    total: int
    previous: str | None
    following: str | None


_lists: dict[str, List] = {}


def lists_tickets(path: str, title: Callable[[], str]) -> Callable[[Read], Read]:
    """Register who reads the list at a path (`/tickets/`), and what it is called."""

    def register(read: Read) -> Read:
        _lists[path] = List(title, read)
        return read

    return register


def remember(session: Session, cookie: MutableMapping[str, Any], person: Person, host: str, came_from: str) -> None:
    """Remember the list that somebody came from, if it is one.

    Args:
        cookie: the session of the browser.
        came_from: the address of the page before, as the browser tells it.
    """
    try:
        page = urlsplit(came_from)
    except ValueError:
        return
    found = _lists.get(page.path)
    if found is None or page.netloc != host:
        return
    address = f"{page.path}?{page.query}" if page.query else page.path
    if len(address) > LONGEST_ADDRESS:
        return
    ids = list(dict.fromkeys(found.read(session, person, page.query)))[:MOST_TICKETS]
    others = [kept for kept in _kept(cookie) if kept[0] != address]
    cookie[_KEPT] = [[address, ids], *others][:MOST_LISTS]


def through(session: Session, cookie: MutableMapping[str, Any], person: Person, ticket: Ticket) -> Trail | None:
    """The way through the list that somebody came from last and that has this ticket."""
    kept = next((each for each in _kept(cookie) if ticket.id in each[1]), None)
    if kept is None:
        return None
    address, ids = kept
    at = ids.index(ticket.id)
    before, after = (ids[at - 1] if at else None), (ids[at + 1] if at + 1 < len(ids) else None)
    numbers = _numbers(session, person, [before, after])
    found = _lists.get(urlsplit(address).path)
    return Trail(
        address=address,
        title=found.title() if found is not None else "",
        position=at + 1,
        total=len(ids),
        previous=numbers.get(before or 0),
        following=numbers.get(after or 0),
    )


def _kept(cookie: MutableMapping[str, Any]) -> list[tuple[str, list[int]]]:
    kept = cookie.get(_KEPT)
    return [(address, ids) for address, ids in kept] if isinstance(kept, list) else []


def _numbers(session: Session, person: Person, ids: Sequence[int | None]) -> dict[int, str]:
    wanted = [each for each in ids if each is not None]
    if not wanted:
        return {}
    found = select(Ticket.id, Ticket.number).where(Ticket.id.in_(wanted), visible_to(person))
    return dict(session.execute(found).all())
