"""A request taken down in a real browser: by keyboard alone, on a phone, a draft that survives, no scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect, sync_playwright
from sqlalchemy.orm import Session

from app.people.models import Role
from app.tickets.models import Ticket
from tests.chromium import PASSWORD, executable, person_who_signs_in, served
from tests.pages import Pages, open_desk

pytestmark = pytest.mark.browser

WIDE, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("new"), web_threads=240)


@pytest.fixture(scope="module")
def address(shared_desk: Pages) -> Iterator[str]:
    with served(shared_desk.app) as base:
        yield base


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])


@pytest.fixture
def open_page(browser: Browser, address: str, shared_desk: Pages) -> Iterator[Open]:
    """A page of somebody new who is signed in; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def signed_in(viewport: ViewportSize = WIDE, scripts: bool = True) -> Page:
        context = browser.new_context(base_url=address, viewport=viewport, java_script_enabled=scripts)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
        page.goto("/sign-in")
        page.fill("#email", person_who_signs_in(shared_desk.app, Role.AGENT))
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url("**/")
        return page

    yield signed_in
    for context in contexts:
        context.close()
    assert complaints == []


def _is_complaint(message: ConsoleMessage) -> bool:
    """A form that is refused is no fault of the page; Chromium mentions it all the same."""
    return message.type == "error" and "422" not in message.text


def newest(desk: Pages, subject: str) -> tuple[str, str, str]:
    """(who asked, how it came, the number) of the only request with a subject."""

    def look(session: Session) -> tuple[str, str, str]:
        ticket = session.query(Ticket).filter_by(subject=subject).one()
        return ticket.requester.name, str(ticket.channel), ticket.number

    return desk.write(look)


def test_a_call_is_taken_down_by_keyboard_alone(shared_desk: Pages, open_page: Open) -> None:
    """Keys are pressed as fast as they go: what is looked up meanwhile keeps nobody waiting and chooses nobody else."""
    shared_desk.contact(name="Gabriela Țurcanu")
    shared_desk.contact(name="Gavril Other")
    page = open_page()

    for key in ("g", "r"):
        page.keyboard.press(key)
    expect(page.locator("#caller")).to_be_focused()
    page.keyboard.type("turcanu")
    page.keyboard.press("Enter")
    page.keyboard.type("By keyboard alone")
    page.keyboard.press("Enter")
    page.keyboard.type("It does not ring.")
    expect(page.locator("#known h2").first).to_have_text("Gabriela Țurcanu")
    page.keyboard.press("Control+Enter")

    page.wait_for_url("**/tickets/S-*")
    assert newest(shared_desk, "By keyboard alone")[:2] == ("Gabriela Țurcanu", "phone")
    page.goto("/tickets/new")
    expect(page.locator("#subject")).to_have_value("")


def test_arrows_choose_among_those_who_are_found(shared_desk: Pages, open_page: Open) -> None:
    for name in ("Ana Arrow", "Bogdan Arrow", "Corina Arrow"):
        shared_desk.contact(name=name)
    page = open_page()
    page.goto("/tickets/new")
    expect(page.locator("#caller")).to_be_focused()

    page.keyboard.type("arrow")
    expect(page.locator("label.s-caller:not(.is-new)")).to_have_count(3)
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)

    expect(page.locator("#subject")).to_be_focused()
    expect(page.locator("#known h2").first).to_have_text("Bogdan Arrow")
    expect(page.locator("label.s-caller:visible")).to_have_count(1)


def test_somebody_new_is_asked_for_what_is_missing(shared_desk: Pages, open_page: Open) -> None:
    page = open_page()
    page.goto("/tickets/new")
    expect(page.locator("#caller")).to_be_focused()

    page.keyboard.type("0744 321 321")
    page.keyboard.press("Enter")
    expect(page.locator("#name")).to_be_focused()
    expect(page.locator("#phone")).to_have_value("0744 321 321")
    page.keyboard.type("Nou Venit")
    page.keyboard.press("Enter")
    page.keyboard.type("From nowhere")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_be_focused()
    expect(page.locator("#text-error")).to_be_visible()
    page.keyboard.type("Everything.")
    page.keyboard.press("Control+Enter")

    page.wait_for_url("**/tickets/S-*")
    assert newest(shared_desk, "From nowhere")[0] == "Nou Venit"


