"""The one language of conditions, timers, parameters, decision cells and scripts.

A small part of Python's syntax, calculated by closures of our own over plain values:

- names and dotted facts (`ticket.priority`), literals, lists, named values (`{"a": 1}`), `x[0]`, `x[1:3]`
- `and or not`, `== != < <= > >=`, `in`, `not in`, `is None`, `a if c else b`, `+ - * / // %`
- `[x for x in list if …]`, one level deep
- the functions of `builtin_functions`, and those that features provide (`working_time("PT4H")`)

A script is made of assignments and `if` only, so it always ends. Everything wrong ends in an `ExpressionError` whose
message an analyst can read; texts, results and effort are limited.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from app.engine.builtin_functions import BUILTINS
from app.engine.expression_calls import Node, Scope
from app.engine.expression_compiler import CONSTANT_NAMES, Compiler, checked_name, refused
from app.engine.expression_source import MAX_SOURCE, parse
from app.engine.values import Effort, ExpressionError, plain, weight

__all__ = ["Expression", "ExpressionError", "Script", "compile_expression", "compile_script"]

_WEIGHTLESS: Final = frozenset({bool, int, float, type(None)})
_NO_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {}


@dataclass(frozen=True, eq=False)
class Expression:
    """A compiled expression; shared freely, it keeps no state."""

    text: str
    # The names it reads from outside, as written before the first dot.
    names: frozenset[str]
    # The functions it calls, built-in ones included.
    functions: frozenset[str]
    # What it reads, dot by dot: ("ticket", "priority").
    paths: frozenset[tuple[str, ...]]
    _calculate: Node

    def evaluate(
        self,
        names: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]] = _NO_FUNCTIONS,
        effort: Effort | None = None,
    ) -> Any:
        """Calculate the value with these names and functions.

        The result may be, or hold, one of the values passed in; callers that keep it copy it with `values.plain`.

        Args:
            effort: what it may spend; the caller sees what is left.

        Raises:
            ExpressionError: a name is missing, kinds do not fit, or a limit is reached.
        """
        scope = Scope(names, functions, effort or Effort())
        value = self._calculate(scope)
        if type(value) not in _WEIGHTLESS:
            weight(value)
        return value


@dataclass(frozen=True, eq=False)
class Script:
    """A compiled script."""

    text: str
    names: frozenset[str]
    functions: frozenset[str]
    paths: frozenset[tuple[str, ...]]
    # The names it may assign.
    assigned: frozenset[str]
    _run: Callable[[Scope], None]

    def run(
        self,
        names: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]] = _NO_FUNCTIONS,
        effort: Effort | None = None,
    ) -> dict[str, Any]:
        """Run the script; returns what it assigned, as fresh JSON values (moments as ISO 8601 text)."""
        scope = Scope(names, functions, effort or Effort())
        self._run(scope)
        assigned = {name: plain(value) for name, value in scope.local.items()}
        # Each may be small enough while all of them together are not.
        weight(assigned)
        return assigned


def compile_expression(text: str | Expression) -> Expression:
    """Compile an expression; an already compiled one is handed back.

    Raises:
        ExpressionError: the text cannot be read or uses what the language does not have.
    """
    if isinstance(text, Expression):
        return text
    return _compiled_expression(text)


@lru_cache(maxsize=8192)
def _compiled_expression(text: str) -> Expression:
    if not text.strip():
        raise ExpressionError("There is no expression here.")
    tree = parse(text, script=False)
    assert isinstance(tree, ast.Expression)
    return _from_tree(text, tree.body, Compiler(text.strip()))


def from_tree(text: str, tree: ast.expr) -> Expression:
    """An expression from a syntax tree that the engine put together itself (decision cells)."""
    return _from_tree(text, tree, Compiler())


def _from_tree(text: str, tree: ast.expr, compiler: Compiler) -> Expression:
    try:
        calculate = compiler.expression(tree)
    except RecursionError:
        raise ExpressionError("The expression is nested too deeply.") from None
    return Expression(
        text=text,
        names=frozenset(compiler.names),
        functions=frozenset(compiler.functions),
        paths=frozenset(compiler.paths),
        _calculate=calculate,
    )


@lru_cache(maxsize=2048)
def compile_script(text: str) -> Script:
    """Compile a script of assignments and `if`.

    Raises:
        ExpressionError: the text cannot be read or uses what the language does not have.
    """
    if len(text) > MAX_SOURCE:
        # Said before anything goes through the text line by line.
        raise ExpressionError(f"This is longer than {MAX_SOURCE} characters.", about_all=True)
    source = _without_indent(text)
    tree = parse(source, script=True)
    assert isinstance(tree, ast.Module)
    compiler = Compiler(source, script=True)
    assigned: set[str] = set()
    try:
        run = _block(compiler, tree.body, assigned, 0)
    except RecursionError:
        raise ExpressionError("The script is nested too deeply.") from None
    return Script(
        text=text,
        names=frozenset(compiler.names),
        functions=frozenset(compiler.functions),
        paths=frozenset(compiler.paths),
        assigned=frozenset(assigned),
        _run=run,
    )


def _without_indent(text: str) -> str:
    """The script as if it began at the margin: in a diagram file it is often indented with the XML."""
    lines = text.expandtabs(4).splitlines()
    filled = [line for line in lines if line.strip()]
    margin = min((len(line) - len(line.lstrip(" ")) for line in filled), default=0)
    # The first line often stands right behind the opening tag.
    if filled and margin == 0 and lines[0].strip() and len(filled) > 1:
        rest = min(len(line) - len(line.lstrip(" ")) for line in filled[1:])
        if not lines[0].rstrip().endswith(":"):
            return "\n".join([lines[0], *(line[rest:] for line in lines[1:])])
    return "\n".join(line[margin:] for line in lines)


def _block(compiler: Compiler, body: list[ast.stmt], assigned: set[str], depth: int) -> Callable[[Scope], None]:
    if depth > 10:
        raise ExpressionError("The script is nested too deeply.")
    steps = []
    for statement in body:
        try:
            steps.append(_statement(compiler, statement, assigned, depth))
        except ExpressionError as error:
            raise compiler.told(error, statement) from None

    def run(scope: Scope) -> None:
        for step in steps:
            step(scope)

    return run


def _statement(compiler: Compiler, statement: ast.stmt, assigned: set[str], depth: int) -> Callable[[Scope], None]:
    if isinstance(statement, ast.Pass):
        return lambda scope: None
    if isinstance(statement, ast.Assign):
        if len(statement.targets) != 1:
            raise ExpressionError("One assignment, one name.")
        return _assignment(compiler, statement.targets[0], statement.value, assigned)
    if isinstance(statement, ast.AugAssign):
        if not isinstance(statement.target, ast.Name):
            raise ExpressionError("Only a plain name can be assigned.")
        present = ast.copy_location(ast.Name(statement.target.id, ast.Load()), statement.target)
        changed = ast.copy_location(ast.BinOp(present, statement.op, statement.value), statement)
        return _assignment(compiler, statement.target, changed, assigned)
    if isinstance(statement, ast.If):
        test = compiler.expression(statement.test)
        before = compiler.bound()
        then = _block(compiler, statement.body, assigned, depth + 1)
        after_then = compiler.bound()
        compiler.bind_only(before)
        otherwise = _block(compiler, statement.orelse, assigned, depth + 1)
        # Only what both branches assign is certain to be there afterwards.
        compiler.bind_only(after_then & compiler.bound())
        return lambda scope: then(scope) if test(scope) else otherwise(scope)
    raise refused(statement)


def _assignment(compiler: Compiler, target: ast.expr, value: ast.expr, assigned: set[str]) -> Callable[[Scope], None]:
    if not isinstance(target, ast.Name):
        raise ExpressionError("Only a plain name can be assigned.")
    name = checked_name(target.id)
    if name in BUILTINS or name in CONSTANT_NAMES:
        raise ExpressionError(f"`{name}` is taken; choose another name.")
    calculate = compiler.expression(value)
    compiler.bind(name)
    assigned.add(name)

    def assign(scope: Scope) -> None:
        result = calculate(scope)
        # Weighed at each assignment: x = [x, x] doubles with every line.
        scope.effort.spend(weight(result))
        scope.local[name] = result

    return assign
