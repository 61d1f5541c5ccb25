"""`./run instances …`: running and finished instances."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from app.db import Session, run_in_transaction, transaction
from app.engine import interventions, messages, queries
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
        "suspended_at": instance.suspended_at.isoformat() if instance.suspended_at else None,
        "suspended_reason": instance.suspended_reason,
        "lock_version": instance.lock_version,
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
            row["messages"] = [
                {"name": each.name, "key": each.key, "state": each.state, "sent_at": each.sent_at.isoformat()}
                for each in messages.of_instance(session, instance)
            ]
            row["history"] = [
                {
                    "element": each.element,
                    "entered_at": each.entered_at.isoformat(),
                    "left_at": each.left_at.isoformat() if each.left_at else None,
                    "outcome": each.outcome,
                    "note": each.note,
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
    if row["suspended_at"]:
        click.echo(f"  on hold since {row['suspended_at']}: {row['suspended_reason']}")
    for name, value in row["variables"].items():
        click.echo(f"  {name} = {json.dumps(value, ensure_ascii=False, default=str)}")
    for timer in row["timers"]:
        click.echo(f"  timer {timer['element']} due {timer['due_at']}")
    for message in row["messages"]:
        click.echo(f"  message {message['name']} {message['state']}, sent {message['sent_at']}")
    show_rows(row["history"], False, ("entered_at", "left_at", "element", "outcome"))


def _change(
    instance_id: int, body: Callable[[Session, ProcessInstance], None], stalled_words: str = "It stalled"
) -> str:
    """Change an instance as the desk; its state afterwards, in words.

    Raises:
        ClickException: it was refused, or it stalled.
    """

    def work(session: Session) -> tuple[str, bool, str | None]:
        instance = queries.instance_by_id(session, instance_id)
        body(session, instance)
        session.flush()
        session.refresh(instance)
        return instance.state, instance.suspended_at is not None, instance.stalled_reason

    try:
        state, is_held, stalled = run_in_transaction(work)
    except DeskError as error:
        raise failed(error) from error
    if stalled is not None:
        raise click.ClickException(f"{stalled_words}: {stalled}")
    return f"Instance {instance_id} is {'on hold' if is_held else state}."


_why = click.option("--reason", required=True, help="Why, in a sentence; it stands in the history.")
_seen = click.option(
    "--lock-version", type=int, help="Refuse when the instance has changed since it was seen with this lock version."
)


@instances_group.command(name="retry")
@click.argument("instance_id", type=int)
@_seen
def retry_instance(instance_id: int, lock_version: int | None) -> None:
    """Run the failed steps of a stalled instance again."""
    click.echo(
        _change(
            instance_id,
            lambda session, found: interventions.retry(session, found, by_id=None, lock_version=lock_version),
            "It stalled again",
        )
    )


@instances_group.command(name="cancel")
@click.argument("instance_id", type=int)
@_why
@_seen
def cancel_instance(instance_id: int, reason: str, lock_version: int | None) -> None:
    """End an instance before its time."""
    click.echo(
        _change(
            instance_id,
            lambda session, found: interventions.cancel(session, found, reason, by_id=None, lock_version=lock_version),
        )
    )


@instances_group.command(name="suspend")
@click.argument("instance_id", type=int)
@_why
@_seen
def suspend_instance(instance_id: int, reason: str, lock_version: int | None) -> None:
    """Hold an instance: no task, timer or message moves it before it is resumed."""
    click.echo(
        _change(
            instance_id,
            lambda session, found: interventions.suspend(session, found, reason, by_id=None, lock_version=lock_version),
        )
    )


@instances_group.command(name="resume")
@click.argument("instance_id", type=int)
@_seen
def resume_instance(instance_id: int, lock_version: int | None) -> None:
    """Let a held instance go on; messages that came meanwhile are delivered now."""
    click.echo(
        _change(
            instance_id,
            lambda session, found: interventions.resume(session, found, by_id=None, lock_version=lock_version),
        )
    )


@instances_group.command(name="move")
@click.argument("instance_id", type=int)
@click.option("--cancel", "cancel", metavar="ELEMENT", help="Id of the element where something waits: it is cancelled.")
@click.option("--start", "start", metavar="ELEMENT", help="Id of the element that begins.")
@click.option("--task", "task_id", metavar="ID", help="Which one, where several wait at the cancelled element.")
@_why
@_seen
def move_token(
    instance_id: int, cancel: str | None, start: str | None, task_id: str | None, reason: str, lock_version: int | None
) -> None:
    """Cancel what waits at one element, start at another one, or both."""

    def body(session: Session, instance: ProcessInstance) -> None:
        interventions.move(
            session,
            instance,
            cancel=cancel,
            start=start,
            task_id=task_id,
            reason=reason,
            by_id=None,
            lock_version=lock_version,
        )

    click.echo(_change(instance_id, body))


@instances_group.command(name="set")
@click.argument("instance_id", type=int)
@click.argument("name")
@click.argument("value", metavar="JSON")
@click.option("--element", metavar="ELEMENT", help="Only for the open task at this element, not everywhere.")
@_why
@_seen
def set_variable(
    instance_id: int, name: str, value: str, element: str | None, reason: str, lock_version: int | None
) -> None:
    """Give a process variable another value, written as JSON: 5, true, null, '"text"' or '{"a": [1]}'."""
    try:
        given = json.loads(value)
    except ValueError as error:
        raise click.ClickException(f"{value} is not JSON: {error}. A text needs quotes inside quotes.") from error

    def body(session: Session, instance: ProcessInstance) -> None:
        interventions.set_variable(
            session,
            instance,
            name,
            given,
            task=queries.open_task_at(session, instance, element) if element else None,
            reason=reason,
            by_id=None,
            lock_version=lock_version,
        )

    click.echo(_change(instance_id, body))
