"""The columns of the ticket list: which there are, which can be sorted by, and what they are in a table for export."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.people.models import Person
from app.texts import translated
from app.tickets import deadlines, tagging
from app.tickets.lists import PRIORITY_LABELS
from app.tickets.models import Channel, Priority, Ticket

Value = str | datetime | None

CHANNELS: Final = {
    Channel.EMAIL: _("E-mail"),
    Channel.PORTAL: _("Portal"),
    Channel.PHONE: _("Phone"),
    Channel.CHAT: _("Chat"),
    Channel.DIRECT: _("In person"),
    Channel.API: _("API"),
    Channel.RECURRING: _("Recurring"),
}


@dataclass(frozen=True)
class Extras:
    """What a row shows besides the ticket itself, read for many tickets at once."""

    language: str
    tags: Mapping[int, Sequence[str]] = field(default_factory=dict)
    due: Mapping[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """A column: its title, what it holds in an exported table, and the order it stands for (`paging.SORTS`)."""

    key: str
    title: object
    value: Callable[[Ticket, Extras], Value]
    sort: str = ""


COLUMNS: Final = {
    column.key: column
    for column in (
        Column("deadline", _("Deadline"), lambda ticket, more: more.due.get(ticket.id), "due"),
        Column("state", _("State"), lambda ticket, more: translated(ticket.state.labels, more.language), "state"),
        Column(
            "priority",
            _("Priority"),
            lambda ticket, more: translated(PRIORITY_LABELS[Priority(ticket.priority)], more.language),
            "priority",
        ),
        Column("type", _("Type"), lambda ticket, more: translated(ticket.type.labels, more.language)),
        Column("customer", _("Customer"), lambda ticket, _more: ticket.customer.name, "customer"),
        Column("requester", _("Asked by"), lambda ticket, _more: ticket.requester.name),
        Column("team", _("Team"), lambda ticket, _more: ticket.team.name if ticket.team else ""),
        Column("channel", _("Channel"), lambda ticket, _more: str(CHANNELS[Channel(ticket.channel)])),
        Column("tags", _("Tags"), lambda ticket, more: ", ".join(more.tags.get(ticket.id, ()))),
        Column("opened", _("Opened"), lambda ticket, _more: ticket.opened_at, "opened"),
        Column("updated", _("Changed"), lambda ticket, _more: ticket.updated_at, "updated"),
        Column("assignee", _("Assigned to"), lambda ticket, _more: ticket.assignee.name if ticket.assignee else ""),
    )
}
SHOWN_AT_FIRST: Final = ("deadline", "state", "priority", "team", "updated", "assignee")
# Every exported table begins with them.
NUMBER = Column("number", _("Number"), lambda ticket, _more: ticket.number)
SUBJECT = Column("subject", _("Subject"), lambda ticket, _more: ticket.subject)


def extras(session: Session, ids: Sequence[int], reader: Person, keys: Sequence[str]) -> Extras:
    """What the columns with these keys need of tickets with these ids, in at most a query for each."""
    return Extras(
        language=str(reader.language),
        tags=tagging.tags_of(session, ids) if "tags" in keys else {},
        due=deadlines.first_due(session, ids) if "deadline" in keys else {},
    )
