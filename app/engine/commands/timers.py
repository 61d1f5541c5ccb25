"""`./run timers …`: what instances wait for on the clock."""

from __future__ import annotations

import json

import click

from app import clock
from app.db import run_in_transaction, transaction
from app.engine import jobs, queries, timers
from app.engine.commands.printing import json_option, show_rows


@click.group(name="timers", invoke_without_command=True)
@json_option
@click.pass_context
def timers_group(context: click.Context, as_json: bool) -> None:
    """Timers that instances wait for; alone, how many there are and how late the due ones are."""
    if context.invoked_subcommand is not None:
        return
    with transaction(writing=False) as session:
        counted = timers.count(session, clock.now())
    if as_json:
        click.echo(json.dumps(counted.as_json(), indent=2))
        return
    oldest = counted.oldest_due_seconds
    rows = [
        ("pending", str(counted.pending)),
        ("due", str(counted.due)),
        ("oldest due", "-" if oldest is None else _age(oldest)),
        ("stalled", str(counted.stalled)),
        ("suspended", str(counted.suspended)),
    ]
    for name, value in rows:
        click.echo(f"{name:<12}{value:>10}")
    click.echo("\nlate by")
    longest = max(1, *counted.overdue.values())
    for label, number in counted.overdue.items():
        bar = "#" * -(-number * 40 // longest)
        click.echo(f"  {_LATE_BY[label]:<10}{number:>10}  {bar}".rstrip())


_LATE_BY = {
    "under_1_min": "< 1 min",
    "under_5_min": "< 5 min",
    "under_1_h": "< 1 h",
    "under_1_d": "< 1 d",
    "more": "more",
}


def _age(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    shown = [f"{amount} {unit}" for amount, unit in parts if amount][:2]
    return " ".join(shown) or "0 s"


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
                "parked": each.parked,
            }
            for each in found
        ]
    show_rows(rows, as_json, ("id", "instance", "element", "due_at", "attempts", "parked"))


@timers_group.command(name="fire")
@click.option("--limit", default=200, show_default=True, help="At most so many.")
def fire_timers(limit: int) -> None:
    """Fire what is due here and now, without waiting for the clock and the workers."""
    taken = run_in_transaction(lambda session: timers.offer_due(session, clock.now(), limit))
    for start in range(0, len(taken), timers.TIMERS_A_HINT):
        jobs.wake(*taken[start : start + timers.TIMERS_A_HINT])
    click.echo(f"{len(taken)} fired.")
