"""Taking mail in and giving mail out: the rows. Reading them is `inbound.py`, sending them `sending.py`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import clock, events
from app.errors import Conflict
from app.jobs import offer_after_commit
from app.mail.desk import desk_settings, mail_domain, own_addresses
from app.mail.events import MailQueued
from app.mail.loops import is_machine_address
from app.mail.models import OutgoingKind, OutgoingMail, OutgoingState, ReceivedMail, ReceivedState
from app.mail.threading import message_id_for
from app.people.addresses import has_mail
from app.people.models import Person, SignInLink
from app.texts import gettext as _
from app.tickets.models import Message, Ticket

# A second window, ten times as long, catches machines that answer slowly.
LONG_WINDOW_FACTOR = 10
LONG_WINDOW_COUNT_FACTOR = 4
REFERENCES = 20
# What was just committed has its hint on the way; the clock offers it again only when nobody came for so long.
HINT_GRACE = timedelta(seconds=20)
# So many failed mails are tried again by one click.
MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Letter:
    """What a mail says, and to whom.

    Args:
        for_customer: thread it under the customer's own mails.
        cc: (name, address) of those who get a copy.
    """

    to_address: str
    to_name: str
    subject: str
    text: str
    html: str | None
    language: str
    for_customer: bool = False
    cc: Sequence[tuple[str, str]] = ()


def store_raw(session: Session, raw: bytes, mailbox: str, envelope_from: str | None = None) -> ReceivedMail:
    """Keep a mail's bytes before anybody reads them. The same bytes to the same mailbox are one mail.

    The caller commits this by itself and acknowledges the mail only then.

    Args:
        mailbox: the address it was delivered to.
        envelope_from: the SMTP sender; "" is the null sender, None when nobody said.
    """
    digest, box = sha256(raw).hexdigest(), mailbox.strip().lower()[:254]
    same = select(ReceivedMail).where(ReceivedMail.mailbox == box, ReceivedMail.sha256 == digest)
    known = session.scalar(same)
    if known is not None:
        return known
    received = ReceivedMail(
        sha256=digest,
        mailbox=box,
        envelope_from=envelope_from if envelope_from is None else envelope_from[:320],
        received_at=clock.now(),
        not_before=clock.real_now() + HINT_GRACE,
        size=len(raw),
        raw=raw,
    )
    try:
        with session.begin_nested():
            session.add(received)
    except IntegrityError:
        # Delivered twice at the same moment: the other one is the mail.
        return session.scalars(same).one()
    offer_after_commit(session, "mail.process", received.id)
    return received


def pending_ids(session: Session, limit: int = 200) -> list[int]:
    """Received mails nobody has read for a while, oldest first, for the clock to offer (`mail.process`)."""
    free = or_(ReceivedMail.not_before.is_(None), ReceivedMail.not_before <= clock.real_now())
    waiting = select(ReceivedMail.id).where(ReceivedMail.state == ReceivedState.NEW, free)
    return list(session.scalars(waiting.order_by(ReceivedMail.id).limit(limit)))


def due_ids(session: Session, limit: int = 200) -> list[int]:
    """Outgoing mails whose next attempt is due, or nobody made a first one, for the clock to offer (`mail.send`)."""
    due = select(OutgoingMail.id).where(
        OutgoingMail.state == OutgoingState.QUEUED, OutgoingMail.next_attempt_at <= clock.real_now()
    )
    return list(session.scalars(due.order_by(OutgoingMail.next_attempt_at).limit(limit)))


def retry_received(session: Session, mail: ReceivedMail, *, by: Person | None) -> None:
    """Read a failed mail again; an ignored one is taken as a request whatever it looks like.

    Raises:
        Conflict: the mail is on a ticket already, or still waits for its turn.
    """
    if mail.state not in (ReceivedState.FAILED, ReceivedState.IGNORED):
        raise Conflict(_("This mail has been taken already, or is just being read."))
    mail.is_accepted = mail.is_accepted or mail.state == ReceivedState.IGNORED
    mail.state, mail.reason = ReceivedState.NEW.value, ""
    mail.attempts, mail.not_before = 0, clock.real_now() + HINT_GRACE
    offer_after_commit(session, "mail.process", mail.id)


def retry_outgoing(session: Session, mail: OutgoingMail, *, by: Person | None) -> None:
    """Send a failed or kept mail now, with its attempts counted anew; its Message-ID stays. A queued one stays queued.

    Raises:
        Conflict: it was sent, or nobody should get it; or no SMTP server is set.
    """
    if mail.state == OutgoingState.SENT:
        raise Conflict(_("This mail was sent already."))
    if mail.state == OutgoingState.SUPPRESSED:
        raise Conflict(_("This mail was held back so that two machines do not talk to each other."))
    if not desk_settings().smtp_host:
        raise Conflict(_("No SMTP server is set. The mail is kept."))
    if mail.state == OutgoingState.QUEUED:
        # Somebody may be sending it at this moment: a second click must not make it two mails.
        return
    mail.state, mail.attempts = OutgoingState.QUEUED.value, 0
    mail.next_attempt_at = clock.real_now() + HINT_GRACE
    offer_after_commit(session, "mail.send", mail.id)


def retry_failed_outgoing(session: Session, *, by: Person | None, most: int = MOST_AT_ONCE) -> int:
    """Send failed mails again, oldest first; how many.

    Raises:
        Conflict: no SMTP server is set.
    """
    failed = select(OutgoingMail).where(OutgoingMail.state == OutgoingState.FAILED).order_by(OutgoingMail.id)
    found = session.scalars(failed.limit(most)).all()
    for mail in found:
        retry_outgoing(session, mail, by=by)
    return len(found)


def retry_failed_received(session: Session, *, by: Person | None, most: int = MOST_AT_ONCE) -> int:
    """Read failed mails again, oldest first; how many."""
    failed = select(ReceivedMail).where(ReceivedMail.state == ReceivedState.FAILED).order_by(ReceivedMail.id)
    found = session.scalars(failed.limit(most)).all()
    for mail in found:
        retry_received(session, mail, by=by)
    return len(found)


def queue_mail(
    session: Session,
    *,
    to_address: str,
    to_name: str = "",
    cc: Sequence[tuple[str, str]] = (),
    subject: str,
    text: str,
    html: str | None = None,
    language: str,
    kind: OutgoingKind = OutgoingKind.NOTICE,
    ticket: Ticket | None = None,
    message: Message | None = None,
    for_customer: bool = False,
    source: str | None = None,
    is_confidential: bool = False,
    link: SignInLink | None = None,
) -> OutgoingMail:
    """Write a mail that is to be sent; it leaves after the commit.

    Args:
        link: a link for its reader, whose token takes the place of `HIDDEN` when the mail leaves.
        cc: (name, address) of those who get a copy.
        message: the reply it carries; its documents go along and it takes the mail's Message-ID.
        for_customer: thread it under the customer's own mails.
        source: names what this mail is about; queueing the same again returns the mail there is.
        is_confidential: it brings its reader a secret, which the desk shows nobody and keeps no longer than it must.
    """
    if source is not None:
        known = session.scalar(select(OutgoingMail).where(OutgoingMail.source == source))
        if known is not None:
            return known
    letter = Letter(to_address, to_name, subject, text, html, language, for_customer, cc)
    mail = _queue(session, [letter], kind, ticket, message, source)[0]
    mail.is_confidential = is_confidential
    mail.sign_in_link_id = link.id if link is not None else None
    return mail


def queue_notices(session: Session, letters: Sequence[Letter], *, ticket: Ticket | None = None) -> list[OutgoingMail]:
    """Write notices to several people that are to be sent; they leave after the commit."""
    return _queue(session, letters, OutgoingKind.NOTICE, ticket)


def _queue(
    session: Session,
    letters: Sequence[Letter],
    kind: OutgoingKind,
    ticket: Ticket | None,
    message: Message | None = None,
    source: str | None = None,
) -> list[OutgoingMail]:
    """Write mails. However many there are, the database is asked as often."""
    own = own_addresses(session, desk_settings())
    is_threaded = ticket is not None and any(letter.for_customer for letter in letters)
    thread = _thread(session, ticket, message) if ticket is not None and is_threaded else []
    mails = [
        _mail(letter, kind, ticket, message, thread if letter.for_customer else [], source, own) for letter in letters
    ]
    reasons = _held_back(session, mails, own)
    for mail in mails:
        mail.last_error = reasons.get(mail.to_address, "")
        if mail.last_error:
            mail.state = OutgoingState.SUPPRESSED.value
        elif not desk_settings().smtp_host:
            mail.state = OutgoingState.KEPT.value
        else:
            mail.state, mail.next_attempt_at = OutgoingState.QUEUED.value, clock.real_now() + HINT_GRACE
    session.add_all(mails)
    session.flush()
    if message is not None and message.mail_message_id is None:
        message.mail_message_id = mails[0].message_id_header
    for mail in mails:
        if mail.state == OutgoingState.QUEUED:
            events.record(session, MailQueued(outgoing_mail_id=mail.id, ticket_id=mail.ticket_id))
            # The row itself is the outbox: what this hint starts speaks to a server with no transaction open.
            offer_after_commit(session, "mail.send", mail.id)
    return mails


def _mail(
    letter: Letter,
    kind: OutgoingKind,
    ticket: Ticket | None,
    message: Message | None,
    thread: list[str],
    source: str | None,
    own: frozenset[str],
) -> OutgoingMail:
    settings, key = desk_settings(), uuid.uuid4().hex
    ticket_id, address = ticket.id if ticket else None, letter.to_address.strip().lower()
    return OutgoingMail(
        uuid=key,
        ticket_id=ticket_id,
        message_id=message.id if message else None,
        message_id_header=message_id_for(key, ticket_id, settings.secret_key, mail_domain(settings)),
        source=source,
        to_address=address,
        to_name=_one_line(letter.to_name)[:200],
        cc=[
            [_one_line(name), copy.lower()]
            for name, copy in letter.cc
            if copy.lower() not in {address, *own} and has_mail(copy.lower())
        ],
        subject=_subject(ticket, letter.subject),
        text=letter.text,
        html=letter.html,
        in_reply_to=thread[-1] if thread else None,
        references=thread,
        language=letter.language,
        kind=kind.value,
        created_at=clock.now(),
    )


def too_many_received(session: Session, sender: str, ticket: Ticket | None) -> str:
    """Why another mail of this sender is only recorded; empty below the caps.

    For a ticket its own mails count, for a new one every mail of the sender, with three times the allowance.
    """
    taken = select(func.count()).where(ReceivedMail.sender == sender, ReceivedMail.state == ReceivedState.DONE)
    if ticket is not None:
        taken = taken.where(ReceivedMail.ticket_id == ticket.id)
    for minutes, most in _windows(1 if ticket is not None else 3):
        since = clock.now() - timedelta(minutes=minutes)
        if (session.scalar(taken.where(ReceivedMail.received_at > since)) or 0) >= most:
            return f"{sender} sent {most} mails or more within {minutes} minutes."
    return ""


def _windows(allowance: int) -> list[tuple[int, int]]:
    settings = desk_settings()
    minutes, most = settings.mail_window_minutes, settings.mail_window_count * allowance
    return [(minutes, most), (minutes * LONG_WINDOW_FACTOR, most * LONG_WINDOW_COUNT_FACTOR)]


def _held_back(session: Session, mails: Sequence[OutgoingMail], own: frozenset[str]) -> dict[str, str]:
    """Why mails must not leave, by address; nothing for those that may.

    What a person wrote is held back only from the desk itself, and where there is nobody to get it.
    """
    reasons: dict[str, str] = {}
    counted: list[OutgoingMail] = []
    for mail in mails:
        if not has_mail(mail.to_address):
            reasons[mail.to_address] = "This person has no e-mail address."
        elif mail.to_address in own:
            reasons[mail.to_address] = "It would come back to the desk itself."
        elif mail.kind != OutgoingKind.REPLY and is_machine_address(mail.to_address):
            reasons[mail.to_address] = f"{mail.to_address} is not read by a person."
        elif mail.kind != OutgoingKind.REPLY:
            counted.append(mail)
    return reasons | (_too_many(session, counted) if counted else {})


def _too_many(session: Session, mails: Sequence[OutgoingMail]) -> dict[str, str]:
    """Which addresses got as many notices about the ticket of these mails as they may, with the reason in words."""
    windows = [(minutes, most, clock.now() - timedelta(minutes=minutes)) for minutes, most in _windows(1)]
    counts = [func.count().filter(OutgoingMail.created_at > since) for _minutes, _most, since in windows]
    gone = select(OutgoingMail.to_address, *counts).where(
        OutgoingMail.to_address.in_([mail.to_address for mail in mails]),
        OutgoingMail.ticket_id == mails[0].ticket_id,
        OutgoingMail.kind == OutgoingKind.NOTICE,
        OutgoingMail.state != OutgoingState.SUPPRESSED,
        OutgoingMail.created_at > min(since for _minutes, _most, since in windows),
    )
    reasons: dict[str, str] = {}
    for address, *found in session.execute(gone.group_by(OutgoingMail.to_address)):
        for (minutes, most, _since), count in zip(windows, found, strict=True):
            if count >= most:
                reasons.setdefault(address, f"{address} got {most} notices about this within {minutes} minutes.")
    return reasons


def _thread(session: Session, ticket: Ticket, message: Message | None) -> list[str]:
    """Message-IDs of the conversation the customer has, oldest first; the last one is what this mail answers."""
    had = select(Message.mail_message_id).where(
        Message.ticket_id == ticket.id, Message.is_public, Message.mail_message_id.is_not(None)
    )
    if message is not None:
        had = had.where(Message.id != message.id)
    newest = session.scalars(had.order_by(Message.id.desc()).limit(REFERENCES))
    return [one for one in reversed(list(newest)) if one]


def _subject(ticket: Ticket | None, subject: str) -> str:
    line = _one_line(subject)
    if ticket is not None and f"[{ticket.number}]" not in line:
        line = f"[{ticket.number}] {line}"
    return line[:500]


def _one_line(text: str) -> str:
    return " ".join(text.split())
