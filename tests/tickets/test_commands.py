"""`./run tickets` and `./run people`: what they print is what others' scripts read."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from app.db import db, run_in_transaction, transaction
from app.people.service import check_password
from app.tickets import service
from tests.conftest import cheap_settings
from tests.world import add_lists, add_person, add_team, add_ticket


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Flask]:
    """A desk with a database of its own: commands open their own transactions."""
    application = create_app(cheap_settings(tmp_path), web=False)
    with application.app_context():
        db.create_all()
        run_in_transaction(add_lists)
    yield application
    with application.app_context():
        db.engine.dispose()


def run(desk: Flask, *words: str, **details: str) -> Result:
    return desk.test_cli_runner().invoke(args=words, **details)


def open_one(session: Session) -> str:
    ana = add_person(session, "Ana Pop", email="ana@desk.example")
    ticket = add_ticket(session, "Țeavă spartă", team=add_team(session, "water"), assignee=ana)
    service.reply(session, ticket, "We come.", author=ana)
    service.add_note(session, ticket, "Bring the ladder.", author=ana)
    return ticket.number


def test_a_ticket_is_shown_with_all_that_the_desk_knows(desk: Flask) -> None:
    with desk.app_context():
        number = run_in_transaction(open_one)

    shown = json.loads(run(desk, "tickets", "show", number.lower(), "--json").output)

    assert shown["number"] == number
    assert (shown["team"], shown["assignee"]["name"], shown["state"]) == ("water", "Ana Pop", "new")
    assert [each["kind"] for each in shown["conversation"]] == ["customer", "system", "system", "reply", "note"]
    assert [each["state"] for each in shown["instances"]] == ["running"]
    assert shown["open_tasks"] == []


def test_tickets_are_listed_for_programs_and_for_people(desk: Flask) -> None:
    with desk.app_context():
        number = run_in_transaction(open_one)

    listed = json.loads(run(desk, "tickets", "list", "--json").output)

    assert [each["number"] for each in listed] == [number]
    assert "Țeavă spartă" in run(desk, "tickets", "list", "--open").output
    assert json.loads(run(desk, "tickets", "list", "--state", "closed", "--json").output) == []
    assert "Bring the ladder." in run(desk, "tickets", "show", number).output


def test_a_number_nobody_has_is_said_plainly(desk: Flask) -> None:
    result = run(desk, "tickets", "show", "S-1")

    assert result.exit_code == 1
    assert "There is no such ticket." in result.output


def test_somebody_added_can_sign_in_with_the_printed_password(desk: Flask) -> None:
    added = run(desk, "people", "add", "Dan@desk.example", "--name", "Dan", "--role", "agent", "--role", "approver")
    again = run(desk, "people", "add", "dan@desk.example", "--name", "Dan", "--role", "agent")
    listed = json.loads(run(desk, "people", "list", "--role", "approver", "--json").output)

    with desk.app_context(), transaction(writing=False) as session:
        assert check_password(session, "dan@desk.example", added.output.split()[-1]) is not None
    assert [(each["name"], each["roles"], each["can_sign_in"]) for each in listed] == [
        ("Dan", ["agent", "approver"], True)
    ]
    assert again.exit_code == 1


def test_a_new_password_replaces_the_old_one(desk: Flask) -> None:
    added = run(desk, "people", "add", "dan@desk.example", "--name", "Dan", "--role", "agent")
    typed = "a longer horse\na longer horse\n"

    short = run(desk, "people", "password", "dan@desk.example", "--ask", input="short\nshort\n")
    changed = run(desk, "people", "password", "DAN@desk.example", "--ask", input=typed)

    assert (short.exit_code, changed.exit_code) == (1, 0)
    with desk.app_context(), transaction(writing=False) as session:
        assert check_password(session, "dan@desk.example", "a longer horse") is not None
        assert check_password(session, "dan@desk.example", added.output.split()[-1]) is None
    assert run(desk, "people", "password", "nobody@desk.example").exit_code == 1
