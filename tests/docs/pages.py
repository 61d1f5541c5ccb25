"""The documentation as the tests read it: its pages, their code, the commands they show."""

import re
import shlex
from pathlib import Path

from tests.rules.project_files import ROOT

DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_RUN = re.compile(r"(?:^|[\s(`|])\./run((?: +[^\s`|<>&#;]+)*)")


def pages() -> list[Path]:
    """Every page a reader may open."""
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def name_of(page: Path) -> str:
    """A page as test reports name it."""
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """A page without its code: in code, brackets and stars mean other things."""
    return re.sub(r"`[^`\n]+`", "", _FENCE.sub("", page.read_text()))


def code(page: Path) -> str:
    """Only the code of a page: fenced blocks and words between backticks, a line each."""
    text = page.read_text()
    spans = re.findall(r"`([^`\n]+)`", _FENCE.sub("", text))
    return "\n".join([*_FENCE.findall(text), *spans])


def commands(page: Path) -> list[list[str]]:
    """The words behind each `./run` that a page shows."""
    return [shlex.split(found) for found in _RUN.findall(code(page))]
