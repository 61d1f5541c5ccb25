"""`processes`, `instances` and `timers` on the command line, on a database of the test's own."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from app import create_app
from app import db as database
from app.db import run_in_transaction
from app.engine import service
from app.engine.subject import Subject
from tests.conftest import cheap_settings

from .conftest import DIAGRAMS, THINGS, Thing

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Run a command of the desk: `run("processes", "list")`."""
    application: Flask = create_app(cheap_settings(tmp_path), web=False)
    THINGS[1] = Thing(broken=True)
    with application.app_context():
        database.db.create_all()
        yield lambda *words: application.test_cli_runner().invoke(args=[str(word) for word in words])
        database.db.engine.dispose()
    THINGS.clear()


def test_one_changed_file_is_enough_for_a_new_version(run: Run, tmp_path: Path) -> None:
    first = run("processes", "deploy", DIAGRAMS / "one_task.bpmn", DIAGRAMS / "answer.form")
    assert "one_task: version 1" in first.output

    changed = tmp_path / "one_task.bpmn"
    changed.write_text((DIAGRAMS / "one_task.bpmn").read_text().replace("Being decided", "With the approver"))
    second = run("processes", "deploy", changed)

    assert "one_task: version 2" in second.output
    shown = json.loads(run("processes", "show", "one_task", "--json").output)
    assert (shown["version"], shown["origin"]) == (2, "edited")
    assert shown["files"] == ["answer.form", "one_task.bpmn"]
    assert "Nothing changed" in run("processes", "deploy", changed).output
    assert "one_task  2" in run("processes", "list").output


def test_a_diagram_with_errors_is_refused_with_each_element(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "event_gateway.bpmn"
    broken.write_text((DIAGRAMS / "event_gateway.bpmn").read_text().replace("testing.note", "testing.nothing"))

    for command in ("check", "deploy"):
        result = run("processes", command, broken)
        assert result.exit_code == 1
        assert "note_reply" in result.output
        assert "note_silence" in result.output
    assert json.loads(run("processes", "list", "--json").output) == []


def test_a_diagram_without_errors_passes_the_check(run: Run) -> None:
    result = run("processes", "check", DIAGRAMS / "one_task.bpmn", DIAGRAMS / "answer.form", "--json")

    assert result.exit_code == 0
    assert {row["severity"] for row in json.loads(result.output)} <= {"warning"}


def test_a_stalled_instance_is_shown_and_retried(run: Run) -> None:
    run("processes", "deploy", DIAGRAMS / "failing_start.bpmn", DIAGRAMS / "answer.form")
    number = run_in_transaction(lambda session: service.start(session, "failing_start", Subject("thing", 1)).id)

    listed = json.loads(run("instances", "list", "--state", "stalled", "--json").output)
    assert [row["id"] for row in listed] == [number]
    assert "The thing is broken." in run("instances", "show", number).output
    assert "stalled again" in run("instances", "retry", number).output

    THINGS[1].broken = False
    assert f"Instance {number} is running" in run("instances", "retry", number).output
    assert run("instances", "show", 99).exit_code == 1


def test_timers_are_listed(run: Run) -> None:
    run("processes", "deploy", DIAGRAMS / "event_gateway.bpmn")
    run_in_transaction(lambda session: service.start(session, "event_gateway", Subject("thing", 1)))

    assert "silence" in run("timers", "list").output
    assert run("timers", "list", "--due").output == ""
    assert run("timers", "fire").output == "0 fired.\n"
