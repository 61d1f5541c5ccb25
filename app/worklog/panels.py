"""The work done for a ticket, on its page."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.people import queries as people
from app.people.models import Person
from app.texts import gettext as _
from app.tickets.models import Ticket
from app.tickets.panels import Content, panel
from app.worklog import queries


@panel("worklog", order=30)
def work_done(session: Session, ticket: Ticket, _reader: Person) -> Content | None:
    """The work entries, newest day first, with how far each is on its way to being counted."""
    entries = list(reversed(queries.of_ticket(session, ticket)))
    if not entries:
        return None
    values = {
        "entries": entries,
        "totals": queries.totals(session, ticket),
        "authors": people.people_by_ids(session, [entry.author_id for entry in entries]),
    }
    return Content("worklog/panel.html", values, title=_("Work"), note=str(len(entries)))
