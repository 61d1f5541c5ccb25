"""`./run messages …`: messages that came when nothing waited for them."""

from __future__ import annotations

from typing import Any

import click

from app.db import run_in_transaction, transaction
from app.engine import messages
from app.engine.commands.printing import json_option, show_rows
from app.engine.models import EarlyMessage, MessageState
from app.engine.subject import Subject


@click.group(name="messages")
def messages_group() -> None:
    """Look at messages that came when no instance waited for them."""


def _row(message: EarlyMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "name": message.name,
        "subject": f"{message.subject_kind} {message.subject_id}",
        "key": message.key,
        "state": message.state,
        "sent_at": message.sent_at.isoformat(),
        "expires_at": message.expires_at.isoformat() if message.expires_at else None,
        "closed_at": message.closed_at.isoformat() if message.closed_at else None,
        "held_for": message.held_for_id,
        "delivered_to": message.delivered_to_id,
        "payload": message.payload,
    }


@messages_group.command(name="list")
@click.option("--state", type=click.Choice([each.value for each in MessageState]), help="Only those in this state.")
@click.option("--name", help="Only messages of this name.")
@click.option("--subject", nargs=2, type=(str, int), metavar="KIND ID", help="Only those about this, as in: ticket 12.")
@click.option("--limit", default=100, show_default=True, help="At most so many.")
@json_option
def list_messages(
    state: str | None, name: str | None, subject: tuple[str, int] | None, limit: int, as_json: bool
) -> None:
    """List what was kept (waiting), received late (delivered) or never received (expired), newest first."""
    about = Subject(*subject) if subject else None
    chosen = MessageState(state) if state else None
    with transaction(writing=False) as session:
        found = messages.listed(session, state=chosen, subject=about, name=name, limit=limit)
        rows = [_row(each) for each in found]
    show_rows(rows, as_json, ("id", "name", "subject", "key", "state", "sent_at", "expires_at", "delivered_to"))


@messages_group.command(name="sweep")
@click.option("--limit", default=200, show_default=True, help="At most so many of each.")
def sweep_messages(limit: int) -> None:
    """Close messages whose time is over and forget old ones, as the clock does."""
    closed, forgotten = run_in_transaction(lambda session: messages.tend(session, limit))
    click.echo(f"{closed} expired, {forgotten} forgotten.")
