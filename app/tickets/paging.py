"""Pages of a ticket list that go on where the last one ended, at any size.

A page is found by the sort values of the row it follows (a *keyset*), never by counting rows: the thousandth page costs
what the first costs, and rows that come or go meanwhile shift nothing. An order is a sequence of groups (urgent, then
high, …), each read along an index, so that no list is sorted as a whole.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, FromClause, Select, literal, select, tuple_
from sqlalchemy.orm import Session

from app.contracts.models import Customer
from app.errors import InvalidInput
from app.people.models import Person
from app.sql import at_most
from app.texts import gettext as _
from app.tickets import deadlines
from app.tickets.filters import Filters, conditions
from app.tickets.models import Priority, Ticket, TicketState

T = TypeVar("T")

# The orders a list may have; a minus in front turns one round.
SORTS: Final = ("updated", "opened", "due", "priority", "state", "customer", "waiting")
NEWEST_CHANGE_FIRST = "-updated"
# In place of a cursor: before the end of the list, which is its last page.
END: Final = "end"
_PRESSING = (Priority.URGENT, Priority.HIGH, Priority.NORMAL, Priority.LOW)


@dataclass(frozen=True)
class Page(Generic[T]):
    """A piece of a list; the cursors ask for what follows and what comes before, None where the list ends."""

    tickets: list[T] = field(default_factory=list)
    next_cursor: str | None = None
    previous_cursor: str | None = None


@dataclass(frozen=True)
class Shown(Generic[T]):
    """What a list shows of a ticket.

    Args:
        read: reads it, of any tickets.
        item: makes it of a row of these.
    """

    read: Select[*tuple[Any, ...]]
    item: Callable[[Any], T]


@dataclass(frozen=True)
class Group:
    """A stretch of an order: the rows that belong to it, by a column and then by id."""

    column: Any
    descending: bool
    where: Sequence[ColumnElement[bool]] = ()
    join: tuple[FromClause, ColumnElement[bool]] | None = None

    def turned(self) -> Group:
        """The same stretch from its end."""
        return Group(self.column, not self.descending, self.where, self.join)


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: after the row with this sort value and id, in this group."""

    group: int
    value: Any
    ticket_id: int


def read_page(
    session: Session,
    person: Person,
    filters: Filters,
    *,
    visible: ColumnElement[bool],
    shown: Shown[T],
    sort: str,
    after: str | None,
    before: str | None,
    size: int,
) -> Page[T]:
    """A page of a list.

    Raises:
        InvalidInput: the cursor is not one of ours, or belongs to another order.
    """
    if sort.removeprefix("-") not in SORTS:
        sort = NEWEST_CHANGE_FIRST
    groups = _groups(session, sort)
    asked = after or before
    cursor = _read(asked, sort, len(groups)) if asked and asked != END else None
    backwards = bool(before) and not after
    wanted = [visible, *conditions(session, person, filters)]
    rows = _rows(session, wanted, shown, groups, cursor, backwards, size + 1)
    if backwards and len(rows) < size and before != END:
        # What stood before is gone or is not a whole page: the first page is, and has no page before it.
        return read_page(
            session, person, filters,
            visible=visible, shown=shown, sort=sort, after=None, before=None, size=size,
        )  # fmt: skip
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    return Page(
        [row.shown for row in rows],
        _write(sort, rows[-1]) if rows and (cursor is not None if backwards else more) else None,
        _write(sort, rows[0]) if rows and (more if backwards else cursor is not None) else None,
    )


@dataclass(frozen=True)
class _Found(Generic[T]):
    """What is shown of a ticket, and where it stands in the list."""

    shown: T
    value: Any
    ticket_id: int
    group: int


