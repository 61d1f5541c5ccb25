"""How the engine's commands print and fail."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from app.errors import DeskError, InvalidInput


def failed(error: DeskError) -> click.ClickException:
    """A desk error for the command line: what is wrong, and each element it is wrong at."""
    lines = [error.message]
    if isinstance(error, InvalidInput):
        lines += [f"  {where}: {message}" for where, messages in error.errors.items() for message in messages]
    return click.ClickException("\n".join(lines))


def show_rows(rows: Any, as_json: bool, columns: Sequence[str] = ()) -> None:
    """Print rows as JSON, or a line each with these columns."""
    if as_json:
        # A file's name may be no text of any encoding; what reads the JSON must not fail on it.
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False, default=str).encode(errors="replace").decode())
        return
    for row in rows:
        click.echo("  ".join(str(row[column]) if row[column] is not None else "-" for column in columns))


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
