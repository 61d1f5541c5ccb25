"""What managers do in a browser: a number that opens its rows, handing out, mending many; on a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from sqlalchemy.orm import Session

from app.contracts import service as contracts
from app.people.models import Role
from app.tickets import service
from tests import world
from tests.chromium import PASSWORD, executable, person_who_signs_in, served
from tests.monitor.instances import instance_of, stall
from tests.pages import Pages, ticket_of

pytestmark = pytest.mark.browser

WIDE, NARROW = ViewportSize(width=1440, height=900), ViewportSize(width=360, height=780)


@pytest.fixture(scope="module")
def stalled(shared_desk: Pages) -> list[int]:
    """Two stalled instances, and two people who could take what nobody has."""
    requester, _customer = shared_desk.contact()
    agent_id = shared_desk.staff(Role.AGENT)

    def hire(session: Session) -> None:
        for name in ("Ana Pop", "Ion Rus"):
            world.add_person(session, name, roles=[Role.AGENT], teams=[world.add_team(session, "support")])

    shared_desk.write(hire)
    return [stall(shared_desk, shared_desk.ticket(requester, f"Stuck {each}"), agent_id) for each in range(2)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = executable()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(desk: Pages, chromium: Browser, stalled: list[int]) -> Iterator[Page]:
    """A manager's browser; a word on its console fails the test."""
    email = person_who_signs_in(desk.app, Role.MANAGER)
    with served(desk.app) as base:
        page = chromium.new_page(base_url=base, viewport=WIDE)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto("/sign-in")
        page.fill("#email", email)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url("**/")
        yield page
        page.close()
    assert complaints == []


def urgent(desk: Pages, subject: str) -> str:
    """The number of a new request of the team that nobody has and that is soon due."""
    number = desk.ticket(desk.contact()[0], subject, priority="urgent")

    def hand_over(session: Session) -> None:
        service.assign_to_team(session, ticket_of(session, number), world.add_team(session, "support"), by=None)

    desk.write(hand_over)
    return number


def assignee_of(desk: Pages, number: str) -> str | None:
    def read(session: Session) -> str | None:
        assignee = ticket_of(session, number).assignee
        return assignee.name if assignee else None

    return desk.write(read)


