"""Two clocks, two workers, two people at the same moment, many times on both databases; prints what went wrong."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from flask import Flask

from app import create_app
from app import db as database
from tests.conftest import cheap_settings
from tests.engine.racing import RACES
from tests.postgres import execute, private_server, programs, url_of


def main(words: list[str]) -> int:
    """Run every race and print its violations; the exit status, 1 when there is one or a database is missing."""
    parser = argparse.ArgumentParser(prog="./run bench barriers", description=__doc__)
    parser.add_argument("--count", type=int, default=500, help="rounds of each race on each database (500)")
    parser.add_argument("--json", action="store_true", dest="as_json", help="end with one JSON object")
    options = parser.parse_args(words)
    # Lost races are what this is about; only what is wrong is worth a line.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    found: dict[str, dict[str, int]] = {}
    print(f"{'database':<12}{'race':<36}{'rounds':>8}{'seconds':>10}{'violations':>12}", flush=True)
    with tempfile.TemporaryDirectory(prefix="suport-bench-") as folder:
        for name, opened in (("SQLite", sqlite), ("PostgreSQL", postgres)):
            if name == "PostgreSQL" and programs() is None:
                print(f"{name:<12}not installed")
                found[name] = {"not installed": 1}
                continue
            found[name] = {}
            for place, (race, run) in enumerate(RACES.items()):
                with opened(Path(folder) / f"{name}-{place}") as app:
                    began = time.monotonic()
                    broken = run(app, options.count)
                took = time.monotonic() - began
                found[name][race] = len(broken)
                print(f"{name:<12}{race:<36}{options.count:>8}{took:>10.1f}{len(broken):>12}", flush=True)
                for line in broken[:10]:
                    print(f"    {line}")
    violations = sum(number for races in found.values() for number in races.values())
    print(f"\n{violations} violations")
    if options.as_json:
        print(json.dumps({"count": options.count, "violations": violations, "races": found}))
    return 1 if violations else 0


@contextmanager
def sqlite(folder: Path) -> Iterator[Flask]:
    """A desk with empty tables on a SQLite file."""
    folder.mkdir()
    with _desk(create_app(cheap_settings(folder), web=False)) as app:
        yield app


@contextmanager
def postgres(folder: Path) -> Iterator[Flask]:
    """A desk with empty tables on a PostgreSQL of its own."""
    folder.mkdir()
    with private_server() as server:
        execute(server, "CREATE DATABASE races")
        settings = cheap_settings(folder, database_url=url_of(server, "races"))
        with _desk(create_app(settings, web=False)) as app:
            yield app


@contextmanager
def _desk(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        database.db.create_all()
        try:
            yield app
        finally:
            database.db.engine.dispose()
