"""`processes`, `instances` and `timers` on the desk's command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from app import clock
from app.db import run_in_transaction, transaction
from app.engine import definitions, queries, service
from app.engine.bundles import Pool, read
from app.engine.models import InstanceState, Origin, ProcessInstance
from app.engine.timers import offer_due
from app.engine.xml import SourceFile
from app.errors import DeskError, InvalidInput


def _fail(error: DeskError) -> click.ClickException:
    lines = [error.message]
    if isinstance(error, InvalidInput):
        lines += [f"  {where}: {message}" for where, messages in error.errors.items() for message in messages]
    return click.ClickException("\n".join(lines))


def _print(rows: Any, as_json: bool, columns: Sequence[str] = ()) -> None:
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
        return
    for row in rows:
        click.echo("  ".join(str(row[column]) if row[column] is not None else "-" for column in columns))


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(name="processes")
def group() -> None:
    """Process definitions: what runs, and putting new versions in."""


@group.command(name="list")
@json_option
def list_processes(as_json: bool) -> None:
    """List the newest version of each process."""
    with transaction(writing=False) as session:
        rows = [
            {
                "key": each.key,
                "version": each.version,
                "origin": each.origin,
                "deployed_at": each.deployed_at.isoformat(),
                "name": each.name,
            }
            for each in definitions.current_all(session)
        ]
    _print(rows, as_json, ("key", "version", "origin", "deployed_at", "name"))


@group.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def deploy(files: tuple[Path, ...], as_json: bool) -> None:
    """Put new versions in. Files that a process needs and that are not given come from its present version.

    Running instances finish on the version they started with.
    """
    try:
        sources = [definitions.source_file(path) for path in files]

        def body(session: Any) -> list[dict[str, Any]]:
            made = definitions.deploy(session, _with_shipped(session, sources), origin=Origin.EDITED)
            return [{"key": each.key, "version": each.version, "name": each.name} for each in made]

        rows = run_in_transaction(body)
    except DeskError as error:
        raise _fail(error) from error
    if as_json:
        _print(rows, True)
    elif not rows:
        click.echo("Nothing changed: these files are in use already.")
    else:
        for row in rows:
            click.echo(f"{row['key']}: version {row['version']} is in use for what starts from now on.")


def _with_shipped(session: Any, given: list[SourceFile]) -> list[SourceFile]:
    """The given files, and of the shipped ones what they need and no deployed version has (a new process, usually)."""
    pool = Pool(read(file) for each in definitions.current_all(session) for file in definitions.definition_files(each))
    known = {name for contents in pool.contents() for name in contents.defines}
    contents = [read(file) for file in given]
    known |= {name for each in contents for name in each.defines}
    extra: list[SourceFile] = []
    shipped = [read(file) for file in definitions.shipped_files()]
    wanted = {need for each in contents for need in each.needs} - known
    while wanted:
        found = [each for each in shipped if each.defines & wanted]
        if not found:
            break
        extra += [each.file for each in found]
        known |= {name for each in found for name in each.defines}
        wanted = {need for each in found for need in each.needs} - known
    return [*given, *extra]


@group.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Say what is wrong with diagrams, decision tables and forms, without putting them in. Exit 1 on errors."""
    try:
        sources = [definitions.source_file(path) for path in files]
        with transaction(writing=False) as session:
            sources = _completed(session, sources)
        problems = definitions.problems_of(sources)
    except DeskError as error:
        raise _fail(error) from error
    rows = [
        {
            "file": each.file,
            "element": each.element,
            "severity": each.severity,
            "rule": each.rule,
            "message": each.message,
        }
        for each in problems
    ]
    _print(rows, as_json, ("file", "element", "severity", "rule", "message"))
    if any(each.severity == "error" for each in problems):
        raise SystemExit(1)
    if not as_json and not rows:
        click.echo("No problems.")


def _completed(session: Any, sources: list[SourceFile]) -> list[SourceFile]:
    """The files, and what their processes need from the versions in use or from what the desk ships."""
    kept = [read(file) for each in definitions.current_all(session) for file in definitions.definition_files(each)]
    given = [read(file) for file in _with_shipped(session, sources)]
    pool = Pool([*kept, *given])
    keys = {key for contents in given for key in contents.processes}
    reached = {file.name: file for key in keys for file in pool.reached_from(key)}
    return list((reached | {file.name: file for file in sources}).values())


@group.command()
@click.argument("key")
@json_option
def show(key: str, as_json: bool) -> None:
    """Show a process: its versions' files."""
    with transaction(writing=False) as session:
        definition = definitions.current(session, key)
        if definition is None:
            raise click.ClickException(f"There is no process {key}.")
        row = {
            "key": definition.key,
            "version": definition.version,
            "name": definition.name,
            "origin": definition.origin,
            "hash": definition.content_hash,
            "files": [file.name for file in definition.files],
        }
    if as_json:
        _print(row, True)
        return
    click.echo(f"{row['key']}  version {row['version']}  {row['origin']}  {row['name']}")
    for name in definition.files:
        click.echo(f"  {name.name}")


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
    _print(rows, as_json, ("id", "process", "version", "subject", "state", "stalled_element"))


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
        raise _fail(error) from error
    if as_json:
        _print(row, True)
        return
    click.echo(f"{row['id']}  {row['process']} version {row['version']}  {row['subject']}  {row['state']}")
    if row["stalled_reason"]:
        click.echo(f"  stalled at {row['stalled_element']}: {row['stalled_reason']}")
    for name, value in row["variables"].items():
        click.echo(f"  {name} = {json.dumps(value, ensure_ascii=False, default=str)}")
    for timer in row["timers"]:
        click.echo(f"  timer {timer['element']} due {timer['due_at']}")
    _print(row["history"], False, ("entered_at", "left_at", "element", "outcome"))


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
        raise _fail(error) from error
    if state == InstanceState.STALLED:
        raise click.ClickException(f"It stalled again: {reason}")
    click.echo(f"Instance {instance_id} is {state}.")


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
    _print(rows, as_json, ("id", "instance", "element", "due_at", "attempts"))


@timers_group.command(name="fire")
@click.option("--limit", default=200, show_default=True, help="At most so many.")
def fire_timers(limit: int) -> None:
    """Fire what is due here and now, without waiting for the clock and the workers."""
    taken = run_in_transaction(lambda session: offer_due(session, clock.now(), limit))
    for timer_id in taken:
        run_in_transaction(lambda session, timer_id=timer_id: service.wake(session, timer_id))  # type: ignore[misc]
    click.echo(f"{len(taken)} fired.")
