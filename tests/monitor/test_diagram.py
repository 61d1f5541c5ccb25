"""The diagram in a real browser: drawn under the content policy, with its token, its watermark uncovered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from app.engine import queries
from app.people.models import Role
from tests.chromium import PASSWORD, executable, person_who_signs_in, served
from tests.pages import Pages, ticket_of

pytestmark = pytest.mark.browser

WIDE, PHONE = ViewportSize(width=1440, height=1000), ViewportSize(width=390, height=844)


@pytest.fixture
def page(desk: Pages) -> Iterator[Page]:
    """A signed-in manager's browser; a word on its console fails the test."""
    email = person_who_signs_in(desk.app, Role.MANAGER)
    with served(desk.app) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        page = browser.new_page(base_url=base, viewport=WIDE)
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto("/sign-in")
        page.fill("input[name=email]", email)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/")
        yield page
        browser.close()
    assert complaints == []


def open_instance(desk: Pages, page: Page) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id)
    desk.complete(number, agent_id, {"outcome": "mine", "person": None})
    instance = desk.write(
        lambda session: queries.instances_of(session, ticket_of(session, number).process_subject)[-1].id
    )
    page.goto(f"/instances/{instance}")
    expect(page.locator("#diagram[data-drawn]")).to_be_visible(timeout=20_000)


def test_the_token_stands_where_the_instance_waits(desk: Pages, page: Page) -> None:
    open_instance(desk, page)

    expect(page.locator('[data-element-id="work"].is-waiting')).to_be_visible()
    expect(page.locator('[data-element-id="take_over"].is-done')).to_be_visible()
    expect(page.locator(".s-ov.is-token")).to_be_visible()
    expect(page.locator('[data-element-id="service_level_to_start_clocks"].is-done')).to_have_count(1)
    expect(page.locator('[data-element-id="log_work"].is-done')).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_moves_when_the_diagram_appears(desk: Pages, page: Page, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    page.add_init_script(
        "window.moved = []; new PerformanceObserver((list) => { for (const each of list.getEntries())"
        " if (!each.hadRecentInput) moved.push(each.value); }).observe({ type: 'layout-shift', buffered: true });"
    )

    open_instance(desk, page)
    room = page.locator("#diagram").bounding_box()

    assert room is not None
    assert room["height"] >= 300
    assert sum(page.evaluate("window.moved")) < 0.001


def test_the_watermark_stays_whole_and_uncovered(desk: Pages, page: Page) -> None:
    """The licence of the viewer asks for it."""
    open_instance(desk, page)

    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        mark = page.locator(".bjs-powered-by")
        mark.scroll_into_view_if_needed()
        covered = mark.evaluate(
            """element => {
                const box = element.getBoundingClientRect();
                const points = [[.1, .1], [.9, .1], [.5, .5], [.1, .9], [.9, .9]];
                return points.filter(([x, y]) => {
                    const top = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
                    return !top || !element.contains(top);
                }).length;
            }"""
        )
        assert covered == 0
        box = mark.bounding_box()
        assert box is not None
        assert box["width"] > 40


def test_a_phone_opens_at_the_step_in_question_and_scrolls_down_only(desk: Pages, page: Page) -> None:
    page.set_viewport_size(PHONE)
    open_instance(desk, page)

    step = page.locator('[data-element-id="work"]').bounding_box()

    assert step is not None
    assert step["x"] >= 0
    assert step["x"] + step["width"] <= PHONE["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_buttons_size_the_diagram(desk: Pages, page: Page) -> None:
    open_instance(desk, page)
    step = page.locator('[data-element-id="work"]')
    before = step.bounding_box()

    page.locator("[data-diagram-zoom=in]").click()
    larger = step.bounding_box()
    page.locator("[data-diagram-zoom=fit]").click()
    whole = step.bounding_box()

    assert before is not None
    assert larger is not None
    assert whole is not None
    assert larger["width"] > before["width"] > whole["width"]
