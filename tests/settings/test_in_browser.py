"""The main journey through the settings in real browsers: a colleague is added, comes in, works, and leaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from app.people import queries
from app.people.models import Role
from tests.chromium import PASSWORD, executable, person_who_signs_in, served
from tests.pages import Pages, open_desk

pytestmark = pytest.mark.browser

WIDE, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=360, height=780)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("journey"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def base(desk: Pages) -> Iterator[str]:
    with served(desk.app) as address:
        yield address


def come_in(browser: Browser, base: str, email: str, password: str, size: ViewportSize = WIDE) -> Page:
    page = browser.new_context(base_url=base, viewport=size, timezone_id="Asia/Tokyo").new_page()
    page.goto("/sign-in")
    page.fill("#email", email)
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    return page


def fits(page: Page) -> bool:
    """Whether nothing makes a phone scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_colleague_is_added_comes_in_has_work_and_leaves(desk: Pages, browser: Browser, base: str) -> None:
    """The administrator works on a phone of 360 pixels, the colleague on a desktop."""
    desk.ticket(desk.contact()[0], "The scanner sleeps")
    root = person_who_signs_in(desk.app, Role.ADMINISTRATOR)
    admin = come_in(browser, base, root, PASSWORD, PHONE)

    admin.goto("/settings/")
    admin.click(".s-setmenu summary")
    admin.click(".s-setmenu a:has-text('People')")
    admin.click("text=Add a colleague")
    admin.fill("#name", "Radu Nou")
    admin.fill("#email", "radu@new.example")
    admin.check("input[name=roles][value=agent]")
    admin.check("text=Support")
    assert fits(admin)
    admin.click("text=Add the colleague")
    password = admin.inner_text("#password-once")
    assert fits(admin)

    radu = come_in(browser, base, "radu@new.example", password)
    radu.fill("#present", password)
    radu.fill("#password", "a horse of my own")
    radu.press("#password", "Enter")
    radu.wait_for_url("**/")
    radu.goto("/")
    radu.locator("#list >> text=The scanner sleeps").click()
    radu.locator("#pane [name=outcome][value=mine]").check(force=True)
    radu.click("#pane .btn-primary")
    expect(radu.locator(".s-seg").first).to_contain_text("1")

    admin.click("text=Done")
    admin.click("text=Deactivate…")
    expect(admin.locator("main")).to_contain_text("1 request that they are responsible for goes back")
    assert fits(admin)
    admin.click("form button:has-text('Deactivate')")
    expect(admin.locator("#toasts")).to_contain_text("What was theirs is back with their teams.")
    radu.goto("/")
    radu.wait_for_url("**/sign-in**")
    admin.goto("/tickets/?assignee=none&category=active")
    expect(admin.locator("main")).to_contain_text("The scanner sleeps")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_moves_when_a_profile_names_the_zone_of_the_computer(
    desk: Pages, browser: Browser, base: str, size: ViewportSize
) -> None:
    page = come_in(browser, base, person_who_signs_in(desk.app, Role.AGENT), PASSWORD, size)
    page.add_init_script(
        "window.moved = []; new PerformanceObserver((list) => { for (const each of list.getEntries())"
        " if (!each.hadRecentInput) moved.push(each.value); }).observe({ type: 'layout-shift', buffered: true });"
    )

    page.goto("/settings/profile")

    expect(page.locator("[data-zone-hint]")).to_contain_text("Asia/Tokyo")
    page.wait_for_timeout(300)
    assert sum(page.evaluate("window.moved")) < 0.001


def test_a_profile_helps_with_zone_signature_and_keys(desk: Pages, browser: Browser, base: str) -> None:
    page = come_in(browser, base, person_who_signs_in(desk.app, Role.AGENT), PASSWORD)
    page.goto("/settings/profile")

    page.click("text=Use it")
    page.fill("#signature", "Ana, the one who answers")
    expect(page.locator("[data-mirrors]")).to_have_text("Ana, the one who answers")
    page.check("input[name=single_keys][value='']", force=True)
    page.check("input[name=density][value=dense]", force=True)
    page.click("main .btn-primary")

    expect(page.locator("#toasts")).to_contain_text("time zone, signature, density of tables, keyboard shortcuts")
    assert page.input_value("#zone") == "Asia/Tokyo"
    page.goto("/tickets/")
    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("n")
    expect(page.locator("#keys")).to_be_hidden()
    assert page.url.endswith("/tickets/")
    page.click("[data-show-keys]")
    expect(page.locator("#keys")).to_contain_text("switched off in your profile")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_lists_are_ordered_without_scripts(desk: Pages, browser: Browser, base: str) -> None:
    email = person_who_signs_in(desk.app, Role.ADMINISTRATOR)
    context = browser.new_context(base_url=base, viewport=WIDE, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.goto("/settings/types")
    first, second = (page.locator("tbody tr").nth(place).get_attribute("id") for place in (0, 1))

    page.locator(f"#{first} button[value=down]").click()

    page.wait_for_url(f"**/settings/types#{first}")
    assert [page.locator("tbody tr").nth(place).get_attribute("id") for place in (0, 1)] == [second, first]
    context.close()


def test_every_page_fits_a_phone(desk: Pages, browser: Browser, base: str) -> None:
    page = come_in(browser, base, person_who_signs_in(desk.app, Role.ADMINISTRATOR, language="ro"), PASSWORD, PHONE)
    team = desk.write(lambda session: queries.get_team(session, "support").id)
    pages = (
        "", "?q=a", "people", "people/new", "contacts", "teams", f"teams/{team}", "teams/new", "skills", "types",
        "types/incident", "types/new", "states", "states/new", "priorities", "mail", "outgoing-mail", "received-mail",
        "changes", "profile", "profile/notifications",
    )  # fmt: skip

    wide = [name for name in pages if page.goto(f"/settings/{name}") and not fits(page)]

    assert wide == []
