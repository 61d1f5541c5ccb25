"""What waits for the reader at the places of the desk: all of it is counted in one statement for each page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, select, true
from sqlalchemy.orm import Session

from app import clock
from app.people.models import Person
from app.statements import Question


@dataclass(frozen=True)
class Count:
    """A number beside a place; `is_late` marks one that asks for attention."""

    number: int = 0
    is_late: bool = False


# Gives a statement of one row, with a column `number` and, if it can be late, a column `is_late`. It may have the
# parameters `now` and `reader_id`. It should be one object as long as it says the same: then it is put together once.
Counted = Select[*tuple[Any, ...]]
Counting = Callable[[Session, Person], Counted]
_counted: dict[str, Counting] = {}


def counts(key: str) -> Callable[[Counting], Counting]:
    """Register what counts the things that wait at a place ("work", "unassigned", "notices")."""

    def register(counting: Counting) -> Counting:
        _counted[key] = counting
        return counting

    return register


def counts_at(session: Session, reader: Person, keys: Iterable[str]) -> Mapping[str, Count]:
    """What waits for the reader at these places, those that count nothing left out."""
    wanted = {key: _counted[key](session, reader) for key in keys if key in _counted}
    if not wanted:
        return {}
    values = _together(tuple(wanted.values())).first(session, {"now": clock.now(), "reader_id": reader.id}) or []
    found: dict[str, Count] = {}
    for key, counting in wanted.items():
        size = len(counting.selected_columns)
        number, is_late = (*values[:size], False)[:2]
        found[key] = Count(int(number), bool(is_late))
        values = values[size:]
    return found


@lru_cache(maxsize=1000)
def _together(countings: tuple[Counted, ...]) -> Question:
    first, *others = [each.subquery() for each in countings]
    rows: Any = first
    for other in others:
        rows = rows.join(other, true())
    return Question(select(*(column for each in (first, *others) for column in each.c)).select_from(rows))
