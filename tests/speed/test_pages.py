"""What `./run bench pages` promises, as far as it does not depend on the machine: queries do not grow with tickets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import run_in_transaction
from app.tickets.models import Ticket
from bench.pages import report, seeds
from bench.pages.desks import filled_desk
from bench.pages.measuring import Cost, measure
from bench.pages.places import VARIANTS, main_pages
from bench.pages.population import multiply

MANY = 400


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A desk as small as the demo's."""
    with filled_desk(tmp_path_factory.mktemp("bench") / "desk", 0) as app:
        yield app


def test_no_page_asks_more_often_when_there_are_many_tickets(app: Flask) -> None:
    """Each page at each of its addresses, the same before and after: what differs is only how much else there is."""
    places = main_pages(app)
    small = measure(app, places, VARIANTS)
    with app.app_context():
        assert run_in_transaction(seeds.states) == seeds.ALL_STATES
        multiply(MANY)
        assert run_in_transaction(_count) == MANY

    large = measure(app, places, VARIANTS)

    assert report.pages_that_grow({"small": small, "large": large}) == {"large": []}
    assert {name: max(cost.bytes) for name, cost in large.items() if max(cost.bytes) > 40_000} == {}


def test_what_misses_a_promise_is_named() -> None:
    quick, slow = Cost([10.0, 12.0], [9.0, 9.0], [5, 5], [900, 900]), Cost([20.0, 200.0], [19.0, 99.0], [5, 6], [1, 2])
    costs = {"demo": {"tickets": quick, "ticket": quick}, "large": {"tickets": slow, "ticket": quick}}

    figures, words = report.figures(costs, 100), report.verdict(costs)

    assert figures["slower_than_promised"] == {"demo": [], "large": ["tickets"]}
    assert figures["more_queries_when_large"] == {"large": ["tickets"]}
    assert figures["list_p50_ms"] == {"demo": 10.0, "large": 20.0}
    assert figures["pages"]["large"]["tickets"]["p95_ms"] == 200.0
    assert [line.rpartition(": ")[2] for line in words] == ["tickets", "large 20.0", "tickets"]
    assert "5-6" in report.table(costs["large"])


def _count(session: Session) -> int:
    return session.scalar(select(func.count(Ticket.id))) or 0
