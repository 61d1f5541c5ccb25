"""What the two databases call differently, or are asked differently."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Dialect, Integer, String, TypeDecorator, bindparam, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class Larger(FunctionElement[int]):
    """The larger of two whole numbers; each is calculated once."""

    inherit_cache = True
    name = "larger"
    type = Integer()


@compiles(Larger)
def _larger(element: Larger, compiler: SQLCompiler, **how: Any) -> str:
    called = "max" if compiler.dialect.name == "sqlite" else "greatest"
    return f"{called}({compiler.process(element.clauses, **how)})"


def at_most(number: int) -> ColumnElement[int]:
    """A limit that stands in the text of its statement.

    For a plan that it keeps, PostgreSQL takes any other limit for a tenth of all rows, and may read all of them.
    """
    return literal(number, literal_execute=True)


class _Numbers(TypeDecorator[list[int]]):
    """Whole numbers as one parameter."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """An array where the database has them, else a JSON text."""
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else ARRAY(Integer))

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> Any:
        """As the driver takes them."""
        numbers = list(value or ())
        return json.dumps(numbers) if dialect.name == "sqlite" else numbers


class Among(FunctionElement[Any]):
    """The condition that a column holds one of many numbers, which are one parameter: `Among(column, "ids")`.

    The statement says the same however many they are, so that it is made once. (PostgreSQL's driver would look at a
    statement with more than fifty parameters anew each time.)
    """

    inherit_cache = True
    name = "among"
    # Of no type: to a function that gives a Boolean, SQLAlchemy adds `= 1` for SQLite, which then uses no index.

    def __init__(self, column: InstrumentedAttribute[int], parameter: str) -> None:
        super().__init__(column, bindparam(parameter, None, type_=_Numbers()))


@compiles(Among)
def _among(element: Among, compiler: SQLCompiler, **how: Any) -> str:
    column, numbers = (compiler.process(each, **how) for each in element.clauses)
    if compiler.dialect.name == "sqlite":
        return f"{column} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608  # a column and a parameter
    return f"{column} = ANY ({numbers})"
