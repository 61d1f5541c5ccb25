"""How far the hours of contracts are used: periods, thresholds, pace, and the rows behind the sums."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.contracts import budgets, service
from app.contracts.budgets import Budget, Usage
from app.contracts.models import Contract
from tests.world import Build, contact, contract, customer, person

__all__ = ["contact", "contract", "customer", "person"]

TODAY = date(2026, 11, 18)


def usage_of(session: Session, agreed: Contract) -> Usage:
    return next(usage for usage in budgets.usages(session, TODAY) if usage.contract_id == agreed.id)


def count(session: Session, agreed: Contract, minutes: int, day: date, source: str = "") -> None:
    service.count_hours(session, agreed, source or f"work_entry:{agreed.id}{day}{minutes}", minutes, day)


@pytest.mark.parametrize(
    ("period", "used"),
    [("month", 30), ("quarter", 30 + 20), ("term", 30 + 20 + 10)],
)
def test_only_the_present_period_counts(session: Session, contract: Build[Contract], period: str, used: int) -> None:
    agreed = contract(included_minutes=600, period=period)
    for minutes, day in ((30, date(2026, 11, 2)), (20, date(2026, 10, 31)), (10, date(2026, 9, 30))):
        count(session, agreed, minutes, day)

    assert usage_of(session, agreed).used_minutes == used


def test_contracts_that_are_over_or_not_limited_are_no_budget(session: Session, contract: Build[Contract]) -> None:
    contract(included_minutes=None)
    contract(included_minutes=600, valid_from=date(2026, 1, 1), valid_to=date(2026, 11, 17))
    contract(included_minutes=600, valid_from=date(2026, 11, 19))
    last_day = contract(included_minutes=600, valid_to=TODAY)

    assert [usage.contract_id for usage in budgets.usages(session, TODAY)] == [last_day.id]


@pytest.mark.parametrize(
    ("used", "threshold"), [(0, 0), (449, 0), (450, 75), (539, 75), (540, 90), (599, 90), (600, 100), (700, 100)]
)
def test_a_threshold_is_reached_exactly_when_its_share_is_used(used: int, threshold: int) -> None:
    usage = Usage(1, used, 600)

    assert usage.threshold == threshold
    assert usage.is_alert == (threshold > 0)


def test_work_beyond_no_hours_at_all_is_an_alert() -> None:
    assert (Usage(1, 0, 0).percent, Usage(1, 1, 0).percent) == (0, 100)


def test_the_fullest_come_first_with_their_periods(session: Session, contract: Build[Contract]) -> None:
    half, full = contract(included_minutes=600), contract(included_minutes=60)
    count(session, half, 300, TODAY)
    count(session, full, 90, TODAY)

    found = budgets.budgets(session, budgets.usages(session, TODAY), TODAY)

    assert [budget.contract for budget in found] == [full, half]
    assert [budget.left_minutes for budget in found] == [-30, 300]
    assert (found[0].first, found[0].last) == (date(2026, 11, 1), date(2026, 11, 30))


def test_one_customers_budgets_are_theirs(session: Session, contract: Build[Contract], customer: Build[Any]) -> None:
    owner = customer()
    own = contract(owner, included_minutes=600)
    contract(included_minutes=600)

    assert [each.contract_id for each in budgets.usages(session, TODAY, customer_id=owner.id)] == [own.id]


@pytest.mark.parametrize(
    ("used", "today", "ends"),
    [
        (400, date(2026, 11, 20), date(2026, 11, 25)),  # twenty a day: 100 are left for five days
        (200, date(2026, 11, 20), None),  # they last
        (0, date(2026, 11, 20), None),
        (500, date(2026, 11, 20), None),  # used up already
        (400, date(2026, 11, 6), None),  # six days tell nothing yet
    ],
)
def test_the_present_pace_tells_when_the_hours_end(used: int, today: date, ends: date | None) -> None:
    budget = Budget(Contract(period="month"), Usage(1, used, 500), date(2026, 11, 1), date(2026, 11, 30))

    assert budget.ends_on(today) == ends


def test_the_entries_of_a_period_add_up_to_what_is_used(
    session: Session, contract: Build[Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budgets, "PAGE_SIZE", 2)
    agreed = contract(included_minutes=600)
    for number in range(5):
        count(session, agreed, 10 + number, TODAY - timedelta(days=number % 2), f"work_entry:{number}")
    count(session, agreed, 999, date(2026, 10, 31))
    budget = budgets.budget(session, agreed, TODAY)

    rows: list[Any] = []
    place = None
    while True:
        more, place = budgets.counted(session, agreed, budget.first, budget.last, place)
        rows += more
        if place is None:
            break

    assert sum(row.minutes for row in rows) == budget.usage.used_minutes == 10 + 11 + 12 + 13 + 14
    assert len({row.id for row in rows}) == 5
