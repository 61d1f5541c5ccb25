"""What the documentation promises: links lead somewhere, commands exist, words are those of the interface."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest
from flask import Flask

from app.cli import offered
from tests.docs.pages import DOCS, commands, name_of, pages, prose
from tests.rules.project_files import ROOT

GUIDES = [DOCS / f"{role}.md" for role in ("customer", "agent", "approver", "manager", "analyst", "administrator")]
# What `run` does itself, before the desk's own commands (its docstring lists them).
OF_RUN = {"test", "check", "bench", "screenshots", "setup", "lock"}
SEARCHED = [*(ROOT / "app").rglob("templates/**/*.html"), *(ROOT / "app").rglob("*.py")]


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (heading and heading not in headings(file)):
            lost.append(target)

    assert lost == []


def headings(page: Path) -> set[str]:
    """The anchors of a page, as its readers make them from headings."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_guide_and_reference_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text()

    assert [page.name for page in DOCS.glob("*.md") if page.name != "README.md" and f"({page.name})" not in index] == []


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_command_shown_exists(page: Path, app: Flask) -> None:
    wrong = [words for words in commands(page) if not exists(words, app)]

    assert wrong == []


def exists(words: list[str], app: Flask) -> bool:
    """Whether `./run` with these words is something: capital words stand for what the reader fills in."""
    if not words or words[0] in ("WORD", "…"):
        return True
    if words[0].startswith("-"):
        options = (ROOT / "app" / "supervision" / "__main__.py").read_text()
        return words[0] in ("-h", "--help") or all(f'"{word}"' in options for word in words if word.startswith("--"))
    if words[0] == "bench":
        named = [ROOT / "bench" / f"{words[1]}.py", ROOT / "bench" / words[1] / "__init__.py"] if len(words) > 1 else []
        return not named or words[1] == "NAME" or any(each.exists() for each in named)
    if words[0] in OF_RUN:
        return f'"{words[0]}"' in (ROOT / "run").read_text()
    command = offered(app).get(words[0])
    rest = words[1:]
    if isinstance(command, click.Group) and rest and rest[0] != "--help":
        command, rest = command.commands.get(rest[0]), rest[1:]
    if command is None:
        return False
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return {word for word in rest if word.startswith("--")} <= known


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_bold_words_of_a_guide_are_words_of_the_interface(page: Path) -> None:
    """A guide that names a button which was renamed leads nowhere."""
    known = interface_words()

    bold = {" ".join(words.split()) for words in re.findall(r"\*\*(.+?)\*\*", prose(page), re.DOTALL)}

    assert sorted(words for words in bold if words not in known) == []


def interface_words() -> set[str]:
    """Texts of templates, code, forms and diagrams, as a reader sees them in English."""
    words: set[str] = set()
    for file in SEARCHED:
        found = re.findall(r"(?:_|lazy_gettext)\(\s*([\"'])(.+?)\1", file.read_text(), re.DOTALL)
        words |= {text for _quote, text in found}
    # The question is one text in two pieces, of which a phone shows the first.
    words.add("Why this deadline?")
    for form in (ROOT / "forms").glob("*.form"):
        for field in json.loads(form.read_text())["components"]:
            words |= {str(field.get("label"))} | {str(each["label"]) for each in field.get("values", ())}
    for diagram in (ROOT / "processes").glob("*.bpmn"):
        words |= set(re.findall(r' name="([^":]+)"', diagram.read_text()))
    return words
