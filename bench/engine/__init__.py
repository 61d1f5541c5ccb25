"""The engine beside the library alone: speed and size of processes, reply loops, definitions and timers."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from importlib import import_module

PARTS = {
    "life": "in_memory",
    "persist": "persisting",
    "rounds": "rounds",
    "definitions": "loading",
    "timers": "firing",
}


def main(words: list[str]) -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(prog="./run bench engine", description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON with the figures")
    parser.add_argument("--quick", action="store_true", help="fewer of everything: about a minute, and noisier")
    parser.add_argument("--only", choices=PARTS, help="measure this part only")
    options = parser.parse_args(words)
    from app import logs
    from app.garbage import keep_what_is_loaded
    from bench.engine.figures import NAMES, Figure, Line, Measured, machine, table

    logs.configure_for_commands()
    print(machine(), flush=True)
    lines: list[Line] = []
    notes: list[str] = []
    figures: dict[str, Figure] = dict.fromkeys(NAMES)
    parts = [options.only] if options.only else list(PARTS)
    measures: dict[str, Callable[[bool], Measured]] = {
        part: import_module(f"bench.engine.{PARTS[part]}").measure for part in parts
    }
    # As every process of a desk does; the library profits from it no less.
    keep_what_is_loaded()
    for part, measure in measures.items():
        began = time.monotonic()
        measured = measure(options.quick)
        print(f"  {part}: {time.monotonic() - began:.0f} s", flush=True)
        lines += measured.lines
        notes += measured.notes
        figures |= measured.figures
    print(f"\n{table(lines)}\n", *notes, sep="\n")
    if options.json:
        print(json.dumps(figures))
    return 0
