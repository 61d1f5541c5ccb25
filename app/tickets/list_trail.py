"""The list of tickets as the way from one ticket to the next."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.people.models import Person
from app.tickets import queries, trail
from app.tickets.address import Address
from app.tickets.list_views import filters_of


@trail.lists_tickets("/tickets/", title=lambda: str(_("Tickets")))
def tickets_of_list(session: Session, person: Person, query: str) -> Sequence[int]:
    """The tickets of the page of a list that somebody came from."""
    address, place = Address.read(query), parse_qs(query[: trail.LONGEST_ADDRESS])
    filters, _customer_id = filters_of(session, person, address)
    after, before = (place.get(name, [None])[0] for name in ("after", "before"))
    try:
        page = queries.rows(
            session, person, filters, after, trail.MOST_TICKETS, before=before, sort=address.sort
        )  # fmt: skip
    except InvalidInput:
        return []
    return [ticket.id for ticket in page.tickets]
