"""`./run timers …`: what instances wait for on the clock."""

from __future__ import annotations

import click

from app import clock
from app.db import run_in_transaction, transaction
from app.engine import queries, service
from app.engine.commands.printing import json_option, show_rows
from app.engine.timers import offer_due


@click.group(name="timers")
def timers_group() -> None:
    """Timers that instances wait for."""


@timers_group.command(name="list")
@click.option("--due", is_flag=True, help="Only those that are due.")
@click.option("--limit", default=100, show_default=True, help="At most so many.")
@json_option
def list_timers(due: bool, limit: int, as_json: bool) -> None:
    """List timers, earliest first."""
    with transaction(writing=False) as session:
        found = queries.due_timers(session, before=clock.now() if due else None, limit=limit)
        rows = [
            {
                "id": each.id,
                "instance": each.instance_id,
                "element": each.element,
                "due_at": each.due_at.isoformat(),
                "attempts": each.attempts,
            }
            for each in found
        ]
    show_rows(rows, as_json, ("id", "instance", "element", "due_at", "attempts"))


@timers_group.command(name="fire")
@click.option("--limit", default=200, show_default=True, help="At most so many.")
def fire_timers(limit: int) -> None:
    """Fire what is due here and now, without waiting for the clock and the workers."""
    taken = run_in_transaction(lambda session: offer_due(session, clock.now(), limit))
    for timer_id in taken:
        run_in_transaction(lambda session, timer_id=timer_id: service.wake(session, timer_id))  # type: ignore[misc]
    click.echo(f"{len(taken)} fired.")
