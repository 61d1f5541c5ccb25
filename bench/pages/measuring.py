"""Asking a desk for its pages, one after the other, as a browser would; what each answer cost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import Flask

from bench.pages.places import Place, signed_in
from tests.pages import counted_queries

WARM_ROUNDS = 2


@dataclass
class Cost:
    """What a page cost each time it was asked for; bytes are those on the line."""

    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)


class PageFailed(Exception):
    """A page did not answer as pages do."""


def measure(app: Flask, places: Sequence[Place], rounds: int) -> dict[str, Cost]:
    """The costs of pages by name. Rounds go through all pages, so that a slow moment of the machine meets them all."""
    browsers = {each.account: signed_in(app, each.account) for each in places}
    costs = {each.name: Cost() for each in places}
    for number in range(-max(WARM_ROUNDS, _most_addresses(places)) if rounds > 1 else 0, rounds):
        for place in places:
            address = place.addresses[number % len(place.addresses)]
            with counted_queries() as statements:
                began, began_cpu = time.perf_counter(), time.process_time()
                answer = browsers[place.account].get(address, headers=place.headers)
                cpu, wall = time.process_time() - began_cpu, time.perf_counter() - began
            if answer.status_code != 200:
                raise PageFailed(f"{place.name}: {address} answered {answer.status_code}")
            if number >= 0:
                cost = costs[place.name]
                cost.wall_ms.append(wall * 1000)
                cost.cpu_ms.append(cpu * 1000)
                cost.queries.append(len(statements))
                cost.bytes.append(len(answer.data))
    return costs


def share(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _most_addresses(places: Sequence[Place]) -> int:
    return max(len(each.addresses) for each in places)
