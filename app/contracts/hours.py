"""The arithmetic of contract hours: which days share one budget, and what is billed."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from app.contracts.models import Contract, Period


def period_around(contract: Contract, day: date) -> tuple[date, date]:
    """The first and last day whose work shares one budget with a day; months and quarters are those of the calendar."""
    if contract.period == Period.TERM:
        return contract.valid_from, contract.valid_to or date.max
    first_month, months = (day.month, 1) if contract.period == Period.MONTH else (3 * ((day.month - 1) // 3) + 1, 3)
    last_month = first_month + months - 1
    last_day = monthrange(day.year, last_month)[1]
    return date(day.year, first_month, 1), date(day.year, last_month, last_day)


def billed_minutes(contract: Contract | None, minutes: int) -> int:
    """Worked minutes as they are billed: rounded up to the contract's step; as worked without a contract."""
    if contract is None:
        return minutes
    step = contract.rounding_minutes
    return -(-minutes // step) * step
