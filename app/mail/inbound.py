"""From a parsed mail to a ticket, a message on one, or a reason why neither."""

from __future__ import annotations

from io import BytesIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import events
from app.contracts import queries as contracts
from app.contracts import service as contracts_service
from app.documents import service as documents
from app.errors import DeskError
from app.mail import originals, service
from app.mail.desk import desk_settings, own_addresses
from app.mail.events import MailTaken
from app.mail.loops import automatic_reason, is_machine_address
from app.mail.models import ReceivedMail, ReceivedState
from app.mail.parsing import Attached, ParsedMail
from app.mail.threading import is_proven, takes_part, ticket_answered
from app.people import queries as people
from app.people.models import Person
from app.texts import gettext_in
from app.tickets import service as tickets
from app.tickets.models import Channel, Message, Ticket

PARTICIPANTS = 20


def take(session: Session, received: ReceivedMail, mail: ParsedMail) -> None:
    """Turn a received mail into what it is; a mail that was taken already stays as it is."""
    # Two workers often read one mail to two of our mailboxes at the same moment: the second waits for the first here.
    twins = select(ReceivedMail).where(ReceivedMail.sha256 == received.sha256).order_by(ReceivedMail.id)
    session.scalars(twins.with_for_update().execution_options(populate_existing=True)).all()
    if received.state != ReceivedState.NEW:
        return
    settings = desk_settings()
    own = own_addresses(session, settings)
    received.sender, received.subject = mail.sender, mail.subject[:500]
    received.message_id, received.reason = mail.message_id[:500], ""
    sender = people.person_by_email(session, mail.sender) if mail.sender else None
    ticket = ticket_answered(
        session,
        references=mail.references,
        subject=mail.subject,
        sender=sender,
        secret=settings.secret_key,
        number_prefix=settings.number_prefix,
    )
    received.ticket_id = ticket.id if ticket else None
    reason = _taken_elsewhere(session, received)
    if not reason and not (received.is_accepted and mail.sender and mail.sender not in own):
        automatic = automatic_reason(mail, received.envelope_from, own)
        if automatic and ticket is not None:
            # Staff see the out-of-office or the bounce on the ticket; no clock, process or notice is moved by it.
            message = _note(session, ticket, None, mail, automatic)
            received.message_id_created = message.id
        reason = automatic or service.too_many_received(session, mail.sender, ticket)
    if reason:
        received.state, received.reason = ReceivedState.IGNORED.value, reason
        return
    _take_from_person(session, received, mail, ticket, sender, own)


def _take_from_person(
    session: Session,
    received: ReceivedMail,
    mail: ParsedMail,
    ticket: Ticket | None,
    sender: Person | None,
    own: frozenset[str],
) -> None:
    author = sender or contracts_service.contact_for_address(session, mail.sender, mail.sender_name).person
    message_id = mail.message_id or None
    text = mail.text or gettext_in(author.language, "(no text)")
    others = [] if ticket is not None and _only_staff(session, author) else _others(session, mail, author, own)
    proven = ticket is not None and is_proven(mail.references, ticket, desk_settings().secret_key)
    if ticket is not None and not proven:
        # A forged From line and a number must not add a stranger to those who get the replies.
        others = [person for person in others if takes_part(session, ticket, person)]
    if ticket is None:
        subject = mail.subject or text.split("\n")[0][:80]
        ticket = tickets.open_ticket(
            session,
            subject=subject[:300],
            text=text,
            html=mail.html,
            requester=author,
            channel=Channel.EMAIL,
            mail_message_id=message_id,
            participants=others,
        )
        message = _newest_message(session, ticket)
    elif _only_staff(session, author):
        # A From line proves nobody: what claims to come from staff never goes on to the customer by itself, and
        # stands under their name only when they were sent what it answers.
        message = _note(session, ticket, author if proven else None, mail, "")
    else:
        message = tickets.add_customer_message(
            session, ticket, author=author, text=text, html=mail.html, channel=Channel.EMAIL, mail_message_id=message_id
        )
        ticket = session.get_one(Ticket, message.ticket_id)
        for person in others:
            tickets.add_participant(session, ticket, person)
    problems, inline = _attach(session, message, mail.attachments, author)
    originals.keep(session, message, mail, inline)
    received.ticket_id, received.message_id_created = ticket.id, message.id
    received.state, received.reason = ReceivedState.DONE.value, " ".join(problems)
    events.record(session, MailTaken(received_mail_id=received.id, ticket_id=ticket.id, message_id=message.id))


def _taken_elsewhere(session: Session, received: ReceivedMail) -> str:
    """One mail to two of our mailboxes is one request."""
    twin = session.scalar(
        select(ReceivedMail).where(
            ReceivedMail.sha256 == received.sha256,
            ReceivedMail.id != received.id,
            ReceivedMail.state == ReceivedState.DONE,
        )
    )
    if twin is None:
        return ""
    received.ticket_id = twin.ticket_id
    return f"The same mail was taken from {twin.mailbox}."


def _only_staff(session: Session, person: Person) -> bool:
    return person.is_staff and contracts.contact_of(session, person) is None


def _others(session: Session, mail: ParsedMail, author: Person, own: frozenset[str]) -> list[Person]:
    """People the sender wrote to besides the desk; they stay in the conversation."""
    found: list[Person] = []
    for name, address in [*mail.cc, *mail.to]:
        if address in own or address == author.email or is_machine_address(address):
            continue
        person = people.person_by_email(session, address)
        if person is None:
            try:
                person = contracts_service.contact_for_address(session, address, name).person
            except DeskError:
                # An address nobody could write to is no reason to refuse the mail.
                continue
        found.append(person)
        if len(found) >= PARTICIPANTS:
            break
    return found


def _note(session: Session, ticket: Ticket, author: Person | None, mail: ParsedMail, reason: str) -> Message:
    head = [f"{mail.sender_name} <{mail.sender}>".strip(), mail.subject, reason] if author is None else []
    lines = [line for line in head if line]
    return tickets.add_note(session, ticket, "\n".join([*lines, mail.text[:20_000]]).strip(), author=author)


def _newest_message(session: Session, ticket: Ticket) -> Message:
    found = select(Message).where(Message.ticket_id == ticket.id, Message.kind == "customer").order_by(Message.id)
    return session.scalars(found.limit(1)).one()


def _attach(
    session: Session, message: Message, attachments: list[Attached], author: Person
) -> tuple[list[str], dict[str, str]]:
    """Keep the mail's files as documents; what is over a limit is named instead, the raw mail still has it.

    Returns also which document the mail's HTML means by which content id.
    """
    problems: list[str] = []
    inline: dict[str, str] = {}
    limit = desk_settings().documents_per_message
    for one in attachments[:limit]:
        try:
            document = documents.attach(
                session,
                parent=message,
                name=one.name,
                content_type=one.content_type,
                stream=BytesIO(one.content),
                by=author,
            )
        except DeskError as error:
            problems.append(f"{one.name}: {error.message}")
            continue
        if one.content_id:
            inline.setdefault(one.content_id, document.uuid)
    if len(attachments) > limit:
        problems.append(f"{len(attachments) - limit} more attachments were left in the mail.")
    return problems, inline
