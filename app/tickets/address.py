"""The address of a ticket list: everything that is filtered, sorted and shown stands in it, so it can be shared."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from app import clock
from app.people.models import Person
from app.tickets.columns import COLUMNS, SHOWN_AT_FIRST
from app.tickets.filters import Filters
from app.tickets.models import Category, Channel, Priority
from app.tickets.paging import NEWEST_CHANGE_FIRST, SORTS

# What may stand in an address several times, and what once; whatever else comes is left out.
MANY: Final = ("state", "category", "type", "priority", "team", "assignee", "channel", "tag")
ONE: Final = ("q", "customer", "requester", "opened", "opened_from", "opened_to", "due", "due_from", "due_to", "late")
FILTERS: Final = (*ONE[:1], *MANY, *ONE[1:])
LONGEST: Final = 2000
MOST_VALUES: Final = 20
ACTIVE: Final = (Category.NEW, Category.OPEN, Category.PENDING)
# Stretches of days around today that an address may name: a saved view then moves along with the days.
OPENED: Final = {"today": 0, "7d": 6, "30d": 29}
DUE: Final = {"today": 0, "7d": 6}

_ID = re.compile(r"[1-9][0-9]{0,8}")
# The values that these names may have; another one means nothing, and is left out like an unknown name.
KNOWN: Final[Mapping[str, Collection[str]]] = {
    "category": ("active", *Category),
    "priority": tuple(Priority),
    "channel": tuple(Channel),
    "opened": OPENED,
    "due": DUE,
    "late": ("1",),
}
# No row has it: whoever asks for somebody who cannot be there is shown nothing, not everything.
NOBODY: Final = 0
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Address:
    """What an address asks for, in one order however it was typed."""

    pairs: Pairs = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Address:
        """Read pairs of names and values, such as `request.args.items(multi=True)`."""
        given: dict[str, list[str]] = {}
        for name, value in pairs:
            value = value.replace("\x00", "").strip()[:200]
            if value and _means_something(name, value) and value not in given.setdefault(name, []):
                given[name].append(value)
        for name in ("opened", "due"):
            if given.get(name):
                # Days of its own count only where no stretch is named.
                given.pop(f"{name}_from", None)
                given.pop(f"{name}_to", None)
        kept = [(name, value) for name in FILTERS for value in given.get(name, [])[: _most(name)]]
        columns = [value for value in given.get("column", []) if value in COLUMNS]
        if columns and tuple(columns) != SHOWN_AT_FIRST:
            kept += [("column", value) for value in columns]
        sort = given.get("sort", [""])[0]
        if sort.removeprefix("-") in SORTS and sort != NEWEST_CHANGE_FIRST:
            kept.append(("sort", sort))
        return cls(tuple(kept))

    @classmethod
    def read(cls, query: str) -> Address:
        """Read the query of an address, such as a saved view keeps."""
        return cls.of(parse_qsl(query.lstrip("?")[:LONGEST]))

    @property
    def query(self) -> str:
        """The query of the address; empty for the plain list."""
        return urlencode(self.pairs)

    def one(self, name: str) -> str:
        """The value of a name, empty when it has none."""
        return next((value for key, value in self.pairs if key == name), "")

    def many(self, name: str) -> list[str]:
        """The values of a name."""
        return [value for key, value in self.pairs if key == name]

    def has(self, name: str, value: str) -> bool:
        """Whether a name has a value."""
        return (name, value) in self.pairs

    def without(self, name: str, value: str | None = None) -> Address:
        """The same list without one value of a name, or without all of them."""
        return Address.of(pair for pair in self.pairs if pair[0] != name or value not in (None, pair[1]))

    def plus(self, name: str, value: str) -> Address:
        """The same list with one more value; a name that stands once takes the new one."""
        base = self if name in MANY else self.without(name)
        return Address.of((*base.pairs, (name, value)))

    def toggled(self, name: str, value: str) -> Address:
        """The same list with a value, or without it when it has it."""
        return self.without(name, value) if self.has(name, value) else self.plus(name, value)

    @property
    def filtered(self) -> Pairs:
        """The pairs that narrow the list."""
        return tuple(pair for pair in self.pairs if pair[0] in FILTERS)

    @property
    def laid_out(self) -> Pairs:
        """The pairs that say how the list looks."""
        return tuple(pair for pair in self.pairs if pair[0] not in FILTERS)

    @property
    def text(self) -> str:
        """The words that are searched."""
        return self.one("q")

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


def _most(name: str) -> int:
    return MOST_VALUES if name in MANY else 1


def _categories(names: list[str]) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        found.update((str(each), None) for each in (ACTIVE if name == "active" else [name]))
    return list(found)


def _stretch(address: Address, name: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """From the beginning of the first day to the end of the last one."""
    today = clock.now().astimezone(zone).date()
    named = address.one(name)
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