def test_a_draft_is_there_after_the_page_was_left(shared_desk: Pages, open_page: Open) -> None:
    shared_desk.contact(name="Draft Caller")
    page = open_page()
    page.goto("/tickets/new")
    expect(page.locator("#caller")).to_be_focused()
    page.keyboard.type("draft caller")
    page.keyboard.press("Enter")
    page.keyboard.type("Interrupted")
    expect(page.locator("[aria-live]", has_text="Draft saved")).to_be_visible()

    page.goto("/tickets/")
    page.goto("/tickets/new")

    expect(page.locator("#subject")).to_have_value("Interrupted")
    expect(page.locator("[name=requester]:checked")).to_have_count(1)
    page.click("text=Begin anew")
    expect(page.locator("#subject")).to_have_value("")


def test_what_they_say_is_added_to_the_request_it_is_about(shared_desk: Pages, open_page: Open) -> None:
    """A phone has the requests of the caller between who asks and what they need."""
    person, _ = shared_desk.contact(name="Phone Caller")
    number = shared_desk.ticket(person, "The lift is stuck")
    page = open_page(PHONE)
    page.set_viewport_size(ViewportSize(width=360, height=740))
    expect(page.locator(".s-top [data-go=new]")).to_be_hidden()  # the bar at the bottom has it
    page.get_by_role("navigation", name="Main, small screens").get_by_role("link", name="New").click()
    page.fill("#caller", "phone caller")
    page.locator("label.s-caller", has_text="Phone Caller").click()

    page.locator("#known label", has_text="The lift is stuck").click()
    expect(page.locator(".s-form-foot .btn-primary")).to_contain_text("Add to the request")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.fill("#text", "It is stuck again.")
    page.click(".s-form-foot .btn-primary")

    page.wait_for_url(f"**/tickets/{number}")
    expect(page.locator("main")).to_contain_text("It is stuck again.")


def test_on_a_phone_three_requests_of_a_caller_stand_above_the_fields(shared_desk: Pages, open_page: Open) -> None:
    """Seven of them would push the fields below two screens. One that is chosen stays when the others are folded."""
    person, _ = shared_desk.contact(name="Busy Caller")
    for each in range(5):
        shared_desk.ticket(person, f"Lamp {each}")
    page = open_page(PHONE)
    page.goto("/tickets/new")
    page.fill("#caller", "busy caller")
    page.locator("label.s-caller", has_text="Busy Caller").click()
    shown = page.locator("#known div.s-similar:visible")
    expect(shown).to_have_count(3)
    for target in ("#known summary", ".s-picks span"):
        assert page.locator(target).first.evaluate("target => target.getBoundingClientRect().height") >= 36, target

    page.click("text=2 more requests")
    expect(shown).to_have_count(5)
    page.locator("#known label:not(.s-similar)").last.click()
    page.click("text=2 more requests")
    expect(shown).to_have_count(4)

    page.set_viewport_size(WIDE)
    expect(shown).to_have_count(5)
    expect(page.get_by_text("2 more requests")).to_be_hidden()


def test_without_scripts_the_caller_is_found_by_a_button(shared_desk: Pages, open_page: Open) -> None:
    shared_desk.contact(name="Plain Caller")
    page = open_page(scripts=False)
    page.goto("/tickets/new")
    page.fill("#caller", "plain")
    page.press("#caller", "Enter")

    page.locator("label.s-caller", has_text="Plain Caller").click()
    page.fill("#subject", "Without scripts")
    page.fill("#text", "Nothing moves.")
    page.click(".s-form-foot .btn-primary")

    page.wait_for_url("**/tickets/S-*")
    assert newest(shared_desk, "Without scripts")[0] == "Plain Caller"
