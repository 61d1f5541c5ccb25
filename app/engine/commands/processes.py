"""`./run processes …`: what runs, and putting new versions in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from app.db import run_in_transaction, transaction
from app.engine import definitions
from app.engine.bundles import Pool, read
from app.engine.commands.printing import failed, json_option, show_rows
from app.engine.models import Origin
from app.engine.xml import SourceFile
from app.errors import DeskError


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
    show_rows(rows, as_json, ("key", "version", "origin", "deployed_at", "name"))


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
        raise failed(error) from error
    if as_json:
        show_rows(rows, True)
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
        show_rows(row, True)
        return
    click.echo(f"{row['key']}  version {row['version']}  {row['origin']}  {row['name']}")
    for name in definition.files:
        click.echo(f"  {name.name}")
