"""What every page is: protected by headers, free of inline code, translated, with times in the reader's zone."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import url_for
from flask_babel import force_locale

from app.people.models import Role
from app.web import formats
from tests.pages import Pages

STYLE_OR_HANDLER = re.compile(r"<[^>]+\s(?:style|on[a-z]+)\s*=", re.IGNORECASE)


def test_pages_carry_the_protecting_headers(desk: Pages) -> None:
    answer = desk.client(desk.staff(Role.AGENT)).get("/")

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"


def test_each_page_has_a_nonce_of_its_own(desk: Pages) -> None:
    browser = desk.client(desk.staff(Role.AGENT))

    first, second = (re.findall(r'nonce="([^"]+)"', browser.get("/").text) for _ in range(2))

    assert first
    assert first != second


@pytest.mark.parametrize("address", ["/", "/tickets/", "/tickets/new", "/instances/", "/password", "/nothing-here"])
def test_pages_have_no_inline_handlers_and_styles(desk: Pages, address: str) -> None:
    """The content policy would silently drop them."""
    desk.ticket(desk.contact()[0])
    text = desk.client(desk.staff(Role.AGENT, Role.MANAGER, team="support")).get(address).text

    assert STYLE_OR_HANDLER.findall(text) == []


def test_a_ticket_page_has_no_inline_handlers_and_styles(desk: Pages) -> None:
    number = desk.ticket(desk.contact()[0])
    text = desk.client(desk.staff(Role.AGENT, team="support")).get(f"/tickets/{number}").text

    assert number in text
    assert STYLE_OR_HANDLER.findall(text) == []


def test_the_rail_shows_only_what_the_reader_may_open(desk: Pages) -> None:
    agent = desk.client(desk.staff(Role.AGENT)).get("/").text
    administrator = desk.client(desk.staff(Role.ADMINISTRATOR)).get("/").text

    assert 'data-go="settings"' not in agent
    assert 'data-go="settings"' in administrator


def test_the_bar_of_small_screens_marks_one_place(desk: Pages) -> None:
    """A new request is a place of its own there; what has no room of its own is marked at the entry that unfolds it."""
    manager = desk.client(desk.staff(Role.MANAGER))

    def marked(address: str) -> list[str]:
        bar = manager.get(address).text.split('<nav class="s-tabbar"')[1].split("</nav>")[0]
        ends = re.findall(r"<(?:a|summary)[^>]*aria-current[^>]*>.*?</(?:a|summary)>", bar.partition("s-menu-pop")[0])
        return [re.sub(r"<[^>]*>", "", each).strip() for each in ends]

    assert marked("/tickets/new") == ["New"]
    assert marked("/tickets/") == ["Tickets"]
    assert marked("/overview/") == ["More"]
    assert marked("/settings/profile") == ["More"]


def test_a_customer_at_home_is_in_the_portal(desk: Pages) -> None:
    answer = desk.client(desk.contact()[0]).get("/")

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/portal")


def test_built_files_are_cached_for_ever_and_pages_never(desk: Pages) -> None:
    """Built names carry a hash of the content."""
    with desk.app.test_request_context():
        asset = desk.app.jinja_env.globals["asset"]
        address = asset("base.css")  # type: ignore[operator]  # Jinja types its globals as object
        assert address.startswith(url_for("static", filename="build/"))

    answer = desk.app.test_client().get(address)

    assert answer.status_code == 200
    assert "max-age=31536000" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 min"), (25, "25 min"), (60, "1 h 00"), (65, "1 h 05"), (-9, "−9 min"), (None, "–"), (1500, "25 h 00")],
)
def test_durations_read_as_people_write_them(minutes: int | None, words: str) -> None:
    assert formats.duration(minutes).replace("\u00a0", " ") == words


def test_moments_are_in_the_readers_zone_and_exact_on_hover(desk: Pages) -> None:
    moment = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
    with desk.app.test_request_context(), force_locale("en"):
        shown = str(formats.moment_tag(moment))

    # Past midnight in Bucharest.
    assert ">Sat 21 Nov, 00:30</time>" in shown
    assert 'title="Saturday 21 November 2026, 00:30:00' in shown


def test_near_days_have_names(desk: Pages) -> None:
    with desk.app.test_request_context(), force_locale("en"):
        near = [formats.day(desk.moment + timedelta(days=days)) for days in (-1, 0, 1, 2)]

    assert near == ["yesterday", "today", "tomorrow", "Fri 20 Nov"]


def test_text_of_messages_is_escaped() -> None:
    assert formats.paragraphs("<b>a</b>\nb\n\nc") == "<p>&lt;b&gt;a&lt;/b&gt;<br>b</p><p>c</p>"
