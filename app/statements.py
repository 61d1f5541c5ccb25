"""Statements of every process step and every page: made once for each kind of database, run on the driver's connection.

What SQLAlchemy does around each execution (contexts, events, result objects) costs several times what the statement
itself costs. A `Question` reads rows. A `Batch` collects what a step writes: on PostgreSQL all of it becomes one
statement, because a trip to the server costs more than what is done there.

Rows that somebody in the transaction holds do not learn of what is written this way: whoever writes tells them.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Dialect, Executable, Select, Table, bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement

from app.connecting import told_as_usual
from app.db import Session, count_write, refuse_while_reading

Row = Mapping[str, Any]
# The driver remembers how it reads a statement only up to here (psycopg's `_queries`).
MOST_PARAMETERS, MOST_CHARACTERS = 50, 3000


@dataclass(frozen=True)
class _Form:
    """A statement as one kind of database takes it."""

    text: str
    # The names of the parameters in the order of their places; None where the driver takes them by name.
    order: tuple[str, ...] | None
    converted: Mapping[str, Callable[[Any], Any]]
    fixed: Row
    # The same as a part of several, by its place among them: its text, and what its parameters are called there.
    _parts: dict[int, tuple[str, Mapping[str, str]]] = field(default_factory=dict)

    def parameters(self, given: Row) -> Any:
        values = {**self.fixed, **given}
        for name, convert in self.converted.items():
            values[name] = convert(values[name])
        return values if self.order is None else [values[name] for name in self.order]

    def part(self, place: int, *, counted: str) -> tuple[str, Mapping[str, str]]:
        if place not in self._parts:
            names = {name: f"{name}_{place}" for name in re.findall(r"%\((\w+)\)s", self.text)}
            text = re.sub(r"%\((\w+)\)s", rf"%(\1_{place})s", self.text)
            self._parts[place] = f"p{place} AS ({text}{counted})", names
        return self._parts[place]


def _form(made: ClauseElement, dialect: Dialect) -> _Form:
    # What stands in an IN is fixed, and its list is written out.
    compiled: Any = made.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    named = {name: bind for bind, name in compiled.bind_names.items() if not bind.expanding}
    types = {name: bind.type.dialect_impl(dialect) for name, bind in named.items()}
    converters = {name: kind.bind_processor(dialect) for name, kind in types.items()}
    return _Form(
        text=compiled.string,
        order=tuple(compiled.positiontup) if compiled.positional else None,
        converted={name: _remembering(convert) for name, convert in converters.items() if convert is not None},
        fixed=compiled.params,
    )


def _remembering(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The rows of one step mostly hold one moment."""
    last: tuple[Any, Any] = (None, convert(None))

    def converted(value: Any) -> Any:
        nonlocal last
        before, result = last
        if value is not before:
            result = convert(value)
            last = value, result
        return result

    return converted


class Statement:
    """A statement with named parameters, run once for each row of values; or a question, of which the rows count.

    The lists of its IN conditions hold texts and numbers, which no driver has converted.
    """

    def __init__(self, made: Executable) -> None:
        assert isinstance(made, ClauseElement)
        self.asks = isinstance(made, Select)
        self._made = made
        self._forms: dict[str, _Form] = {}

    def form(self, dialect: Dialect) -> _Form:
        """The statement for this kind of database."""
        if dialect.name not in self._forms:
            self._forms[dialect.name] = self._form_for(dialect)
        return self._forms[dialect.name]

    def _form_for(self, dialect: Dialect) -> _Form:
        return _form(self._made, dialect)

    def parameters(self, dialect: Dialect, rows: Sequence[Row]) -> Iterator[Any]:
        """The parameters of each execution."""
        return map(self.form(dialect).parameters, rows)


class Question:
    """A SELECT of columns with named parameters, made once; its values come as the session would give them."""

    def __init__(self, made: Select[*tuple[Any, ...]]) -> None:
        self._asked = Statement(made)
        self._types = [column.type for column in made.selected_columns]
        names = made.selected_columns.keys()
        self._row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # they are known only here
        self._read: dict[str, list[tuple[int, Callable[[Any], Any]]]] = {}

    def first(self, session: Session, given: Row) -> Any | None:
        """The first row, None when there is none. As `all` otherwise."""
        return next(iter(self.all(session, given)), None)

    def all(self, session: Session, given: Row) -> list[Any]:
        """The rows, as named tuples; what the session has not written yet is written before.

        Raises:
            DBAPIError: as the session would raise it.
        """
        session.flush()
        connection = session.connection()
        driver: Any = connection.connection.dbapi_connection
        form = self._asked.form(connection.dialect)
        with told_as_usual(connection):
            rows = driver.execute(form.text, form.parameters(given)).fetchall()
        read = self._readers(connection.dialect)
        return [self._row._make(_converted(row, read)) for row in rows]

    def text(self, session: Session) -> str:
        """What it says to the database of a session."""
        return self._asked.form(session.connection().dialect).text

    def _readers(self, dialect: Dialect) -> list[tuple[int, Callable[[Any], Any]]]:
        """Of the values that come otherwise than the session gives them: their places, and what converts them."""
        if dialect.name not in self._read:
            readers = [kind.dialect_impl(dialect).result_processor(dialect, None) for kind in self._types]
            self._read[dialect.name] = [(at, read) for at, read in enumerate(readers) if read is not None]
        return self._read[dialect.name]


