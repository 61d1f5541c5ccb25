"""The tables in `docs/how-it-works.md` against the schema."""

from __future__ import annotations

import re

from flask import Flask

from app.db import Model
from tests.docs.pages import DOCS


def test_how_it_works_names_every_table_and_no_other(app: Flask) -> None:
    """A map that leaves out a room is not trusted for the others."""
    chapter = re.search(r"^## The tables$(.+?)^## ", (DOCS / "how-it-works.md").read_text(), re.MULTILINE | re.DOTALL)
    assert chapter

    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|$", chapter[1], re.MULTILINE)

    assert set(re.findall(r"`([a-z_]+)`", " ".join(rows))) == set(Model.metadata.tables)
