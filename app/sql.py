"""What the two databases call differently, or are asked differently."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Integer, any_, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


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


def among(session: Session, column: InstrumentedAttribute[int], numbers: Iterable[int]) -> ColumnElement[bool]:
    """The condition that a column holds one of many numbers.

    On PostgreSQL they are one parameter: its driver looks at a statement with more than fifty anew each time.
    """
    if session.get_bind().dialect.name == "sqlite":
        return column.in_(list(numbers))
    return column == any_(literal(list(numbers), ARRAY(Integer)))
