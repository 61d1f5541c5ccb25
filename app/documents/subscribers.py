"""What happens to documents when something happens to a ticket."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.documents import service
from app.events import reacts_to
from app.people.models import Person
from app.tickets.events import TicketReplied
from app.tickets.models import Message


@reacts_to(TicketReplied)
def send_files_along(session: Session, event: TicketReplied) -> None:
    """The files that the author chose for a reply become the reply's: the customer reads them and gets them by mail."""
    if not event.files or event.author_id is None:
        return
    author = session.get_one(Person, event.author_id)
    service.move_to_message(session, session.get_one(Message, event.message_id), event.files, by=author)
