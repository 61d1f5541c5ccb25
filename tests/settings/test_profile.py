"""One's own profile: what it changes, at once and only for oneself."""

from __future__ import annotations

import re

from werkzeug.test import TestResponse

from app.notifications.kinds import Way, chosen_way
from app.people.models import Person, Role
from tests.pages import Pages


def said(answer: TestResponse) -> str:
    """The message of the next page."""
    toast = re.search(r'class="s-toast"><span>(.*?)</span>', answer.text, re.DOTALL)
    return toast[1] if toast else ""


def look(desk: Pages, person_id: int) -> Person:
    return desk.write(lambda session: session.get_one(Person, person_id))


def test_another_language_is_spoken_at_once(desk: Pages) -> None:
    """Also in the message that says what was saved."""
    browser = desk.client(desk.staff(Role.AGENT))

    answer = browser.post("/settings/profile", data={"language": "ro"}, follow_redirects=True)

    assert said(answer) == "Salvat: limbă."
    assert '<html lang="ro"' in answer.text


def test_the_message_names_what_was_different(desk: Pages) -> None:
    ana = desk.staff(Role.AGENT)
    browser = desk.client(ana)
    sent = {"name": "Ana Pop", "zone": "tokyo", "signature": "Ana", "density": "dense", "single_keys": ""}

    changed = browser.post("/settings/profile", data=sent, follow_redirects=True)
    same = browser.post("/settings/profile", data=sent, follow_redirects=True)

    assert said(changed) == "Saved: name, time zone, signature, density of tables, keyboard shortcuts."
    assert said(same) == "Nothing was different."
    one = look(desk, ana)
    assert (one.name, one.zone, one.signature, one.density, one.single_keys) == (
        "Ana Pop", "Asia/Tokyo", "Ana", "dense", False,
    )  # fmt: skip


def test_pages_follow_what_was_chosen(desk: Pages) -> None:
    browser = desk.client(desk.staff(Role.AGENT))

    browser.post("/settings/profile", data={"density": "dense", "single_keys": "", "theme": "dark"})
    page = browser.get("/tickets/").text
    browser.post("/settings/profile", data={"theme": "system"})
    later = browser.get("/tickets/").text

    assert 'data-density="dense"' in page
    assert 'data-keys="off"' in page
    assert 'data-bs-theme="dark"' in page
    assert "data-bs-theme" not in later.split("<head>")[0]


def test_the_theme_follows_to_another_browser_until_that_one_says_otherwise(desk: Pages) -> None:
    ana = desk.staff(Role.AGENT)
    desk.client(ana).post("/settings/profile", data={"theme": "dark"})
    elsewhere = desk.client(ana)

    first = elsewhere.get("/").text
    elsewhere.set_cookie("theme", "light")
    toggled = elsewhere.get("/").text

    assert 'data-bs-theme="dark"' in first
    assert 'data-bs-theme="light"' in toggled


def test_everything_wrong_stands_at_its_field_with_what_was_typed(desk: Pages) -> None:
    ana = desk.staff(Role.AGENT)
    before = look(desk, ana).name

    wrong = {
        "name": "",
        "language": "xx",
        "zone": "Atlantis",
        "signature": "x" * 1001,
        "theme": "pink",
        "density": "no",
    }

    answer = desk.client(ana).post("/settings/profile", data=wrong)

    assert answer.status_code == 422
    assert all(f'id="{field}-error"' in answer.text for field in wrong)
    assert 'value="Atlantis"' in answer.text
    assert look(desk, ana).name == before


def test_nobody_changes_their_own_address_roles_or_activity(desk: Pages) -> None:
    """A form may be sent with more fields than the page has."""
    ana = desk.staff(Role.AGENT)
    before = look(desk, ana)

    sly = {"name": "Ana", "email": "ana@evil.example", "roles": "administrator", "is_active": "", "told_by": "x:none"}

    desk.client(ana).post("/settings/profile", data=sly)

    after = look(desk, ana)
    assert (after.email, after.told_by, after.is_active) == (before.email, "", True)
    assert after.name == "Ana"


def test_the_preview_shows_a_reply_with_the_signature(desk: Pages) -> None:
    ana = desk.staff(Role.AGENT)
    browser = desk.client(ana)
    browser.post("/settings/profile", data={"signature": "Ana <Pop>\n0264"})

    page = browser.get("/settings/profile").text

    assert 'data-mirrors="signature">Ana &lt;Pop&gt;\n0264</span>' in page
    assert "Answer this mail to continue the conversation." in page


def test_customers_have_no_signature_and_cannot_send_one(desk: Pages) -> None:
    maria, _customer = desk.contact()
    browser = desk.client(maria)

    page = browser.get("/settings/profile").text
    browser.post("/settings/profile", data={"signature": "Maria", "density": "dense", "name": "Maria Pop"})

    assert 'name="signature"' not in page
    assert 'class="s-rail"' not in page
    one = look(desk, maria)
    assert (one.name, one.signature, one.density) == ("Maria Pop", "", "comfortable")


class TestNotices:
    def test_ways_are_chosen_and_shown(self, desk: Pages) -> None:
        ana = desk.staff(Role.AGENT)
        browser = desk.client(ana)

        answer = browser.post(
            "/settings/profile/notifications",
            data={"bell": ["team_new", "response_soon"], "mail": ["response_soon"]},
            follow_redirects=True,
        )

        one = look(desk, ana)
        ways = [chosen_way(one, name) for name in ("team_new", "response_soon", "resolution_soon", "response_overdue")]
        assert ways == [Way.BELL, Way.BOTH, Way.NONE, Way.BELL]
        assert "A new request for my team" in said(answer)
        boxes = re.findall(r'<input[^>]*name="(bell|mail)" value="team_new"([^>]*)>', answer.text)
        assert boxes == [("bell", " checked"), ("mail", "")]

    def test_what_stays_is_shown_as_staying(self, desk: Pages) -> None:
        page = desk.client(desk.staff(Role.AGENT)).get("/settings/profile/notifications").text

        assert re.search(r'name="bell" value="response_overdue" checked disabled', page)

    def test_a_customer_chooses_among_their_own(self, desk: Pages) -> None:
        maria, _customer = desk.contact()
        browser = desk.client(maria)

        page = browser.get("/settings/profile/notifications").text
        browser.post("/settings/profile/notifications", data={"bell": "received"})

        assert set(re.findall(r'value="(\w+)"[^>]*>', page)) >= {"received", "solved", "closed"}
        assert "team_new" not in page
        assert chosen_way(look(desk, maria), "solved") is Way.MAIL


def test_a_reply_without_a_signature_has_no_gap_where_it_would_stand(desk: Pages) -> None:
    """The space around a signature belongs to the signature."""
    page = desk.client(desk.staff(Role.AGENT)).get("/settings/profile").text

    assert re.search(r'\S<span data-mirrors="signature"></span>--', page)
