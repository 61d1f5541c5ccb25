"""What only a browser shows of the ticket page: the folded form, the timer, files, paper, small screens."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy.orm import Session

from app.tickets import conversation, queries
from app.tickets.models import MessageKind
from tests.pages import Pages, ticket_of
from tests.tickets.in_browser.conftest import DESKTOP, sign_in

pytestmark = pytest.mark.browser

LAPTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)
# Files as a drag or a paste brings them.
FILES = """(files) => { const all = new DataTransfer();
    for (const [name, size, type] of files) all.items.add(new File(["x".repeat(size)], name, { type }));
    return all; }"""
PASTE = """(all) => document.querySelector("#talk").dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: all, bubbles: true, cancelable: true }))"""


def test_the_form_is_one_line_until_one_writes_and_folds_back_only_when_nothing_is_typed(
    page: Page, number: str
) -> None:
    page.set_viewport_size(LAPTOP)
    page.goto(f"/tickets/{number}")
    reply, line = page.locator("textarea[data-reply]"), page.locator(".s-foldline")
    expect(reply).to_be_hidden()
    folded = page.locator("#talk").bounding_box()
    assert folded is not None
    assert folded["height"] > 400

    page.keyboard.press("r")
    expect(reply).to_be_focused()
    page.keyboard.press("Escape")
    expect(reply).to_be_hidden()
    page.locator(".s-foldchoice", has_text="Solved").click()
    expect(page.locator(".s-choice input[value=solved]")).to_be_checked()
    page.keyboard.type("Half a sentence")
    page.keyboard.press("Escape")

    expect(reply).to_have_value("Half a sentence")
    expect(line).to_be_hidden()
    page.keyboard.press("Escape")
    expect(reply).to_be_visible()


def test_on_a_laptop_the_conversation_keeps_room_while_one_writes(page: Page, number: str) -> None:
    page.set_viewport_size(LAPTOP)
    page.goto(f"/tickets/{number}")
    before = page.locator(".s-clocks").bounding_box()

    page.keyboard.press("r")

    expect(page.locator("#work")).to_have_class(re.compile("is-open"))
    while_writing = page.locator(".s-clocks").bounding_box()
    assert before is not None
    assert while_writing is not None
    assert while_writing["height"] < before["height"] * 0.7
    assert page.evaluate("document.getElementById('talk').clientHeight") >= 200
    # The deadlines are still said, and why.
    expect(page.locator(".s-clock").first).to_contain_text("Reply due")
    page.locator(".s-why summary").first.click()
    expect(page.locator(".s-why .s-pop").first).to_be_in_viewport()


def test_a_note_is_added_and_the_page_stays_with_what_else_was_typed(page: Page, number: str) -> None:
    page.goto(f"/tickets/{number}")
    page.keyboard.press("r")
    page.fill("textarea[data-reply]", "Not sent yet")
    page.click("[role=tab][data-key=n]")
    page.fill("#note-text", "Only for us.")
    page.evaluate("window.stays = true")

    page.click("text=Add note")

    expect(page.locator(".s-msg.is-note")).to_contain_text("Only for us.")
    expect(page.locator(".s-toast")).to_contain_text("Note added")
    expect(page.locator("#note-text")).to_have_value("")
    expect(page.locator("textarea[data-reply]")).to_have_value("Not sent yet")
    assert page.evaluate("window.stays")


def test_a_change_is_undone_from_its_message(page: Page, number: str) -> None:
    page.goto(f"/tickets/{number}")
    page.click("#menu-change summary")
    page.select_option("#c-priority", "urgent")
    page.click("#menu-change .btn-primary")
    expect(page.locator("#meta")).to_contain_text("Urgent")
    expect(page.locator("#menu-change form")).to_be_hidden()

    page.click(".s-toast >> text=Undo")

    expect(page.locator("#meta")).to_contain_text("Normal")


def test_the_timer_counts_on_through_a_reload_and_in_the_rail_of_other_pages(page: Page, number: str) -> None:
    page.goto(f"/tickets/{number}")
    page.locator("h1").click()
    page.keyboard.press("t")
    expect(page.locator(".s-timerbox [data-timer]")).to_contain_text("00:00")
    expect(page.locator("#timers-rail")).to_contain_text(number)

    page.reload()
    expect(page.locator(".s-timerbox [data-since]")).to_be_visible()
    page.goto("/tickets/")
    expect(page.locator("#timers-rail .s-timer").first).to_contain_text(f"{number} · working")
    page.click("#timers-rail .s-timer >> nth=0")
    page.wait_for_url(f"**/tickets/{number}")
    page.locator("#stop-and-log > summary").click()
    page.fill("#t-note", "Looked at it")
    page.click("text=Log the work")

    expect(page.locator(".s-entries")).to_contain_text("Looked at it")
    expect(page.locator("#timers-rail")).not_to_contain_text(number)


def test_files_are_dropped_anywhere_and_each_says_what_became_of_it(page: Page, number: str) -> None:
    page.goto(f"/tickets/{number}")
    files = page.evaluate_handle(FILES, [["plan.txt", 9, "text/plain"], ["film.mp4", 1_100_000, "video/mp4"]])
    page.dispatch_event("#talk", "dragenter", {"dataTransfer": files})
    expect(page.locator("[data-dropzone]")).to_be_visible()

    page.dispatch_event("#talk", "drop", {"dataTransfer": files})

    expect(page.locator("[data-dropzone]")).to_be_hidden()
    expect(page.locator("[data-uploads] li.is-wrong")).to_contain_text("Larger than 1 MB")
    expect(page.locator("#panel-documents")).to_contain_text("plan.txt")
    expect(page.locator("#panel-documents")).not_to_contain_text("film.mp4")


def test_a_pasted_screenshot_is_a_document_or_goes_with_the_reply_one_is_writing(page: Page, number: str) -> None:
    page.goto(f"/tickets/{number}")
    picture = page.evaluate_handle(FILES, [["image.png", 40, "image/png"]])
    page.evaluate(PASTE, picture)
    expect(page.locator("#panel-documents")).to_contain_text("screenshot-")

    page.keyboard.press("r")
    page.evaluate(PASTE.replace("#talk", "textarea[data-reply]"), picture)

    expect(page.locator("#work [data-chosen]").first).to_contain_text("screenshot-")


def test_an_upload_can_be_stopped(page: Page, number: str) -> None:
    page.goto(f"/tickets/{number}")
    page.route("**/documents/on/*", lambda route: None)
    files = page.evaluate_handle(FILES, [["slow.bin", 500_000, "application/octet-stream"]])
    page.dispatch_event("#talk", "drop", {"dataTransfer": files})

    page.click("[data-uploads] [data-cancel]")

    expect(page.locator("[data-uploads] li.is-stopped")).to_contain_text("Cancelled")


def test_older_messages_stay_when_something_new_is_said(page: Page, desk: Pages, number: str) -> None:
    def talk(session: Session) -> None:
        ticket = ticket_of(session, number)
        for each in range(queries.MESSAGES + 10):
            conversation.add_message(
                session,
                ticket,
                MessageKind.CUSTOMER,
                f"line {each:03}",
                author=ticket.requester,
                channel="email",
            )

    desk.write(talk)
    page.goto(f"/tickets/{number}")
    expect(page.locator("#talk")).not_to_contain_text("line 000")
    page.locator("[data-older]").click()
    expect(page.locator("#talk")).to_contain_text("line 000")

    page.keyboard.press("n")
    page.fill("#note-text", "new")
    page.click("text=Add note")
    expect(page.locator("#talk .is-note")).to_have_count(1)

    lines = page.locator("#talk .s-msg.is-customer").all_inner_texts()
    assert sum("line " in text for text in lines) == queries.MESSAGES + 10


def test_why_a_deadline_is_when_it_is_stands_inside_the_window(page: Page, number: str) -> None:
    for width, height in ((1440, 900), (1280, 640), (1024, 768), (768, 600), (390, 844), (360, 640)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"/tickets/{number}")
        for clock in ("response", "resolution"):
            page.locator(f"#why-{clock} summary").focus()
            page.keyboard.press("Enter")
            expect(page.locator(f"#why-{clock} .s-pop")).to_be_in_viewport(ratio=1)
            page.keyboard.press("Escape")
            expect(page.locator(f"#why-{clock} summary")).to_be_focused()


def test_on_a_phone_the_bar_opens_the_form_and_nothing_goes_sideways(page: Page, number: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"/tickets/{number}")
    expect(page.locator("#side")).to_be_hidden()
    page.click(".s-actbar [data-open-work]")
    expect(page.locator("textarea[data-reply]")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.click("[data-part=side]")
    page.set_viewport_size({"width": 360, "height": 740})

    expect(page.locator("#panel-worklog")).to_be_visible()
    expect(page.locator("#talk")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_without_scripts_every_form_is_there(chromium: Browser, address: str, team: list[str], number: str) -> None:
    context = chromium.new_context(base_url=address, viewport=DESKTOP, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, team[0])
    page.goto(f"/tickets/{number}")

    page.fill("#note-text", "Without scripts.")
    page.click("text=Add note")

    expect(page.locator(".s-msg.is-note")).to_contain_text("Without scripts.")
    expect(page.locator("textarea[data-reply]")).to_be_visible()
    context.close()


def test_on_paper_stands_the_whole_conversation_and_nothing_that_is_pressed(page: Page, number: str) -> None:
    page.goto(f"/tickets/{number}")
    page.keyboard.press("n")
    page.fill("#note-text", "Half a note")

    page.emulate_media(media="print")

    for shown in ("h1", "#clocks", "#meta", ".s-msg >> nth=0", "#panel-details dl"):
        expect(page.locator(shown)).to_be_visible()
    for hidden in (".s-rail", "#work", "#actions", "#bell", ".s-timerbox", "#panel-documents form"):
        expect(page.locator(hidden).first).to_be_hidden()
    heights = page.evaluate(
        "[document.querySelector('#talk').scrollHeight, document.querySelector('#talk').clientHeight]"
    )
    assert heights[0] <= heights[1] + 1
