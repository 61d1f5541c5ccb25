"""Functions that the two databases call differently."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class larger(FunctionElement[int]):  # noqa: N801  # functions of SQL are written small
    """The larger of two whole numbers; each is calculated once."""

    inherit_cache = True
    name = "larger"
    type = Integer()


@compiles(larger)
def _larger(element: larger, compiler: SQLCompiler, **how: Any) -> str:
    called = "max" if compiler.dialect.name == "sqlite" else "greatest"
    return f"{called}({compiler.process(element.clauses, **how)})"
