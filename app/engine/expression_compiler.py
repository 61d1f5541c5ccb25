"""From an analyst's text to closures over plain values.

Each allowed kind of node of the syntax tree becomes a closure of ours, every other kind is refused. Nothing is ever
handed to Python to run, so there is nothing to escape from.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from app.engine import guarded
from app.engine.builtin_functions import BUILTINS
from app.engine.expression_calls import Node, Scope, call_builtin, call_provided, similar
from app.engine.expression_source import MAX_DEPTH, Part, part_of_text
from app.engine.values import Effort, ExpressionError, bounded_number, kind_of

MAX_NODES = 500

# Decision tables are edited with tools that write these in lower case.
CONSTANT_NAMES: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}
_BINARY: Final[dict[type[ast.operator], Callable[[Effort, Any, Any], Any]]] = {
    ast.Add: guarded.add,
    ast.Sub: guarded.subtract,
    ast.Mult: guarded.multiply,
    ast.Div: guarded.divide,
    ast.FloorDiv: guarded.divide_whole,
    ast.Mod: guarded.remainder,
}
_COMPARE: Final[dict[type[ast.cmpop], Callable[[Effort, Any, Any], bool]]] = {
    ast.Eq: guarded.equal,
    ast.NotEq: guarded.different,
    ast.Lt: guarded.less,
    ast.LtE: guarded.at_most,
    ast.Gt: guarded.more,
    ast.GtE: guarded.at_least,
    ast.In: guarded.is_in,
    ast.NotIn: guarded.is_not_in,
    ast.Is: guarded.same,
    ast.IsNot: guarded.not_same,
}
_WORDS: Final[dict[type[ast.AST], str]] = {
    ast.Set: "sets (write a list)",
    ast.Lambda: "functions of one's own",
    ast.FunctionDef: "functions of one's own",
    ast.ClassDef: "classes",
    ast.While: "loops",
    ast.For: "loops",
    ast.Import: "imports",
    ast.ImportFrom: "imports",
    ast.JoinedStr: 'f"…" texts (join text with +)',
    ast.Pow: "powers",
    ast.NamedExpr: "assignments inside an expression",
    ast.Starred: "stars",
    ast.Expr: "lines that assign nothing",
}


class Compiler:
    """Turns one syntax tree into closures and collects the names it needs."""

    def __init__(self, text: str | None = None, *, script: bool = False) -> None:
        """Compile a tree of this text; without one, messages cannot say which part of it is wrong."""
        self._text = text
        self._script = script
        # The whole of a dotted path while its first names are compiled.
        self._path: ast.expr | None = None
        self.names: set[str] = set()
        self.functions: set[str] = set()
        # Paths such as ("ticket", "priority"), as far as they are plain dots.
        self.paths: set[tuple[str, ...]] = set()
        self._bound: set[str] = set()
        self._nodes = 0
        self._depth = 0
        self._in_comprehension = False

    def expression(self, node: ast.expr) -> Node:
        """The closure that calculates this node."""
        self._nodes += 1
        self._depth += 1
        if self._nodes > MAX_NODES or self._depth > MAX_DEPTH:
            raise ExpressionError("The expression is too long or nested too deeply.", about_all=True)
        try:
            compile_kind = _EXPRESSIONS.get(type(node))
            if compile_kind is None:
                raise refused(node)
            compiled = compile_kind(self, node)
        except ExpressionError as error:
            raise self.told(error, node) from None
        self._depth -= 1
        return self._telling(node, compiled)

    def told(self, error: ExpressionError, node: ast.AST) -> ExpressionError:
        """The error, saying which part of the text it is about."""
        part = self._part(node)
        return part.tell(error) if part is not None else error

    def _part(self, node: ast.AST) -> Part | None:
        return part_of_text(self._text, node, script=self._script) if self._text is not None else None

    def _telling(self, node: ast.expr, compiled: Node) -> Node:
        """The closure, naming its part of the text when it fails. Names and paths do so themselves."""
        part = self._part(node) if isinstance(node, _FAILING) else None
        if part is None:
            return compiled

        def calculate(scope: Scope) -> Any:
            try:
                return compiled(scope)
            except ExpressionError as error:
                part.tell(error)
                raise

        return calculate

    def bind(self, name: str) -> None:
        """From here on this name is known: a script assigned it."""
        self._bound.add(name)

    def bound(self) -> frozenset[str]:
        """The names bound so far."""
        return frozenset(self._bound)

    def bind_only(self, names: Iterable[str]) -> None:
        """Forget what was bound, and take these instead."""
        self._bound = set(names)

    def _constant(self, node: ast.Constant) -> Node:
        value = node.value
        if value is not None and not isinstance(value, bool | int | float | str):
            raise ExpressionError(f"`{str(value)[:40]}` is no number, text, True, False or None.")
        if isinstance(value, int | float) and not isinstance(value, bool):
            bounded_number(value)
        return lambda scope: value

    def _name(self, node: ast.Name) -> Node:
        name = checked_name(node.id)
        if name not in self._bound:
            if name in CONSTANT_NAMES:
                constant = CONSTANT_NAMES[name]
                return lambda scope: constant
            self.names.add(name)
            self.paths.add((name,))
        part = self._part(self._path or node)
        in_path = self._path is not None

        def look_up(scope: Scope) -> Any:
            if name in scope.local:
                return scope.local[name]
            # Asked first: a KeyError from inside a fact provider is a bug, not a missing name.
            if name in scope.names:
                return scope.names[name]
            if name in BUILTINS or name in scope.functions:
                error = ExpressionError(f"`{name}` is a function; call it: `{name}(…)`.")
            else:
                error = ExpressionError(f"there is no `{name}`{similar(name, [*scope.local, *scope.names])}")
            raise part.tell(error, quote=in_path) if part is not None else error

        return look_up

    def _attribute(self, node: ast.Attribute) -> Node:
        attribute = checked_name(node.attr)
        written = dotted(node)
        if written is not None and written[0] not in self._bound:
            self.paths.add(written)
        outer = self._path
        self._path = (outer or node) if written is not None else None
        part = self._part(self._path or node)
        of = self.expression(node.value)
        self._path = outer
        whole = ".".join(written[:-1]) if written is not None else "this value"

        def read(scope: Scope) -> Any:
            value = of(scope)
            if isinstance(value, Mapping):
                try:
                    return value[attribute]
                except KeyError:
                    error = ExpressionError(f"`{whole}` has no `{attribute}`{similar(attribute, value)}")
            else:
                error = ExpressionError(f"`{whole}` is {kind_of(value)} and has no `{attribute}`.")
            raise part.tell(error) if part is not None else error

        return read

    def _subscript(self, node: ast.Subscript) -> Node:
        of = self.expression(node.value)
        if isinstance(node.slice, ast.Slice):
            if node.slice.step is not None:
                raise ExpressionError("A slice has two ends and no step.")
            lower = self.expression(node.slice.lower) if node.slice.lower is not None else _nothing
            upper = self.expression(node.slice.upper) if node.slice.upper is not None else _nothing
            return lambda scope: guarded.part_of(scope.effort, of(scope), lower(scope), upper(scope))
        index = self.expression(node.slice)
        return lambda scope: guarded.item_of(of(scope), index(scope))

    def _bool_op(self, node: ast.BoolOp) -> Node:
        parts = [self.expression(value) for value in node.values]
        stops_at = isinstance(node.op, ast.Or)

        def either(scope: Scope) -> Any:
            value: Any = None
            for part in parts:
                value = part(scope)
                if bool(value) is stops_at:
                    return value
            return value

        return either

    def _unary(self, node: ast.UnaryOp) -> Node:
        operand = self.expression(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda scope: not operand(scope)
        if isinstance(node.op, ast.USub):
            return lambda scope: guarded.negative(operand(scope))
        raise refused(node.op)

    def _binary(self, node: ast.BinOp) -> Node:
        combine = _BINARY.get(type(node.op))
        if combine is None:
            raise refused(node.op)
        left, right = self.expression(node.left), self.expression(node.right)
        return lambda scope: combine(scope.effort, left(scope), right(scope))

    def _compare(self, node: ast.Compare) -> Node:
        first = self.expression(node.left)
        steps = []
        for operator, comparator in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.Is | ast.IsNot) and not _is_constant(comparator):
                raise ExpressionError("`is` compares with None, True or False only; use `==`.")
            steps.append((_COMPARE[type(operator)], self.expression(comparator)))

        def compare(scope: Scope) -> bool:
            left = first(scope)
            for holds, right_of in steps:
                right = right_of(scope)
                if not holds(scope.effort, left, right):
                    return False
                left = right
            return True

        return compare

    def _if_else(self, node: ast.IfExp) -> Node:
        test, then, otherwise = self.expression(node.test), self.expression(node.body), self.expression(node.orelse)
        return lambda scope: then(scope) if test(scope) else otherwise(scope)

    def _sequence(self, node: ast.List | ast.Tuple) -> Node:
        items = [self.expression(item) for item in node.elts]
        return lambda scope: [item(scope) for item in items]

    def _dict(self, node: ast.Dict) -> Node:
        pairs = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                raise ExpressionError("`**` is not part of this language.")
            pairs.append((self.expression(key), self.expression(value)))

        def build(scope: Scope) -> dict[str, Any]:
            built: dict[str, Any] = {}
            for key_of, value_of in pairs:
                key = key_of(scope)
                if not isinstance(key, str):
                    raise ExpressionError(f"Values are named by text, not by {kind_of(key)}.")
                built[key] = value_of(scope)
            return built

        return build

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> Node:
        if self._in_comprehension or len(node.generators) != 1 or node.generators[0].is_async:
            raise ExpressionError("Only one `for` at a time.")
        generator = node.generators[0]
        if not isinstance(generator.target, ast.Name):
            raise ExpressionError("`for` takes one plain name.")
        target = checked_name(generator.target.id)
        source = self.expression(generator.iter)
        was_bound = target in self._bound
        self._in_comprehension = True
        self._bound.add(target)
        nodes_before = self._nodes
        conditions = [self.expression(condition) for condition in generator.ifs]
        item_of = self.expression(node.elt)
        each_costs = 1 + self._nodes - nodes_before
        self._in_comprehension = False
        if not was_bound:
            self._bound.discard(target)

        def collect(scope: Scope) -> list[Any]:
            items = source(scope)
            if isinstance(items, Mapping):
                items = list(items)
            if not isinstance(items, list):
                raise ExpressionError(f"`for` goes through a list, not {kind_of(items)}.")
            inner = Scope(scope.names, scope.functions, scope.effort, dict(scope.local))
            collected = []
            for item in items:
                scope.effort.spend(each_costs)
                inner.local[target] = item
                if all(condition(inner) for condition in conditions):
                    collected.append(item_of(inner))
            return collected

        return collect

    def _call(self, node: ast.Call) -> Node:
        if isinstance(node.func, ast.Attribute):
            raise ExpressionError(f"Write `{node.func.attr}(…, …)`: values have no functions of their own.")
        if not isinstance(node.func, ast.Name):
            raise ExpressionError("Only a named function can be called.")
        name = checked_name(node.func.id)
        self._nodes += 1
        if node.keywords:
            raise ExpressionError(f"{name}() takes its arguments by position.")
        self.functions.add(name)
        arguments = [self.expression(argument) for argument in node.args]
        if name in BUILTINS:
            return call_builtin(name, arguments)
        return call_provided(name, arguments)


# What can fail on the values it gets.
_FAILING: Final = (
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.Call,
    ast.Subscript,
    ast.ListComp,
    ast.GeneratorExp,
    ast.Dict,
)


def _nothing(scope: Scope) -> None:
    return None


def checked_name(name: str) -> str:
    """The name, unless it could reach into Python's own."""
    if name.startswith("_"):
        raise ExpressionError(f"`{name[:40]}` starts with an underscore; names may not.")
    return name


