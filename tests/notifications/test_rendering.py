"""The texts people get, and what a template may not do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.errors import InvalidInput, NotFound
from app.notifications import rendering
from app.notifications.rendering import render

FOR_CUSTOMERS = {"received", "reply", "reminder", "solved", "closed", "closed_silent", "cancelled"}
NAMED = FOR_CUSTOMERS | {
    "team_new", "unassigned", "response_soon", "response_overdue", "resolution_soon", "resolution_overdue",
    "escalation_to_approve", "escalation_refused", "escalation_arrived", "work_to_approve", "work_rejected", "stalled",
}  # fmt: skip

VALUES: dict[str, Any] = {
    "ticket": {
        "number": "S-10482",
        "subject": "Imprimanta <b>nu</b> merge",
        "type": "Incident",
        "state": "Nouă",
        "priority": "urgentă",
        "customer": "Medis Cluj",
        "requester": "Ioana Radu",
        "team": "Rețele",
        "assignee": "Elena Marin",
        "opened_at": "today at 10:02",
        "response_due": "today at 14:10",
        "resolution_due": "Thursday 3 December at 09:30",
        "url": "https://desk.example/tickets/S-10482",
        "portal_url": "https://desk.example/portal/requests/S-10482",
        "rating_url": "https://desk.example/portal/requests/S-10482#rating",
    },
    "person": {"name": "Ioana Radu"},
    "desk": {"name": "Suport"},
    "message": {
        "text": "Încercați acum.\n\n<script>alert(1)</script>",
        "author": "Elena Marin",
        "signature": "Elena\n0264 000 000",
    },
    "first_message": {"text": "Nu merge.\nDeloc."},
    "work": {
        "author": "Elena Marin", "worked_on": "2 Dec 2026", "minutes": 65, "travel_minutes": 30, "note": "La client.",
        "decided_by": "Radu Ion", "decision_reason": "Lipsește nota.",
    },
    "escalation": {
        "reason": "Nu am acces.", "asked_by": "Elena Marin", "from_team": "Rețele", "to": "Dan Pop",
        "decided_by": "Radu Ion", "decision_reason": "Mai încearcă.",
    },
    "instance": {"url": "https://desk.example/instances/7", "element": "route", "reason": "No such team."},
}  # fmt: skip
EMPTY: dict[str, Any] = {
    group: {name: 0 if isinstance(value, int) else "" for name, value in values.items()}
    for group, values in VALUES.items()
}


def test_every_text_exists_in_both_languages() -> None:
    found = {path.name for path in rendering.TEXTS.glob("*.txt")}

    assert set(rendering.names()) == NAMED
    assert found == {f"{name}.{language}.txt" for name in NAMED for language in ("en", "ro")}


@pytest.mark.parametrize("values", [VALUES, EMPTY], ids=["everything", "nothing"])
@pytest.mark.parametrize("language", ["en", "ro"])
@pytest.mark.parametrize("name", sorted(NAMED))
def test_every_text_can_be_filled(name: str, language: str, values: dict[str, Any]) -> None:
    notice = render(name, language, values)

    assert notice.subject == " ".join(notice.subject.split())
    assert notice.text
    assert "{" not in notice.text
    assert "!" not in notice.text.replace("<!doctype", "")
    assert "\n\n\n" not in notice.text


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_title_is_the_same_for_every_reader_of_its_language(name: str) -> None:
    """It is written once for all colleagues: neither their name nor a moment of their zone can stand in it."""
    moments = {"opened_at", "response_due", "resolution_due"}
    ticket = {key: value for key, value in VALUES["ticket"].items() if key not in moments}
    same_for_all = {**{key: value for key, value in VALUES.items() if key != "person"}, "ticket": ticket}

    titles = rendering.titles(name, lambda _language: same_for_all)

    assert titles == {language: render(name, language, VALUES).subject for language in ("en", "ro")}


@pytest.mark.parametrize("language", ["en", "ro"])
@pytest.mark.parametrize("name", sorted(NAMED - FOR_CUSTOMERS))
def test_a_notice_to_staff_says_in_its_first_line_what_to_do_and_where(name: str, language: str) -> None:
    first = render(name, language, VALUES).text.split("\n")[0]

    assert "https://desk.example/" in first
    assert len(first) < 140


@pytest.mark.parametrize("name", sorted(FOR_CUSTOMERS - {"reply"}))
def test_customers_are_addressed_politely_and_correctly_in_romanian(name: str) -> None:
    text = render(name, "ro", VALUES).text

    assert text.startswith("Bună ziua, Ioana Radu,")
    assert not set("şţŞŢ") & set(text), "ș and ț have a comma, not a cedilla"
    assert any(word in text for word in ("dumneavoastră", " vă ", "Vă ", "răspundeți", "mai aveți"))


def test_what_people_wrote_is_text_in_the_html_too() -> None:
    html = render("reply", "ro", VALUES).html

    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert '<html lang="ro">' in html
    assert '<a href="https://desk.example/portal/requests/S-10482"' in html


def test_a_subject_is_one_line_whatever_the_ticket_is_called() -> None:
    values = {**VALUES, "ticket": {**VALUES["ticket"], "subject": "Salut\r\nBcc: victim@x.example"}}

    assert render("received", "en", values).subject.endswith("Salut Bcc: victim@x.example")


@pytest.mark.parametrize(("minutes", "said"), [(0, "0 min"), (25, "25 min"), (60, "1 h"), (65, "1 h 05")])
def test_durations_are_said_as_on_the_screens(minutes: int, said: str) -> None:
    assert rendering.duration(minutes).replace("\u00a0", " ") == said


def test_a_language_that_is_missing_falls_back_to_english() -> None:
    assert render("received", "fr", VALUES).text == render("received", "en", VALUES).text


@pytest.mark.parametrize("name", ["nothing", "../models", "received.en", "", "RECEIVED", "frame.html"])
def test_only_known_texts_are_found(name: str) -> None:
    with pytest.raises(NotFound):
        render(name, "en", VALUES)


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of templates in place of ours."""
    monkeypatch.setattr(rendering, "TEXTS", tmp_path)
    rendering._environment.cache_clear()
    yield tmp_path
    rendering._environment.cache_clear()


@pytest.mark.parametrize(
    "source",
    [
        "{{ ticket.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ ticket.subject.upper() }}",
        "{{ 'a' * 1000000000 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ range(10) }}",
        "{{ cycler }}",
        "{{ ticket.number|center(1000000000) }}",
        "{{ ticket|attr('items') }}",
        "{{ unknown }}",
        "{% for a in ticket %}" * 5 + "x" * 20 + "{% endfor %}" * 5,
        "{% include 'received.en.txt' %}{{ self }}{{ unknown }}",
        "{% macro a() %}{{ caller() }}{% endmacro %}{% call a() %}x{% endcall %}",
    ],
)
def test_a_template_reaches_nothing_and_ends(source: str, texts: Path) -> None:
    (texts / "bad.en.txt").write_text(f"Subject\n{source}")

    with pytest.raises(InvalidInput):
        render("bad", "en", VALUES)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ticket.subject.upper() }}",
        "{{ 'a' * 1000000000 }}",
        "{{ unknown }}",
        "{% for a in ticket %}" * 5 + "x" * 20 + "{% endfor %}" * 5,
    ],
)
def test_a_title_reaches_nothing_and_ends_either(source: str, texts: Path) -> None:
    (texts / "bad.en.txt").write_text(f"{source}\nText")

    with pytest.raises(InvalidInput):
        rendering.titles("bad", lambda _language: VALUES)
