"""Tags: words that staff put on tickets to find them again."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.live import touch
from app.people.models import Person
from app.sql import Among
from app.statements import Question
from app.texts import gettext as _
from app.tickets import search
from app.tickets.conversation import add_system_line, storable
from app.tickets.list_models import Tag, TicketTag
from app.tickets.models import Ticket

LONGEST_NAME = 40
MOST_OF_A_TICKET = 20
# Menus offer so many; others are typed.
OFFERED = 200
_TAGS_OF = Question(
    select(TicketTag.ticket_id, Tag.name)
    .join(Tag, Tag.id == TicketTag.tag_id)
    .where(Among(TicketTag.ticket_id, "ids"))
    .order_by(Tag.key)
)


def add_tag(session: Session, ticket: Ticket, name: str, *, by: Person | None) -> Tag:
    """Put a tag on a ticket; one that nobody used before is made. A tag that is there already stays.

    Raises:
        InvalidInput: it is no word, too long, or the ticket has very many already.
    """
    tag = _named(session, name)
    present = set(session.scalars(select(TicketTag.tag_id).where(TicketTag.ticket_id == ticket.id)))
    if tag.id in present:
        return tag
    if len(present) >= MOST_OF_A_TICKET:
        raise InvalidInput(_("%(number)s has %(most)s tags already.", number=ticket.number, most=MOST_OF_A_TICKET))
    session.add(TicketTag(ticket_id=ticket.id, tag_id=tag.id))
    # Its flush writes the tag too.
    add_system_line(session, ticket, "tagged", by=by, tag=tag.name)
    touch(session, ticket.process_subject)
    return tag


def remove_tag(session: Session, ticket: Ticket, name: str, *, by: Person | None) -> None:
    """Take a tag off a ticket; one that is not on it is no error."""
    tag = by_name(session, name)
    link = session.get(TicketTag, (ticket.id, tag.id)) if tag is not None else None
    if tag is None or link is None:
        return
    session.delete(link)
    add_system_line(session, ticket, "untagged", by=by, tag=tag.name)
    touch(session, ticket.process_subject)


def by_name(session: Session, name: str) -> Tag | None:
    """The tag with a name, however it is written."""
    return session.scalar(select(Tag).where(Tag.key == search.normalized(name)[:60]))


def tags_of(session: Session, ticket_ids: Iterable[int]) -> dict[int, list[str]]:
    """The names of the tags of many tickets, in one query; tickets without tags are left out."""
    wanted = set(ticket_ids)
    if not wanted:
        return {}
    names: dict[int, list[str]] = {}
    for ticket_id, name in _TAGS_OF.all(session, {"ids": wanted}):
        names.setdefault(ticket_id, []).append(name)
    return names


def offered(session: Session) -> list[str]:
    """The names of tags, for menus."""
    return list(session.scalars(select(Tag.name).order_by(Tag.key).limit(OFFERED)))


def _named(session: Session, name: str) -> Tag:
    written = " ".join(storable(name).replace(",", " ").split())
    key = search.normalized(written)
    if not any(each.isalnum() for each in key) or len(written) > LONGEST_NAME or len(key) > 60:
        message = _("A tag is a word or a few, with at most %(most)s characters.", most=LONGEST_NAME)
        raise InvalidInput(message, {"tag": [message]})
    found = by_name(session, written)
    if found is not None:
        return found
    tag = Tag(key=key, name=written)
    try:
        with session.begin_nested():
            session.add(tag)
    except IntegrityError:
        # A colleague made the same tag at the same moment.
        return session.scalars(select(Tag).where(Tag.key == key)).one()
    return tag
