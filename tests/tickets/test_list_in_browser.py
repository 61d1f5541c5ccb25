"""The list in a real browser: keys, many at once, rows that change under one's eyes, narrow screens, no scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from sqlalchemy.orm import Session

from app.people.models import Person, Role
from app.tickets import service
from tests import world
from tests.chromium import PASSWORD, executable, person_who_signs_in, served
from tests.pages import Pages, open_desk, ticket_of

pytestmark = pytest.mark.browser

WIDE, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
SUBJECTS = [f"Row {number}" for number in range(1, 6)]


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("list"), web_threads=240)


@pytest.fixture(scope="module")
def address(shared_desk: Pages) -> Iterator[str]:
    with served(shared_desk.app) as base:
        yield base


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])


@pytest.fixture(scope="module")
def email(shared_desk: Pages) -> str:
    return person_who_signs_in(shared_desk.app, Role.AGENT)


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, address: str, email: str) -> Iterator[Open]:
    """A page of somebody who is signed in; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def signed_in(viewport: ViewportSize = WIDE, scripts: bool = True) -> Page:
        context = browser.new_context(base_url=address, viewport=viewport, java_script_enabled=scripts)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto("/sign-in")
        page.fill("#email", email)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url("**/")
        return page

    yield signed_in
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def place(shared_desk: Pages) -> str:
    """The address of a list with five rows of its own."""
    requester, customer = shared_desk.contact()
    for subject in SUBJECTS:
        shared_desk.ticket(requester, subject)
    return f"/tickets/?customer={customer}&sort=-opened"


def number_of(page: Page, subject: str) -> str:
    return page.locator("[data-row]", has_text=subject).get_attribute("data-row") or ""


def test_keys_move_select_search_and_open(open_page: Open, place: str) -> None:
    page = open_page()
    page.goto(place)
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(5)

    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    expect(rows.nth(1)).to_have_class("is-at")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator("[data-select]:checked")).to_have_count(3)
    expect(page.locator(".s-bulk [data-selected]")).to_have_text("3")

    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("jx")
    expect(page.locator("[data-select]:checked")).to_have_count(3)
    page.locator("[data-search]").blur()
    page.keyboard.press("Enter")

    page.wait_for_url("**/tickets/S-*")


def test_many_are_changed_at_once_and_put_back(shared_desk: Pages, open_page: Open, place: str) -> None:
    page = open_page()
    page.goto(place)
    expect(page.locator(".s-bulk")).to_be_hidden()
    page.locator("[data-select-all]").check()
    expect(page.locator(".s-bulk [data-selected]")).to_have_text("5")
    page.locator("[data-row]", has_text="Row 2").locator("[data-select]").uncheck()

    page.select_option("#b-priority", "urgent")
    page.fill("#b-tag", "Mutare")
    page.click(".s-bulk .btn-primary")

    expect(page.locator(".s-toast")).to_contain_text("4 requests are changed.")
    expect(page.locator("td.is-priority", has_text="Urgent")).to_have_count(4)
    expect(page.locator(".s-tag", has_text="Mutare")).to_have_count(4)
    assert "sort=-opened" in page.url
    page.click(".s-toast >> text=Undo")
    expect(page.locator(".s-toast")).to_contain_text("4 requests are as they were.")
    expect(page.locator(".s-tag")).to_have_count(0)


def test_rows_change_when_somebody_else_acts_and_ticks_stay(shared_desk: Pages, open_page: Open, place: str) -> None:
    page = open_page()
    page.goto(place)
    number = number_of(page, "Row 4")
    page.keyboard.press("j")
    page.locator("[data-row]", has_text="Row 3").locator("[data-select]").check()
    elena = shared_desk.staff(Role.AGENT)

    def take(session: Session) -> None:
        ticket, person = ticket_of(session, number), session.get_one(Person, elena)
        service.change_priority(session, ticket, "urgent", by=person)

    shared_desk.write(take)

    row = page.locator(f"[data-row='{number}']")
    expect(row).to_contain_text("Urgent")
    expect(page.locator("[data-row]", has_text="Row 3").locator("[data-select]")).to_be_checked()
    expect(page.locator("[data-row].is-selected")).to_have_count(1)
    expect(page.locator("[data-row]").first).to_have_class("is-at")
    expect(page.locator(".s-bulk [data-selected]")).to_have_text("1")


