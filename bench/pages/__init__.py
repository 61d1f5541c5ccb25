"""The main pages on the demo's data and on very many tickets: server time, queries and bytes, on both databases."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

TICKETS, ROUNDS = 100_000, 40
QUICK_TICKETS, QUICK_ROUNDS = 300, 2


def main(words: list[str]) -> int:
    """Measure and print; the exit status. Pages that miss what the desk promises are named, and are no failure."""
    options = _options(words)
    from app import logs
    from app.garbage import keep_what_is_loaded
    from bench.engine.figures import machine
    from bench.pages import report
    from bench.pages.desks import POSTGRESQL, SQLITE, filled_desk, postgres_server
    from bench.pages.measuring import Cost, measure
    from bench.pages.places import main_pages

    logs.configure_for_commands()
    _stay_on_one_core()
    print(machine(), flush=True)
    costs: dict[str, dict[str, Cost]] = {}
    with tempfile.TemporaryDirectory(prefix="suport-bench-") as folder, postgres_server() as server:
        for database in (SQLITE, POSTGRESQL):
            if database == POSTGRESQL and server is None:
                print(f"  {database} is not installed.")
                continue
            for name, tickets in (("demo", 0), ("large", options.tickets)):
                began = time.monotonic()
                place = Path(folder) / f"{database.lower()}_{name}"
                with filled_desk(place, tickets, server if database == POSTGRESQL else None) as app:
                    made = time.monotonic()
                    pages = [each for each in main_pages(app) if not options.only or each.name in options.only]
                    # As every process of a desk does.
                    keep_what_is_loaded()
                    desk = report.desk_name(database, tickets)
                    costs[desk] = measure(app, pages, options.rounds)
                print(
                    f"  {desk}: made in {made - began:.0f} s, measured in {time.monotonic() - made:.0f} s", flush=True
                )
    for desk, measured in costs.items():
        print(f"\n{desk}\n{report.table(measured)}")
    print("", *report.verdict(costs), sep="\n")
    if options.json:
        print(json.dumps(report.figures(costs, options.tickets)))
    return 0


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench pages", description=__doc__)
    parser.add_argument("--tickets", type=int, default=None, help=f"on the large desk ({TICKETS:,})")
    parser.add_argument("--rounds", type=int, default=None, help=f"how often each page is asked for ({ROUNDS})")
    parser.add_argument("--only", nargs="+", metavar="PAGE", help="measure these pages only")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON with the figures")
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_TICKETS} tickets and few rounds: shows that it runs"
    )
    options = parser.parse_args(words)
    options.tickets = options.tickets or (QUICK_TICKETS if options.quick else TICKETS)
    options.rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    return options


def _stay_on_one_core() -> None:
    """This process and the database it starts share one core, as on the smallest machine."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
