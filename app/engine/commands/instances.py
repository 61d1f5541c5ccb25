"""`./run instances …`: running and finished instances."""

from __future__ import annotations

import json
from typing import Any

import click

from app.db import run_in_transaction, transaction
from app.engine import queries, service
from app.engine.commands.printing import failed, json_option, show_rows
from app.engine.models import InstanceState, ProcessInstance
from app.errors import DeskError


@click.group(name="instances")
def instances_group() -> None:
    """Running and finished instances of processes."""


def _instance_row(instance: ProcessInstance) -> dict[str, Any]:
    return {
        "id": instance.id,
        "process": instance.definition.key,
        "version": instance.definition.version,
        "subject": str(instance.subject),
        "state": instance.state,
        "started_at": instance.started_at.isoformat(),
        "stalled_element": instance.stalled_element,
        "stalled_reason": instance.stalled_reason,
    }


@instances_group.command(name="list")
@click.option("--state", type=click.Choice([each.value for each in InstanceState]), help="Only those in this state.")
@click.option("--process", "key", help="Only those of this process.")
@click.option("--limit", default=100, show_default=True, help="At most so many.")
@json_option
def list_instances(state: str | None, key: str | None, limit: int, as_json: bool) -> None:
    """List instances, newest first."""
    with transaction(writing=False) as session:
        found = queries.instances(session, state=InstanceState(state) if state else None, key=key, limit=limit)
        rows = [_instance_row(each) for each in found]
    show_rows(rows, as_json, ("id", "process", "version", "subject", "state", "stalled_element"))


@instances_group.command(name="show")
@click.argument("instance_id", type=int)
@json_option
def show_instance(instance_id: int, as_json: bool) -> None:
    """Show an instance: where it stands, its variables and its history."""
    try:
        with transaction(writing=False) as session:
            instance = queries.instance_by_id(session, instance_id)
            row = _instance_row(instance)
            row["variables"] = queries.variables(session, instance)
            row["timers"] = [
                {"element": each.element, "due_at": each.due_at.isoformat()}
                for each in queries.timers_of(session, instance)
            ]
            row["history"] = [
                {
                    "element": each.element,
                    "entered_at": each.entered_at.isoformat(),
                    "left_at": each.left_at.isoformat() if each.left_at else None,
                    "outcome": each.outcome,
                }
                for each in queries.instance_history(session, instance)
            ]
    except DeskError as error:
        raise failed(error) from error
    if as_json:
        show_rows(row, True)
        return
    click.echo(f"{row['id']}  {row['process']} version {row['version']}  {row['subject']}  {row['state']}")
    if row["stalled_reason"]:
        click.echo(f"  stalled at {row['stalled_element']}: {row['stalled_reason']}")
    for name, value in row["variables"].items():
        click.echo(f"  {name} = {json.dumps(value, ensure_ascii=False, default=str)}")
    for timer in row["timers"]:
        click.echo(f"  timer {timer['element']} due {timer['due_at']}")
    show_rows(row["history"], False, ("entered_at", "left_at", "element", "outcome"))


@instances_group.command(name="retry")
@click.argument("instance_id", type=int)
def retry_instance(instance_id: int) -> None:
    """Run the failed steps of a stalled instance again."""

    def body(session: Any) -> tuple[str, str | None]:
        instance = queries.instance_by_id(session, instance_id)
        service.retry(session, instance, by_id=None)
        session.refresh(instance)
        return instance.state, instance.stalled_reason

    try:
        state, reason = run_in_transaction(body)
    except DeskError as error:
        raise failed(error) from error
    if state == InstanceState.STALLED:
        raise click.ClickException(f"It stalled again: {reason}")
    click.echo(f"Instance {instance_id} is {state}.")
