"""Random walks through random diagrams, ours against the untouched library."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time

from bench.walks.walking import Difference, walk

SHOWN = 40


def main(words: list[str]) -> int:
    """Walk and print the differences; the exit status."""
    parser = argparse.ArgumentParser(prog="./run bench walks", description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="how many walks (2000)")
    parser.add_argument("--seed", type=int, help="repeat one walk and print what happens in it")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first walk (0)")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    options = parser.parse_args(words)
    if options.seed is not None:
        return one(options.seed, as_json=options.json)
    began = time.monotonic()
    found = [each for each in run(range(options.first, options.first + options.count)) if each is not None]
    seconds = time.monotonic() - began
    for difference in found[:SHOWN]:
        print(line(difference))
    if len(found) > SHOWN:
        print(f"… and {len(found) - SHOWN} more")
    print(f"{options.count} walks in {seconds:.1f} s, {len(found)} differences")
    if options.json:
        print(json.dumps({"walks": options.count, "seconds": seconds, "differences": [d.seed for d in found]}))
    return 1 if found else 0


def one(seed: int, *, as_json: bool) -> int:
    """Repeat one walk, saying what happens; the exit status."""
    difference = walk(seed, print)
    print(line(difference) if difference else "no difference")
    if as_json:
        print(json.dumps({"walks": 1, "differences": [difference.seed] if difference else []}))
    return 1 if difference else 0


def run(seeds: range) -> list[Difference | None]:
    """Walk these seeds on all cores."""
    processes = os.cpu_count() or 1
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        return pool.map(walk, seeds, chunksize=64)


def line(difference: Difference) -> str:
    """One line about a difference, and how to repeat it."""
    what = difference.what if len(difference.what) < 400 else difference.what[:400] + "…"
    return (
        f"seed {difference.seed}, action {difference.step} ({difference.action}): {what}\n"
        f"    ./run bench walks --seed {difference.seed}"
    )
