"""Who gets the mails of a ticket besides its requester: adding and removing them by address."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy.orm import Session

from app.contracts import service as contracts
from app.errors import InvalidInput
from app.mail.desk import desk_settings, own_addresses
from app.mail.loops import is_machine_address
from app.people import queries as people
from app.people.models import Person
from app.texts import gettext as _
from app.tickets import queries as tickets
from app.tickets import service
from app.tickets.models import Ticket

MOST: Final = 20
_ADDRESS: Final = re.compile(r"[^@\s<>\"(),:;\[\]\\]{1,64}@[^@\s<>\"(),:;\[\]\\]{1,180}\.[^@\s<>\"(),:;\[\]\\.]{2,63}")


def add(session: Session, ticket: Ticket, address: str, name: str = "", *, by: Person) -> Person:
    """Let an address get the replies of a ticket too: a colleague's, a contact's, or a stranger's who becomes one.

    Raises:
        InvalidInput: at `email`: it is no address, the desk's own, a machine's, the requester's, or there already; or
            there are very many.
    """
    email = address.strip().lower()
    if not _ADDRESS.fullmatch(email) or len(email) > 254:
        raise _refused(_("Write a whole e-mail address, such as depozit@firma.ro."))
    if email in own_addresses(session, desk_settings()):
        raise _refused(_("%(email)s is the desk’s own address: its mails would come back.", email=email))
    if is_machine_address(email):
        raise _refused(_("%(email)s is not read by a person.", email=email))
    if email == ticket.requester.email:
        raise _refused(_("%(name)s asked for it and gets every reply already.", name=ticket.requester.name))
    present = tickets.participants(session, ticket)
    if any(person.email == email for person in present):
        raise _refused(_("%(email)s gets the replies already.", email=email))
    if len(present) >= MOST:
        raise _refused(_("At most %(most)s people can get a copy.", most=MOST))
    person = people.person_by_email(session, email)
    if person is not None and not person.is_active:
        raise _refused(_("%(name)s has no account any more.", name=person.name))
    if person is None or not person.is_staff:
        person = contracts.contact_for_address(session, email, " ".join(name.split())[:200]).person
    service.add_participant(session, ticket, person, by=by)
    return person


def remove(session: Session, ticket: Ticket, person: Person, *, by: Person) -> None:
    """Send somebody no further replies of a ticket."""
    service.remove_participant(session, ticket, person, by=by)


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, {"email": [message]})
