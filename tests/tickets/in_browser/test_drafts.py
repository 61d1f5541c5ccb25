"""Nothing typed into a ticket is lost: signing out, a lost connection, two browsers of one person, two people."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages import Pages
from tests.tickets.in_browser.conftest import Open, sign_in

pytestmark = pytest.mark.browser

REPLY = "textarea[data-reply]"
# Where the form of the task tells about its draft.
SAYS = "#work [data-mine] [data-draft-says]"


def test_what_was_typed_is_there_after_signing_out_and_in(page: Page, team: list[str], number: str) -> None:
    page.goto(f"/tickets/{number}")
    page.keyboard.press("n")
    page.fill("#note-text", "The switch is on the second floor.")
    expect(page.locator("#note-form [data-draft-says]")).to_contain_text("Draft saved")
    page.context.clear_cookies()
    # Another window signed out meanwhile; the desk refuses, and this browser keeps the rest.
    page.locator("#note-text").press("End")
    page.keyboard.type(" Key at the desk.")
    expect(page.locator("#note-form [data-draft-says]")).to_contain_text("kept in this browser")

    sign_in(page, team[0])
    page.goto(f"/tickets/{number}")

    expect(page.locator("#note-text")).to_have_value("The switch is on the second floor. Key at the desk.")
    expect(page.locator("#note-form [data-draft-says]")).to_contain_text("Draft saved")


def test_what_is_typed_without_a_connection_is_saved_when_it_is_back(page: Page, number: str) -> None:
    page.goto(f"/tickets/{number}")
    page.keyboard.press("n")
    page.context.set_offline(True)
    page.fill("#note-text", "Written in the cellar.")
    expect(page.locator("#note-form [data-draft-says]")).to_contain_text("no connection")

    page.context.set_offline(False)

    expect(page.locator("#note-form [data-draft-says]")).to_contain_text("Draft saved")


def test_a_reply_waits_through_signing_out_also_in_another_browser(
    signed_in: Open, desk: Pages, team: list[str], number: str
) -> None:
    page, elsewhere = signed_in(team[0]), signed_in(team[0])
    page.goto(f"/tickets/{number}")
    page.keyboard.press("r")
    page.locator(".s-choice", has_text="Solved").click()
    page.fill(REPLY, "The switch was replaced.")
    expect(page.locator(SAYS)).to_contain_text("Draft saved")
    page.context.clear_cookies()

    sign_in(page, team[0])
    page.goto(f"/tickets/{number}")
    elsewhere.goto(f"/tickets/{number}")

    for each in (page, elsewhere):
        expect(each.locator(REPLY)).to_have_value("The switch was replaced.")
        expect(each.locator(REPLY)).to_be_visible()
        expect(each.locator(".s-choice input[value=solved]")).to_be_checked()


def test_of_two_texts_from_two_browsers_neither_is_lost(signed_in: Open, team: list[str], number: str) -> None:
    here, there = signed_in(team[0]), signed_in(team[0])
    here.goto(f"/tickets/{number}")
    here.keyboard.press("n")
    here.context.set_offline(True)
    here.fill("#note-text", "Written in the cellar.")
    expect(here.locator("#note-form [data-draft-says]")).to_contain_text("no connection")
    # Long ago, as far as the browser knows: the other text is the later one.
    here.evaluate("""() => { const key = Object.keys(localStorage).find((each) => each.includes(":note:"));
        const kept = JSON.parse(localStorage.getItem(key)); kept.at -= 60000;
        history.replaceState({ key, kept: JSON.stringify(kept) }, ""); }""")
    there.goto(f"/tickets/{number}")
    there.keyboard.press("n")
    there.fill("#note-text", "Written at the desk.")
    expect(there.locator("#note-form [data-draft-says]")).to_contain_text("Draft saved")
    here.add_init_script("history.state?.key && localStorage.setItem(history.state.key, history.state.kept)")
    here.route("**/note/draft", lambda route: route.abort("internetdisconnected"))
    here.context.set_offline(False)

    here.reload()

    expect(here.locator("#note-text")).to_have_value("Written at the desk.")
    here.click("text=Change to the other text")
    expect(here.locator("#note-text")).to_have_value("Written in the cellar.")
    here.click("text=Change to the other text")
    expect(here.locator("#note-text")).to_have_value("Written at the desk.")


def test_two_people_at_one_request_see_each_other_and_lose_nothing(
    signed_in: Open, desk: Pages, team: list[str], number: str
) -> None:
    ana, ion = signed_in(team[0]), signed_in(team[1])
    for page in (ana, ion):
        page.goto(f"/tickets/{number}")
    ion.keyboard.press("n")
    ion.fill("#note-text", "half a sentence")
    ana.keyboard.press("r")
    ana.fill("textarea[data-reply]", "It works again.")
    expect(ion.locator("#answering")).to_contain_text("is answering")

    ana.locator(".s-choice", has_text="Solved").click()
    ana.fill("#work input[name=minutes]", "5")
    ana.locator("#work .btn-primary").first.click()

    expect(ion.locator("#messages")).to_contain_text("It works again.")
    expect(ion.locator("#meta")).to_contain_text("Resolved")
    expect(ion.locator("[data-gone]")).to_be_visible()
    expect(ion.locator("#note-text")).to_have_value("half a sentence")


def test_of_two_who_send_the_same_task_the_second_is_told_and_keeps_the_text(
    signed_in: Open, desk: Pages, team: list[str]
) -> None:
    number = desk.ticket(desk.contact()[0])
    ana, ion = signed_in(team[0]), signed_in(team[1])
    for page in (ana, ion):
        page.goto(f"/tickets/{number}")
        page.locator("[data-open-work]:visible").first.click()
    ion.route("**/live?*", lambda route: route.abort("internetdisconnected"))
    for page in (ana, ion):
        page.locator("#work .s-choice").first.click()

    ana.locator("#work [data-mine] .btn-primary").first.click()
    expect(ana.locator("#meta")).to_contain_text("In progress")
    ion.locator("#work [data-mine] .btn-primary").first.click()

    expect(ion.locator(".s-gone")).to_contain_text("Somebody was faster")
    expect(ion.locator(".s-gone")).to_contain_text("completed")
