"""The panels of the ticket page that say what the customer said beside the conversation."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.people.models import Person
from app.texts import gettext as _
from app.texts import translated
from app.tickets import details, ratings
from app.tickets.models import Ticket
from app.tickets.panels import Content, panel


@panel("answers", order=5)
def answers(session: Session, ticket: Ticket, _reader: Person) -> Content | None:
    """What they answered in the form they asked with; nothing for a request without one."""
    found = details.of_ticket(session, ticket)
    return Content("tickets/panels/answers.html", {"answers": found}, title=_("What they told us")) if found else None


@panel("rating", order=15)
def rating(session: Session, ticket: Ticket, reader: Person) -> Content | None:
    """How content they were when it was solved."""
    found = ratings.rating_of(session, ticket)
    if found is None:
        return None
    words = translated(ratings.WORDS[found.score], str(reader.language))
    values = {"rating": found, "words": words}
    return Content("tickets/panels/rating.html", values, title=_("Rating"), note=f"{found.score}/5")
