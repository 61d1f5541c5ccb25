"""What a work entry may say, checked field by field so that a form can show each mistake where it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import current_app

from app import clock
from app.config import Settings
from app.contracts.days import desk_day, today
from app.contracts.hours import billed_minutes as rounded
from app.contracts.models import Contract
from app.errors import InvalidInput
from app.texts import gettext as _
from app.worklog.models import WorkKind

MINUTES_PER_DAY = 1440
MOST_KM = 5000


@dataclass(frozen=True)
class Work:
    """What somebody did, as they tell it."""

    minutes: int
    kind: WorkKind
    billable: bool
    worked_on: date
    started_at: datetime | None
    travel_minutes: int
    travel_km: int
    note: str


def check(
    *,
    minutes: int,
    kind: WorkKind | str,
    billable: bool,
    note: str,
    travel_minutes: int,
    travel_km: int,
    worked_on: date | None,
    started_at: datetime | None,
    oldest: date | None = None,
) -> Work:
    """Read what was typed.

    Args:
        worked_on: the day of `started_at`, else today, when None.
        oldest: the earliest day allowed; the desk's back-dating limit when None.

    Raises:
        InvalidInput: with a message per field.
    """
    errors: dict[str, list[str]] = {}
    day = worked_on or (desk_day(started_at) if started_at is not None else today())
    for name, value in (("minutes", minutes), ("travel_minutes", travel_minutes)):
        if not 0 <= value <= MINUTES_PER_DAY:
            errors[name] = [_("A day has 0 to 1440 minutes.")]
    if not errors and minutes + travel_minutes == 0:
        errors["minutes"] = [_("Say how long it took: work, travel or both.")]
    if not errors and minutes + travel_minutes > MINUTES_PER_DAY:
        errors["travel_minutes"] = [_("Work and travel together are longer than a day.")]
    if not 0 <= travel_km <= MOST_KM:
        errors["travel_km"] = [_("Write 0 to %(most)s km.", most=MOST_KM)]
    if kind not in set(WorkKind):
        errors["kind"] = [_("Choose remote, on site, phone or other.")]
    _check_day(errors, day, started_at, oldest)
    if errors:
        raise InvalidInput(_("This work cannot be logged as it is."), errors)
    return Work(minutes, WorkKind(kind), billable, day, started_at, travel_minutes, travel_km, note.strip())


def _check_day(errors: dict[str, list[str]], day: date, started_at: datetime | None, oldest: date | None) -> None:
    if day > today():
        errors["worked_on"] = [_("This day has not come yet.")]
    elif day < (oldest or oldest_day()):
        errors["worked_on"] = [_("Work can be logged back to %(day)s.", day=(oldest or oldest_day()).isoformat())]
    if started_at is None:
        return
    if started_at > clock.now():
        errors["started_at"] = [_("This moment has not come yet.")]
    elif desk_day(started_at) != day:
        errors["started_at"] = [_("The start is on another day than the work.")]


def oldest_day() -> date:
    """The earliest day work may be logged for today."""
    settings: Settings = current_app.config["SETTINGS"]
    return today() - timedelta(days=settings.backdating_days)


def billed_minutes(contract: Contract | None, *, minutes: int, billable: bool) -> int:
    """What the contract is charged: worked minutes as it rounds them; travel is recorded beside them, not billed."""
    return rounded(contract, minutes) if billable else 0
