"""Very many tickets in a minute: copies of the rows of a few, made by the database itself.

What belongs to a ticket is found by foreign keys and by the subjects of instances. In the nth copy every id is the
model's plus n times the stride of its table, so that rows find each other without anybody looking. Moments move into
the past together, people and teams become those of another house and branch, texts get a sentence of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    case,
    cast,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session

from app import db
from app.db import UTCDateTime
from app.engine.models import TEAM_SEPARATOR
from app.tickets.numbers import BEFORE_FIRST, number_of
from bench.engine.copies import insert_all
from bench.pages.crowd import Crowd

# Written by other hands than those of a ticket, or of no interest to any page.
LEFT_OUT: Final = frozenset({"event", "delivery", "received_mail", "move_result", "draft"})
# What the engine calls people; it knows no person, so no foreign key says so.
PEOPLE_OF_THE_ENGINE: Final = frozenset(
    {
        "actor_id",
        "assignee_id",
        "offered_to_id",
        "excluded_person_id",
        "completed_by_id",
        "started_by_id",
        "suspended_by_id",
    }
)
ENGINE: Final = frozenset({"process_instance", "user_task", "history_entry"})
NEVER: Final = "9999-01-01"

_temporary = MetaData()
_copies = Table(
    "bench_copy",
    _temporary,
    Column("number", Integer, primary_key=True),
    Column("seed_id", Integer, index=True),
    Column("house", Integer),
    Column("branch", Integer),
    Column("seconds", Integer),
    Column("sentence", Text),
    Column("search_text", Text),
    Column("words", Text),
    prefixes=["TEMPORARY"],
)
_owners = Table(
    "bench_owner",
    _temporary,
    Column("of_table", String(60), primary_key=True),
    Column("row_id", Integer, primary_key=True),
    Column("seed_id", Integer),
    Index("ix_bench_owner_seed", "of_table", "seed_id"),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True)
class Copy:
    """One copy to be made of the ticket `seed_id`.

    Args:
        number: counted from 1, the oldest first, so that ids follow the moments of opening.
        seconds: how much later everything happened than with the seed; below zero for earlier.
        sentence: what the first message begins with.
        search_text, words: what customers and staff find it by.
    """

    number: int
    seed_id: int
    house: int
    branch: int
    seconds: int
    sentence: str
    search_text: str
    words: str


def copy_tickets(session: Session, crowd: Crowd, ticket_stride: int, copies: Iterable[Copy]) -> None:
    """Add the copies, and everything that belongs to their tickets."""
    connection = session.connection()
    _temporary.create_all(connection)
    owners = _owners_by_table(session)
    insert_all(
        session,
        _owners,
        (
            {"of_table": name, "row_id": row_id, "seed_id": seed_id}
            for name, rows in owners.items()
            for row_id, seed_id in rows.items()
        ),
    )
    insert_all(session, _copies, (asdict(copy) for copy in copies))
    rules = _Rules(session, crowd, {"ticket": ticket_stride}, set(owners))
    if rules.on_postgresql:
        # Nothing here points anywhere but to what is copied too.
        session.execute(text("SET LOCAL session_replication_role = replica"))
    for table in db.db.metadata.sorted_tables:
        if table.name in owners or table.name in rules.parts:
            session.execute(rules.copied(table))
    _temporary.drop_all(connection)


def give_next_ids(session: Session) -> None:
    """Let PostgreSQL go on after ids that were given; it does not notice them."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in db.db.metadata.sorted_tables:
        if "id" in table.c and isinstance(table.c.id.type, Integer):
            highest = session.scalar(select(func.max(table.c.id)))
            if highest is not None:
                session.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), highest)))


def stride_of(session: Session, table: Table) -> int:
    """How far apart the ids of copies are."""
    return (session.scalar(select(func.max(table.c.id))) or 0) + 1