def _rows(
    session: Session,
    wanted: Sequence[ColumnElement[bool]],
    shown: Shown[T],
    groups: list[Group],
    cursor: Cursor | None,
    backwards: bool,
    most: int,
) -> list[_Found[T]]:
    rows: list[_Found[T]] = []
    order = range(len(groups))
    for number in reversed(order) if backwards else order:
        if cursor is not None and (number > cursor.group if backwards else number < cursor.group):
            continue
        group = groups[number].turned() if backwards else groups[number]
        starts = cursor if cursor is not None and number == cursor.group else None
        found = session.execute(_read_group(wanted, shown.read, group, starts, most - len(rows)))
        # The place and the ticket's number come last.
        rows += [_Found(shown.item(row), row[-2], row[-1], number) for row in found]
        if len(rows) >= most:
            break
    return rows


def _read_group(
    wanted: Sequence[ColumnElement[bool]],
    shown: Select[*tuple[Any, ...]],
    group: Group,
    cursor: Cursor | None,
    most: int,
) -> Select[*tuple[Any, ...]]:
    """The rows of a group after a place.

    Which they are is found by ids alone. Where the database has to sort, it sorts nothing else, and what a list shows
    of a ticket is read for as many rows as are shown.
    """
    found = select(Ticket.id, group.column.label("place")).where(*wanted, *group.where)
    if group.join is not None:
        found = found.join(*group.join)
    if cursor is not None:
        # The column itself gives the literal its type: moments are written as the database keeps them.
        here = tuple_(literal(cursor.value, group.column.type), literal(cursor.ticket_id))
        place = tuple_(group.column, Ticket.id)
        found = found.where(place < here if group.descending else place > here)
    page = _in_order(found, group.column, Ticket.id, group.descending).limit(at_most(most)).subquery()
    whole = shown.add_columns(page.c.place, page.c.id.label("ticket_id")).join(page, page.c.id == Ticket.id)
    return _in_order(whole, page.c.place, page.c.id, group.descending)


def _in_order(found: Select[Any], place: Any, ticket_id: Any, descending: bool) -> Select[Any]:
    return found.order_by(place.desc(), ticket_id.desc()) if descending else found.order_by(place, ticket_id)


def _groups(session: Session, sort: str) -> list[Group]:
    key, descending = sort.removeprefix("-"), sort.startswith("-")
    newest = Group(Ticket.updated_at, descending=True)
    if key == "due" and deadlines.are_known():
        clocks, is_first = deadlines.first_of_each()
        join = (clocks, clocks.c.ticket_id == Ticket.id)
        return [
            Group(clocks.c.due_at, descending, [is_first], join),
            Group(newest.column, True, [~deadlines.runs()]),
        ]
    if key == "priority":
        order = reversed(_PRESSING) if descending else _PRESSING
        return [Group(newest.column, True, [Ticket.priority == each]) for each in order]
    if key == "state":
        found = select(TicketState.key).order_by(TicketState.position, TicketState.key)
        states = list(session.scalars(found))
        order_of_states = reversed(states) if descending else states
        return [Group(newest.column, True, [Ticket.state_key == each]) for each in order_of_states]
    if key == "customer":
        return [Group(Customer.name, descending, join=(Customer.__table__, Customer.id == Ticket.customer_id))]
    if key == "waiting":
        waits = Ticket.unassigned_since
        return [Group(waits, descending, [waits.is_not(None)]), Group(newest.column, True, [waits.is_(None)])]
    # Ids follow the moment of opening, and have an index.
    return [Group(Ticket.id if key == "opened" else Ticket.updated_at, descending)]


def _write(sort: str, row: _Found[Any]) -> str:
    plain = row.value.isoformat() if isinstance(row.value, datetime) else row.value
    place = [sort, row.group, plain, row.ticket_id]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _read(cursor: str, sort: str, groups: int) -> Cursor:
    lost = InvalidInput(_("This list cannot be continued; open it again."))
    try:
        written = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        of_sort, group, value, ticket_id = written
        if of_sort != sort or type(group) is not int or not 0 <= group < groups or type(ticket_id) is not int:
            raise lost
        key = sort.removeprefix("-")
        if key == "opened" or key == "customer":
            if type(value) is not (int if key == "opened" else str):
                raise lost
        else:
            value = datetime.fromisoformat(value)
            if value.tzinfo is None:
                raise lost
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise lost from error
    return Cursor(group, value, ticket_id)
