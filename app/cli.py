"""The desk's own command line: `./run WORD …` runs the groups that the features bring, and the few below."""

import json
import os
import re
import sys
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from app import clock
from app.config import Settings
from app.db import move_clock, run_in_transaction
from app.errors import Conflict, DeskError, InvalidInput

_OF_EXTENSIONS = {"limiter", "shell", "run", "routes"}
# PostgreSQL's states for a table and for a column that is not there.
_NO_SUCH_PLACE = ("42P01", "42703")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def init(app: Flask) -> None:
    """Add the desk's commands: each feature's `commands.py` groups, then those that belong to no feature."""
    from app import FEATURES

    for command in (database_group, clock_command, demo_command):
        app.cli.add_command(command)
    for feature in FEATURES:
        if find_spec(f"app.{feature}") is None or find_spec(f"app.{feature}.commands") is None:
            continue
        for member in vars(import_module(f"app.{feature}.commands")).values():
            if isinstance(member, click.Group):
                app.cli.add_command(member)


class _Commands(click.Group):
    """Shows a desk error as the sentence it is, not as a stack of calls."""

    def __init__(self, app: Flask, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.app = app

    def invoke(self, ctx: click.Context) -> object:
        try:
            with self.app.app_context():
                return super().invoke(ctx)
        except InvalidInput as error:
            details = [f"  {name}: {' '.join(messages)}" for name, messages in error.errors.items()]
            raise click.ClickException("\n".join([error.message, *details])) from error
        except DeskError as error:
            raise click.ClickException(error.message) from error
        except (OperationalError, InterfaceError, ProgrammingError) as error:
            if isinstance(error, ProgrammingError) and getattr(error.orig, "sqlstate", None) not in _NO_SUCH_PLACE:
                raise
            raise click.ClickException(
                f"The database refuses: {str(error.orig).splitlines()[0]}. ./run db state says which schema it has and "
                "which one is needed; ./run db upgrade makes or mends it."
            ) from error


def main() -> None:
    """Run one command of the desk."""
    from app import create_app, logs

    logs.configure_for_commands()
    join_running_desk(Settings.from_env())
    commands_of(create_app(web=False)).main(args=sys.argv[1:], prog_name="./run")


def commands_of(app: Flask) -> click.Group:
    """The desk's commands, ready to run in the application's context."""
    about = "The desk's command line. `./run` alone starts the desk; `./run --help` tells of it."
    return _Commands(app, name="./run", commands=offered(app), help=about)


def offered(app: Flask) -> dict[str, click.Command]:
    """The desk's commands by name; those of Flask's extensions are left out."""
    return {name: command for name, command in app.cli.commands.items() if name not in _OF_EXTENSIONS}


def join_running_desk(settings: Settings) -> None:
    """Use the queue of the desk that runs on this data folder, and know whether it is a demo."""
    if (settings.data / "demo").exists():
        os.environ.setdefault("SUPORT_DEMO", "1")
    running = settings.data / "running.json"
    if settings.redis_url or not running.exists():
        return
    address = str(json.loads(running.read_text()).get("redis_url", ""))
    if address and Path(address.removeprefix("unix://")).exists():
        os.environ["REDIS_URL"] = address


def duration(text: str) -> timedelta:
    """A time span such as +4h, 30m, 2d, 1d12h.

    Raises:
        InvalidInput: it is not one.
    """
    parts = re.findall(r"(\d{1,5})([mhdw])", text)
    if not parts or not re.fullmatch(r"\+?(\d{1,5}[mhdw])+", text):
        raise InvalidInput(f"“{text}” is not a time span. Write +30m, +4h, +2d or +1d12h.")
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


@click.command("clock")
@click.argument("ahead", required=False)
@with_appcontext
def clock_command(ahead: str | None) -> None:
    """Show the desk's time, or move it AHEAD (+30m, +4h, +2d): forward only, and only in a demo.

    Deadlines that lie in between fire within seconds, in their order.
    """
    if ahead is None:
        run_in_transaction(lambda session: None, writing=False)
        click.echo(f"{clock.now():%Y-%m-%d %H:%M} UTC, {clock.offset()} ahead of this machine")
        return
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.demo:
        raise Conflict("Only a demo's time can be moved: deadlines of real customers are real.")
    offset = run_in_transaction(lambda session: move_clock(session, duration(ahead)))
    click.echo(f"The desk's time is now {clock.now():%Y-%m-%d %H:%M} UTC, {offset} ahead of this machine.")


@click.command("demo")
@with_appcontext
def demo_command() -> None:
    """Load the demo data into an empty desk and name the accounts."""
    from app.supervision.preparing import demo_accounts, ensure_shipped, load_demo

    settings: Settings = current_app.config["SETTINGS"]
    if run_in_transaction(_has_people, writing=False):
        raise Conflict("This desk has people already; demo data are for an empty one (./run --data FOLDER).")
    ensure_shipped()
    load_demo(settings)
    for line in demo_accounts():
        click.echo(line)


@click.group("db")
def database_group() -> None:
    """The database: its schema, a copy of it."""


@database_group.command("state")
@with_appcontext
def show_database() -> None:
    """Say which schema the database has and which one this version wants."""
    from app import migrating

    current, newest = migrating.state(current_app.config["SETTINGS"])
    click.echo(f"database: {current or 'no revision'}\nnewest:   {newest or 'no revision'}")
    click.echo("up to date" if current == newest else "not up to date: ./run db upgrade")


@database_group.command("upgrade")
@click.option("--administrator", is_flag=True, help="On a desk without people, make the first one and show how.")
@with_appcontext
def upgrade_database(administrator: bool) -> None:
    """Bring the schema, the lists and the shipped diagrams to this version. A SQLite file is copied first."""
    from app import migrating
    from app.supervision.preparing import add_administrator, ensure_shipped

    click.echo(f"schema: {migrating.bring_up_to_date(current_app.config['SETTINGS'])}")
    ensure_shipped()
    click.echo("lists and shipped diagrams are there")
    if administrator and not run_in_transaction(_has_people, writing=False):
        for line in add_administrator():
            click.echo(line)


@database_group.command("copy")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def copy_database(target: Path) -> None:
    """Copy a SQLite database to TARGET as it stands at one moment, while the desk may be running."""
    from app import migrating

    click.echo(f"copied to {migrating.copy_sqlite(current_app.config['SETTINGS'], target)}")


@database_group.command("revision")
@click.argument("message")
@with_appcontext
def write_revision(message: str) -> None:
    """Write a migration (for developers): what MESSAGE says, from the difference between tables and models."""
    from app import migrating

    click.echo(f"written: {migrating.write_revision(current_app.config['SETTINGS'], message)}")


def _has_people(session: Session) -> bool:
    from app.people.models import Person

    return session.scalar(select(Person.id).limit(1)) is not None


if __name__ == "__main__":
    main()
