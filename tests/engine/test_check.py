"""`./run processes check`: files and folders of any kind, with or without a database."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask, current_app

from app import create_app
from app import db as database
from app.config import ROOT
from tests.conftest import cheap_settings

from .conftest import DIAGRAMS

Check = Callable[..., Result]
FOREIGN = DIAGRAMS / "foreign"


@pytest.fixture
def check(tmp_path: Path) -> Iterator[Check]:
    """Run `processes check` on a fresh checkout: nothing is in the database, not even its tables."""
    application: Flask = create_app(cheap_settings(tmp_path / "data"), web=False)
    with application.app_context():
        yield lambda *words: application.test_cli_runner().invoke(args=["processes", "check", *map(str, words)])
        database.db.engine.dispose()


def rows(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_the_shipped_files_pass_without_a_database(check: Check) -> None:
    result = check(ROOT / "processes", ROOT / "forms", "--json")

    assert (result.exit_code, rows(result)) == (0, [])


def test_what_a_file_needs_comes_from_what_the_desk_ships(check: Check) -> None:
    assert check(ROOT / "processes" / "ticket-lifecycle.bpmn").output == "No problems.\n"


def test_an_empty_database_is_as_good_as_none(check: Check, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()

    assert check(ROOT / "processes" / "ticket-lifecycle.bpmn").output == "No problems.\n"


def test_what_a_file_needs_comes_from_the_versions_in_use(check: Check, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(exist_ok=True)
    database.db.create_all()
    calling, called = DIAGRAMS / "calls_fragment.bpmn", DIAGRAMS / "fragment.bpmn"
    assert "missing-process" in {row["rule"] for row in rows(check(calling, "--json"))}

    words = ["processes", "deploy", str(calling), str(called), str(DIAGRAMS / "answer.form")]
    assert current_app.test_cli_runner().invoke(args=words).exit_code == 0

    assert "missing-process" not in {row["rule"] for row in rows(check(calling, "--json"))}


def test_a_row_says_where_what_and_how_bad(check: Check) -> None:
    result = check(FOREIGN / "bpmn_io.bpmn", "--json")

    assert result.exit_code == 1
    assert all(set(row) == {"file", "element", "rule", "severity", "message"} for row in rows(result))
    assert {(row["element"], row["rule"]) for row in rows(result)} >= {
        ("Process_1", "not-executable"),
        ("Think", "plain-task"),
        ("f3", "missing-condition"),
        ("Wait", "timer"),
        ("asks", "message-flow"),
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("camunda7", {("approve", "missing-form"), ("archive", "missing-operation"), ("yes", "expression")}),
        ("camunda8", {("ship", "missing-process"), ("rate", "missing-decision"), ("slow", "timer")}),
        ("signavio", {("sid-store", "data"), ("sid-send", "missing-message"), ("sid-m1", "message-flow")}),
        ("bizagi", {("Id_data", "data"), ("Id_end2", "unsupported-event"), ("Id_process", "foreign")}),
    ],
)
def test_diagrams_of_other_modelers_are_told_what_to_change(
    check: Check, name: str, expected: set[tuple[str, str]]
) -> None:
    result = check(FOREIGN / f"{name}.bpmn", "--json")

    assert result.exit_code == 1
    assert {(row["element"], row["rule"]) for row in rows(result)} >= expected


ENTITIES = '<!DOCTYPE d [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {x} "{f"&{y};" * 10}">' for x, y in [("b", "a"), ("c", "b"), ("d", "c")]
)
BAD_FILES: dict[str, bytes] = {
    "empty.bpmn": b"",
    "binary.bpmn": bytes(range(256)) * 20,
    "no_xml.dmn": b"hello",
    "cut.bpmn": (ROOT / "processes" / "escalation.bpmn").read_bytes()[:2000],
    "outside.bpmn": b'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><d>&a;</d>',
    "bomb.bpmn": f"{ENTITIES}]><d>&d;</d>".encode(),
    "utf16.bpmn": (ROOT / "processes" / "escalation.bpmn").read_text().replace("UTF-8", "UTF-16").encode("utf-16"),
    "latin.bpmn": '<?xml version="1.0" encoding="latin-1"?><a b="é"/>'.encode("latin-1"),
    "large.bpmn": b"<a>" + b" " * 3_000_000 + b"</a>",
    "other.bpmn": b'<definitions xmlns="http://example.org/other"><process id="p"/></definitions>',
    "no_process.bpmn": b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>',
    "old.dmn": b'<definitions xmlns="http://www.omg.org/spec/DMN/20130901" id="d"><decision id="x"/></definitions>',
    "new.dmn": b'<definitions xmlns="https://www.omg.org/spec/DMN/20240513/MODEL/"><decision id="x"/></definitions>',
    "prefixed.dmn": (
        b'<x:definitions xmlns:x="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'
        b'<x:decision id="k" name="k"><x:decisionTable id="t" hitPolicy="FIRST"><x:output id="o" name="team"/>'
        b'<x:rule id="r"><x:outputEntry id="c"><x:text>1</x:text></x:outputEntry></x:rule>'
        b"</x:decisionTable></x:decision></x:definitions>"
    ),
    "list.form": b"[]",
    "deep.form": b"[" * 100_000,
    "cut.form": b'{"components": [',
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_any_file_whatever_ends_in_a_problem(check: Check, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BAD_FILES[name])

    result = check(tmp_path / name, "--json")

    assert result.exit_code == 1
    assert {row["file"] for row in rows(result)} == {str(tmp_path / name)}
    assert any(row["severity"] == "error" for row in rows(result))
    assert isinstance(result.exception, SystemExit)


def test_what_is_not_there_or_of_another_kind_is_a_problem_and_in_a_folder_passed_over(
    check: Check, tmp_path: Path
) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "deep" / "er" / "gone.BPMN").write_bytes(b"")

    assert [row["rule"] for row in rows(check(tmp_path / "gone.bpmn", tmp_path / "notes.txt", "--json"))] == [
        "file"
    ] * 2
    assert [row["file"] for row in rows(check(tmp_path, "--json"))] == [str(tmp_path / "deep" / "er" / "gone.BPMN")]
    (tmp_path / "nothing").mkdir()
    assert (check(tmp_path / "nothing", "--json").output, check(tmp_path / "nothing").exit_code) == ("[]\n", 0)


def test_two_files_may_not_share_a_name_or_a_key(check: Check, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "cycle.bpmn").write_bytes((DIAGRAMS / "cycle.bpmn").read_bytes())

    found = rows(check(tmp_path, "--json"))

    assert {(row["rule"], Path(row["file"]).parent.name) for row in found if row["severity"] == "error"} >= {
        ("same-name", "a"),
        ("same-name", "b"),
        ("duplicate-process", "a"),
        ("duplicate-process", "b"),
    }


def test_the_same_file_given_twice_is_checked_once(check: Check) -> None:
    assert check(ROOT / "processes", ROOT / "processes" / "escalation.bpmn").output == "No problems.\n"


def test_a_file_whose_name_is_no_text_is_named_as_well_as_one_can(check: Check, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.bpmn")).write_bytes(b"hello")

    result = check(folder, "--json")

    assert result.exit_code == 1
    (row,) = json.loads(result.stdout_bytes.decode())
    assert row["file"].endswith("caf?.bpmn")
