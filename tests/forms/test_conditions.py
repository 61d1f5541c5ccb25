"""Conditions that hide fields: a part of FEEL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.forms.conditions import ConditionError, compile_condition

VALUES = {"outcome": "escalate", "minutes": 80, "billable": True, "tags": ["a", "b"], "kind": None, "text": 'say "x"'}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('=outcome = "escalate"', True),
        ('outcome != "escalate"', False),
        ('=outcome = "solved" or minutes > 60 and billable', True),
        ('=(outcome = "solved" or minutes > 60) and not(billable)', False),
        ("=minutes / 2 + 1 * 2 - 2 = 40", True),
        ("=-minutes < 0", True),
        ('=outcome in ["ask", "escalate"]', True),
        ('=list contains(tags, "b")', True),
        ('=contains(outcome, "esc")', True),
        ("=count(tags) >= 2", True),
        ("=string length(outcome) = 8", True),
        ("=is empty(kind)", True),
        ("=kind = null", True),
        ("=nobody = null", True),
        ("=kind > 3", False),
        ("=not(kind > 3)", False),
        ('=minutes = "80"', False),
        ("=billable = 1", False),
        ("=minutes / 0 = 1", False),
        ('=text = "say \\"x\\""', True),
        ("=billable", True),
        ("=minutes", False),
        ("=true", True),
        ("=outcome.x", None),
        ("=outcome =", None),
        ("=outcome == 1", None),
        ("=(minutes", None),
        ("=every x in tags satisfies x", None),
        ("=sum(tags)", None),
        ("=not(1, 2)", None),
        ("", None),
        ("=" + "(" * 100 + "1" + ")" * 100, None),
        ("=" + "1+" * 400 + "1", None),
    ],
)
def test_a_condition_holds_only_when_it_is_true(text: str, holds: bool | None) -> None:
    """None: it is refused when the form is parsed, not when somebody fills it in."""
    if holds is None:
        with pytest.raises(ConditionError):
            compile_condition(text)
    else:
        assert compile_condition(text).holds(VALUES) is holds


def test_a_condition_knows_what_it_reads() -> None:
    assert compile_condition('=outcome = "a" and not(is empty(kind)) and true').names == {"outcome", "kind"}


WORDS = st.sampled_from(
    [
        "outcome",
        "minutes",
        "kind",
        "tags",
        '"a"',
        "1",
        "0",
        "2.5",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "in",
        "and",
        "or",
        "not(",
        "(",
        ")",
        "[",
        "]",
        ",",
        "+",
        "-",
        "*",
        "/",
        "true",
        "null",
        "count(",
        "-",
    ]
)


@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=30))
def test_any_text_is_a_condition_or_a_condition_error(text: str) -> None:
    try:
        condition = compile_condition(text)
    except ConditionError:
        return

    assert condition.holds(VALUES) in (True, False)