def test_on_a_phone_rows_are_blocks_and_filters_a_sheet(open_page: Open, place: str) -> None:
    page = open_page(PHONE)
    page.set_viewport_size(ViewportSize(width=360, height=740))
    page.goto(place)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    page.click("text=Add filter")
    page.check(".s-filterpop [name=priority][value=urgent]")
    page.click(".s-filterpop .btn-primary")

    expect(page.locator(".s-empty")).to_contain_text("Nothing found")
    page.click(".s-filterbar >> text=Urgent")
    expect(page.locator("[data-row]")).to_have_count(5)


def test_on_a_phone_every_row_begins_at_one_edge(open_page: Open, place: str) -> None:
    """Whether it has a deadline or not. Its parts come in one order and say which moment they mean."""
    page = open_page(PHONE)
    page.goto(f"{place}&column=deadline&column=updated&column=team&column=state&column=opened&column=assignee")
    first = page.locator("[data-row]").first
    page.evaluate("document.querySelector('[data-row] td.is-deadline').replaceChildren()")

    def text_begins(cell: str) -> float:
        """Where the words of a cell begin, without the inset for the dot."""
        place, inset = page.evaluate(
            "cell => [cell.getBoundingClientRect().left, parseFloat(getComputedStyle(cell).paddingLeft)]",
            first.locator(cell).element_handle(),
        )
        return float(place) + float(inset)

    assert text_begins("td.is-state") == text_begins("td.s-ticketcell")
    expect(first.locator("td.is-updated")).to_contain_text("changed")
    expect(first.locator("td.is-opened")).to_contain_text("opened")
    expect(first.get_by_label("Nobody yet")).to_be_visible()
    order = {
        name: page.evaluate("cell => cell.getBoundingClientRect().top * 1000 + cell.getBoundingClientRect().left", cell)
        for name in ("is-state", "is-team", "is-updated")
        for cell in [first.locator(f"td.{name}").element_handle()]
    }
    assert list(order) == sorted(order, key=lambda name: order[name])

    page.set_viewport_size(WIDE)
    expect(first.locator("td.is-updated .s-said")).to_be_hidden()


def test_whom_nobody_has_says_so_on_a_desk(open_page: Open, place: str) -> None:
    page = open_page()
    page.goto(f"{place}&column=assignee&column=state")

    expect(page.locator("[data-row] td.is-assignee").first.get_by_text("nobody yet")).to_be_visible()
    assert page.locator("td.is-state").first.evaluate("cell => getComputedStyle(cell).whiteSpace") == "nowrap"


def test_customers_are_offered_while_one_types(shared_desk: Pages, open_page: Open, place: str) -> None:
    shared_desk.write(lambda session: world.add_customer(session, "Zimbru Logistic").id)
    page = open_page()
    page.goto(place)
    page.click("text=Add filter")

    page.fill(".s-filterpop [name=customer]", "")
    page.locator(".s-filterpop [name=customer]").press_sequentially("zimbru")

    expect(page.locator("#f-customer-names option")).to_have_attribute("value", "Zimbru Logistic")


def test_without_scripts_one_filters_sorts_and_changes_many(open_page: Open, place: str) -> None:
    page = open_page(scripts=False)
    page.goto(place)
    page.click("text=Add filter")
    page.click("text=All filters on a page of their own")
    page.fill(".s-filterpage [name=q]", "row")
    page.click(".s-filterpage .btn-primary")
    page.click("th >> text=Priority")
    expect(page.locator("[data-row]")).to_have_count(5)

    page.locator("[data-row]", has_text="Row 1").locator("[data-select]").check()
    page.click(".s-bulk .btn-primary")
    page.select_option("#b-priority", "low")
    page.click(".s-bulkpage .btn-primary")

    expect(page.locator("[data-row]", has_text="Row 1")).to_contain_text("Low")
