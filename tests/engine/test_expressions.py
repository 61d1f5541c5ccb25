"""What analysts write in conditions, parameters and scripts, and what they read when it is wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.engine.expressions import Expression, ExpressionError, compile_expression, compile_script

NAMES: dict[str, Any] = {
    "ticket": {"priority": "high", "team": "network", "assignee": None, "number": "S-1"},
    "sla": {"response_due": datetime(2026, 11, 18, 10, tzinfo=UTC)},
    "work": {"minutes": 80, "travel_minutes": 0, "outcome": "solved"},
    "items": [{"minutes": 10}, {"minutes": 50}],
    "saved_due": "2026-11-18T10:00:00+00:00",
}


def value_of(text: str) -> Any:
    return compile_expression(text).evaluate(NAMES, {"twice": lambda number: number * 2})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('ticket.priority in ["high", "urgent"] and work.minutes > 60', True),
        ('ticket.priority == "low" or not ticket.assignee', True),
        ("ticket.assignee is None", True),
        ("ticket.assignee != None", False),
        ('"late" if work.minutes >= 80 else "early"', "late"),
        ("work.minutes + work.travel_minutes * 2 - 10 / 4", 77.5),
        ("work.minutes // 60, work.minutes % 60", [1, 20]),
        ("1 < 2 <= 2 < 3", True),
        ("-work.minutes", -80),
        ('"S-" in ticket.number', True),
        ("sum([item.minutes for item in items])", 60),
        ("[item.minutes for item in items if item.minutes > 20][0]", 50),
        ("any(item.minutes > 40 for item in items)", True),
        ("min(3, 1, 2), max([3, 1, 2]), len(items), round(2.567, 1)", [1, 3, 2, 2.6]),
        ('lower("ABC") + upper("d") + strip("  e ")', "abcDe"),
        ('contains("Imprimanta", "PRIM")', True),
        ('{"a": [1, 2]}["a"][1]', 2),
        ('get(ticket, "colour", "none")', "none"),
        ('"abcdef"[1:3]', "bc"),
        ("twice(4)", 8),
        ("true and not false and null is None", True),
        ("True == 1", False),
        ("str(None) + str(1.5)", "1.5"),
        ('int("7") + float("0.5")', 7.5),
        ("sorted([3, 1, 2])", [1, 2, 3]),
    ],
)
def test_an_expression_gives_its_value(text: str, value: object) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('sla.response_due - duration("PT4H")', datetime(2026, 11, 18, 6, tzinfo=UTC)),
        ('sla.response_due < "2026-11-19"', True),
        ("saved_due == sla.response_due", True),
        ("saved_due <= sla.response_due", True),
        ('saved_due + duration("P1D")', datetime(2026, 11, 19, 10, tzinfo=UTC)),
        ('min(sla.response_due, moment("2026-11-18T09:00:00+02:00"))', datetime(2026, 11, 18, 7, tzinfo=UTC)),
        ('minutes(sla.response_due - moment("2026-11-18T09:00:00Z"))', 60),
        ('hours(duration("P1DT30M"))', 24.5),
        ('duration("PT1H") > duration("PT59M")', True),
        ('duration("PT1H") * 2', timedelta(hours=2)),
    ],
)
def test_moments_and_durations_are_compared_and_added(text: str, value: object) -> None:
    """Variables keep moments as ISO text: it must compare with a fact's moment."""
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tiket.priority", "`tiket.priority`: there is no `tiket`; did you mean `ticket`?"),
        ("ticket.prioritate", "`ticket.prioritate`: `ticket` has no `prioritate`; did you mean `priority`?"),
        ("ticket.priority.level", "`ticket.priority.level`: `ticket.priority` is text and has no `level`."),
        ("twise(1)", "`twise(1)`: there is no function `twise`; did you mean `twice`?"),
        ("len", "`len` is a function; call it: `len(…)`."),
        ("ticket.assignee > 3", "`ticket.assignee > 3`: `>` cannot compare nothing (None) with a number."),
        ('1 + "a"', '`1 + "a"`: `+` does not work on a number and text.'),
        ("1 / 0", "`1 / 0`: Nothing can be divided by zero."),
        ("items[7]", "`items[7]`: There is no place 7: it has 2."),
        (
            "ticket.number.lower()",
            "`ticket.number.lower()`: Write `lower(…, …)`: values have no functions of their own.",
        ),
        ("work.minutes is ticket", "`work.minutes is ticket`: `is` compares with None, True or False only; use `==`."),
        ("round(1, 2, 3)", "`round(1, 2, 3)`: round() does not take 3 like these; write `round(x, digits)`."),
        ("", "There is no expression here."),
        ("1 + tiket", "there is no `tiket`; did you mean `ticket`? (character 5)"),
        (
            'ticket.team != "é" and (ticket.priorty == 1)',
            "`ticket.priorty`: `ticket` has no `priorty`; did you mean `priority`? (character 25)",
        ),
        ("[1,\n tiket.team]", "`tiket.team`: there is no `tiket`; did you mean `ticket`? (line 2, character 2)"),
        ("[9 ** i for i in items]", "`9 ** i`: Powers are not part of this language. (character 2)"),
        ("twice(1, 2)", "`twice(1, 2)`: twice() does not take 2 values."),
        ("work.minutes ==", "`work.minutes ==` cannot be read: invalid syntax."),
        ("work.minutes = 3", "`work.minutes = 3` cannot be read: to compare, write `==`. (character 14)"),
        ('"open', '`"open` cannot be read: unterminated string literal (detected at line 1).'),
        ('duration("4 hours")', '`duration("4 hours")`: "4 hours" is not a duration; write "PT4H", "PT30M" or "P2D".'),
        ('duration("P1M")', '`duration("P1M")`: "P1M" is not a duration; write "PT4H", "PT30M" or "P2D".'),
    ],
)
def test_a_wrong_expression_says_what_to_mend(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        value_of(text)

    assert str(raised.value) == message


def test_an_expression_knows_what_it_reads() -> None:
    """Lint compares these with what facts, forms and scripts provide."""
    expression = compile_expression('working_time("PT4H") if ticket.priority == x else [i for i in items]')

    assert expression.names == {"ticket", "x", "items"}
    assert expression.functions == {"working_time"}
    assert ("ticket", "priority") in expression.paths
    assert ("i",) not in expression.paths


def test_a_compiled_expression_is_compiled_once() -> None:
    expression = compile_expression("1 + 1")

    assert compile_expression("1 + 1") is expression
    assert compile_expression(expression) is expression
    assert isinstance(expression, Expression)


def test_a_script_assigns_and_chooses() -> None:
    script = compile_script(
        """
        total = work.minutes + work.travel_minutes
        if total > 60:
            size = "long"
        else:
            size = "short"
        total += 1
        due = sla.response_due
        """
    )

    assert script.run(NAMES) == {"total": 81, "size": "long", "due": "2026-11-18T10:00:00+00:00"}
    assert script.assigned == {"total", "size", "due"}
    assert script.names == {"work", "sla"}


def test_a_script_copies_what_it_assigns() -> None:
    """A variable that shared a fact's dict would change behind the process's back."""
    names = {"ticket": {"tags": ["a"]}}

    result = compile_script("kept = ticket").run(names)
    names["ticket"]["tags"].append("b")

    assert result == {"kept": {"tags": ["a"]}}


def test_a_name_assigned_in_one_branch_only_is_still_needed_from_outside() -> None:
    script = compile_script("if ready:\n  a = 1\nb = a")

    assert script.names == {"ready", "a"}
    with pytest.raises(ExpressionError, match="there is no `a`"):
        script.run({"ready": False})


@pytest.mark.parametrize(
    "script",
    [
        "for i in items: pass",
        "import os",
        "while True: pass",
        "def f(): pass",
        "len = 3",
        "a.b = 1",
        "a = b = 1",
        "1 + 1",
    ],
)
def test_a_script_has_assignments_and_choices_only(script: str) -> None:
    with pytest.raises(ExpressionError):
        compile_script(script)
