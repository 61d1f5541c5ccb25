"""What only a browser shows: keys, partial updates under the content policy, themes, narrow screens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Page, Route, ViewportSize, expect, sync_playwright

from app import db as database
from app.people.models import Person, Role
from tests import world
from tests.chromium import PASSWORD, executable, person_who_signs_in, served
from tests.pages import Pages

pytestmark = pytest.mark.browser

WIDE = ViewportSize(width=1440, height=1000)


@pytest.fixture(scope="module")
def agent(shared_desk: Pages) -> tuple[str, int]:
    """(e-mail, id) of an agent of the team that gets new requests, with three of them waiting."""
    email = person_who_signs_in(shared_desk.app, Role.AGENT)
    with shared_desk.app.app_context(), database.transaction() as session:
        person = session.query(Person).filter_by(email=email).one()
        world.add_team(session, "support", members=[person])
        person_id = person.id
    requester, _customer = shared_desk.contact()
    for subject in ("First of three", "Second of three", "Third of three"):
        shared_desk.ticket(requester, subject)
    return email, person_id


@pytest.fixture
def page(desk: Pages, agent: tuple[str, int]) -> Iterator[Page]:
    """The agent's browser; anything the browser complains about fails the test, refused forms (422) excepted."""
    with served(desk.app) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        page = browser.new_page(base_url=base, viewport=WIDE, color_scheme="light")
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto("/sign-in")
        page.fill("#email", agent[0])
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url("**/")
        yield page
        browser.close()
    assert [text for text in complaints if "422" not in text] == []


def test_keys_move_through_the_list_and_open_a_ticket(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-row].is-at")).to_have_count(1)

    page.keyboard.press("Enter")

    page.wait_for_url("**/tickets/S-*")


def test_g_and_a_letter_goes_somewhere_but_not_while_typing(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("gt")
    assert page.input_value("[data-search]") == "gt"
    page.locator("[data-search]").blur()

    page.keyboard.press("g")
    page.keyboard.press("t")

    page.wait_for_url("**/tickets/")


def test_escape_leaves_a_text_as_it_is_and_the_keys_work_again(page: Page) -> None:
    """Who typed without the mouse goes on without it."""
    page.goto("/tickets/new")
    caller = page.locator("[name=caller]")
    caller.fill("Ioana")

    page.keyboard.press("Escape")

    expect(caller).not_to_be_focused()
    expect(caller).to_have_value("Ioana")
    page.keyboard.press("g")
    page.keyboard.press("u")
    page.wait_for_url("**/unassigned/")


def test_the_question_mark_shows_the_keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.locator("#keys")).to_be_hidden()


def test_a_task_is_taken_over_and_answered_without_leaving_the_page(page: Page) -> None:
    """Errors come back in place with what was typed, drafts are kept while typing, and a toast says what was done."""
    page.click("text=Third of three")
    expect(page.locator("#pane .s-choice").first).to_be_visible()
    page.click("#pane .btn-primary")
    expect(page.locator(".s-toast")).to_contain_text("Done")
    page.goto("/?of=me")
    page.fill("#pane [name=note]", "cabled again")
    page.click("#pane .btn-primary")
    expect(page.locator("#pane .s-field-error")).to_be_visible()
    expect(page.locator("#pane [name=note]")).to_have_value("cabled again")

    page.fill("#pane textarea[name=reply]", "We are looking at it.")
    expect(page.locator("#pane")).to_contain_text("Draft saved")
    page.keyboard.press("Escape")
    page.click("#pane .btn-primary")

    expect(page.locator(".s-toast")).to_contain_text("Reply sent")


def test_a_deadline_of_another_day_stays_a_moment_until_it_is_late(page: Page) -> None:
    """The desk is closed until then: the working minutes that are left say nothing to whoever reads them."""
    page.clock.install()
    page.goto("/styleguide")
    deadline = page.locator(".is-soon:has([data-moment])").first
    said = deadline.inner_text()
    assert "min" not in said

    # And a half: the page begins a moment before or after a full minute.
    page.clock.run_for(3 * 60_000 + 30_000)
    expect(page.locator(".is-soon:not(:has([data-moment])) [data-words]").first).to_have_text("6\N{NO-BREAK SPACE}min")
    assert deadline.inner_text() == said

    chip = deadline.element_handle()
    page.clock.fast_forward(49 * 60 * 60_000)
    page.clock.run_for(60_000)
    assert "late" in chip.inner_text()
    assert "is-late" in (chip.get_attribute("class") or "")


def test_a_password_can_be_looked_at_while_one_types_it(page: Page) -> None:
    page.goto("/password")
    page.fill("#password", "correct horse battery")
    typed, eye = page.locator("#password"), page.locator("[aria-controls=password]")
    expect(typed).to_have_attribute("type", "password")

    eye.click()
    expect(typed).to_have_attribute("type", "text")
    expect(eye).to_have_attribute("aria-pressed", "true")
    expect(typed).to_have_value("correct horse battery")

    eye.click()
    expect(typed).to_have_attribute("type", "password")


