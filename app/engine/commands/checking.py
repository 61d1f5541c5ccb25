"""`./run processes check …`: what is wrong with files, before anybody puts them in."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy.exc import SQLAlchemyError

from app.db import transaction
from app.engine import definitions
from app.engine.bundles import companions
from app.engine.commands.printing import json_option, show_rows
from app.engine.commands.processes import group
from app.engine.xml import MAX_BYTES, SourceFile

if TYPE_CHECKING:
    from app.engine.lint import Problem


@group.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--adopt", is_flag=True, help="Write a copy of each diagram with what can be mended mechanically mended.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the copies; without it they stand beside their originals, called *.adopted.bpmn.",
)
@json_option
def check(paths: tuple[Path, ...], adopt: bool, into: Path | None, as_json: bool) -> None:
    """Say what is wrong with diagrams, decision tables and forms, without putting them in. Exit 1 on errors.

    Takes files and folders, with all folders in them. What the files need and do not bring comes from the versions in
    use, or from what the desk ships.
    """
    if into is not None and not adopt:
        raise click.UsageError("--into goes with --adopt.")
    sources, found = _read_all(paths)
    if adopt:
        sources = _adopted(sources, into, as_json)
    found = [*found, *_problems(sources)]
    found.sort(key=lambda each: (each.severity != "error", each))
    show_rows([asdict(each) for each in found], as_json, ("file", "element", "severity", "rule", "message"))
    if any(each.severity == "error" for each in found):
        raise SystemExit(1)
    if not as_json and not found:
        click.echo("No problems.")


def _read_all(paths: tuple[Path, ...]) -> tuple[list[SourceFile], list[Problem]]:
    """The files at these paths, each once, and what is wrong with the paths themselves."""
    from app.engine.lint import Problem

    sources: dict[Path, SourceFile] = {}
    found: list[Problem] = []
    for path in paths:
        try:
            files = _files_in(path) if path.is_dir() else [path]
        except OSError as error:
            found.append(_unreadable(path, error))
            continue
        for file in files:
            if file.exists() and not file.is_file():
                found.append(Problem(str(file), "", "file", "error", "This is no file; give files and folders."))
                continue
            kind = definitions.KINDS.get(file.suffix.lower())
            if kind is None:
                message = "This is no diagram, decision table or form; give files ending in .bpmn, .dmn or .form."
                found.append(Problem(str(file), "", "file", "error", message))
                continue
            try:
                with file.open("rb") as opened:
                    # One byte too many is enough to be refused for its size.
                    content = opened.read(MAX_BYTES + 1)
            except (OSError, ValueError) as error:
                found.append(_unreadable(file, error))
            else:
                sources.setdefault(file.absolute(), SourceFile(kind, str(file), content))
    return list(sources.values()), found


def _files_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in definitions.KINDS and file.is_file())


def _unreadable(path: Path, error: Exception) -> Problem:
    from app.engine.lint import Problem

    reason = getattr(error, "strerror", None) or str(error)
    message = f"The file cannot be read: {reason}. Check its name and who may read it."
    return Problem(str(path), "", "file", "error", message)


def _problems(sources: list[SourceFile]) -> list[Problem]:
    """What is wrong with these files, and what they would break in the processes that use them."""
    given = {file.name for file in sources}
    found = definitions.problems_of([*sources, *_companions(sources)])
    return [each for each in found if each.file in given or each.severity == "error"]


def _companions(sources: list[SourceFile]) -> list[SourceFile]:
    """What stands beside these files when they are put in, from the versions in use or from what the desk ships."""
    shipped = definitions.shipped_files()
    try:
        with transaction(writing=False) as session:
            kept = [file for each in definitions.current_all(session) for file in definitions.definition_files(each)]
            return companions(sources, kept, shipped)
    except SQLAlchemyError:
        # A fresh checkout has no database yet; the files can be checked all the same.
        return companions(sources, [], shipped)


def _adopted(sources: list[SourceFile], into: Path | None, as_json: bool) -> list[SourceFile]:
    """Write adopted copies, say what was done, and give the files to check: copies in the place of originals."""
    from app.engine.adopting import adopt, write

    made: list[SourceFile] = []
    for source in sources:
        adopted = adopt(source) if source.kind == "bpmn" else None
        if adopted is None or not adopted.changes:
            made.append(source)
            continue
        try:
            place = write(adopted, Path(source.name), into)
        except OSError as error:
            raise click.ClickException(f"The copy cannot be written: {error.strerror} ({error.filename}).") from error
        made.append(SourceFile("bpmn", str(place), adopted.content))
        # Where JSON is wanted, standard output is the list of problems and nothing else.
        click.echo(f"{source.name} -> {place}", err=as_json)
        for change in adopted.changes:
            left = f" Left to you: {change.left}" if change.left else ""
            click.echo(f"  {change.element} {change.done}{left}", err=as_json)
    return made
