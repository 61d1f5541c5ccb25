"""Journeys of customers in a browser: without scripts, with a link by mail, in two sessions, and live."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, ViewportSize, expect, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import events
from app.events import Delivery
from app.mail import sending
from app.mail.models import OutgoingMail
from app.people.models import Person, Role
from app.tickets import service as tickets
from tests.chromium import PASSWORD, executable, served
from tests.pages import SOLVED, Pages, open_desk, ticket_of

pytestmark = pytest.mark.browser

WIDE = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """A desk whose forms need their tokens, with room for streams and a mail server to send links by."""
    desk = open_desk(tmp_path_factory.mktemp("living"), desk_name="Nordtech", web_threads=240, smtp_host="127.0.0.1")
    desk.app.config["WTF_CSRF_ENABLED"] = True
    return desk


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def base(living: Pages) -> Iterator[str]:
    with served(living.app) as address:
        yield address


def customer(living: Pages) -> tuple[int, str]:
    """(id, address) of a new contact who has a password."""
    person_id, _ = living.contact(password=PASSWORD)
    return person_id, living.write(lambda session: session.get_one(Person, person_id).email)


def opened(browser: Browser, base: str, *, scripts: bool = True, size: ViewportSize = WIDE) -> BrowserContext:
    return browser.new_context(base_url=base, viewport=size, java_script_enabled=scripts, reduced_motion="reduce")


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


def reply(living: Pages, number: str, agent_id: int, text: str) -> None:
    def write(session: Session) -> None:
        tickets.reply(session, ticket_of(session, number), text, author=session.get_one(Person, agent_id))

    living.write(write)


def test_everything_a_customer_needs_works_without_scripts(living: Pages, browser: Browser, base: str) -> None:
    """Sign in, ask with a file, list, reply, say no, say yes, rate, cancel, sign out."""
    _person_id, email = customer(living)
    agent_id = living.staff(Role.AGENT)
    context = opened(browser, base, scripts=False)
    page = context.new_page()
    sign_in(page, email)
    expect(page.locator("main")).to_contain_text("Nothing is open")

    page.click("main >> text=New request")
    page.fill("#subject", "A desk that can be raised")
    page.check("[name=_type][value=change]", force=True)
    page.fill("#text", "For the new colleague.")
    page.set_input_files("#files", FilePayload(name="plan.pdf", mimeType="application/pdf", buffer=b"plan"))
    page.click("text=Show the questions for this")
    expect(page.locator("main")).to_contain_text("Which day would suit you?")
    expect(page.locator("#subject")).to_have_value("A desk that can be raised")
    page.click("text=Send the request")

    expect(page.locator("h1")).to_have_text("A desk that can be raised")
    expect(page.locator("#talk")).to_contain_text("plan.pdf")
    number = page.url.rpartition("/")[2]
    page.fill("#answer", "It should be white.")
    page.click("main .s-tools .btn-primary")
    expect(page.locator("#talk")).to_contain_text("It should be white.")
    page.goto("/portal/")
    expect(page.locator("main")).to_contain_text("It should be white.")

    living.solve(number, agent_id)
    page.goto("/portal/")
    page.click(".is-waiting a")
    page.click("text=No, something is still wrong")
    page.fill("#still", "It does not move.")
    page.click("text=Send and reopen")
    expect(page.locator("#talk")).to_contain_text("It does not move.")
    living.complete(number, agent_id, SOLVED)
    page.goto(f"/portal/requests/{number}")
    page.click("text=Yes, it is solved")
    expect(page.locator("#now")).to_contain_text("This request is closed")
    page.check("[name=score][value='4']", force=True)
    page.fill("#comment", "Quick.")
    page.click("text=Tell us")
    expect(page.locator("#rating")).to_contain_text("Quick.")

    page.goto("/portal/new")
    page.fill("#subject", "A second one")
    page.fill("#text", "Forget it.")
    page.click("text=Send the request")
    page.click("text=I do not need this any more…")
    page.click(".s-quiet button")
    expect(page.locator("#now")).to_contain_text("This request is cancelled")
    page.click(".s-menu summary")
    page.click('.s-menu button:has-text("Sign out")')
    expect(page.locator("h1")).to_have_text("Welcome back")
    context.close()


def test_a_link_from_the_mail_leads_to_the_request_one_wanted_to_see(
    living: Pages, browser: Browser, base: str
) -> None:
    """The contact has no password; the request's address stood in another mail."""
    person_id, _ = living.contact()
    email = living.write(lambda session: session.get_one(Person, person_id).email)
    number = living.ticket(person_id, "Where is my parcel?")
    context = opened(browser, base, size=PHONE)
    page = context.new_page()
    page.goto(f"/portal/requests/{number}")
    page.fill("#email", email)
    page.click("text=Send me a link")
    expect(page.locator("h1")).to_have_text("Look into your mail")

    def link(session: Session) -> str:
        mail = session.scalars(
            select(OutgoingMail).where(OutgoingMail.to_address == email).order_by(OutgoingMail.id.desc())
        ).first()
        assert mail is not None
        found = re.search(r"/sign-in/link/\S+", sending.parcel_of(session, mail).text)
        assert found is not None
        return found[0]

    with living.app.app_context():
        for delivery_id in living.write(lambda session: list(session.scalars(select(Delivery.id)))):
            events.deliver(delivery_id)
    page.goto(living.write(link))
    expect(page.locator("h1")).to_contain_text("Hello")
    page.click("main .btn-primary")

    expect(page.locator("h1")).to_have_text("Where is my parcel?")
    context.close()


