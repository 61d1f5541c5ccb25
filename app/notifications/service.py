"""Telling people something, each once: in the desk and by mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app import clock
from app.engine.subject import Subject
from app.live import touch
from app.mail import service as mail
from app.mail.models import OutgoingKind, OutgoingMail
from app.notifications import rendering
from app.notifications.context import Occasion, portal_path, ticket_path
from app.notifications.kinds import Way, chosen_way
from app.notifications.models import Notification
from app.people.models import Person
from app.tickets.models import Message, Participant, Ticket

# The same step telling the same person the same thing again within this time is a step that was repeated.
REPEATED_WITHIN = timedelta(minutes=1)


def notify(
    session: Session,
    people: Sequence[Person],
    template: str,
    *,
    ticket: Ticket,
    subject: Subject | None = None,
    step: str = "",
    instance: dict[str, str] | None = None,
) -> list[Notification]:
    """Tell people something about a ticket, each in their language and as they want to hear of such things.

    Somebody named twice is told once. A mail is in the language that its reader has now; a notice has its title in all.

    Args:
        subject: the work entry or escalation it is about; None for the ticket itself.
        step: what caused it (instance, element, and which visit of it); a repeated step tells nobody twice.
        instance: what a stalled instance stumbled over.

    Raises:
        NotFound: there is no such template.
        InvalidInput: the template cannot be filled.
    """
    ways = {each.id: chosen_way(each, template) for each in people}
    readers = {each.id: each for each in people if each.is_active and ways[each.id] != Way.NONE}
    for person_id in _told_lately(session, readers, template, step) if step else ():
        del readers[person_id]
    if not readers:
        return []
    occasion = Occasion(session, ticket, subject=subject, instance=instance)
    # What stopped is mended where it stopped.
    instance_path = urlsplit(instance["url"]).path if instance else ""
    titles = rendering.titles(template, occasion.values_in)
    notices, letters = [], []
    for person in readers.values():
        is_customer = not person.is_staff or person.id == ticket.requester_id
        notices.append(
            {
                "person_id": person.id,
                "ticket_id": ticket.id,
                "kind": template,
                "titles": titles,
                "link": portal_path(ticket) if is_customer else instance_path or ticket_path(ticket),
                "step": step,
                "in_bell": ways[person.id].by_bell,
                "created_at": clock.now(),
                # What does not stand behind the bell is not new there either.
                "read_at": None if ways[person.id].by_bell else clock.now(),
            }
        )
        if ways[person.id].by_mail:
            notice = rendering.render(template, person.language, occasion.values(person))
            letters.append(
                mail.Letter(
                    to_address=person.email,
                    to_name=person.name,
                    subject=notice.subject,
                    text=notice.text,
                    html=notice.html,
                    language=person.language,
                    for_customer=is_customer,
                )
            )
    if letters:
        mail.queue_notices(session, letters, ticket=ticket)
    touch(session, "notices", people=readers)
    return list(session.scalars(insert(Notification).returning(Notification), notices))


def send_reply(session: Session, ticket: Ticket, message: Message) -> OutgoingMail:
    """Mail a reply to the requester, with the participants in copy; the same reply is mailed once."""
    requester = ticket.requester
    notice = rendering.render("reply", requester.language, Occasion(session, ticket, message=message).values(requester))
    copies = (
        select(Person)
        .join(Participant, Participant.person_id == Person.id)
        .where(Participant.ticket_id == ticket.id, Person.is_active)
        .order_by(Person.id)
    )
    return mail.queue_mail(
        session,
        to_address=requester.email,
        to_name=requester.name,
        cc=[(person.name, person.email) for person in session.scalars(copies)],
        subject=notice.subject,
        text=notice.text,
        html=notice.html,
        language=requester.language,
        # What the process says by itself is a notice, and held back where notices are.
        kind=OutgoingKind.REPLY if message.author_id is not None else OutgoingKind.NOTICE,
        ticket=ticket,
        message=message,
        for_customer=True,
        source=f"reply:{message.id}",
    )


def mark_read(session: Session, person: Person, *, up_to: int | None = None) -> None:
    """Mark somebody's notices as read: all, or those up to an id."""
    unread = update(Notification).where(Notification.person_id == person.id, Notification.read_at.is_(None))
    if up_to is not None:
        unread = unread.where(Notification.id <= up_to)
    session.execute(unread.values(read_at=clock.now()))


def mark_one_read(notification: Notification) -> None:
    """Mark a notice as read; one that was read before keeps its moment."""
    if notification.read_at is None:
        notification.read_at = clock.now()


def _told_lately(session: Session, people: Iterable[int], template: str, step: str) -> Sequence[int]:
    lately = (
        select(Notification.person_id)
        .distinct()
        .where(
            Notification.step == step,
            Notification.person_id.in_(people),
            Notification.kind == template,
            Notification.created_at > clock.now() - REPEATED_WITHIN,
        )
    )
    return session.scalars(lately).all()