def _converted(row: Sequence[Any], readers: Sequence[tuple[int, Callable[[Any], Any]]]) -> Sequence[Any]:
    if not readers:
        return row
    values = list(row)
    for at, read in readers:
        values[at] = read(values[at])
    return values


class Insertion(Statement):
    """New rows of a table. Each row names every column but the number that the database gives.

    Args:
        unless_there: rows that are there already stay as they are.
    """

    def __init__(self, table: Table, *, unless_there: bool = False) -> None:
        self._table, self._unless_there = table, unless_there
        self._columns = [column for column in table.columns if column is not table.autoincrement_column]
        made = sqlite.insert(table).values({each.name: bindparam(each.name) for each in self._columns})
        super().__init__(made.on_conflict_do_nothing() if unless_there else made)

    def _form_for(self, dialect: Dialect) -> _Form:
        if dialect.name == "sqlite":
            return super()._form_for(dialect)
        # One parameter for all rows: the driver would look at each value of a hundred by itself.
        quote, types = dialect.identifier_preparer.quote, dialect.type_compiler_instance
        names = ", ".join(quote(each.name) for each in self._columns)
        typed = ", ".join(f"{quote(each.name)} {types.process(each.type)}" for each in self._columns)
        rows = f"json_to_recordset(%(rows)s::json) AS fresh ({typed})"
        kept = " ON CONFLICT DO NOTHING" if self._unless_there else ""
        text = f"INSERT INTO {quote(self._table.name)} ({names}) SELECT {names} FROM {rows}{kept}"  # noqa: S608  # our names
        return _Form(text, None, {}, {})

    def parameters(self, dialect: Dialect, rows: Sequence[Row]) -> Iterator[Any]:
        """The parameters of each execution; on PostgreSQL there is one for all rows."""
        if dialect.name == "sqlite":
            return super().parameters(dialect, rows)
        return iter([{"rows": orjson.dumps(rows).decode()}])


@dataclass
class Outcome:
    """How many rows a statement met, once its batch has run."""

    count: int = 0


class Batch:
    """What one step writes, in order."""

    def __init__(self) -> None:
        self._added: list[tuple[Statement, Sequence[Row], Outcome]] = []

    def add(self, statement: Statement, rows: Sequence[Row]) -> Outcome:
        """Run this statement for these rows when the batch runs."""
        outcome = Outcome()
        if rows:
            self._added.append((statement, rows, outcome))
        return outcome

    def run(self, session: Session) -> None:
        """Write what the session has not written yet, then all of this.

        Raises:
            DBAPIError: as the session would raise it.
        """
        session.flush()
        added, self._added = self._added, []
        if not added:
            return
        refuse_while_reading()
        connection = session.connection()
        driver: Any = connection.connection.dbapi_connection
        with told_as_usual(connection):
            (_one_by_one if connection.dialect.name == "sqlite" else _together)(driver, connection.dialect, added)
        count_write(session)


_Added = Sequence[tuple[Statement, Sequence[Row], Outcome]]


def _one_by_one(driver: Any, dialect: Dialect, added: _Added) -> None:
    for statement, rows, outcome in added:
        text = statement.form(dialect).text
        if statement.asks:
            for parameters in statement.parameters(dialect, rows):
                outcome.count += len(driver.execute(text, parameters).fetchall())
        else:
            outcome.count = driver.executemany(text, statement.parameters(dialect, rows)).rowcount


def _together(driver: Any, dialect: Dialect, added: _Added) -> None:
    """All in one statement: its parts see what was there before it, not what the other parts write."""
    parts: list[str] = []
    values: dict[str, Any] = {}
    outcomes: list[Outcome] = []
    for statement, rows, outcome in added:
        form = statement.form(dialect)
        for parameters in statement.parameters(dialect, rows):
            if parts and _is_full(parts, len(values) + len(parameters)):
                _run_parts(driver, parts, values, outcomes)
                parts, values, outcomes = [], {}, []
            text, names = form.part(len(parts), counted="" if statement.asks else " RETURNING 1")
            parts.append(text)
            values.update({names[name]: value for name, value in parameters.items()})
            outcomes.append(outcome)
    _run_parts(driver, parts, values, outcomes)


def _is_full(parts: Sequence[str], parameters: int) -> bool:
    return parameters > MOST_PARAMETERS or sum(map(len, parts)) > MOST_CHARACTERS


def _run_parts(driver: Any, parts: Sequence[str], values: Row, outcomes: Sequence[Outcome]) -> None:
    counts = ", ".join([f"(SELECT count(*) FROM p{place})" for place in range(len(parts))])  # noqa: S608
    # Made of statements of our own; what comes from elsewhere is in the values.
    met = driver.execute(f"WITH {', '.join(parts)} SELECT {counts}", values).fetchone()
    for outcome, count in zip(outcomes, met, strict=True):
        outcome.count += count
