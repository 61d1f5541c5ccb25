"""Decision tables: how a row's cells reach the expression language, and the engine that runs a table.

A rule holds when each of its input cells does. For the input expression `ticket.priority` a cell reads so:

    (empty) or -            always holds
    "high"                  ticket.priority == "high"         any expression: equality
    "high", "urgent"        ticket.priority in ["high", "urgent"]
    not("low", "normal")    ticket.priority not in ["low", "normal"]
    > 3, != "low", in [1, 2], not in [..], is None      the input, then the cell
    10 <= ? < 20            `?` stands for the input, anywhere outside quotes

A comparison by size with a missing input (None) does not hold, as in DMN; elsewhere in the language it is an error.
Output cells are plain expressions; an empty one is None.

SpiffWorkflow's own `DMNEngine` reads each cell as Python text at run time, glues input and cell together without a
space and does not check that UNIQUE is unique. The diagram parser therefore builds a `DecisionEngine` from the parsed
table (override `SpiffBpmnParser.get_engine(decision_ref, node)`), which compiles every cell once and calculates it by
`script_engine.evaluate(task, expression)`: the environment passes a compiled `Expression` to
`expressions.compile_expression`, which hands it back, so facts, variables and functions are those of any expression.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine

from app.engine.environment import ElementFailed
from app.engine.expression_source import parse
from app.engine.expressions import Expression, ExpressionError, compile_expression, from_tree

HIT_POLICIES: Final = ("UNIQUE", "FIRST", "COLLECT")
_INPUT: Final = "the_input_of_this_cell"
_TEST: Final = re.compile(r"(<=|>=|==|!=|<|>|in\b|not\s+in\b|is\b)")
_NOT: Final = re.compile(r"not\s*\((?P<values>.*)\)\s*\Z", re.DOTALL)
_BY_SIZE: Final = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@lru_cache(maxsize=8192)
def compile_cell(input_text: str, cell: str | None) -> Expression | None:
    """The test that a cell makes on its column's input; None when it holds always.

    Raises:
        ExpressionError: the input or the cell cannot be read.
    """
    written = (cell or "").strip()
    if written in ("", "-"):
        return None
    subject = _tree(input_text)
    test = _tree(_as_test(written))
    if isinstance(test, ast.Tuple):
        test = ast.Compare(ast.Name(_INPUT, ast.Load()), [ast.In()], [ast.List(test.elts, ast.Load())])
    elif not _mentions_input(test):
        test = ast.Compare(ast.Name(_INPUT, ast.Load()), [ast.Eq()], [test])
    try:
        filled = _FillIn(subject).visit(test)
    except RecursionError:
        raise ExpressionError("The cell is nested too deeply.") from None
    return from_tree(f"{input_text.strip()}: {written}", filled)


def _as_test(cell: str) -> str:
    negated = _NOT.match(cell)
    if negated is not None and _closes_at_end(cell):
        return f"{_INPUT} not in [{negated['values']}]"
    with_input = _with_input(cell)
    return f"{_INPUT} {with_input}" if _TEST.match(with_input) else with_input


def _closes_at_end(cell: str) -> bool:
    """Whether the bracket opened by `not(` closes at the very end: not("a") or x is no list of values."""
    depth = 0
    for place, character in enumerate(cell):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == ")" and depth == 0:
            return place == len(cell) - 1
    return False


def _with_input(cell: str) -> str:
    """The cell with every `?` outside quotes replaced by the name of the input."""
    written: list[str] = []
    quote = ""
    skip = False
    for character in cell:
        if quote:
            if skip:
                skip = False
            elif character == "\\":
                skip = True
            elif character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        elif character == "?":
            written.append(f" {_INPUT} ")
            continue
        written.append(character)
    return "".join(written).strip()


def _tree(text: str) -> ast.expr:
    if re.search(r"(?<![\d.])\d+\.\.\d+", text):
        raise ExpressionError(f"`{text.strip()[:80]}`: write a range as `1 <= ? <= 5`.")
    tree = parse(text, script=False)
    assert isinstance(tree, ast.Expression)
    return tree.body


def _mentions_input(tree: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == _INPUT for node in ast.walk(tree))


class _FillIn(ast.NodeTransformer):
    """Puts the input in the place of its name, and lets a size comparison with a missing input fail quietly."""

    def __init__(self, subject: ast.expr) -> None:
        self._subject = subject

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._subject if node.id == _INPUT else node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        by_size = any(isinstance(operator, _BY_SIZE) for operator in node.ops)
        about_input = any(isinstance(side, ast.Name) and side.id == _INPUT for side in (node.left, *node.comparators))
        filled = self.generic_visit(node)
        assert isinstance(filled, ast.Compare)
        if not by_size or not about_input:
            return filled
        is_there = ast.Compare(self._subject, [ast.IsNot()], [ast.Constant(None)])
        return ast.BoolOp(ast.And(), [is_there, filled])


@dataclass(frozen=True)
class Row:
    """A compiled rule: its tests and its outputs by name."""

    number: int
    # By the name of the column, for whoever repairs a cell.
    tests: tuple[tuple[str, Expression], ...]
    outputs: tuple[tuple[str, Expression | None], ...]


class DecisionEngine(DMNEngine):  # type: ignore[misc]  # SpiffWorkflow ships no types
    """Runs one compiled decision table; shared by all instances."""

    def __init__(self, decision_table: Any, key: str = "") -> None:
        """Compile a parsed table; `key` is the decision's id, by which people know it.

        Raises:
            ExpressionError: a cell cannot be read; it names table, row and column.
        """
        super().__init__(decision_table)
        self.key = key or str(decision_table.name or decision_table.id)
        self.output_names = tuple(output.name or output.label for output in decision_table.outputs)
        self.rows = tuple(_compile_row(self.key, rule) for rule in decision_table.rules)

    def result(self, task: Any) -> dict[str, Any]:
        """The outputs of the rules that hold.

        UNIQUE and FIRST give one value per output, None when no rule holds (an older value of the same name must not
        pass for the answer); COLLECT gives a list per output.

        Raises:
            ElementFailed: a cell cannot be calculated, in a running instance.
            ExpressionError: a cell cannot be calculated, or two rules of a UNIQUE table hold.
        """
        policy = self.decision_table.hit_policy
        matched: list[Row] = []
        for row in self.rows:
            if not self._holds(row, task):
                continue
            matched.append(row)
            if policy == "FIRST":
                break
        if policy == "COLLECT":
            collected = [self._outputs(row, task) for row in matched]
            return {name: [outputs[name] for outputs in collected] for name in self.output_names}
        if len(matched) > 1:
            rows = " and ".join(str(row.number) for row in matched[:2])
            raise ExpressionError(f"Rows {rows} of decision table {self.key} both hold; it is UNIQUE.")
        return self._outputs(matched[0], task) if matched else dict.fromkeys(self.output_names)

    def _holds(self, row: Row, task: Any) -> bool:
        return all(self._value(test, row, column, task) for column, test in row.tests)

    def _outputs(self, row: Row, task: Any) -> dict[str, Any]:
        return {
            name: self._value(expression, row, name, task) if expression is not None else None
            for name, expression in row.outputs
        }

    def _value(self, expression: Expression, row: Row, column: str, task: Any) -> Any:
        try:
            return task.workflow.script_engine.evaluate(task, expression)
        except ExpressionError as error:
            where = _cell(self.key, row.number, column)
            raise ExpressionError(f"{where}: {error}", about_all=True) from error
        except ElementFailed as error:
            where = _cell(self.key, row.number, column)
            raise ElementFailed(error.element, f"{where}: {error.reason}", error.errors) from error


def _cell(table: str, row: int, column: str) -> str:
    return f"Decision table {table}, row {row}, column {column}"


def _compile_row(table: str, rule: Any) -> Row:
    number = rule.row_number
    tests: list[tuple[str, Expression]] = []
    for entry in rule.inputEntries:
        input_text = entry.input.expression or entry.input.label
        column = entry.input.label or input_text
        for cell in entry.lhs:
            with _naming(table, number, column):
                test = compile_cell(input_text, cell)
            if test is not None:
                tests.append((column, test))
    outputs: list[tuple[str, Expression | None]] = []
    for entry in rule.outputEntries:
        column = entry.output.name or entry.output.label
        with _naming(table, number, column):
            outputs.append((column, compile_expression(entry.text) if (entry.text or "").strip() else None))
    return Row(number, tuple(tests), tuple(outputs))


@contextmanager
def _naming(table: str, row: int, column: str) -> Iterator[None]:
    """Errors inside name the cell."""
    try:
        yield
    except ExpressionError as error:
        raise ExpressionError(f"{_cell(table, row, column)}: {error}", about_all=True) from error
