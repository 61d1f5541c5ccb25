"""The desk's command line."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from flask import Flask

from app import cli, clock, create_app
from app.db import db
from app.errors import InvalidInput
from tests.conftest import cheap_settings


def commands(group: click.Group, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """All commands of a group and of those below it, with the words that lead to them."""
    for name, command in group.commands.items():
        yield (*above, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*above, name))


def desk(folder: Path, **values: object) -> Flask:
    app = create_app(cheap_settings(folder, **values), web=False)
    with app.app_context():
        db.create_all()
    return app


def test_every_command_and_every_option_says_what_it_does(app: Flask) -> None:
    all_commands = list(commands(cli.commands_of(app)))

    silent = [" ".join(words) for words, command in all_commands if not command.get_short_help_str()]
    silent += [
        f"{' '.join(words)} --{option.name}"
        for words, command in all_commands
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]

    assert silent == []


def test_the_command_line_offers_what_an_administrator_needs(app: Flask) -> None:
    wanted = {"clock", "db", "demo", "instances", "mail", "people", "processes", "tickets", "timers"}

    assert wanted <= set(cli.offered(app))
    assert "shell" not in cli.offered(app)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("+4h", timedelta(hours=4)),
        ("30m", timedelta(minutes=30)),
        ("+1d12h", timedelta(days=1, hours=12)),
        ("+2w", timedelta(weeks=2)),
    ],
)
def test_time_spans_are_written_briefly(text: str, meant: timedelta) -> None:
    assert cli.duration(text) == meant


@pytest.mark.parametrize("text", ["4", "h", "-4h", "+4x", "4h junk", "", "+", "9999999999h"])
def test_what_is_no_time_span_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"\+1d12h"):
        cli.duration(text)


def test_a_demo_moves_its_time_forward(tmp_path: Path) -> None:
    app = desk(tmp_path, demo=True)

    answer = CliRunner().invoke(cli.commands_of(app), ["clock", "+4h"])

    assert answer.exit_code == 0, answer.output
    assert "4:00:00 ahead of this machine" in answer.output
    clock.use_offset(timedelta(0))


def test_a_real_desk_never_moves_its_time(tmp_path: Path) -> None:
    """Deadlines of real customers are real."""
    app = desk(tmp_path)

    answer = CliRunner().invoke(cli.commands_of(app), ["clock", "+4h"])

    assert answer.exit_code == 1
    assert answer.output.startswith("Error: Only a demo's time can be moved")


def test_a_copy_of_the_database_is_one_command(tmp_path: Path) -> None:
    app = desk(tmp_path)
    target = tmp_path / "copy.db"

    answer = CliRunner().invoke(cli.commands_of(app), ["db", "copy", str(target)])

    assert answer.exit_code == 0, answer.output
    assert target.stat().st_size > 0


@pytest.mark.parametrize("words", [["timers"], ["messages", "list"], ["instances", "list"], ["tickets", "list"]])
def test_a_database_without_tables_is_said_with_the_way_out(tmp_path: Path, words: list[str]) -> None:
    app = create_app(cheap_settings(tmp_path), web=False)

    done = CliRunner().invoke(cli.commands_of(app), words)

    assert done.exit_code == 1, done.exception
    assert "./run db upgrade" in done.output
    assert isinstance(done.exception, SystemExit)