def _owners_by_table(session: Session) -> dict[str, dict[int, int]]:
    """The ticket of every row that belongs to one, by table and id."""
    tables = {table.name: table for table in db.db.metadata.sorted_tables if table.name not in LEFT_OUT}
    found: dict[str, dict[int, int]] = {
        "ticket": {each: each for each in session.scalars(select(tables["ticket"].c.id))}
    }
    for name, table in tables.items():
        if "id" in table.c and "ticket_id" in table.c and name != "ticket":
            rows = session.execute(select(table.c.id, table.c.ticket_id).where(table.c.ticket_id.is_not(None)))
            found[name] = {row.id: row.ticket_id for row in rows}
    instances = tables["process_instance"]
    found["process_instance"] = {
        row.id: found[row.subject_kind][row.subject_id]
        for row in session.execute(select(instances.c.id, instances.c.subject_kind, instances.c.subject_id))
        if row.subject_id in found.get(row.subject_kind, {})
    }
    hours = tables["hours_entry"]
    sources = {f"work_entry:{each}": ticket_id for each, ticket_id in found["work_entry"].items()}
    found["hours_entry"] = {
        row.id: sources[row.source]
        for row in session.execute(select(hours.c.id, hours.c.source))
        if row.source in sources
    }
    # Sorted tables come after what they point to, so one round finds all that hang from what was found.
    for name, table in tables.items():
        parent = _parent(table, found)
        if name not in found and "id" in table.c and parent is not None:
            column, owner = parent
            found[name] = {
                row.id: found[owner][row.parent]
                for row in session.execute(select(table.c.id, column.label("parent")))
                if row.parent in found[owner]
            }
    return found


def _parent(table: Table, found: Collection[str]) -> tuple[Column[Any], str] | None:
    for column in table.c:
        for key in column.foreign_keys:
            if key.column.table.name in found and not column.nullable:
                return column, key.column.table.name
    return None