def test_the_theme_follows_the_system_until_the_reader_chooses(page: Page) -> None:
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "light"

    page.click("[data-theme-toggle]")
    page.reload()

    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


@pytest.mark.parametrize("address", ["/", "/tickets/", "/tickets/new", "/instances/", "/password"])
def test_no_page_scrolls_sideways_at_360(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(address)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_on_a_phone_a_task_opens_as_a_page(page: Page) -> None:
    """There is no room for a pane beside the list."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")

    page.click("text=First of three")

    page.wait_for_url("**/tasks/*")
    expect(page.locator(".s-pane-form")).to_be_visible()


def test_a_ticket_does_not_scroll_sideways_at_360(page: Page) -> None:
    page.goto("/tickets/?q=Second")
    page.click("text=Second of three")
    page.wait_for_url("**/tickets/S-*")
    page.set_viewport_size({"width": 360, "height": 740})

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_every_control_has_a_name(page: Page) -> None:
    """A button or field that a screen reader cannot name is not there for everybody."""
    for address in ("/", "/tickets/", "/tickets/new", "/instances/"):
        page.goto(address)
        nameless = page.evaluate(
            """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")]
                .filter((each) => !(each.textContent.trim() || each.getAttribute("aria-label") || each.title
                    || each.labels?.length || each.querySelector("[aria-label]")))
                .map((each) => each.outerHTML.slice(0, 120))"""
        )
        assert nameless == [], address


def test_opening_the_task_that_is_open_loses_nothing_typed(page: Page) -> None:
    """Its form is not fetched again: what stands in it may be in no draft yet."""
    page.goto("/")
    row = page.locator("[data-row].is-open a.s-hit").first
    choice = page.locator("#pane .s-choice").last
    choice.click()
    expect(choice.locator("input")).to_be_checked()

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    row.click()
    page.evaluate("() => fetch('/static/logo.svg')")

    assert [url for url in asked if "/tasks/" in url and not url.endswith(("/fields", "/draft"))] == []
    expect(page.locator("#pane .s-choice").last.locator("input")).to_be_checked()


def test_what_is_typed_while_the_fields_are_drawn_anew_stays(page: Page, desk: Pages, agent: tuple[str, int]) -> None:
    """On a slow line the new fields come seconds after the choice; nobody waits for them before writing."""
    number = desk.ticket(desk.contact()[0])
    desk.complete(number, agent[1], {"outcome": "mine", "person": None})
    page.goto(f"/tickets/{number}")
    page.keyboard.press("r")
    held: list[Route] = []
    page.route("**/fields", lambda route: held.append(route))
    page.locator('.s-choice:has(input[value="solved"])').click()
    page.locator("textarea[name=reply]").fill("It was the cable.")
    page.locator("#work input[name=minutes]").fill("15")

    with page.expect_response("**/fields"):
        held[0].continue_()

    expect(page.locator("form.s-pane-form .btn-primary").first).to_contain_text("solved")
    expect(page.locator("textarea[name=reply]")).to_have_value("It was the cable.")
    expect(page.locator("#work input[name=minutes]")).to_have_value("15")
    expect(page.locator("#work input[name=minutes]")).to_be_focused()


def test_chosen_files_are_listed_and_stay_when_the_outcome_changes(
    page: Page, desk: Pages, agent: tuple[str, int]
) -> None:
    """Drafts and fields drawn anew take the words only; the files go once, with the form."""
    number = desk.ticket(desk.contact()[0], "Files along")
    desk.complete(number, agent[1], {"outcome": "mine", "person": None})
    page.goto(f"/tickets/{number}")
    page.keyboard.press("r")
    files = page.locator("#work-field_files")
    files.set_input_files(
        [FilePayload(name=name, mimeType="text/plain", buffer=b"x" * 8400) for name in ("a.log", "b.log")]
    )
    expect(page.locator("[data-chosen]").first).to_have_text("a.log, 8 kBb.log, 8 kB")

    with page.expect_response("**/fields") as drawn:
        page.locator(".s-choice", has_text="Escalate").click()
    assert b"xxxx" not in (drawn.value.request.post_data_buffer or b"")
    expect(files).to_be_hidden()
    page.locator(".s-choice", has_text="Solved").click()
    expect(page.locator("[data-chosen]").first).to_have_text("a.log, 8 kBb.log, 8 kB")
    page.locator("form.s-pane-form .btn-primary").click()

    expect(page.locator(".s-kept li")).to_have_count(2)
    assert files.evaluate("input => input.files.length") == 0
    page.locator("#work-field_reply").fill("Both logs are here.")
    page.locator("form.s-pane-form .btn-primary").click()
    page.wait_for_load_state()
    expect(page.locator(".s-msg.is-reply .s-att")).to_have_count(2)
