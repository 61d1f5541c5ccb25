"""The bell and the page behind it: one's own notices, newest first, read when opened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import ViewportSize, expect, sync_playwright
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import clock
from app import db as database
from app.notifications import queries, service
from app.notifications.models import Notification
from app.people import service as people
from app.people.models import Person, Role
from tests.chromium import PASSWORD, executable, person_who_signs_in, served
from tests.pages import Pages, counted_queries, open_desk, ticket_of

DAY = re.compile(r'<h2 id="day-\d+">([^<]+)</h2>')
TITLE = re.compile(r"data-open[^>]*>([^<]+)</button>")
BELL = re.compile(r'<a class="s-icon-btn([^"]*)" href="/notifications" [^>]*aria-label="([^"]+)"')
OPENS = re.compile(r'action="(/notifications/\d+/open)"')

Tell = Callable[..., None]


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("notifications"))


@pytest.fixture
def desk(shared_desk: Pages) -> Iterator[Pages]:
    """A desk with the shipped processes; its clock stands still, also for requests."""
    with clock.frozen(shared_desk.moment):
        yield shared_desk


@pytest.fixture
def number(desk: Pages) -> str:
    """A request that notices are about."""
    return desk.ticket(desk.contact()[0], "Scanner does not wake up")


@pytest.fixture
def tell(desk: Pages, number: str) -> Tell:
    """Tell somebody something about the request, some time ago."""

    def act(person_id: int, template: str = "response_soon", *, ago: timedelta = timedelta()) -> None:
        def write(session: Session) -> None:
            with clock.frozen(desk.moment - ago):
                person = session.get_one(Person, person_id)
                service.notify(session, [person], template, ticket=ticket_of(session, number))

        desk.write(write)

    return act


def bell(answer: TestResponse) -> tuple[bool, str]:
    """(is there a dot, what it is called) of the bell on a page."""
    found = BELL.search(answer.text)
    assert found is not None
    return "s-badge-dot" in found[1], found[2]


def own_ids(desk: Pages, person_id: int) -> list[int]:
    found = select(Notification.id).where(Notification.person_id == person_id).order_by(Notification.id)
    return desk.write(lambda session: list(session.scalars(found)))


def is_read(desk: Pages, notification_id: int) -> bool:
    return desk.write(lambda session: session.get_one(Notification, notification_id).read_at is not None)


def test_the_bell_says_in_words_how_many_are_new(desk: Pages, tell: Tell) -> None:
    """The dot alone would say nothing to somebody who does not see it."""
    ana = desk.staff(Role.AGENT)
    browser = desk.client(ana)
    assert bell(browser.get("/tickets/")) == (False, "Notifications")

    tell(ana)
    tell(ana, "unassigned")

    assert bell(browser.get("/tickets/")) == (True, "Notifications, 2 new")


def test_notices_stand_by_day_newest_first_with_words_for_new_ones(desk: Pages, tell: Tell, number: str) -> None:
    ana = desk.staff(Role.AGENT)
    tell(ana, "unassigned", ago=timedelta(days=8))
    tell(ana, "response_soon", ago=timedelta(days=1))
    desk.write(lambda session: service.mark_read(session, session.get_one(Person, ana)))
    tell(ana, "response_overdue")

    page = desk.client(ana).get("/notifications").text

    assert DAY.findall(page) == ["Today", "Yesterday", "Tuesday 10 November"]
    titles = ["Reply overdue: ", "Reply due soon: ", "Nobody has it yet: "]
    assert TITLE.findall(page) == [title + "Scanner does not wake up" for title in titles]
    assert page.count(">New</span>") == page.count("s-notice is-new") == 1
    assert page.count(f'href="/tickets/{number}"') == 3


def test_notices_are_read_in_the_language_that_their_reader_has_now(desk: Pages, tell: Tell) -> None:
    """A list in two languages looks like a page that is half translated."""
    ana = desk.staff(Role.AGENT)
    tell(ana, "response_overdue", ago=timedelta(hours=1))
    desk.write(lambda session: people.change_language(session, session.get_one(Person, ana), "ro"))
    tell(ana, "response_soon")

    page = desk.client(ana).get("/notifications").text

    titles = ["Termen de răspuns apropiat: ", "Răspuns întârziat: "]
    assert TITLE.findall(page) == [title + "Scanner does not wake up" for title in titles]
    assert 'aria-label="Marchează ca citită: Răspuns întârziat: Scanner does not wake up"' in page


def test_a_notice_of_one_language_is_read_in_that_one(desk: Pages, tell: Tell) -> None:
    """What was told before notices had a title in each language."""
    ana = desk.staff(Role.AGENT)
    tell(ana)

    def forget_english(session: Session) -> None:
        for notice in session.scalars(select(Notification).where(Notification.person_id == ana)):
            notice.titles = {"ro": notice.titles["ro"]}

    desk.write(forget_english)

    page = desk.client(ana).get("/notifications").text

    assert TITLE.findall(page) == ["Termen de răspuns apropiat: Scanner does not wake up"]


def test_days_and_times_are_those_of_the_readers_zone(desk: Pages, tell: Tell) -> None:
    """Nine hours ago was yesterday by UTC; in Honolulu both are on the 17th."""
    ana = desk.staff(Role.AGENT)
    desk.write(lambda session: people.change_zone(session, session.get_one(Person, ana), ZoneInfo("Pacific/Honolulu")))
    tell(ana, ago=timedelta(hours=9))
    tell(ana)

    page = desk.client(ana).get("/notifications").text

    assert re.findall(r"<time [^>]*>([^<]+)</time>", page) == ["22:00", "13:00"]
    assert DAY.findall(page) == ["Today"]


def test_opening_one_marks_it_read_and_leads_to_its_ticket(desk: Pages, tell: Tell, number: str) -> None:
    ana = desk.staff(Role.AGENT)
    tell(ana, "unassigned")
    tell(ana)
    browser = desk.client(ana)
    newest = OPENS.findall(browser.get("/notifications").text)[0]

    answer = browser.post(newest)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/tickets/{number}")
    older, opened = own_ids(desk, ana)
    assert (is_read(desk, older), is_read(desk, opened)) == (False, True)
    assert bell(browser.get("/notifications")) == (True, "Notifications, 1 new")


def test_looking_at_the_page_reads_nothing(desk: Pages, tell: Tell) -> None:
    """A browser may load a page ahead of its reader; and opening by address is no way to change anything."""
    ana = desk.staff(Role.AGENT)
    tell(ana)
    browser = desk.client(ana)

    address = OPENS.findall(browser.get("/notifications").text)[0]

    assert browser.get(address).status_code == 405
    assert bell(browser.get("/notifications"))[0]


def test_all_are_marked_as_read_except_what_came_meanwhile(desk: Pages, tell: Tell) -> None:
    """Nobody has seen what was told after the page was drawn."""
    ana, dan = desk.staff(Role.AGENT), desk.staff(Role.AGENT)
    for person in (ana, ana, dan):
        tell(person)
    browser = desk.client(ana)
    shown = re.search(r'name="up_to" value="(\d+)"', browser.get("/notifications").text)
    assert shown is not None
    tell(ana, "response_overdue")

    after = browser.post("/notifications/read", data={"up_to": shown[1]}, follow_redirects=True)

    assert bell(after) == (True, "Notifications, 1 new")
    assert bell(desk.client(dan).get("/notifications")) == (True, "Notifications, 1 new")
    assert "Mark all as read" not in browser.post("/notifications/read", follow_redirects=True).text


def test_somebody_elses_notice_is_not_there(desk: Pages, tell: Tell) -> None:
    ana, dan = desk.staff(Role.AGENT), desk.staff(Role.MANAGER)
    tell(ana)
    [notice] = own_ids(desk, ana)
    browser = desk.client(dan)

    statuses = [browser.post(f"/notifications/{each}/open").status_code for each in (notice, notice + 999, 10**20)]

    assert statuses == [404, 404, 404]
    assert not is_read(desk, notice)
    assert TITLE.findall(browser.get("/notifications").text) == []


def test_a_customer_is_led_to_the_portal(desk: Pages) -> None:
    maria, _customer = desk.contact()
    number = desk.ticket(maria, "Badge reader is dark")
    browser = desk.client(maria)
    assert bell(browser.get("/portal/")) == (True, "Notifications, 1 new")

    page = browser.get("/notifications").text

    assert TITLE.findall(page) == ["We have your request: Badge reader is dark"]
    assert 'class="s-rail"' not in page
    answer = browser.post(OPENS.findall(page)[0], follow_redirects=True)
    assert (answer.status_code, answer.request.path) == (200, f"/portal/requests/{number}")


def test_older_notices_stand_on_further_pages(desk: Pages, tell: Tell) -> None:
    ana = desk.staff(Role.AGENT)
    for _each in range(queries.PAGE_SIZE + 2):
        tell(ana)
    browser = desk.client(ana)

    first = browser.get("/notifications").text
    older = re.search(r'href="(/notifications\?before=\d+)"', first)
    assert older is not None
    second = browser.get(older[1]).text

    shown = OPENS.findall(first) + OPENS.findall(second)
    assert len(OPENS.findall(first)) == queries.PAGE_SIZE
    assert len(shown) == len(set(shown)) == queries.PAGE_SIZE + 2
    assert "Nothing older" in browser.get("/notifications?before=1").text


@pytest.mark.parametrize("before", ["", "x", "-1", "9" * 30])
def test_a_mangled_address_shows_a_page_all_the_same(desk: Pages, before: str) -> None:
    assert desk.client(desk.staff(Role.AGENT)).get(f"/notifications?before={before}").status_code == 200


def test_the_empty_page_says_what_will_stand_there(desk: Pages) -> None:
    staff, customer = desk.staff(Role.AGENT), desk.contact()[0]

    pages = [desk.client(person).get("/notifications").text for person in (staff, customer)]

    assert all("No notifications yet" in page for page in pages)
    assert ["Mark all as read" in page for page in pages] == [False, False]


def test_the_bell_costs_each_page_one_query_however_much_was_told(desk: Pages, tell: Tell) -> None:
    ana = desk.staff(Role.AGENT)
    browser = desk.client(ana)
    for address in ("/tickets/", "/notifications"):
        browser.get(address)
    with counted_queries() as none_told:
        browser.get("/tickets/")
    for _each in range(12):
        tell(ana)

    with counted_queries() as many_told:
        browser.get("/tickets/")
    with counted_queries() as on_the_list:
        browser.get("/notifications")

    assert len(many_told) == len(none_told)
    assert len([each for each in many_told if "notification" in each]) == 1
    # There the list asks as well; the bell and the button share one count.
    assert len([each for each in on_the_list if "notification" in each]) == 2


def test_the_count_reads_unread_rows_only(desk: Pages) -> None:
    """What somebody has read in five years must not slow down every page of today."""
    asked = "EXPLAIN QUERY PLAN SELECT count(*) FROM notification WHERE person_id = 1 AND read_at IS NULL"

    plan = desk.write(lambda session: " ".join(row[-1] for row in session.execute(text(asked))))

    assert "ix_notification_person_id_read_at (person_id=? AND read_at=?)" in plan


@pytest.mark.browser
def test_keys_go_there_move_and_open(desk: Pages, number: str) -> None:
    email = person_who_signs_in(desk.app, Role.AGENT)
    with desk.app.app_context(), database.transaction() as session:
        person = session.scalars(select(Person).where(Person.email == email)).one()
        for template in ("unassigned", "response_soon"):
            service.notify(session, [person], template, ticket=ticket_of(session, number))
    with served(desk.app) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        page = browser.new_page(base_url=base, viewport=ViewportSize(width=390, height=800))
        page.goto("/sign-in")
        page.fill("#email", email)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url("**/")

        page.keyboard.press("?")
        expect(page.locator("#keys").get_by_text("notifications")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("g")
        page.keyboard.press("n")
        page.wait_for_url("**/notifications")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.keyboard.press("j")
        expect(page.locator("[data-row].is-at")).to_contain_text("Reply due soon")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/tickets/{number}")
        expect(page.get_by_label("Notifications, 1 new")).to_be_visible()
        browser.close()
