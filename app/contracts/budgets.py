"""How far the hours of contracts are used in their present periods, and where that leads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from sqlalchemy import ColumnElement, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from app.contracts.hours import period_around
from app.contracts.models import Contract, Customer, HoursEntry, Period

# Shares of the included hours, in percent, that are worth telling; from the first one on a budget is an alert.
THRESHOLDS = (75, 90, 100)
# A pace that was seen for less says nothing about the rest.
PACE_DAYS = 7
PAGE_SIZE = 100


@dataclass(frozen=True)
class Usage:
    """What was counted against a contract in its present period."""

    contract_id: int
    used_minutes: int
    included_minutes: int

    @property
    def percent(self) -> int:
        """The share of the included hours that is used; what goes beyond nothing at all is everything."""
        if not self.included_minutes:
            return 100 if self.used_minutes else 0
        return self.used_minutes * 100 // self.included_minutes

    @property
    def threshold(self) -> int:
        """The highest threshold that was reached; 0 when none was."""
        return max((each for each in THRESHOLDS if self.percent >= each), default=0)

    @property
    def is_alert(self) -> bool:
        """Whether somebody should look at it."""
        return self.threshold > 0


@dataclass(frozen=True)
class Budget:
    """A contract with its present period."""

    contract: Contract
    usage: Usage
    first: date
    last: date

    @property
    def left_minutes(self) -> int:
        """What is left of the included hours; below zero when overrun."""
        return self.usage.included_minutes - self.usage.used_minutes

    def ends_on(self, today: date) -> date | None:
        """The day on which the hours end at the present pace; None when they last, are over, or it is too early."""
        days = (today - self.first).days + 1
        used, left = self.usage.used_minutes, self.left_minutes
        if days < PACE_DAYS or used <= 0 or left <= 0:
            return None
        ends = today + timedelta(days=min(ceil(left * days / used), 20_000))
        return ends if ends < self.last else None


def usages(
    session: Session, today: date, *, customer_id: int | None = None, only: ColumnElement[bool] | None = None
) -> list[Usage]:
    """All contracts that hold today and limit their hours, the fullest first; plain numbers, in one query.

    Args:
        only: a further condition on `Contract`.
    """
    month, quarter = (_bounds(period, today) for period in (Period.MONTH, Period.QUARTER))
    first = case(
        (Contract.period == Period.MONTH, month[0]),
        (Contract.period == Period.QUARTER, quarter[0]),
        else_=Contract.valid_from,
    )
    last = case(
        (Contract.period == Period.MONTH, month[1]),
        (Contract.period == Period.QUARTER, quarter[1]),
        else_=func.coalesce(Contract.valid_to, literal(date.max)),
    )
    used = (
        select(func.coalesce(func.sum(HoursEntry.minutes), 0))
        .where(HoursEntry.contract_id == Contract.id, HoursEntry.on_date >= first, HoursEntry.on_date <= last)
        .correlate(Contract)
        .scalar_subquery()
    )
    found = select(Contract.id, used, Contract.included_minutes).where(
        Contract.included_minutes.is_not(None),
        Contract.valid_from <= today,
        or_(Contract.valid_to.is_(None), Contract.valid_to >= today),
    )
    if customer_id is not None:
        found = found.where(Contract.customer_id == customer_id)
    if only is not None:
        found = found.where(only)
    rows = [
        Usage(contract_id, int(minutes), int(included or 0))
        for contract_id, minutes, included in session.execute(found)
    ]
    return sorted(rows, key=lambda usage: (-usage.percent, -usage.used_minutes, usage.contract_id))


def budgets(session: Session, chosen: Sequence[Usage], today: date) -> list[Budget]:
    """The contracts behind some usages, in their order, with their customers, in one query."""
    ids = [usage.contract_id for usage in chosen]
    found = select(Contract).where(Contract.id.in_(ids)).options(joinedload(Contract.customer))
    contracts = {contract.id: contract for contract in session.scalars(found)}
    return [
        Budget(contracts[usage.contract_id], usage, *period_around(contracts[usage.contract_id], today))
        for usage in chosen
    ]


def budget(session: Session, contract: Contract, day: date) -> Budget:
    """One contract in the period around a day."""
    first, last = period_around(contract, day)
    total = session.scalar(
        select(func.coalesce(func.sum(HoursEntry.minutes), 0)).where(*_of_period(contract, first, last))
    )
    usage = Usage(contract.id, int(total or 0), contract.included_minutes or 0)
    return Budget(contract, usage, first, last)


def counted(
    session: Session, contract: Contract, first: date, last: date, after: tuple[date, int] | None = None
) -> tuple[Sequence[HoursEntry], tuple[date, int] | None]:
    """The minutes that make up a period, newest first, a page at a time, and where the next page begins."""
    found = select(HoursEntry).where(*_of_period(contract, first, last))
    if after is not None:
        found = found.where(tuple_(HoursEntry.on_date, HoursEntry.id) < tuple_(literal(after[0]), literal(after[1])))
    ordered = found.order_by(HoursEntry.on_date.desc(), HoursEntry.id.desc()).limit(PAGE_SIZE + 1)
    rows = session.scalars(ordered).all()
    more = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    return rows[:PAGE_SIZE], (more.on_date, more.id) if more is not None else None


def is_among(session: Session, contract: Contract, only: ColumnElement[bool] | None) -> bool:
    """Whether a contract meets a condition on `Contract`; None is met by all."""
    if only is None:
        return True
    return session.scalar(select(Contract.id).where(Contract.id == contract.id, only)) is not None


def customers_with_contracts(session: Session, today: date) -> dict[int, str]:
    """The names of the customers whose contracts hold today, by id."""
    holding = select(Contract.customer_id).where(
        Contract.valid_from <= today, or_(Contract.valid_to.is_(None), Contract.valid_to >= today)
    )
    return dict(session.execute(select(Customer.id, Customer.name).where(Customer.id.in_(holding))).all())


def _of_period(contract: Contract, first: date, last: date) -> Iterable[ColumnElement[bool]]:
    return HoursEntry.contract_id == contract.id, HoursEntry.on_date >= first, HoursEntry.on_date <= last


def _bounds(period: Period, today: date) -> tuple[ColumnElement[date], ColumnElement[date]]:
    first, last = period_around(Contract(period=period), today)
    return literal(first), literal(last)
