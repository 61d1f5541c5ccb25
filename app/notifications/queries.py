"""Reading notices."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.notifications.models import Notification
from app.people.models import Person
from app.sql import at_most
from app.texts import gettext as _
from app.tickets.models import Ticket

PAGE_SIZE = 30
# What the column holds: an address with a larger number in it must not reach the database.
LARGEST_ID = 2**31 - 1
# How many notices the reader has not read yet, counted no further than one more than anybody wants to know.
MOST_COUNTED = 999
UNREAD = select(func.count().label("number")).select_from(
    select(Notification.id)
    .where(Notification.person_id == bindparam("reader_id", None, type_=Integer), Notification.read_at.is_(None))
    .limit(at_most(MOST_COUNTED + 1))
    .subquery()
)


@dataclass(frozen=True)
class Told:
    """A notice and the number of its ticket, empty when it is about none."""

    notice: Notification
    number: str


@dataclass(frozen=True)
class Page:
    """A page of notices, newest first; `before` is the cursor of the next one, None at the end."""

    rows: list[Told]
    before: int | None

    @property
    def newest(self) -> int:
        """The id of the newest notice on it; 0 on an empty page."""
        return max((row.notice.id for row in self.rows), default=0)


def page(
    session: Session, person: Person, before: int | None = None, *, only_unread: bool = False, size: int = PAGE_SIZE
) -> Page:
    """What somebody was told, newest first; `before` is the id to go on from."""
    query = (
        select(Notification, Ticket.number)
        .outerjoin(Ticket, Ticket.id == Notification.ticket_id)
        .where(Notification.person_id == person.id, Notification.in_bell)
    )
    if only_unread:
        query = query.where(Notification.read_at.is_(None))
    if before is not None:
        query = query.where(Notification.id < min(before, LARGEST_ID))
    found = session.execute(query.order_by(Notification.id.desc()).limit(size + 1)).all()
    rows = [Told(notice, number or "") for notice, number in found[:size]]
    return Page(rows, rows[-1].notice.id if len(found) > size else None)


def own(session: Session, person: Person, notification_id: int) -> Notification:
    """One of somebody's notices.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.scalar(
        select(Notification).where(Notification.id == notification_id, Notification.person_id == person.id)
    )
    if found is None:
        raise NotFound(_("There is nothing here, or it is not for you."))
    return found
