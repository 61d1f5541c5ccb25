"""What a page is given to draw a form."""

from typing import Any

import pytest

from app.config import ROOT
from app.forms.durations import typed_minutes
from app.forms.fields import Choice, Form, parse_form
from app.forms.rendering import FieldView, FormView, render, written_duration

WORK = parse_form((ROOT / "forms/work.form").read_bytes())


def form(*components: dict[str, Any]) -> Form:
    return parse_form({"id": "f", "components": list(components)})


def field(view: FormView, key: str) -> FieldView:
    return next(each for each in view.fields if each.key == key)


def test_a_fresh_form_shows_its_defaults_in_the_readers_language() -> None:
    view = render(WORK, language="ro")

    outcome = field(view, "outcome")
    assert view.outcome is outcome
    assert outcome.label == "Ce urmează?"
    assert [(each.value, each.selected) for each in outcome.options][:2] == [("answer", True), ("ask", False)]
    assert field(view, "billable").value is True
    assert field(view, "minutes").value == "0"


def test_what_was_typed_stays_with_its_errors() -> None:
    """Nothing typed is lost, right or wrong."""
    typed = {"outcome": ["answer"], "minutes": ["1h2o"], "reply": ["<b>Bună</b>\r\n "], "kind": ["remote"]}

    view = render(WORK, typed, {"minutes": ["No."], "": ["Somebody was first."]})

    assert field(view, "minutes").value == "1h2o"
    assert field(view, "minutes").errors == ["No."]
    assert field(view, "reply").value == "<b>Bună</b>\r\n "
    assert field(view, "billable").value is False
    assert view.errors == ["Somebody was first."]


def test_a_hidden_field_carries_what_was_typed_in_it() -> None:
    """Choosing another outcome and coming back must not lose the reply."""
    view = render(WORK, {"outcome": "escalate", "reply": "half a reply"}, {"reply": ["Too short."]})

    reply = field(view, "reply")
    assert reply.hidden
    assert reply.carried == ["half a reply"]
    assert reply.errors == []
    assert not field(view, "escalation_reason").hidden


def test_fields_that_conditions_read_redraw_the_form() -> None:
    view = render(WORK)

    assert [each.key for each in view.fields if each.refreshes] == ["outcome", "kind"]


def test_pickers_offer_what_the_desk_knows() -> None:
    picker = form({"type": "select", "key": "who", "properties": {"display": "person"}})

    view = render(picker, {"who": 7}, people=[Choice("7", {"en": "Ana"}), Choice("8", {"en": "Dan"})])

    assert [(each.value, each.label, each.selected) for each in field(view, "who").options] == [
        ("7", "Ana", True),
        ("8", "Dan", False),
    ]


def test_a_stored_answer_is_shown_as_people_write_it() -> None:
    stored = form(
        {"type": "number", "key": "spent", "properties": {"display": "duration"}},
        {"type": "datetime", "subtype": "datetime", "key": "at"},
        {"type": "number", "key": "km"},
        {"type": "checklist", "key": "tags", "values": [{"value": "a"}, {"value": "b"}]},
    )

    view = render(
        stored, {"spent": 80, "at": "2026-07-01T06:00:00+00:00", "km": 12.0, "tags": ["b"]}, zone="Europe/Bucharest"
    )

    assert field(view, "spent").value == "1 h 20"
    assert field(view, "at").value == "2026-07-01T09:00"
    assert field(view, "km").value == "12"
    assert [each.selected for each in field(view, "tags").options] == [False, True]


@pytest.mark.parametrize("minutes", [0, 5, 59, 60, 61, 80, 120, 1439])
def test_a_written_duration_is_read_back(minutes: int) -> None:
    assert typed_minutes(written_duration(minutes)) == minutes


def test_controls_get_the_attributes_they_need() -> None:
    view = render(
        form(
            {"type": "textfield", "key": "a", "validate": {"maxLength": 9, "validationType": "email"}},
            {"type": "filepicker", "key": "b", "multiple": True, "accept": ".pdf"},
            {"type": "number", "key": "c", "decimalDigits": 0},
            {"type": "datetime", "key": "d", "subtype": "time", "timeLabel": "At"},
        )
    )

    assert [each.input_type for each in view.fields] == ["email", "file", "text", "time"]
    assert field(view, "a").attributes == {"maxlength": "9"}
    assert field(view, "b").attributes == {"accept": ".pdf", "multiple": "multiple"}
    assert field(view, "c").attributes == {"inputmode": "numeric"}
    assert field(view, "d").label == "At"
