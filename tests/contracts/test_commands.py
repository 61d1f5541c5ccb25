"""Setting up a desk from the command line: teams, customers, their people, contracts."""

import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from app import create_app
from app.contracts.models import Contact, Contract
from app.db import db, run_in_transaction
from app.people import service as people
from tests.conftest import cheap_settings


@pytest.fixture
def desk(tmp_path: Path) -> Flask:
    """An empty desk with its default lists."""
    application = create_app(cheap_settings(tmp_path), web=False)
    with application.app_context():
        db.create_all()
        run_in_transaction(people.ensure_lists)
    return application


def run(desk: Flask, *words: str) -> str:
    result = FlaskCliRunner(desk).invoke(args=words)
    assert result.exit_code == 0, result.output
    return result.output


def test_an_administrator_sets_a_desk_up_without_the_demo(desk: Flask) -> None:
    run(desk, "people", "add", "elena@desk.example", "--name", "Elena Stan", "--role", "agent")
    run(desk, "people", "add", "radu@desk.example", "--name", "Radu Petcu", "--role", "agent")
    run(desk, "teams", "add", "network", "--name", "Rețele", "--lead", "elena@desk.example")
    run(desk, "teams", "join", "network", "radu@desk.example")
    run(desk, "customers", "add", "Alba Logistic", "--level", "gold", "--domain", "alba.example")
    run(desk, "customers", "contact", "Alba Logistic", "ioana@alba.example", "--name", "Ioana Mureșan")
    run(desk, "contracts", "add", "Alba Logistic", "C-1", "--name", "Plus", "--from", "2026-01-01", "--hours", "40")

    (network,) = (team for team in json.loads(run(desk, "teams", "list", "--json")) if team["key"] == "network")
    assert network["lead"] == "elena@desk.example"
    assert sorted(network["members"]) == ["elena@desk.example", "radu@desk.example"]
    (contract,) = json.loads(run(desk, "contracts", "list", "--json"))
    assert contract["customer"] == "Alba Logistic"
    assert contract["level"] == "gold"
    assert contract["included_minutes"] == 2400


def test_an_administrator_says_what_customers_see(desk: Flask) -> None:
    run(desk, "customers", "add", "Alba Logistic", "--domain", "alba.example")
    run(desk, "customers", "contact", "Alba Logistic", "ioana@alba.example", "--name", "Ioana Mureșan")
    run(desk, "customers", "contact", "Alba Logistic", "ion@alba.example", "--name", "Ion Pop", "--sees-own")
    run(desk, "contracts", "add", "Alba Logistic", "C-1", "--name", "Plus", "--from", "2026-01-01", "--hide-hours")

    with desk.app_context():
        sees = {each.person.name: each.sees_company for each in db.session.scalars(select(Contact))}
        shown = db.session.scalars(select(Contract.shows_hours)).all()

    assert sees == {"Ioana Mureșan": True, "Ion Pop": False}
    assert shown == [False]


def test_a_name_nobody_has_is_said(desk: Flask) -> None:
    result = FlaskCliRunner(desk).invoke(
        args=("customers", "contact", "Nobody", "ioana@alba.example", "--name", "Ioana")
    )

    assert result.exit_code != 0
    assert "no customer called Nobody" in result.output
