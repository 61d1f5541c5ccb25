"""Every main screen is usable by everybody: axe finds nothing serious against WCAG 2.2 AA, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from sqlalchemy.orm import Session

from app import db as database
from app.contracts.models import Customer
from app.people.models import Person, Role
from app.tickets import service as tickets
from tests import world
from tests.chromium import PASSWORD, executable, person_who_signs_in, served
from tests.monitor.instances import instance_of
from tests.pages import SOLVED, Pages, ticket_of
from tests.tasklist.tasks import approval

pytestmark = pytest.mark.browser

AXE = (Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DESKTOP = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)

STAFF = (
    "/",
    "/?of=me",
    "/?q=nothing-has-these-words&priority=low",
    "/tickets/",
    "/tickets/?q=nothing-has-these-words",
    "/tickets/new",
    "/tickets/{solved}",
    "/tickets/{waiting}",
    "/unassigned/",
    "/unassigned/{waiting}/people",
    "/overview/",
    "/overview/deadlines",
    "/overview/workload",
    "/overview/contracts",
    "/tickets/{solved}/history",
    "/work/on/{solved}",
    "/documents/on/{waiting}",
    "/instances/",
    "/instances/{instance}",
    "/notifications",
    "/settings/",
    "/settings/?q=support",
    "/settings/people",
    "/settings/people/new",
    "/settings/people/{person}",
    "/settings/people/{person}/deactivate",
    "/settings/contacts",
    "/settings/contacts/{contact}",
    "/settings/teams",
    "/settings/teams/{team}",
    "/settings/skills",
    "/settings/types",
    "/settings/types/change",
    "/settings/states",
    "/settings/states/new",
    "/settings/priorities",
    "/settings/changes",
    "/settings/mail",
    "/settings/outgoing-mail",
    "/settings/profile",
    "/settings/profile/notifications",
    "/sessions",
    "/password",
    "/no-such-page",
)
CUSTOMER = (
    "/portal/",
    "/portal/new",
    "/portal/requests/{solved}",
    "/portal/requests/{waiting}",
    "/portal/requests/{closed}",
    "/portal/new?type=change",
    "/portal/?whose=company&show=closed",
    "/portal/?q=nothing-has-these-words",
    "/portal/contract",
    "/sessions",
    "/notifications",
    "/settings/profile",
)
VISITOR = ("/sign-in", "/sign-in/link", "/sign-in/forgotten", "/sign-in/link/of-last-week", "/styleguide")


@pytest.fixture(scope="module")
def world_of(shared_desk: Pages) -> dict[str, str]:
    """Accounts and tickets: one solved, one that waits."""
    roles = (Role.AGENT, Role.TEAM_LEAD, Role.MANAGER, Role.ADMINISTRATOR)
    staff = person_who_signs_in(shared_desk.app, *roles)
    with shared_desk.app.app_context(), database.transaction() as session:
        person = session.query(Person).filter_by(email=staff).one()
        team_id = world.add_team(session, "support", members=[person]).id
        person_id = person.id
    colleague = shared_desk.staff(Role.AGENT, team="support")
    asking_id, customer_id = shared_desk.contact(password=PASSWORD, language="en")
    customer = shared_desk.write(lambda session: session.get_one(Person, asking_id).email)
    solved, waiting = (shared_desk.ticket(asking_id, f"The {each} printer") for each in ("first", "second"))
    shared_desk.complete(solved, person_id, {"outcome": "mine", "person": None})
    shared_desk.complete(solved, person_id, SOLVED)
    # Something that the colleague did waits for approval.
    approval(shared_desk, colleague)
    closed = shared_desk.ticket(asking_id, "The third printer")
    shared_desk.solve(closed, person_id)

    def finish(session: Session) -> None:
        asking = session.get_one(Person, asking_id)
        world.add_contract(session, session.get_one(Customer, customer_id), included_minutes=600)
        tickets.confirm(session, ticket_of(session, closed), by=asking)

    shared_desk.write(finish)
    known = {"staff": staff, "customer": customer, "solved": solved, "waiting": waiting, "closed": closed}
    places = {"person": str(colleague), "contact": str(asking_id), "team": str(team_id)}
    return {**known, **places, "instance": str(instance_of(shared_desk, waiting))}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = executable()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


def findings(page: Page, address: str) -> list[str]:
    """What axe holds against a page, serious and critical only, with where it is."""
    page.goto(address)
    return findings_here(page, address)


def findings_here(page: Page, address: str) -> list[str]:
    """The same for the page as it stands, seen from its top: what a bar covers is no target."""
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(AXE())
    result: dict[str, Any] = page.evaluate(
        "(rules) => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
    )
    return [
        f"{address}: {found['id']}: {node['target']} {node['html'][:160]} {node['failureSummary'][:300]}"
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"][:4]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("who", ["staff", "customer", "visitor"])
def test_axe_finds_nothing_serious(
    desk: Pages, browser: Browser, world_of: dict[str, str], who: str, theme: Literal["light", "dark"]
) -> None:
    places = {"staff": STAFF, "customer": CUSTOMER, "visitor": VISITOR}[who]
    found: list[str] = []
    with served(desk.app) as base:
        for size in (DESKTOP, PHONE):
            context = browser.new_context(
                base_url=base, viewport=size, color_scheme=theme, bypass_csp=True, reduced_motion="reduce"
            )
            page = context.new_page()
            if who != "visitor":
                sign_in(page, world_of[who])
            for place in places if size is DESKTOP else places[:4]:
                found += findings(page, place.format(**world_of))
            context.close()

    assert found == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_an_open_ticket(
    desk: Pages, browser: Browser, world_of: dict[str, str], theme: Literal["light", "dark"]
) -> None:
    """What is folded away at first is there for everybody too: forms, panels, the timer, what floats."""
    number = world_of["waiting"]
    found: list[str] = []
    with served(desk.app) as base:
        for size in (DESKTOP, PHONE):
            context = browser.new_context(
                base_url=base, viewport=size, color_scheme=theme, bypass_csp=True, reduced_motion="reduce"
            )
            page = context.new_page()
            sign_in(page, world_of["staff"])
            page.goto(f"/tickets/{number}")
            page.keyboard.press("t")
            page.locator(".s-toast").first.wait_for()
            found += findings_here(page, "with a timer")
            page.evaluate("document.querySelectorAll('#side details').forEach((each) => { each.open = true; })")
            page.locator("#history li").first.wait_for(state="attached")
            page.keyboard.press("n")
            found += findings_here(page, "with everything open")
            page.click("[data-part=side]") if size is PHONE else page.click("#menu-more summary")
            found += findings_here(page, "with its menu or its details")
            page.locator("#why-response summary").click()
            found += findings_here(page, "with why")
            context.close()

    assert found == []


def test_a_keyboard_reaches_the_content_at_once_and_sees_where_it_is(
    desk: Pages, browser: Browser, world_of: dict[str, str]
) -> None:
    """The first stop skips the rail; what has the focus is outlined."""
    with served(desk.app) as base:
        page = browser.new_page(base_url=base, viewport=DESKTOP)
        sign_in(page, world_of["staff"])
        page.goto("/tickets/")
        page.keyboard.press("Tab")
        skip = page.locator(".s-skip")
        assert skip.evaluate("link => link === document.activeElement && link.getBoundingClientRect().left >= 0")
        page.locator(".btn").first.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert page.locator(".btn").first.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
        page.close()


def test_what_cannot_be_undone_asks_first(desk: Pages, browser: Browser, world_of: dict[str, str]) -> None:
    """The question names what happens; keeping it sends nothing."""
    number = world_of["waiting"]
    with served(desk.app) as base:
        page = browser.new_page(base_url=base, viewport=DESKTOP)
        sign_in(page, world_of["customer"])
        page.goto(f"/portal/requests/{number}")
        page.click(".s-quiet summary")
        page.click(".s-quiet button")
        assert number in page.inner_text("#confirm [data-title]")
        page.click("#confirm [data-keep]")
        assert page.locator("#confirm").is_hidden()
        page.reload()
        assert page.locator(".s-quiet").count() == 1
        page.close()


def test_a_ticket_on_paper_has_its_conversation_and_nothing_to_press(
    desk: Pages, browser: Browser, world_of: dict[str, str]
) -> None:
    with served(desk.app) as base:
        page = browser.new_page(base_url=base, viewport=DESKTOP)
        sign_in(page, world_of["staff"])
        page.goto(f"/tickets/{world_of['solved']}")
        page.emulate_media(media="print")
        seen = "each => each.checkVisibility()"
        assert page.locator(".s-msg").first.evaluate(seen)
        pressed = page.locator(".s-rail, .s-top, .s-tabbar, .s-work, .s-actions, main button").all()
        assert [each.get_attribute("class") for each in pressed if each.evaluate(seen)] == []
        page.close()