def dotted(node: ast.expr) -> tuple[str, ...] | None:
    """("ticket", "priority") for `ticket.priority`; None when something other than names stands before a dot."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    names.append(node.id)
    return tuple(reversed(names))


def refused(node: ast.AST) -> ExpressionError:
    """The error for a kind of node that the language does not have."""
    words = _WORDS.get(type(node), f"`{type(node).__name__}`")
    return ExpressionError(f"{words[0].upper()}{words[1:]} are not part of this language.")


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id in CONSTANT_NAMES
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


_EXPRESSIONS: Final[dict[type[ast.expr], Callable[[Compiler, Any], Node]]] = {
    ast.Constant: Compiler._constant,
    ast.Name: Compiler._name,
    ast.Attribute: Compiler._attribute,
    ast.Subscript: Compiler._subscript,
    ast.BoolOp: Compiler._bool_op,
    ast.UnaryOp: Compiler._unary,
    ast.BinOp: Compiler._binary,
    ast.Compare: Compiler._compare,
    ast.IfExp: Compiler._if_else,
    ast.List: Compiler._sequence,
    ast.Tuple: Compiler._sequence,
    ast.Dict: Compiler._dict,
    ast.ListComp: Compiler._comprehension,
    ast.GeneratorExp: Compiler._comprehension,
    ast.Call: Compiler._call,
}
