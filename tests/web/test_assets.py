"""What a page weighs on the line, and how long a browser may keep it."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from app.people.models import Role
from tests.pages import Pages

PAGE_BYTES = 150 * 1024
# Parts of a page that a browser fetches before the reader does anything.
LOADED = re.compile(r'(?:src|href)="(/static/[^"#]+)')


def weight(browser: FlaskClient, address: str) -> dict[str, int]:
    """Bytes on the line of a page and of everything it loads, by address."""
    takes = {"Accept-Encoding": "gzip, deflate, br"}
    page = browser.get(address, headers=takes)
    plain = browser.get(address)
    assert page.status_code == 200
    parts = {address: len(page.data)}
    for part in sorted(set(LOADED.findall(plain.get_data(as_text=True)))):
        answer = browser.get(part, headers=takes)
        assert answer.status_code == 200, part
        parts[part] = len(answer.data)
    return parts


def test_the_sign_in_page_weighs_little(desk: Pages) -> None:
    """The first page of a visitor on a phone, with an empty cache."""
    parts = weight(desk.app.test_client(), "/sign-in")

    assert len(parts) >= 4, "a page loads a style sheet, a script, the sprite and the logo"
    assert sum(parts.values()) <= PAGE_BYTES, parts


def test_my_work_weighs_little(desk: Pages) -> None:
    browser = desk.client(desk.staff(Role.AGENT, team="support"))
    requester, _customer = desk.contact()
    for at in range(20):
        desk.ticket(requester, f"Request {at}")

    parts = weight(browser, "/")

    assert sum(parts.values()) <= PAGE_BYTES, parts


def test_built_files_come_pressed_and_are_never_asked_for_again(desk: Pages) -> None:
    browser = desk.app.test_client()
    page = browser.get("/sign-in").get_data(as_text=True)
    for name in ("base.css", "base.js", "sprite.svg"):
        stem, ending = name.split(".")
        address = re.search(rf"/static/build/{stem}-[^\"#]+[.]{ending}", page)
        assert address is not None, name
        plain = browser.get(address[0])
        for takes, encoding in (("br, gzip", "br"), ("gzip", "gzip")):
            pressed = browser.get(address[0], headers={"Accept-Encoding": takes})

            assert pressed.headers["Content-Encoding"] == encoding
            assert pressed.content_type == plain.content_type
            assert "immutable" in pressed.headers["Cache-Control"]
            assert "max-age=31536000" in pressed.headers["Cache-Control"]
            assert "Accept-Encoding" in pressed.headers["Vary"]
            assert len(pressed.data) < len(plain.data) / 2


def test_a_browser_that_takes_nothing_pressed_gets_the_file_itself(desk: Pages) -> None:
    browser = desk.app.test_client()
    page = browser.get("/sign-in").get_data(as_text=True)
    address = re.search(r"/static/build/base-[^\"#]+[.]css", page)
    assert address is not None

    answer = browser.get(address[0], headers={"Accept-Encoding": "identity, br;q=0"})

    assert "Content-Encoding" not in answer.headers
    assert b"--s-brand" in answer.data


def test_no_font_and_no_foreign_file_is_loaded(desk: Pages) -> None:
    """Words stand still while a page loads: they are drawn in the system's own letters."""
    browser = desk.app.test_client()
    page = browser.get("/sign-in").get_data(as_text=True)
    address = re.search(r"/static/build/base-[^\"#]+[.]css", page)
    assert address is not None

    style = browser.get(address[0]).get_data(as_text=True)

    assert "@font-face" not in style
    assert "@import" not in style
    assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*', page) == []
