"""The diagrams, tables and forms that come with the desk have no problems, and lint would notice if they had."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.config import ROOT
from app.engine import lint
from app.engine.xml import FileKind, SourceFile

KINDS: dict[str, FileKind] = {".bpmn": "bpmn", ".dmn": "dmn", ".form": "form"}


def shipped() -> list[SourceFile]:
    """Every file in processes/ and forms/."""
    paths = [*sorted((ROOT / "processes").iterdir()), *sorted((ROOT / "forms").iterdir())]
    return [SourceFile(KINDS[path.suffix], path.name, path.read_bytes()) for path in paths if path.suffix in KINDS]


def changed(name: str, before: str, after: str) -> list[SourceFile]:
    """The shipped files with one text of one of them replaced once."""
    files = []
    for file in shipped():
        if file.name == name:
            assert before.encode() in file.content
            file = SourceFile(file.kind, name, file.content.replace(before.encode(), after.encode(), 1))
        files.append(file)
    return files


def without(name: str) -> list[SourceFile]:
    """The shipped files but one."""
    return [file for file in shipped() if file.name != name]


def test_the_shipped_files_have_no_problems(app: Flask) -> None:
    assert lint.problems(shipped()) == []


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        (lambda: without("work.form"), "missing-form"),
        (lambda: without("routing.dmn"), "missing-decision"),
        (
            lambda: changed("ticket-lifecycle.bpmn", 'id="ticket.assign_to_team"', 'id="ticket.assign"'),
            "unknown-operation",
        ),
        (lambda: changed("ticket-lifecycle.bpmn", "'\"received\"'", '"received"'), "unknown-name"),
        (lambda: changed("ticket-lifecycle.bpmn", "work.outcome ==", "work.outcom =="), "unknown-field"),
        (lambda: changed("ticket-lifecycle.bpmn", "working_time(", "workingtime("), "unknown-function"),
        (lambda: changed("ticket-lifecycle.bpmn", 'messageRef="message_customer_reply"', ""), "missing-message"),
        (lambda: changed("ticket-lifecycle.bpmn", ' default="has_someone_to_take_over"', ""), "missing-condition"),
        (lambda: changed("ticket-lifecycle.bpmn", 'isExecutable="true"', ""), "not-executable"),
        (lambda: changed("routing.dmn", "is not None", "is not not"), "expression"),
        (lambda: changed("service-level.dmn", 'hitPolicy="UNIQUE"', 'hitPolicy="PRIORITY"'), "hit-policy"),
        (lambda: changed("work.form", '"type": "radio"', '"type": "carousel"'), "form"),
    ],
)
def test_lint_notices_what_would_break_them(app: Flask, files: Callable[[], list[SourceFile]], rule: str) -> None:
    assert rule in {problem.rule for problem in lint.problems(files())}
