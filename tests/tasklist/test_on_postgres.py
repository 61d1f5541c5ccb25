"""My work on PostgreSQL: the same rows, counts and results as on SQLite, where the other tests run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import clock
from app.people.models import Role
from tests.pages import Pages, open_desk
from tests.tasklist.tasks import ESCALATED, approval, open_task, state_of, taken_over
from tests.tasklist.test_bulk import send, told
from tests.tasklist.test_filters import counts, listed

pytestmark = pytest.mark.postgres


@pytest.fixture
def desk(tmp_path: Path, postgres_url: str) -> Iterator[Pages]:
    opened = open_desk(tmp_path, database_url=postgres_url)
    with clock.frozen(opened.moment):
        yield opened


def test_every_filter_finds_its_tasks_and_many_are_done_at_once(desk: Pages) -> None:
    """Deadlines, kinds, words, teams, managers: each is a condition of its own in the database."""
    agent, approver = desk.staff(Role.AGENT, team="support"), desk.staff(Role.APPROVER, Role.AGENT, team="support")
    requester, customer = desk.contact()
    new = open_task(desk, desk.ticket(requester, "Țeavă spartă", priority="urgent"))
    working = open_task(desk, taken_over(desk, agent))
    (entry, _), (wish, number) = approval(desk, agent), approval(desk, agent, ESCALATED)
    browser, manager = desk.client(approver), desk.client(desk.staff(Role.MANAGER))

    assert listed(browser) >= {new, working, entry, wish}
    assert listed(browser, f"/?customer={customer}&priority=urgent&q=teava&kind=take_over&team=support") == {new}
    assert {new, working} <= listed(browser, "/?due=late&due=next_hour&due=today&due=later&type=incident")
    assert listed(browser, "/?kind=approve") == {entry, wish}
    assert listed(browser, "/?q=nothinghasthis") == set()
    assert counts(browser, f"/?customer={customer}") == (0, 1)
    assert listed(manager) == set()

    said = told(send(browser, "approve", entry, new, wish))
    assert "2 approved." in said
    assert "This is no approval." in said
    assert {state_of(desk, task)[2] for task in (entry, wish)} == {"approve"}
    assert number
