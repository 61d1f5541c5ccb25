"""A form file becomes fields, or a list of what cannot be drawn."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import ROOT
from app.engine import lint
from app.engine.xml import SourceFile
from app.forms.fields import Form, InvalidForm, parse_form
from app.forms.patterns import is_slow_pattern


def form(*components: dict[str, Any]) -> Form:
    return parse_form({"id": "f", "components": list(components)})


def problems(*components: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidForm) as raised:
        form(*components)
    return [f"{problem.element}: {problem.message}" for problem in raised.value.problems]


@pytest.mark.parametrize("path", sorted(ROOT.glob("forms/*.form")), ids=lambda path: path.stem)
def test_every_shipped_form_can_be_drawn(path: Path) -> None:
    assert parse_form(path.read_bytes()).inputs
    assert lint.problems([SourceFile("form", path.name, path.read_bytes())]) == []


def test_a_form_is_parsed_once() -> None:
    schema = {"components": [{"type": "textfield", "key": "a"}]}

    assert parse_form(schema) is parse_form(json.loads(json.dumps(schema)))


def test_labels_are_found_in_every_language() -> None:
    field = form(
        {
            "type": "select",
            "key": "kind",
            "label": "Kind",
            "description": "Which?",
            "properties": {"label:ro": "Felul", "description:ro": "Care?"},
            "values": [
                {"value": "a", "label": "A", "properties": {"label:ro": "Ă"}},
                {"value": "b", "label": "B", "label:ro": "Be"},
                {"value": "c"},
            ],
        }
    ).inputs[0]

    assert field.labels == {"en": "Kind", "ro": "Felul"}
    assert field.descriptions == {"en": "Which?", "ro": "Care?"}
    assert [choice.labels["ro"] for choice in field.choices] == ["Ă", "Be", "c"]


def test_groups_hold_their_fields() -> None:
    parsed = form({"type": "group", "label": "Travel", "components": [{"type": "number", "key": "km"}]})

    assert [field.key for field in parsed.inputs] == ["km"]
    assert parsed.fields[0].fields[0].key == "km"


@pytest.mark.parametrize(
    ("component", "message"),
    [
        ({"type": "iframe", "id": "i"}, "i: A component of type `iframe` is not supported"),
        ({"type": "textfield", "key": "two words"}, "is not a plain name"),
        ({"type": "textfield", "key": "_x"}, "is not a plain name"),
        ({"type": "radio", "key": "a"}, "a: It has no values to choose from."),
        (
            {"type": "radio", "key": "a", "values": 5},
            "a: Its values are a list of choices, each with a value and a label.",
        ),
        ({"type": "select", "key": "a", "properties": {"display": ["x"]}}, "a: It has no values to choose from."),
        ({"type": "radio", "key": "a", "valuesKey": "x"}, "Only a fixed list"),
        ({"type": "radio", "key": "a", "values": [{"value": "x"}, {"value": "x"}]}, "the same value"),
        ({"type": "textfield", "key": "a", "conditional": {"hide": "=b >"}}, "a: Its condition cannot be read"),
        ({"type": "textfield", "key": "a", "conditional": {"hide": "=b"}}, "reads `b`, which is no field"),
        ({"type": "textfield", "key": "a", "validate": {"pattern": "("}}, "is not a regular expression"),
        ({"type": "textfield", "key": "a", "validate": {"pattern": "(a+)+$"}}, "could take for ever"),
        ({"type": "textfield", "key": "a", "validate": {"minLength": "x"}}, "`minLength` must be a number"),
        ({"type": "textfield", "key": "a", "validate": {"validationType": "iban"}}, "`iban` is not supported"),
        ({"type": "textfield", "key": "a", "properties": {"display": "outcom"}}, "There is no display `outcom`"),
        ({"type": "textfield", "key": "a", "properties": {"display": "outcome"}}, "stands on a radio or select"),
        ({"type": "datetime", "key": "a", "subtype": "week"}, "not `week`"),
        ({"type": "group", "path": "x", "components": []}, "path is not supported"),
    ],
)
def test_what_cannot_be_drawn_or_checked_is_a_problem(component: dict[str, Any], message: str) -> None:
    found = problems(component)

    assert len(found) == 1
    assert message in found[0]


def test_two_fields_may_not_share_a_key() -> None:
    assert (
        "Another field has the key `a` too."
        in problems({"type": "textfield", "key": "a"}, {"type": "number", "key": "a"})[0]
    )


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"components": 3}'])
def test_what_is_no_form_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidForm):
        parse_form(content)


KEYS = [
    *("type", "key", "id", "label", "values", "value", "validate", "conditional", "hide", "components"),
    *("properties", "display", "layout", "columns", "subtype", "pattern", "min", "decimalDigits"),
]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "type",
                        "key",
                        "id",
                        "label",
                        "values",
                        "value",
                        "validate",
                        "conditional",
                        "hide",
                        "components",
                        "properties",
                        "display",
                        "layout",
                        "columns",
                        "subtype",
                        "pattern",
                        "min",
                        "decimalDigits",
                    ]
                ),
                inner | st.sampled_from(["group", "radio", "number", "datetime", "textfield", "duration", "=a"]),
                max_size=6,
            )
        ),
        max_leaves=25,
    )
)
def test_no_json_gives_anything_but_a_form_or_its_problems(component: Any) -> None:
    content = json.dumps({"components": [component]}).encode()

    for problem in lint.problems([SourceFile("form", "f.form", content)]):
        assert problem.message


@pytest.mark.parametrize("pattern", [r"^[A-Z]{2}\d{4}$", r"\d+-\d+", r"(ab)?c", r"[(+*]+x", r"(\d{3}-)\d+", r"a|b"])
def test_quick_patterns_are_allowed(pattern: str) -> None:
    assert not is_slow_pattern(pattern)


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|a)*b", r"((a)*)*", r"(?:x+x+)+y", r"(a)\1", r"(.*a){9}" * 2])
def test_patterns_that_explode_are_refused(pattern: str) -> None:
    assert is_slow_pattern(pattern)