class _Rules:
    """What becomes of each column in a copy."""

    def __init__(self, session: Session, crowd: Crowd, known: Mapping[str, int], owned: set[str]) -> None:
        self.on_postgresql = session.get_bind().dialect.name == "postgresql"
        tables = {table.name: table for table in db.db.metadata.sorted_tables}
        self.crowd = crowd
        self.strides = {name: known.get(name) or stride_of(session, tables[name]) for name in owned}
        self.first_messages = session.scalars(
            select(func.min(tables["message"].c.id)).group_by(tables["message"].c.ticket_id)
        ).all()
        # Rows without an id of their own, such as tags: they go with what they point to.
        self.parts = {
            name: parent
            for name, table in tables.items()
            if name not in LEFT_OUT and "id" not in table.c and (parent := _parent(table, owned)) is not None
        }

    def copied(self, table: Table) -> Any:
        """The statement that makes all copies of a table's rows."""
        if table.name in self.parts:
            column, owner = self.parts[table.name]
            join = and_(_owners.c.of_table == owner, _owners.c.row_id == column)
        else:
            join = and_(_owners.c.of_table == table.name, _owners.c.row_id == table.c.id)
        source = table.join(_owners, join).join(_copies, _copies.c.seed_id == _owners.c.seed_id)
        columns = list(table.c)
        values = [self._value(table, column).label(column.name) for column in columns]
        # In the order of the copies, so that an index by id grows at its end.
        rows = select(*values).select_from(source).order_by(_copies.c.number)
        return insert(table).from_select([column.name for column in columns], rows)

    def _value(self, table: Table, column: Column[Any]) -> ColumnElement[Any]:
        own = self._own(table.name, column)
        if own is not None:
            return own
        target = _target(table, column)
        if column.primary_key and column.name == "id":
            target = table.name
        if target is not None:
            return self._pointing(column, target)
        if isinstance(column.type, UTCDateTime):
            return self._moved(column)
        if isinstance(column.type, Date):
            return self._moved_day(column)
        if column.name == "uuid":
            return self._uuid(with_dashes=column.type.length == 36)  # type: ignore[attr-defined]  # a String
        if isinstance(column.type, String) and _is_unique(table, column):
            return column + "-" + cast(_copies.c.number, Text)
        return column.expression

    def _own(self, table: str, column: Column[Any]) -> ColumnElement[Any] | None:
        """Columns with a meaning that their type does not say."""
        name, copy = f"{table}.{column.name}", _copies.c
        if name == "ticket.number":
            return self._number(column.table.c.id + copy.number * self.strides["ticket"])
        if name == "notification.link":
            seed = _owners.c.seed_id
            return func.replace(column, self._number(seed), self._number(seed + copy.number * self.strides["ticket"]))
        if name == "ticket.previous_ticket_id":
            return null()
        if name == "ticket.search_text":
            return copy.search_text.expression
        if name == "ticket_words.words":
            return copy.words.expression
        if name == "message.text":
            return case((column.table.c.id.in_(self.first_messages), copy.sentence + "\n\n" + column), else_=column)
        if name == "hours_entry.source":
            entry = cast(func.replace(column, "work_entry:", ""), Integer)
            return "work_entry:" + cast(entry + copy.number * self.strides["work_entry"], Text)
        if name == "user_task.team_set":
            branch = "-" + cast(copy.branch, Text)
            moved = func.replace(column, TEAM_SEPARATOR, branch + TEAM_SEPARATOR) + branch
            return case((or_(copy.branch == 0, column == ""), column), else_=moved)
        if column.name in ("subject_id", "parent_id"):
            kind = column.table.c["subject_kind" if column.name == "subject_id" else "parent_kind"]
            steps = [(kind == each, copy.number * self.strides[each]) for each in self.strides]
            return column + case(*steps, else_=0)
        return None

    def _pointing(self, column: Column[Any], target: str) -> ColumnElement[Any]:
        copy, strides = _copies.c, self.crowd.strides
        if target == "person":
            asks = column.in_(self.crowd.contact_ids)
            return column + case((asks, copy.house), else_=copy.branch) * strides["person"]
        if target == "team":
            return column + copy.branch * strides["team"]
        if target == "customer":
            return column + case((column == self.crowd.unknown_customer_id, 0), else_=copy.house) * strides["customer"]
        if target == "contract":
            return column + copy.house * strides["contract"]
        if target in self.strides:
            return column + copy.number * self.strides[target]
        return column.expression

    def _number(self, ticket_id: ColumnElement[Any]) -> ColumnElement[Any]:
        prefix: ColumnElement[Any] = literal(number_of(0).removesuffix(str(BEFORE_FIRST)))
        return prefix + cast(BEFORE_FIRST + ticket_id, Text)

    def _moved(self, column: Column[Any]) -> ColumnElement[Any]:
        seconds = _copies.c.seconds
        if self.on_postgresql:
            later = column + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
            return case((column >= text(f"timestamptz '{NEVER}'"), column), else_=later)
        moved = func.strftime("%Y-%m-%d %H:%M:%f000", column, cast(seconds, Text) + " seconds", type_=Text)
        # A paused clock is due in the year 9999: never, whenever it began.
        return case((cast(column, Text) >= NEVER, cast(column, Text)), else_=moved)

    def _moved_day(self, column: Column[date]) -> ColumnElement[Any]:
        days = _copies.c.seconds // 86_400
        if self.on_postgresql:
            return column + days
        return func.date(column, cast(days, Text) + " days", type_=Text)

    def _uuid(self, *, with_dashes: bool) -> ColumnElement[Any]:
        if self.on_postgresql:
            made: ColumnElement[Any] = cast(func.gen_random_uuid(), Text)
            return made if with_dashes else func.replace(made, "-", "")
        lengths: Sequence[int] = (4, 2, 2, 2, 6)
        parts = [func.lower(func.hex(func.randomblob(length)), type_=Text) for length in lengths]
        joined: ColumnElement[Any] = parts[0]
        for part in parts[1:]:
            joined = joined + ("-" if with_dashes else "") + part
        return joined


def _target(table: Table, column: Column[Any]) -> str | None:
    """The table that a column points to."""
    for key in column.foreign_keys:
        return str(key.column.table.name)
    return "person" if table.name in ENGINE and column.name in PEOPLE_OF_THE_ENGINE else None


def _is_unique(table: Table, column: Column[Any]) -> bool:
    constraints = [list(each.columns) for each in table.constraints if isinstance(each, UniqueConstraint)]
    indexes = [list(each.columns) for each in table.indexes if each.unique]
    return [column] in constraints + indexes or bool(column.unique)


# Every field of a copy is a column of the table that the database reads them from.
assert {each.name for each in fields(Copy)} == set(_copies.c.keys())
