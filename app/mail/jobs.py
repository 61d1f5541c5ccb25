"""The boundaries of mail: each step of a received or an outgoing mail is a transaction of its own."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, update
from sqlalchemy.orm import Session, undefer

from app import clock, events
from app.db import run_in_transaction
from app.errors import Conflict, DeskError
from app.jobs import job
from app.mail import inbound, sending
from app.mail.events import MailRefused
from app.mail.models import OutgoingMail, OutgoingState, ReceivedMail, ReceivedState
from app.mail.parser_process import parse_apart
from app.mail.parsing import Unreadable

log = structlog.get_logger(__name__)

# A worker that dies while it is at a mail leaves it to another one after this time.
LEASE = timedelta(seconds=120)
READ_ATTEMPTS = 5
# About two days of trying: a mail server that is away over a weekend's Saturday loses nothing.
SEND_ATTEMPTS = 50
BACKOFF_BASE = timedelta(seconds=30)
BACKOFF_MOST = timedelta(hours=1)


@job("mail.process")
def process(received_id: int) -> None:
    """Read one received mail and make of it what it is; whatever goes wrong ends as its visible reason."""
    raw = run_in_transaction(lambda session: _claim_received(session, received_id))
    if raw is None:
        return
    try:
        mail = parse_apart(raw)
        run_in_transaction(lambda session: inbound.take(session, session.get_one(ReceivedMail, received_id), mail))
    except Conflict as error:
        # Somebody else was faster (two first mails of one stranger): the next look finds what they made.
        reason = str(error)
        run_in_transaction(lambda session: _put_off_received(session, received_id, reason))
    except (Unreadable, DeskError) as error:
        reason = str(error)
        run_in_transaction(lambda session: _refuse(session, received_id, reason))
    except Exception as error:
        log.exception("mail_not_processed", received_mail=received_id)
        reason = f"{type(error).__name__}: {str(error)[:500]}"
        # A database that is away or busy passes; anything else is tried again too, a few times.
        run_in_transaction(lambda session: _put_off_received(session, received_id, reason))


@job("mail.send")
def send(outgoing_id: int) -> None:
    """Try to send one mail. No transaction is open while a mail server is spoken to: it may take its time."""
    parcel = run_in_transaction(lambda session: _claim_outgoing(session, outgoing_id))
    if parcel is None:
        return
    try:
        note = sending.send(parcel)
    except sending.NotNow as error:
        reason = str(error)
        run_in_transaction(lambda session: _put_off_outgoing(session, outgoing_id, reason))
    except sending.Refused as error:
        reason = str(error)
        run_in_transaction(lambda session: _fail_outgoing(session, outgoing_id, reason))
    except Exception as error:
        # Also the end of the job's own time: a server that is slow for ever must not leave a mail that says nothing.
        log.exception("mail_not_sent", outgoing_mail=outgoing_id)
        reason = f"{type(error).__name__}: {str(error)[:500]}"
        run_in_transaction(lambda session: _put_off_outgoing(session, outgoing_id, reason))
    else:
        run_in_transaction(lambda session: _mark_sent(session, outgoing_id, note))


def _claim_received(session: Session, received_id: int) -> bytes | None:
    moment = clock.real_now()
    claimed = session.execute(
        update(ReceivedMail)
        .where(
            ReceivedMail.id == received_id,
            ReceivedMail.state == ReceivedState.NEW,
            # Whoever comes first need not wait; after that the lease and the back-off hold.
            or_(ReceivedMail.attempts == 0, ReceivedMail.not_before.is_(None), ReceivedMail.not_before <= moment),
        )
        .values(not_before=moment + LEASE, attempts=ReceivedMail.attempts + 1)
        .returning(ReceivedMail.id)
    ).first()
    if claimed is None:
        return None
    received = session.get_one(ReceivedMail, received_id, options=[undefer(ReceivedMail.raw)])
    if received.attempts > READ_ATTEMPTS:
        _refuse(session, received_id, received.reason or "Reading it broke off each time.")
        return None
    return received.raw


def _refuse(session: Session, received_id: int, reason: str) -> None:
    received = session.get_one(ReceivedMail, received_id)
    received.state, received.reason = ReceivedState.FAILED.value, reason
    events.record(session, MailRefused(outgoing_mail_id=None, received_mail_id=received_id, reason=reason))


def _put_off_received(session: Session, received_id: int, reason: str) -> None:
    received = session.get_one(ReceivedMail, received_id)
    if received.attempts >= READ_ATTEMPTS:
        _refuse(session, received_id, reason)
        return
    received.reason, received.not_before = reason, _next_attempt(received.attempts)


def _claim_outgoing(session: Session, outgoing_id: int) -> sending.Parcel | None:
    moment = clock.real_now()
    claimed = session.execute(
        update(OutgoingMail)
        .where(
            OutgoingMail.id == outgoing_id,
            OutgoingMail.state == OutgoingState.QUEUED,
            or_(OutgoingMail.attempts == 0, OutgoingMail.next_attempt_at <= moment),
        )
        .values(next_attempt_at=moment + LEASE, attempts=OutgoingMail.attempts + 1)
        .returning(OutgoingMail.id)
    ).first()
    if claimed is None:
        return None
    mail = session.get_one(OutgoingMail, outgoing_id)
    if mail.attempts > SEND_ATTEMPTS:
        _fail_outgoing(session, outgoing_id, mail.last_error or "Sending it broke off each time.")
        return None
    try:
        return sending.parcel_of(session, mail)
    except sending.TooOld as error:
        mail.state, mail.last_error, mail.next_attempt_at = OutgoingState.SUPPRESSED.value, str(error), None
        return None


def _mark_sent(session: Session, outgoing_id: int, note: str) -> None:
    mail = session.get_one(OutgoingMail, outgoing_id)
    mail.state, mail.last_error = OutgoingState.SENT.value, note
    mail.sent_at, mail.next_attempt_at = clock.now(), None
    if mail.is_confidential:
        mail.text, mail.html = "", None


def _put_off_outgoing(session: Session, outgoing_id: int, reason: str) -> None:
    mail = session.get_one(OutgoingMail, outgoing_id)
    if mail.attempts >= SEND_ATTEMPTS:
        _fail_outgoing(session, outgoing_id, reason)
        return
    mail.last_error, mail.next_attempt_at = reason, _next_attempt(mail.attempts)


def _fail_outgoing(session: Session, outgoing_id: int, reason: str) -> None:
    mail = session.get_one(OutgoingMail, outgoing_id)
    mail.state, mail.last_error, mail.next_attempt_at = OutgoingState.FAILED.value, reason, None
    events.record(session, MailRefused(outgoing_mail_id=outgoing_id, received_mail_id=None, reason=reason))


def _next_attempt(attempts: int) -> datetime:
    wait = min(BACKOFF_BASE * (1 << min(attempts - 1, 20)), BACKOFF_MOST)
    # Jitter keeps a thousand mails from knocking together on a server that has just come back.
    jitter: float = random.uniform(0.8, 1.2)
    return clock.real_now() + wait * jitter