def test_a_session_that_is_ended_elsewhere_loses_nothing_that_is_being_typed(
    living: Pages, browser: Browser, base: str
) -> None:
    """The page says it, stays as it is, and goes on after signing in in another tab."""
    person_id, email = customer(living)
    number = living.ticket(person_id, "Two browsers")
    writing, other = opened(browser, base), opened(browser, base)
    page, ending = writing.new_page(), other.new_page()
    for each in (page, ending):
        sign_in(each, email)
    page.goto(f"/portal/requests/{number}")
    ending.goto("/sessions")
    expect(ending.locator(".s-session")).to_have_count(2)
    expect(ending.locator(".s-session").first).to_contain_text("This one")
    ending.click("text=Sign out everywhere else")
    expect(ending.locator(".s-session")).to_have_count(1)

    page.fill("#answer", "I was in the middle of")
    expect(page.locator("#signed-out")).to_be_visible()
    expect(page.locator("#answer")).to_have_value("I was in the middle of")
    with writing.expect_page() as tab:
        page.click("#signed-out a")
    again = tab.value
    again.fill("#email", email)
    again.fill("#password", PASSWORD)
    again.press("#password", "Enter")
    expect(again.locator("h1")).to_have_text("You are signed in again")
    again.close()
    page.bring_to_front()
    expect(page.locator("#signed-out")).to_contain_text("You are signed in again")
    page.locator("#answer").press_sequentially(" a sentence.")
    page.click("main .s-tools .btn-primary")

    expect(page.locator("#talk")).to_contain_text("I was in the middle of a sentence.")
    writing.close()
    other.close()


def test_a_reply_appears_by_itself_and_what_is_typed_stays(living: Pages, browser: Browser, base: str) -> None:
    person_id, email = customer(living)
    agent_id = living.staff(Role.AGENT)
    number = living.ticket(person_id, "Live")
    context = opened(browser, base)
    page = context.new_page()
    sign_in(page, email)
    page.goto(f"/portal/requests/{number}")
    page.fill("#answer", "half a sentence")

    reply(living, number, agent_id, "We found the cable.")

    expect(page.locator("#talk")).to_contain_text("We found the cable.")
    expect(page.locator("#answer")).to_have_value("half a sentence")
    expect(page.locator("#answer")).to_be_focused()
    context.close()


def test_a_button_that_is_pressed_twice_sends_once(living: Pages, browser: Browser, base: str) -> None:
    _person_id, email = customer(living)
    context = opened(browser, base)
    page = context.new_page()
    sign_in(page, email)
    page.goto("/portal/new")
    page.fill("#subject", "Pressed twice")
    page.fill("#text", "With an impatient finger.")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.is_navigation_request() else None)

    page.get_by_role("button", name="Send the request").dblclick()

    expect(page.locator("h1")).to_have_text("Pressed twice")
    assert len([url for url in sent if url.endswith("/portal/new")]) == 1
    context.close()


def test_files_are_dropped_pasted_and_chosen_and_go_along_together(living: Pages, browser: Browser, base: str) -> None:
    _person_id, email = customer(living)
    context = opened(browser, base)
    page = context.new_page()
    sign_in(page, email)
    page.goto("/portal/new")
    page.set_input_files("#files", FilePayload(name="chosen.log", mimeType="text/plain", buffer=b"x" * 8400))
    brought = """(kind) => {
        const files = new DataTransfer();
        files.items.add(new File(["x"], kind === "drop" ? "dropped.txt" : "image.png", {type: "image/png"}));
        const place = document.querySelector(kind === "drop" ? ".s-upload-zone" : "#text");
        place.dispatchEvent(kind === "drop"
            ? new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true})
            : new ClipboardEvent("paste", {clipboardData: files, bubbles: true, cancelable: true}));
    }"""
    page.evaluate(brought, "drop")
    page.evaluate(brought, "paste")
    listed = page.locator(".s-uploaded li")
    expect(listed).to_have_count(3)
    expect(listed.nth(2)).to_contain_text("pasted")
    listed.nth(1).locator("button").click()
    expect(listed).to_have_count(2)

    page.fill("#text", "See the files.")
    page.fill("#subject", "With pictures")
    page.press("#subject", "Enter")

    expect(page.locator("#talk .s-att")).to_have_count(2)
    expect(page.locator("#talk")).to_contain_text("chosen.log")
    context.close()


def test_another_type_brings_its_questions_and_keeps_what_was_typed(living: Pages, browser: Browser, base: str) -> None:
    """And the draft is there in another browser, at another size."""
    _person_id, email = customer(living)
    context = opened(browser, base, size=PHONE)
    page = context.new_page()
    sign_in(page, email)
    page.goto("/portal/new")
    page.fill("#text", "The lift is too small.")
    page.check("[name=_type][value=change]", force=True)
    expect(page.locator("#request-questions")).to_contain_text("Which day would suit you?")
    page.check("[name=reason][value=rule]", force=True)
    page.get_by_label("Which rule?").fill("EN 81")
    expect(page.locator("#text")).to_have_value("The lift is too small.")
    expect(page.locator(".s-send")).to_contain_text("Draft kept")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    elsewhere = opened(browser, base)
    second = elsewhere.new_page()
    sign_in(second, email)
    second.goto("/portal/new")
    expect(second.get_by_label("Which rule?")).to_have_value("EN 81")
    expect(second.locator("#text")).to_have_value("The lift is too small.")
    context.close()
    elsewhere.close()