def test_keys_lead_to_the_overview_and_a_number_to_its_rows(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/overview/")
    tile = page.locator(".s-tile", has_text="Stalled processes")
    number = int(tile.locator("strong").inner_text())

    tile.click()

    page.wait_for_url("**/instances/?*state=stalled*")
    expect(page.locator("[data-row]")).to_have_count(number)


def test_somebody_is_chosen_without_leaving_the_list(desk: Pages, page: Page) -> None:
    number = urgent(desk, "Nobody has the gate")
    page.goto("/unassigned/")
    row = page.locator(f'[data-row="{number}"]')

    row.locator("summary").click()
    row.get_by_role("button", name="Ana Pop").click()

    expect(page.locator(".s-toast")).to_contain_text(f"{number} is with Ana Pop now.")
    expect(row).to_have_count(0)
    assert assignee_of(desk, number) == "Ana Pop"


@pytest.mark.parametrize("width", [1024, 1280])
def test_on_a_laptop_the_buttons_of_a_row_are_in_sight(desk: Pages, page: Page, width: int) -> None:
    """Nobody scrolls sideways to hand a request out."""
    number = urgent(desk, "A request whose subject is as long as those of people who tell the whole story in it")
    page.set_viewport_size(ViewportSize(width=width, height=800))

    page.goto("/unassigned/")

    expect(page.locator(f'[data-row="{number}"] summary')).to_be_in_viewport(ratio=1)


def test_several_are_handed_out_by_keyboard(desk: Pages, page: Page) -> None:
    numbers = [urgent(desk, f"Door {each}") for each in range(2)]
    page.goto("/unassigned/")
    for number in numbers:
        page.locator(f'[data-row="{number}"] [data-select]').focus()
        page.keyboard.press("Space")
    expect(page.locator("[data-selected]")).to_have_text("2")

    ion = page.locator("#b-person option", has_text="Ion Rus").get_attribute("value")
    page.locator("#b-person").select_option(ion)
    page.locator(".s-bulk .btn-primary").press("Enter")

    expect(page.locator(".s-toast")).to_contain_text("2 requests are with Ion Rus now.")
    assert [assignee_of(desk, number) for number in numbers] == ["Ion Rus", "Ion Rus"]


def test_what_somebody_else_takes_leaves_the_list_and_what_is_chosen_stays_chosen(desk: Pages, page: Page) -> None:
    taken, kept = urgent(desk, "Taken meanwhile"), urgent(desk, "Chosen by us")
    page.goto("/unassigned/")
    for number in (taken, kept):
        page.locator(f'[data-row="{number}"] [data-select]').check()
    agent = desk.client(desk.staff(Role.AGENT, team="support"))

    agent.post("/unassigned/assign", data={"give": f"{taken}:me"})

    expect(page.locator(f'[data-row="{taken}"]')).to_have_count(0)
    expect(page.locator(f'[data-row="{kept}"] [data-select]')).to_be_checked()
    expect(page.locator("[data-selected]")).to_have_text("1")
    expect(page.locator("[data-select-all]")).to_be_visible()


def test_stalled_instances_are_tried_again_together(page: Page, stalled: list[int]) -> None:
    page.goto("/instances/?state=stalled")
    page.locator("[data-select-all]").check()
    expect(page.locator("[data-selected]")).to_have_text(str(len(stalled)))

    page.locator(".s-bulk .btn-primary").click()

    page.wait_for_url(re.compile("/instances/retried"))
    expect(page.locator("h1")).to_contain_text("2 are still stalled")
    page.get_by_role("link", name="Back to the list").click()
    page.wait_for_url(re.compile("/instances/.state=stalled$"))


def test_holding_asks_why_and_shows_it(desk: Pages, page: Page) -> None:
    page.goto(f"/instances/{instance_of(desk, urgent(desk, 'To be held'))}")
    page.get_by_text("Suspend…").click()
    page.get_by_label("Why?").and_(page.locator("#suspend-reason")).fill("The contract is being renewed.")

    page.get_by_role("button", name="Put on hold").click()

    expect(page.locator("#instance-news")).to_contain_text("The contract is being renewed.")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


def test_no_page_is_wider_than_a_small_phone(desk: Pages, page: Page, stalled: list[int]) -> None:
    urgent(desk, "A very long subject about Verbindungsunterbrechungsbenachrichtigungen")

    def sign(session: Session) -> None:
        agreed = world.add_contract(session, included_minutes=600, valid_to=date(2028, 7, 31))
        contracts.count_hours(session, agreed, "tests:phone", 480, date(2026, 11, 3))

    desk.write(sign)
    page.set_viewport_size(NARROW)
    places = ("overview/", "overview/deadlines?weeks=12", "overview/workload", "overview/contracts", "unassigned/")

    for place in (*places, "instances/", f"instances/{stalled[0]}"):
        page.goto(f"/{place}")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], place


def test_on_a_phone_each_thing_of_an_unassigned_request_has_its_line(desk: Pages, page: Page) -> None:
    """In the same order in every row, with the words that the heads of the columns say on a desk."""
    number = urgent(desk, "Nobody has me")
    page.set_viewport_size(NARROW)
    page.goto("/unassigned/")
    row = page.locator("[data-row]", has_text="Nobody has me")

    tops = [
        row.locator(cell).evaluate("cell => cell.getBoundingClientRect().top")
        for cell in ("td.is-deadline", "td.s-waits", "td.is-priority", "td.s-give")
    ]
    assert tops == sorted(set(tops))
    expect(row.locator("td.s-waits")).to_contain_text("waits")
    expect(row.locator("td.s-waits .s-said")).to_be_visible()
    for target in (".s-views a", "#order"):
        assert page.locator(target).first.evaluate("target => target.getBoundingClientRect().height") >= 36, target

    page.goto(f"/unassigned/{number}/people")
    expect(page.locator(".s-candidates button").first.get_by_text("Assign", exact=True)).to_be_visible()
