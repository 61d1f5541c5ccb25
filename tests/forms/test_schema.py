"""What comes back from a form is checked by the form itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from app.config import ROOT
from app.forms.durations import typed_minutes
from app.forms.fields import Form, parse_form
from app.forms.schema import answer_schema

pytestmark = pytest.mark.usefixtures("app_context")

WORK = parse_form((ROOT / "forms/work.form").read_bytes())


def form(*components: dict[str, Any]) -> Form:
    return parse_form({"components": list(components)})


def answer(checked: Form, typed: dict[str, Any], **options: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = answer_schema(checked, **options).load(typed)
    return loaded


def refused(checked: Form, typed: dict[str, Any], **options: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as raised:
        answer(checked, typed, **options)
    assert isinstance(raised.value.messages, dict)
    return raised.value.messages


def test_a_solved_request_comes_back_whole() -> None:
    """Every field is in the answer, so that a diagram may read each of them."""
    typed = {"outcome": ["solved"], "reply": ["Mulțumim!\r\nGata."], "minutes": ["1 h 20"], "kind": ["remote"]}

    assert answer(WORK, {**typed, "csrf_token": "x", "state": "closed"}) == {
        "outcome": "solved",
        "reply": "Mulțumim!\nGata.",
        "files": [],
        "escalation_reason": "",
        "escalation_skill": None,
        "minutes": 80,
        "worked_on": None,
        "kind": "remote",
        "billable": False,
        "travel_minutes": 0,
        "travel_km": 0,
        "note": "",
    }


def test_a_hidden_field_is_neither_checked_nor_taken() -> None:
    """The reply is required, but not asked for when the request is escalated."""
    typed = {"outcome": "escalate", "reply": "typed before", "escalation_reason": "Too hard", "kind": "remote"}

    taken = answer(WORK, {**typed, "travel_km": "nonsense"})

    assert taken["reply"] == ""
    assert taken["travel_km"] == 0
    assert taken["escalation_reason"] == "Too hard"


def test_each_wrong_field_has_its_own_message() -> None:
    messages = refused(
        WORK, {"outcome": "maybe", "minutes": "soon", "kind": "on_site", "travel_km": "-1", "reply": "x"}
    )

    assert messages == {
        "outcome": ["This is not one of the choices."],
        "minutes": ["Write a duration such as 1 h 20, 1:20 or 80 (minutes)."],
        "travel_km": ["At least 0, please."],
    }


@pytest.mark.parametrize(
    ("component", "typed", "result"),
    [
        ({"type": "textfield"}, "  a  b ", "a  b"),
        ({"type": "textfield"}, None, ""),
        ({"type": "textfield"}, 5, "5"),
        ({"type": "textarea"}, " a\r\nb \n", " a\nb"),
        ({"type": "textfield"}, "a\x00b", "ab"),
        ({"type": "number"}, "1 234,5", 1234.5),
        ({"type": "number"}, "-3", -3),
        ({"type": "number"}, "7.0", 7),
        ({"type": "number"}, 7, 7),
        ({"type": "number", "validate": {"required": True}}, "0", 0),
        ({"type": "number"}, "", None),
        ({"type": "number", "decimalDigits": 1}, "1.50", 1.5),
        ({"type": "checkbox"}, "on", True),
        ({"type": "checkbox"}, True, True),
        ({"type": "checkbox"}, ["false", "true"], True),
        ({"type": "checkbox"}, None, False),
        ({"type": "radio", "values": [{"value": "1"}]}, "1", "1"),
        ({"type": "radio", "values": [{"value": 1}]}, 1, "1"),
        ({"type": "select", "values": [{"value": "a"}]}, "", None),
        ({"type": "checklist", "values": [{"value": "a"}, {"value": "b"}]}, ["b", "a", "a"], ["a", "b"]),
        ({"type": "checklist", "values": [{"value": "a"}]}, "a", ["a"]),
        ({"type": "checklist", "values": [{"value": "a"}]}, None, []),
        ({"type": "datetime", "subtype": "date"}, "2026-11-23", "2026-11-23"),
        ({"type": "datetime", "subtype": "time"}, "09:05:00", "09:05"),
        ({"type": "datetime", "subtype": "datetime"}, "2026-07-01T09:00", "2026-07-01T06:00:00+00:00"),
        ({"type": "datetime", "subtype": "datetime"}, "2026-01-01T09:00", "2026-01-01T07:00:00+00:00"),
        ({"type": "datetime", "subtype": "datetime"}, "2026-01-01T09:00Z", "2026-01-01T09:00:00+00:00"),
        ({"type": "filepicker", "multiple": True}, ["u1", "", "u2"], ["u1", "u2"]),
        ({"type": "number", "properties": {"display": "duration"}}, 45, 45),
        ({"type": "number", "properties": {"display": "duration"}}, "", 0),
        ({"type": "number", "properties": {"display": "duration"}, "validate": {"required": True}}, "0", 0),
        ({"type": "select", "properties": {"display": "person"}}, "7", 7),
        ({"type": "select", "properties": {"display": "team"}}, "network", "network"),
        ({"type": "select", "properties": {"display": "skill"}}, "", None),
        ({"type": "textfield", "readonly": True, "defaultValue": "kept"}, "changed", "kept"),
        ({"type": "textfield", "validate": {"validationType": "email"}}, "ana@firma.ro", "ana@firma.ro"),
        ({"type": "textfield", "validate": {"validationType": "phone"}}, "+40 (21) 555-12 34", "+40 (21) 555-12 34"),
        ({"type": "textfield", "validate": {"pattern": "^[A-Z]{2}$"}}, "RO", "RO"),
    ],
)
def test_what_is_typed_is_read(component: dict[str, Any], typed: object, result: object) -> None:
    taken = answer(form({**component, "key": "a"}), {"a": typed}, zone="Europe/Bucharest")

    assert taken == {"a": result}
    assert type(taken["a"]) is type(result)


@pytest.mark.parametrize(
    ("component", "typed", "message"),
    [
        ({"type": "textfield", "validate": {"required": True}}, "   ", "Please fill this in."),
        ({"type": "textfield", "validate": {"minLength": 3}}, "ab", "At least 3 characters, please."),
        ({"type": "textfield", "validate": {"maxLength": 3}}, "abcd", "At most 3 characters, please."),
        ({"type": "textfield"}, "a" * 501, "At most 500 characters, please."),
        ({"type": "textfield"}, {"a": 1}, "This is not text."),
        ({"type": "textfield", "validate": {"pattern": "^[A-Z]{2}$"}}, "ro", "This does not have the right form."),
        ({"type": "textfield", "validate": {"validationType": "email"}}, "ana@", "This is not an e-mail address."),
        ({"type": "textfield", "validate": {"validationType": "phone"}}, "call me", "This is not a phone number."),
        ({"type": "number"}, "1e9", "This is not a number."),
        ({"type": "number"}, "9" * 400, "This is not a number."),
        ({"type": "number"}, True, "This is not a number."),
        ({"type": "number", "decimalDigits": 0}, "1.5", "This must be a whole number."),
        ({"type": "number", "decimalDigits": 1}, "1.55", "At most 1 digits after the decimal point."),
        ({"type": "number", "validate": {"max": 5}}, "6", "At most 5, please."),
        ({"type": "checkbox", "validate": {"required": True}}, None, "Please tick this."),
        ({"type": "checklist", "values": [{"value": "a"}]}, ["b"], "This is not one of the choices."),
        ({"type": "datetime"}, "tomorrow", "This is not a valid date or time."),
        ({"type": "datetime", "subtype": "datetime"}, "0001-01-01T00:00", "This is not a valid date or time."),
        ({"type": "datetime", "disallowPassedDates": True}, "2026-11-17", "This date has passed."),
        ({"type": "filepicker"}, ["a", "b"], "Only one file, please."),
        ({"type": "select", "properties": {"display": "person"}}, "8", "This person cannot be chosen."),
        ({"type": "select", "properties": {"display": "person"}}, "x", "This person cannot be chosen."),
        ({"type": "select", "properties": {"display": "team"}}, "other", "This is not one of the choices."),
        ({"type": "number", "properties": {"display": "duration"}}, "999999", "This is too long."),
    ],
)
def test_what_is_wrong_is_said(
    component: dict[str, Any], typed: object, message: str, at: Callable[[datetime], None]
) -> None:
    at(datetime(2026, 11, 18, 8, tzinfo=UTC))
    checked = form({**component, "key": "a"})

    assert refused(checked, {"a": typed}, people=[7], teams=["network"], zone="Europe/Bucharest") == {"a": [message]}


def test_hiding_one_field_can_show_the_next() -> None:
    chain = form(
        {"type": "checkbox", "key": "a"},
        {"type": "textfield", "key": "b", "conditional": {"hide": "=not(a)"}},
        {"type": "textfield", "key": "c", "conditional": {"hide": "=b != null"}, "validate": {"required": True}},
    )

    assert answer(chain, {"a": "on", "b": "x"}) == {"a": True, "b": "x", "c": ""}
    assert refused(chain, {"b": "x"}) == {"c": ["Please fill this in."]}


def test_a_hidden_group_hides_its_fields() -> None:
    group = {"type": "group", "conditional": {"hide": "=not(travelled)"}}
    inner = {"type": "number", "key": "km", "validate": {"required": True}}
    checked = form({"type": "checkbox", "key": "travelled"}, {**group, "components": [inner]})

    assert answer(checked, {"km": "5"}) == {"travelled": False, "km": None}
    assert refused(checked, {"travelled": "on"}) == {"km": ["Please fill this in."]}


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("80", 80),
        ("1:20", 80),
        ("1 h 20", 80),
        ("1h20", 80),
        ("1 h 20 min", 80),
        ("1,5 h", 90),
        ("1.25h", 75),
        ("20 min", 20),
        ("20m", 20),
        ("2 ore", 120),
        ("o oră", None),
        ("1 oră", 60),
        ("0", 0),
        ("", None),
        ("-5", None),
        ("1:75", None),
        ("abc", None),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, minutes: int | None) -> None:
    assert typed_minutes(text) == minutes


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from([field.key for field in WORK.inputs]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=10)
        | st.lists(st.text(max_size=5) | st.none() | st.lists(st.text()), max_size=3)
        | st.sampled_from(["escalate", "solved", "on_site", "1 h 20"]),
    )
)
def test_nothing_typed_gives_anything_but_an_answer_or_messages(app: Flask, typed: dict[str, Any]) -> None:
    keys = {field.key for field in WORK.inputs}
    try:
        told = set(answer(WORK, typed))
    except ValidationError as error:
        told = set(error.messages_dict)
        keys = keys & told

    assert told == keys
