"""Statements that every process step runs: compiled once for each kind of database, run on the driver's own connection.

What SQLAlchemy does around each execution (contexts, events, result objects) costs several times what the statement
itself costs. A `Batch` collects what a step writes; on PostgreSQL all of it travels to the server together.

Rows that somebody in the transaction holds do not learn of it: whoever writes this way tells them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Dialect, Executable, Table, bindparam
from sqlalchemy.sql import ClauseElement

from app.db import Session, count_write, refuse_while_reading, told_as_usual

Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Form:
    """A statement as one kind of database takes it."""

    text: str
    # The names of the parameters in the order of their places; None where the driver takes them by name.
    order: tuple[str, ...] | None
    converted: Mapping[str, Callable[[Any], Any]]
    fixed: Row

    def parameters(self, given: Row) -> Any:
        values = {**self.fixed, **given}
        for name, convert in self.converted.items():
            values[name] = convert(values[name])
        return values if self.order is None else [values[name] for name in self.order]


def _form(made: ClauseElement, dialect: Dialect) -> _Form:
    compiled: Any = made.compile(dialect=dialect)
    types = {name: bind.type.dialect_impl(dialect) for bind, name in compiled.bind_names.items()}
    converters = {name: kind.bind_processor(dialect) for name, kind in types.items()}
    return _Form(
        text=compiled.string,
        order=tuple(compiled.positiontup) if compiled.positional else None,
        converted={name: convert for name, convert in converters.items() if convert is not None},
        fixed=compiled.params,
    )


class Statement:
    """A statement with named parameters, run once for each row of values."""

    def __init__(self, made: Executable) -> None:
        assert isinstance(made, ClauseElement)
        self._made = made
        self._forms: dict[str, _Form] = {}

    def run_on(self, driver: Any, dialect: Dialect, rows: Sequence[Row]) -> list[Any]:
        """Run it on the driver's connection; the cursors."""
        form = self.form(dialect)
        return [driver.execute(form.text, form.parameters(row)) for row in rows]

    def form(self, dialect: Dialect) -> _Form:
        """The statement for this kind of database."""
        if dialect.name not in self._forms:
            self._forms[dialect.name] = _form(self._made, dialect)
        return self._forms[dialect.name]


class Insertion(Statement):
    """New rows of a table, all at once. Each row names every column but the number that the database gives."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._columns = [column for column in table.columns if column is not table.autoincrement_column]
        self._recordset = ""
        super().__init__(table.insert().values({each.name: bindparam(each.name) for each in self._columns}))

    def run_on(self, driver: Any, dialect: Dialect, rows: Sequence[Row]) -> list[Any]:
        """Insert them with one statement."""
        if dialect.name == "sqlite":
            form = self.form(dialect)
            return [driver.executemany(form.text, [form.parameters(row) for row in rows])]
        # One parameter, however many rows: the driver would look at each of a hundred by itself.
        self._recordset = self._recordset or self._from_json(dialect)
        return [driver.execute(self._recordset, {"rows": orjson.dumps(rows).decode()})]

    def _from_json(self, dialect: Dialect) -> str:
        quote, types = dialect.identifier_preparer.quote, dialect.type_compiler_instance
        names = ", ".join(quote(each.name) for each in self._columns)
        typed = ", ".join(f"{quote(each.name)} {types.process(each.type)}" for each in self._columns)
        table = quote(self._table.name)
        # Names of our own models only.
        return f"INSERT INTO {table} ({names}) SELECT {names} FROM json_to_recordset(%(rows)s::json) AS fresh ({typed})"  # noqa: S608


@dataclass
class Outcome:
    """What a statement met, once its batch has run."""

    count: int = 0
    # The first row that it answered with; plain values, as the driver gives them.
    first: Sequence[Any] | None = None


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
        # On PostgreSQL nobody waits for an answer before the next statement goes out.
        together = getattr(driver, "pipeline", nullcontext)
        with told_as_usual(connection):
            with together():
                asked = [
                    (cursor, outcome)
                    for statement, rows, outcome in added
                    for cursor in statement.run_on(driver, connection.dialect, rows)
                ]
            for cursor, outcome in asked:
                outcome.count += max(cursor.rowcount, 0)
                if cursor.description is not None:
                    outcome.first = cursor.fetchone()
        count_write(session)
