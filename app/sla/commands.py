"""Commands about the clocks of tickets."""

from __future__ import annotations

from functools import partial

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.db import run_in_transaction, transaction
from app.sla import service
from app.sla.models import SlaClock

BATCH = 200


@click.group("clocks")
def clocks() -> None:
    """Check the deadlines of tickets."""


@clocks.command("repair")
@click.option("--dry-run", is_flag=True, help="Only say which clocks differ from their history.")
@with_appcontext
def repair(dry_run: bool) -> None:
    """Make every stored clock equal to what its history says."""
    with transaction(writing=False) as session:
        ids = list(session.scalars(select(SlaClock.id).order_by(SlaClock.id)))
    wrong = 0
    for start in range(0, len(ids), BATCH):
        wrong += _repair(ids[start : start + BATCH], dry_run)
    click.echo(f"{len(ids)} clocks looked at, {wrong} {'differ' if dry_run else 'repaired'}.")


def _repair(ids: list[int], dry_run: bool) -> int:
    found: dict[int, dict[str, tuple[object, object]]] = {}
    with transaction(writing=False) as session:
        rows = select(SlaClock).where(SlaClock.id.in_(ids)).options(selectinload(SlaClock.entries))
        for clock in session.scalars(rows):
            wrong = service.differences(session, clock)
            if wrong:
                found[clock.id] = wrong
    for clock_id, wrong in found.items():
        for column, (stored, right) in wrong.items():
            click.echo(f"clock {clock_id}: {column} is {stored}, its history says {right}")
        if not dry_run:
            run_in_transaction(partial(_repair_one, clock_id))
    return len(found)


def _repair_one(clock_id: int, session: Session) -> None:
    service.repair(session, session.get_one(SlaClock, clock_id))
