"""How the cells of a decision table are read, and what a table answers."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.engine import xml
from app.engine.dmn import DecisionEngine, compile_cell
from app.engine.expressions import Expression, ExpressionError
from app.engine.parser import DeskParser
from tests.engine.drawing import table


def holds(cell: str, value: object) -> object:
    test = compile_cell("ticket.value", cell)
    return True if test is None else test.evaluate({"ticket": {"value": value}, "other": "high"})


@pytest.mark.parametrize(
    ("cell", "holding", "not_holding"),
    [
        ('"high"', "high", "low"),
        ('"high", "urgent"', "urgent", "low"),
        ('not("low", "normal")', "high", "low"),
        ('not("low")', "high", "low"),
        ("> 3", 4, 3),
        ("<= 3", 3, 4),
        ('!= "low"', "high", "low"),
        ('in ["high", "low"]', "low", "urgent"),
        ('not in ["high"]', "low", "high"),
        ("is None", None, "low"),
        ("is not None", "low", None),
        ("10 <= ? < 20", 10, 20),
        ("? > 1 and ? < 5", 3, 5),
        ('contains(?, "print")', "The Printer", "The screen"),
        ('"what?"', "what?", "what"),
        ("other", "high", "low"),
        ("true", True, False),
        ("False", False, True),
        ("-3", -3, 3),
        ("None", None, 0),
    ],
)
def test_a_cell_holds_for_what_it_says(cell: str, holding: object, not_holding: object) -> None:
    assert holds(cell, holding) is True
    assert holds(cell, not_holding) is False


@pytest.mark.parametrize("cell", ["", "-", "  ", None])
def test_an_empty_cell_always_holds(cell: str | None) -> None:
    assert compile_cell("ticket.value", cell) is None


@pytest.mark.parametrize("cell", ["> 3", "<= 3", "10 <= ? < 20"])
def test_nothing_is_neither_larger_nor_smaller(cell: str) -> None:
    """A contract without a limit must not stall the table that asks about it."""
    assert holds(cell, None) is False


@pytest.mark.parametrize(
    "cell", ["[1..5]", ">> 3", '"open', "? >", "__import__('os')", "x.__class__", "not " * 900 + "x"]
)
def test_a_cell_that_cannot_be_read_is_refused(cell: str) -> None:
    with pytest.raises(ExpressionError):
        compile_cell("ticket.value", cell)


def answer(file: xml.SourceFile, **names: object) -> dict[str, Any]:
    """What a table says on these names."""
    parser = DeskParser()
    parser.add_dmn_xml(xml.parse(file.content))
    parsed = parser.dmn_parsers["routing"]
    parsed.parse()

    def evaluate(task: object, expression: Expression) -> Any:
        return expression.evaluate(names)

    task = SimpleNamespace(workflow=SimpleNamespace(script_engine=SimpleNamespace(evaluate=evaluate)))
    return DecisionEngine(parsed.decision.decisionTables[0], "routing").result(task)


ROWS = ((["1"], ['"one"']), (["in [1, 2]"], ['"few"']), (["3"], [""]))


def test_first_takes_the_first_row_that_holds() -> None:
    assert answer(table(*ROWS, inputs=("x",)), x=1) == {"team": "one"}
    assert answer(table(*ROWS, inputs=("x",)), x=2) == {"team": "few"}
    assert answer(table(*ROWS, inputs=("x",)), x=3) == {"team": None}


def test_no_row_answers_nothing_and_not_what_was_answered_before() -> None:
    """A variable of the same name from an earlier round must not pass for the answer."""
    assert answer(table(*ROWS, inputs=("x",)), x=9) == {"team": None}


def test_unique_refuses_two_rows() -> None:
    unique = table(*ROWS, inputs=("x",), policy="UNIQUE")

    assert answer(unique, x=2) == {"team": "few"}
    with pytest.raises(ExpressionError, match="Rows 1 and 2"):
        answer(unique, x=1)


def test_collect_gives_a_list_for_each_output() -> None:
    collect = table(*ROWS, inputs=("x",), policy="COLLECT")

    assert answer(collect, x=1) == {"team": ["one", "few"]}
    assert answer(collect, x=9) == {"team": []}


def test_a_cell_that_fails_names_its_table_row_and_column() -> None:
    failing = table((["1"], ['"one"']), ([""], ["x + tiket.team"]), inputs=("x",))

    with pytest.raises(ExpressionError) as raised:
        answer(failing, x=2)

    assert str(raised.value) == (
        "Decision table routing, row 2, column team: `tiket.team`: there is no `tiket`. (character 5)"
    )


def test_a_cell_that_cannot_be_read_names_its_table_row_and_column() -> None:
    with pytest.raises(ExpressionError, match=r"^Decision table routing, row 1, column x: .*Powers are not part"):
        answer(table((["9 ** 9"], ['"one"']), inputs=("x",)), x=2)
