"""The macro that draws a form: labels, errors and values reach the right control, and nothing typed becomes markup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask, render_template_string
from lxml import html

from app.forms.fields import Choice, parse_form
from app.forms.rendering import render

PAGE = (
    '{% from "components/form.html" import form_fields, outcome_words %}<main>{{ form_fields(form, "/fields") }}</main>'
)

FIELDS: list[dict[str, Any]] = [
    {"type": "radio", "key": "outcome", "id": "f1", "label": "What next?", "values": [
        {"label": "Answer", "value": "answer"}, {"label": "Escalate", "value": "escalate"}],
     "validate": {"required": True}, "properties": {"display": "outcome"}},
    {"type": "textarea", "key": "reply", "id": "f2", "label": "Reply", "validate": {"required": True},
     "conditional": {"hide": '=outcome = "escalate"'}, "properties": {"display": "reply"}},
    {"type": "textfield", "key": "note", "id": "f3", "label": "Note", "description": "Only for us."},
    {"type": "number", "key": "minutes", "id": "f4", "label": "Time", "properties": {"display": "duration"}},
    {"type": "checkbox", "key": "billable", "id": "f5", "label": "Billable"},
    {"type": "select", "key": "kind", "id": "f6", "label": "Kind", "values": [
        {"label": "Remote", "value": "remote"}, {"label": "On site", "value": "on_site"}]},
    {"type": "checklist", "key": "parts", "id": "f7", "label": "Parts", "values": [
        {"label": "Cable", "value": "cable"}, {"label": "Switch", "value": "switch"}]},
    {"type": "datetime", "subtype": "date", "key": "on", "id": "f8", "dateLabel": "Day"},
    {"type": "select", "key": "colleague", "id": "f9", "label": "Colleague", "properties": {"display": "person"}},
    {"type": "text", "id": "f10", "text": "First line <b>bold</b>"},
    {"type": "filepicker", "key": "files", "id": "f11", "label": "Files", "multiple": True},
    {"type": "group", "id": "f12", "label": "Travel", "components": [
        {"type": "textfield", "key": "where", "id": "f13", "label": "Where"}]},
]  # fmt: skip


@pytest.fixture
def drawn(app: Flask) -> Any:
    """The form as a tree, drawn for some values and errors."""

    def draw(values: Mapping[str, Any] | None = None, errors: Mapping[str, list[str]] | None = None) -> Any:
        form = parse_form({"id": "work", "components": FIELDS})
        people = [Choice("7", {"en": "Radu <Petcu>"})]
        with app.test_request_context():
            return html.fromstring(render_template_string(PAGE, form=render(form, values, errors, people=people)))

    return draw


def test_every_control_has_a_label(drawn: Any) -> None:
    page = drawn()

    for control in page.xpath("//input[not(@type='hidden')] | //select | //textarea"):
        labelled = page.xpath("//label[@for=$id]", id=control.get("id")) or control.xpath("ancestor::label")
        assert labelled, html.tostring(control)
    assert len(set(page.xpath("//@id"))) == len(page.xpath("//@id"))


def test_values_stay_and_are_never_markup(drawn: Any) -> None:
    page = drawn(
        {
            "outcome": "answer", "reply": "</textarea><script>alert(1)</script>", "note": '"><img src=x>',
            "kind": "on_site", "billable": "true", "parts": ["switch"], "colleague": "7", "on": "2026-12-02",
        }
    )  # fmt: skip

    assert page.xpath("//textarea[@name='reply']")[0].text.strip() == "</textarea><script>alert(1)</script>"
    assert page.xpath("//input[@name='note']/@value") == ['"><img src=x>']
    assert page.xpath("//select[@name='kind']/option[@selected]/@value") == ["on_site"]
    assert page.xpath("//select[@name='colleague']/option[@selected]/text()") == ["Radu <Petcu>"]
    assert page.xpath("//input[@name='parts'][@checked]/@value") == ["switch"]
    assert page.xpath("//input[@name='billable']/@checked")
    assert page.xpath("//input[@name='on'][@type='date']/@value") == ["2026-12-02"]
    assert not page.xpath("//script | //img | //b")


def test_an_error_stands_at_its_field_and_is_tied_to_it(drawn: Any) -> None:
    page = drawn({"outcome": "answer"}, {"note": ["Too long."], "_form": ["Somebody was faster."]})

    note = page.xpath("//input[@name='note']")[0]
    assert note.get("aria-invalid") == "true"
    described = [page.get_element_by_id(each).text_content().strip() for each in note.get("aria-describedby").split()]
    assert described == ["Too long.", "Only for us."]
    assert "Somebody was faster." in page.xpath("//*[@role='alert']")[0].text_content()


def test_a_hidden_field_draws_nothing_and_carries_what_was_typed(drawn: Any) -> None:
    page = drawn({"outcome": "escalate", "reply": "Half a sentence"})

    assert not page.xpath("//textarea[@name='reply']")
    assert page.xpath("//input[@type='hidden'][@name='reply']/@value") == ["Half a sentence"]


def test_only_fields_that_a_condition_reads_draw_the_form_anew(drawn: Any) -> None:
    page = drawn({"outcome": "answer"})

    assert set(page.xpath("//*[@hx-post]/@name")) == {"outcome"}
    assert set(page.xpath("//*[@hx-post]/@hx-target")) == {"#work-fields"}
    assert page.get_element_by_id("work-fields") is not None


def test_required_fields_say_so_to_eyes_and_ears(drawn: Any) -> None:
    page = drawn({"outcome": "answer"})

    assert page.xpath("//textarea[@name='reply']/@aria-required") == ["true"]
    label = page.xpath("//label[@for=$id]", id=page.xpath("//textarea[@name='reply']/@id")[0])[0]
    assert "(required)" in label.text_content()
