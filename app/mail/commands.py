"""`./run mail …`: take a mail from a pipe, look at what came, try again."""

from __future__ import annotations

import json
import sys

import click
import structlog
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import run_in_transaction
from app.errors import DeskError
from app.mail import jobs, queries, service
from app.mail.desk import desk_settings
from app.mail.models import OutgoingMail, OutgoingState, ReceivedMail, ReceivedState

# sysexits.h EX_TEMPFAIL: the mail server keeps the mail and tries again.
TRY_AGAIN = 75

log = structlog.get_logger(__name__)

group = AppGroup("mail", help="Received and outgoing mail.")


@group.command("receive")
@click.option("--mailbox", default="", help="The address it was delivered to; the desk's own when left out.")
@click.option("--sender", default=None, help="The SMTP sender; an empty one is the null sender.")
def receive(mailbox: str, sender: str | None) -> None:
    """Take one mail from standard input.

    Exits 75 when it could not be stored: whoever delivers it keeps it and tries again. Once it is stored it is safe;
    what cannot be read waits in the list of received mail.
    """
    try:
        raw = sys.stdin.buffer.read()
        if not raw.strip():
            raise click.UsageError("There is no mail on standard input.")
        address = mailbox or desk_settings().desk_email
        envelope = None if sender is None else sender.strip().strip("<>")
        received_id = run_in_transaction(lambda session: service.store_raw(session, raw, address, envelope).id)
    except click.UsageError:
        raise
    except Exception as error:
        log.exception("mail_not_stored")
        click.echo(f"The mail was not stored: {error}", err=True)
        raise SystemExit(TRY_AGAIN) from error
    try:
        jobs.process(received_id)
        click.echo(run_in_transaction(lambda session: _said(session, received_id), writing=False))
    except Exception as error:
        # It is stored; delivering it again changes nothing, so the mail server may as well be told to.
        log.exception("mail_not_processed", received_mail=received_id)
        click.echo(f"Mail {received_id} is stored but was not read: {error}", err=True)
        raise SystemExit(TRY_AGAIN) from error


@group.command("list")
@click.option("--outgoing", is_flag=True, help="What the desk sends instead of what it got.")
@click.option("--state", default="", help="Only mails in this state, such as failed.")
@click.option("--limit", default=50, show_default=True, help="At most so many, the newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_mail(outgoing: bool, state: str, limit: int, as_json: bool) -> None:
    """List received or outgoing mail, the newest first."""
    find = _outgoing_rows if outgoing else _received_rows
    for row in run_in_transaction(lambda session: find(session, state, limit), writing=False):
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else "  ".join(str(value) for value in row.values()))


@group.command("retry")
@click.argument("mail_id", type=int, required=False)
@click.option("--outgoing", is_flag=True, help="Send again instead of reading again.")
@click.option("--all-failed", is_flag=True, help="Every failed one.")
def retry(mail_id: int | None, outgoing: bool, all_failed: bool) -> None:
    """Try a failed mail again; an ignored one is taken as a request."""
    if (mail_id is None) is not all_failed:
        raise click.UsageError("Name one mail, or say --all-failed.")
    ids = [mail_id] if mail_id is not None else run_in_transaction(lambda s: _failed(s, outgoing), writing=False)
    again = _retry_outgoing if outgoing else _retry_received
    for each in ids:
        try:
            click.echo(again(each))
        except DeskError as error:
            raise click.ClickException(f"Mail {each}: {error.message}") from error


def _retry_received(mail_id: int) -> str:
    run_in_transaction(lambda s: service.retry_received(s, queries.received(s, mail_id), by=None))
    jobs.process(mail_id)
    return run_in_transaction(lambda session: _said(session, mail_id), writing=False)


def _retry_outgoing(mail_id: int) -> str:
    run_in_transaction(lambda s: service.retry_outgoing(s, queries.outgoing(s, mail_id), by=None))
    jobs.send(mail_id)
    mail = run_in_transaction(lambda session: queries.outgoing(session, mail_id), writing=False)
    return f"mail {mail.id}: {mail.state} {mail.last_error}".rstrip()


def _said(session: Session, received_id: int) -> str:
    received = queries.received(session, received_id)
    where = f" on ticket {queries.ticket_number(session, received)}" if received.ticket_id else ""
    return f"mail {received.id}: {received.state}{where} {received.reason}".rstrip()


def _failed(session: Session, outgoing: bool) -> list[int]:
    if outgoing:
        failed = select(OutgoingMail.id).where(OutgoingMail.state == OutgoingState.FAILED)
        return list(session.scalars(failed.order_by(OutgoingMail.id)))
    unread = select(ReceivedMail.id).where(ReceivedMail.state == ReceivedState.FAILED)
    return list(session.scalars(unread.order_by(ReceivedMail.id)))


def _received_rows(session: Session, state: str, limit: int) -> list[dict[str, object]]:
    found = select(ReceivedMail).order_by(ReceivedMail.id.desc()).limit(limit)
    if state:
        found = found.where(ReceivedMail.state == state)
    return [
        {
            "id": mail.id,
            "received_at": mail.received_at.isoformat(),
            "state": mail.state,
            "mailbox": mail.mailbox,
            "sender": mail.sender,
            "subject": mail.subject,
            "ticket": queries.ticket_number(session, mail),
            "reason": mail.reason,
        }
        for mail in session.scalars(found)
    ]


def _outgoing_rows(session: Session, state: str, limit: int) -> list[dict[str, object]]:
    found = select(OutgoingMail).order_by(OutgoingMail.id.desc()).limit(limit)
    if state:
        found = found.where(OutgoingMail.state == state)
    return [
        {
            "id": mail.id,
            "created_at": mail.created_at.isoformat(),
            "state": mail.state,
            "kind": mail.kind,
            "to": mail.to_address,
            "subject": mail.subject,
            "attempts": mail.attempts,
            "error": mail.last_error,
        }
        for mail in session.scalars(found)
    ]
