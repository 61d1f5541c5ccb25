"""`docs/settings.md` against what the code reads."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from app.config import ROOT, Settings
from tests.docs.pages import DOCS
from tests.rules.project_files import project_files

ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \| ([^|]+) \|", re.MULTILINE)
KINDS = {"str": "x", "int": "7", "float": "7.5", "bool": "1", "path": "/x"}


def documented() -> dict[str, str]:
    """Variable and default of every row."""
    return {name: default.strip() for name, default in ROW.findall((DOCS / "settings.md").read_text())}


def read_by_settings() -> Iterator[tuple[str, str, str]]:
    """Field, variable and kind of everything that `Settings.from_env` reads."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(Settings.from_env)))
    for call in ast.walk(tree):
        for keyword in call.keywords if isinstance(call, ast.Call) else ():
            reading = next(
                (
                    each
                    for each in ast.walk(keyword.value)
                    if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.args
                ),
                None,
            )
            if keyword.arg and reading and isinstance(reading.args[0], ast.Constant):
                assert isinstance(reading.func, ast.Attribute)
                yield keyword.arg, str(reading.args[0].value), reading.func.attr


def as_written(value: object) -> str:
    """A default as the page shows it."""
    if isinstance(value, Path):
        value = value.relative_to(ROOT)
    if isinstance(value, bool):
        value = int(value)
    return f"`{value}`" if value != "" else "empty"


def test_every_field_of_the_settings_is_read_from_a_variable() -> None:
    assert {field for field, _name, _kind in read_by_settings()} == {each.name for each in fields(Settings)}


def test_every_setting_is_in_the_table_with_its_default() -> None:
    table = documented()
    defaults = {each.name: each.default for each in fields(Settings)}

    expected = {name: as_written(defaults[field]) for field, name, _kind in read_by_settings()}

    assert {name: table.get(name) for name in expected} == expected


def test_each_variable_sets_its_own_field(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name copied into the wrong line would change another setting."""
    for _field, name, _kind in read_by_settings():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SUPORT_SECRET_KEY", "unchanged")
    before = Settings.from_env()

    for field, name, kind in read_by_settings():
        with monkeypatch.context() as changed:
            changed.setenv(name, KINDS[kind])
            after = Settings.from_env()
        assert getattr(after, field) != getattr(before, field), name


def test_no_file_reads_a_variable_that_the_page_does_not_name() -> None:
    read = {
        name
        for file in project_files()
        if file.suffix in {".py", ".yml", ".toml", ""} and "docs" not in file.parts
        for name in re.findall(r"\bSUPORT_[A-Z0-9_]*[A-Z0-9]\b", file.read_text(errors="replace"))
    }
    compose = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))

    assert (read | compose) - documented().keys() == set()


def test_the_table_names_no_variable_that_nothing_reads() -> None:
    texts = [
        file.read_text(errors="replace")
        for file in project_files()
        if file.suffix in {".py", ".yml", ""} and "docs" not in file.parts
    ]

    unread = {name for name in documented() if not any(name in text for text in texts)}

    assert unread == set()
