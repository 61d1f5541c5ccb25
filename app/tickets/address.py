"""The address of a ticket list: everything that is filtered, sorted and shown stands in it, so it can be shared."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from app import clock
from app.people.models import Person
from app.tickets.columns import COLUMNS, SHOWN_AT_FIRST
from app.tickets.filters import Filters
from app.tickets.list_address import ListAddress, Pairs
from app.tickets.models import Category, Channel, Priority
from app.tickets.paging import NEWEST_CHANGE_FIRST, SORTS

# What may stand in an address several times, and what once; whatever else comes is left out.
MANY: Final = ("state", "category", "type", "priority", "team", "assignee", "channel", "tag")
ONE: Final = ("q", "customer", "requester", "opened", "opened_from", "opened_to", "due", "due_from", "due_to", "late")
FILTERS: Final = (*ONE[:1], *MANY, *ONE[1:])
ACTIVE: Final = (Category.NEW, Category.OPEN, Category.PENDING)
# Stretches of days around today that an address may name: a saved view then moves along with the days.
OPENED: Final = {"today": 0, "7d": 6, "30d": 29}
DUE: Final = {"today": 0, "7d": 6}
# Late within the hour, but not yet; late, or so close to it that the desk warns.
SOON, AT_RISK = "hour", "risk"

_ID = re.compile(r"[1-9][0-9]{0,8}")
# The values that these names may have; another one means nothing, and is left out like an unknown name.
KNOWN: Final[Mapping[str, Collection[str]]] = {
    "category": ("active", *Category),
    "priority": tuple(Priority),
    "channel": tuple(Channel),
    "opened": OPENED,
    "due": (*DUE, SOON, AT_RISK),
    "late": ("1",),
}
# No row has it: whoever asks for somebody who cannot be there is shown nothing, not everything.
NOBODY: Final = 0


@dataclass(frozen=True)
class Address(ListAddress):
    """What the address of a ticket list asks for."""

    narrowing = FILTERS
    repeated = MANY

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """As any list's address; a value that means nothing is left out, as are days where a stretch is named."""
        meant = [(name, value) for name, value in pairs if _means_something(name, value.strip())]
        names = {name for name, _value in meant}
        doubled = {f"{name}_{end}" for name in ("opened", "due") if name in names for end in ("from", "to")}
        return super().of(pair for pair in meant if pair[0] not in doubled)

    @classmethod
    def looks(cls, given: Mapping[str, list[str]]) -> Pairs:
        """Columns and order, when they are not the usual ones."""
        kept: list[tuple[str, str]] = []
        columns = [value for value in given.get("column", []) if value in COLUMNS]
        if columns and tuple(columns) != SHOWN_AT_FIRST:
            kept += [("column", value) for value in columns]
        sort = given.get("sort", [""])[0]
        if sort.removeprefix("-") in SORTS and sort != NEWEST_CHANGE_FIRST:
            kept.append(("sort", sort))
        return tuple(kept)

    @property
    def columns(self) -> list[str]:
        """The keys of the columns that are shown."""
        return self.many("column") or list(SHOWN_AT_FIRST)

    @property
    def sort(self) -> str:
        """The order, with a minus in front when it is turned."""
        return self.one("sort") or NEWEST_CHANGE_FIRST

    def sorted_by(self, key: str) -> Address:
        """The same list in another order; the order it has already turns round."""
        newest_first = key in ("updated", "opened")
        first, turned = (f"-{key}", key) if newest_first else (key, f"-{key}")
        return Address.of((*self.without("sort").pairs, ("sort", turned if self.sort == first else first)))

    def filters(self, person: Person, customer_id: int | None) -> Filters:
        """The filters it names, with the reader's days.

        Somebody who is not there has no tickets.

        Args:
            customer_id: who the customer is that it names by id or by name; 0 for nobody.
        """
        zone = ZoneInfo(person.zone)
        opened_from, opened_until = _stretch(self, "opened", zone)
        due_from, due_until = _stretch(self, "due", zone)
        assignees = self.many("assignee")
        ids = [_id(each) for each in assignees if each not in ("me", "none")]
        requester = self.one("requester")
        return Filters(
            text=self.text,
            states=self.many("state"),
            categories=_categories(self.many("category")),
            types=self.many("type"),
            priorities=self.many("priority"),
            channels=self.many("channel"),
            teams=self.many("team"),
            tags=self.many("tag"),
            assignee_ids=[*ids, *([person.id] if "me" in assignees else [])],
            unassigned="none" in assignees,
            customer_id=customer_id,
            requester_id=_id(requester) if requester else None,
            opened_from=opened_from,
            opened_until=opened_until,
            due_from=due_from,
            due_until=due_until,
            late=bool(self.one("late")),
            in_time=self.one("due") == SOON,
            at_risk=self.one("due") == AT_RISK,
        )


def changed(pairs: Mapping[str, str]) -> Address:
    """An address of single values, for links in code."""
    return Address.of(pairs.items())


def _id(written: str) -> int:
    return int(written) if _ID.fullmatch(written) else NOBODY


def _means_something(name: str, value: str) -> bool:
    if name in KNOWN:
        return value in KNOWN[name]
    return not name.endswith(("_from", "_to")) or read_day(value) is not None


def _categories(names: list[str]) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        found.update((str(each), None) for each in (ACTIVE if name == "active" else [name]))
    return list(found)


def _stretch(address: Address, name: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """From the beginning of the first day to the end of the last one."""
    now = clock.now()
    today = now.astimezone(zone).date()
    named = address.one(name)
    if name == "due" and named == SOON:
        return now, now + timedelta(hours=1)
    if name == "opened" and named in OPENED:
        return _beginning(today - timedelta(days=OPENED[named]), zone), None
    if name == "due" and named in DUE:
        return None, _beginning(today + timedelta(days=DUE[named] + 1), zone)
    first, last = read_day(address.one(f"{name}_from")), read_day(address.one(f"{name}_to"))
    return (
        _beginning(first, zone) if first else None,
        _beginning(last + timedelta(days=1), zone) if last else None,
    )


def read_day(written: str) -> date | None:
    """A day as an address has it (`2026-11-23`, ISO 8601); None when it is none, or so far that nothing is there."""
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2200 else None


def _beginning(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
