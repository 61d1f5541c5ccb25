"""`./run tickets …`: look at tickets from the command line."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.errors import DeskError
from app.tickets import export, queries
from app.tickets.models import Category, Ticket

group = AppGroup("tickets", help="Look at tickets.")


@group.command("list")
@click.option("--state", "states", multiple=True, help="Only tickets in this state; may be given several times.")
@click.option("--open", "only_open", is_flag=True, help="Only tickets that are neither resolved nor closed.")
@click.option("--limit", default=50, show_default=True, help="At most so many, newest change first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def list_tickets(states: tuple[str, ...], only_open: bool, limit: int, as_json: bool) -> None:
    """List tickets, newest change first."""
    with transaction(writing=False) as session:
        rows = [export.summary(ticket) for ticket in _newest(session, states, only_open, limit)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        whose = row["assignee"]["name"] if row["assignee"] else row["team"] or "-"
        click.echo(f"{row['number']:<10} {row['state']:<17} {row['priority']:<7} {whose:<22.22} {row['subject']}")


@group.command("show")
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def show_ticket(number: str, as_json: bool) -> None:
    """Show one ticket with its conversation, open tasks and instances."""
    try:
        with transaction(writing=False) as session:
            ticket = export.complete(session, queries.by_number(session, number))
    except DeskError as error:
        raise click.ClickException(error.message) from error
    if as_json:
        click.echo(json.dumps(ticket, ensure_ascii=False, indent=2))
        return
    click.echo(f"{ticket['number']}  {ticket['subject']}")
    click.echo(f"{ticket['customer']} · {ticket['state']} · {ticket['priority']} · {ticket['team'] or '-'}")
    for task in ticket["open_tasks"]:
        click.echo(f"to do: {task['name'].get('en', task['element'])}")
    for message in ticket["conversation"]:
        author = message["author"]["name"] if message["author"] else "-"
        click.echo(f"\n{message['sent_at']}  {message['kind']}  {author}\n{message['text']}")


def _newest(session: Session, states: tuple[str, ...], only_open: bool, limit: int) -> list[Ticket]:
    found = select(Ticket).options(*queries.LISTED).order_by(Ticket.updated_at.desc(), Ticket.id.desc()).limit(limit)
    if states:
        found = found.where(Ticket.state_key.in_(states))
    if only_open:
        found = found.where(queries.in_categories(Category.NEW, Category.OPEN, Category.PENDING))
    return list(session.scalars(found))
