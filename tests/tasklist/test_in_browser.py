"""My work in a browser: without the mouse, on a phone, many at once, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect, sync_playwright
from sqlalchemy.orm import Session

from app import clock
from app.people.models import Person, Role
from tests import world
from tests.chromium import PASSWORD, executable, person_who_signs_in, served
from tests.pages import Pages, open_desk
from tests.tasklist.tasks import approval, open_task, state_of, taken_over

pytestmark = pytest.mark.browser

DESKTOP = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = executable()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Pages]:
    """A desk with nothing in it but what a test makes: its whole list is what one reader sees."""
    opened = open_desk(tmp_path, web_threads=64)
    with clock.frozen(opened.moment):
        yield opened


@pytest.fixture
def reader(desk: Pages) -> tuple[str, int]:
    """(address, id) of somebody who works and approves in the team that gets new requests."""
    email = person_who_signs_in(desk.app, Role.AGENT, Role.APPROVER)

    def join(session: Session) -> int:
        person = session.query(Person).filter_by(email=email).one()
        world.add_team(session, "support", members=[person])
        return person.id

    return email, desk.write(join)


@pytest.fixture
def open_page(desk: Pages, chromium: Browser, reader: tuple[str, int]) -> Iterator[Open]:
    """Open My work as the reader, on a screen of a size; whatever the browser complains about fails the test."""
    complaints: list[str] = []

    def hear(said: ConsoleMessage) -> None:
        if said.type == "error":
            complaints.append(f"{said.text} ({said.location['url']})")

    with served(desk.app) as base:

        def sign_in(size: ViewportSize = DESKTOP, *, scripts: bool = True) -> Page:
            context = chromium.new_context(
                base_url=base, viewport=size, java_script_enabled=scripts, reduced_motion="reduce"
            )
            page = context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", hear)
            fill_in(page, reader[0])
            return page

        yield sign_in
        for context in chromium.contexts:
            context.close()
    assert [text for text in complaints if "422" not in text] == []


def fill_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/")


def new_task(desk: Pages, subject: str) -> str:
    return open_task(desk, desk.ticket(desk.contact()[0], subject))


def approvals_of_a_colleague(desk: Pages, number: int) -> list[tuple[str, str]]:
    """(key, number of the request) of work that a colleague did and the reader decides about."""
    author = desk.staff(Role.AGENT, team="support")
    return [approval(desk, author) for _each in range(number)]


def choose(page: Page, outcome: str) -> None:
    """Walk through the outcomes with the arrow keys, from the first one."""
    page.keyboard.press("Shift+Tab")
    wanted = page.locator(f"#pane [name=outcome][value={outcome}]")
    for _step in range(6):
        if wanted.is_checked():
            return
        with page.expect_response("**/fields"):
            page.keyboard.press("ArrowDown")
    raise AssertionError(f"there is no outcome {outcome}")


def test_a_list_is_emptied_without_the_mouse(desk: Pages, open_page: Open, reader: tuple[str, int]) -> None:
    """Claim, take over, answer, approve one and several: what comes next is open when something is done."""
    first, second = new_task(desk, "First to take"), new_task(desk, "Second to take")
    approvals = [task for task, _number in approvals_of_a_colleague(desk, 3)]
    page = open_page()
    keys, title = page.keyboard, page.locator("#pane h2")
    expect(page.locator(f'[data-row="{first}"].is-open')).to_be_visible()

    keys.press("c")
    expect(page.locator(".s-toast")).to_contain_text("The task is yours.")
    expect(page.locator(f'[data-row="{first}"] [data-key=c]')).to_have_count(0)
    for task in (first, second):
        expect(page.locator(f'[data-row="{task}"].is-open')).to_be_visible()
        keys.press("e")
        expect(page.locator(f'[data-row="{task}"]')).to_have_count(0)
    page.goto("/?of=me&kind=work")
    for left in (1, 0):
        expect(title).to_have_text("Work on the request")
        keys.press("r")
        keys.type("It was the cable, e x c.")
        choose(page, "solved")
        keys.press("e")
        expect(page.locator("#work [data-row]")).to_have_count(left)
    assert {state_of(desk, task)[0] for task in (first, second)} == {"completed"}

    keys.press("g")
    keys.press("w")
    expect(title).to_have_text("Approve the work")
    keys.press("a")
    expect(page.locator("#pane [value=approve]")).to_be_checked()
    keys.press("Enter")
    expect(page.locator("#approvals [data-row]")).to_have_count(2)
    keys.press("x")
    keys.press("j")
    keys.press("Shift+X")
    expect(page.locator("[data-selected]")).to_have_text("2")
    keys.press("a")

    expect(page.locator("#done")).to_contain_text("2 approved.")
    expect(page.locator("#work")).to_contain_text("Nothing waits for you")
    assert {state_of(desk, task)[2] for task in approvals} == {"approve"}


def test_the_pane_follows_the_row_one_is_at_and_keys_mean_just_that_row(desk: Pages, open_page: Open) -> None:
    """A key never completes or claims another task than the one that is marked; while typing keys are letters."""
    tasks = [new_task(desk, f"Request {each}") for each in range(3)]
    page = open_page()

    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#pane [data-gone-task]")).to_have_attribute("data-gone-task", tasks[2])
    assert f"task={tasks[2]}" in page.url
    page.keyboard.press("k")
    page.keyboard.press("c")
    expect(page.locator(f'[data-row="{tasks[1]}"] [data-key=c]')).to_have_count(0)
    assert [state_of(desk, task)[1] is None for task in tasks] == [True, False, True]
    page.keyboard.press("/")
    page.keyboard.type("xjke?")

    expect(page.locator("[data-select]:checked")).to_have_count(0)
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("claim the task")
    expect(page.locator("#keys").get_by_text("approve", exact=True)).to_be_hidden()
    page.keyboard.press("Escape")
    page.locator(f'[data-row="{tasks[2]}"] [data-key=c]').focus()
    page.keyboard.press("Enter")
    expect(page.locator(f'[data-row="{tasks[2]}"] [data-key=c]')).to_have_count(0)
    page.keyboard.press("n")
    page.wait_for_url("**/tickets/S-*#note")
    expect(page.locator("#note-text")).to_be_focused()
    page.go_back()
    expect(page.locator(f'[data-row="{tasks[1]}"].is-open')).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("n")
    page.wait_for_url("**/notifications")


def test_letters_switched_off_in_the_profile_do_nothing_and_are_not_shown(
    desk: Pages, open_page: Open, reader: tuple[str, int]
) -> None:
    """Who speaks to their computer says whole words: none of their letters may claim or select a task."""
    task = new_task(desk, "The scanner sleeps")
    desk.write(lambda session: setattr(session.get_one(Person, reader[1]), "single_keys", False))
    page = open_page()

    page.locator(f'[data-row="{task}"] [data-open]').focus()
    page.keyboard.type("jxcea?")
    page.locator(f'[data-row="{task}"] [data-select]').check()

    expect(page.locator("#bulk [data-selected]").first).to_have_text("1")
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator(".s-hints")).to_be_hidden()
    expect(page.locator("#pane kbd").first).to_be_hidden()
    assert state_of(desk, task)[1] is None


def test_several_are_approved_with_one_that_somebody_else_did_meanwhile(desk: Pages, open_page: Open) -> None:
    """The bar counts and sums, the result names the one that was not, and stays until one goes on."""
    (first, _), (second, number), (third, _) = approvals_of_a_colleague(desk, 3)
    faster = desk.staff(Role.APPROVER, team="support")
    page = open_page()
    page.locator(f'[data-row="{first}"] [data-select]').click()
    page.locator(f'[data-row="{third}"] [data-select]').click(modifiers=["Shift"])
    sums = "· 20 h 00 work, 15 h 00 travel".replace(" h ", "\u00a0h\u00a0")
    expect(page.locator("#bulk [data-sums]")).to_have_text(sums)
    # The page has not heard of it yet when the button is pressed.
    page.route("**/*", lambda route: None if "x-live" in route.request.headers else route.continue_())
    desk.client(faster).post(f"/tasks/{second}/complete", data={"outcome": "approve"})

    page.get_by_role("button", name="Approve 3").click()

    name = desk.write(lambda session: session.get_one(Person, faster).name)
    expect(page.locator("#done")).to_contain_text(f"2 approved. {number} was not: {name} completed this at 10:00.")
    expect(page.locator("#approvals [data-row]")).to_have_count(0)
    assert {state_of(desk, task)[2] for task in (first, second, third)} == {"approve"}


def test_the_pane_follows_no_further_once_the_list_is_sent(desk: Pages, open_page: Open) -> None:
    """A task that was approved a moment ago would be shown as gone, on the way to what comes next."""
    approvals_of_a_colleague(desk, 2)
    page = open_page()
    page.clock.install()
    page.reload()
    # What is sent is on its way as long as the test lasts.
    page.route("**/work/bulk", lambda route: route.fulfill(status=204))
    asked: list[str] = []
    page.locator("[data-select-all]").click()
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))

    page.keyboard.press("j")
    with page.expect_request("**/work/bulk"):
        page.keyboard.press("a")
    page.clock.run_for(1_000)

    assert [path for path in asked if path.startswith("/tasks/")] == []


def test_a_return_is_written_in_the_bar_and_escape_never_throws_it_away(desk: Pages, open_page: Open) -> None:
    tasks = [task for task, _number in approvals_of_a_colleague(desk, 2)]
    page = open_page()
    page.locator("[data-select-all]").click()
    page.get_by_text("Return with a reason…").click()
    expect(page.locator("#bulk-reason")).to_be_focused()
    page.keyboard.type("Which cable?")

    page.keyboard.press("Escape")
    expect(page.locator("#bulk-reason")).to_have_value("Which cable?")
    page.get_by_role("button", name="Return 2").click()

    expect(page.locator("#done")).to_contain_text("2 returned.")
    assert {state_of(desk, task)[2] for task in tasks} == {"reject"}


def test_many_are_claimed_and_given_back_without_scripts(desk: Pages, open_page: Open) -> None:
    tasks = [new_task(desk, f"Request {each}") for each in range(2)]
    page = open_page(scripts=False)
    for task in tasks:
        page.locator(f'[data-row="{task}"] [data-select]').check()

    page.locator("#bulk button[value=claim]").click()
    expect(page.locator("#done")).to_contain_text("2 tasks are yours now.")
    page.locator("#done button").click()

    expect(page.locator("#done")).to_contain_text("2 tasks are back with the team.")
    assert [state_of(desk, task)[1] for task in tasks] == [None, None]


def test_what_was_typed_is_there_after_signing_out_and_in_again(
    desk: Pages, open_page: Open, reader: tuple[str, int]
) -> None:
    """Also what was typed in the last second, before any draft was kept, and when another row was opened at once."""
    other = new_task(desk, "Something else")
    work = open_task(desk, taken_over(desk, reader[1], "To be answered"))
    page = open_page()
    page.goto(f"/?task={work}")
    page.fill("#pane textarea[name=reply]", "Half a sentence, and then")
    page.locator(f'[data-row="{other}"] a.s-hit').click()
    expect(page.locator("#pane h2")).to_have_text("Take over the request")
    page.locator(f'[data-row="{work}"] a.s-hit').click()
    expect(page.locator("#pane textarea[name=reply]")).to_have_value("Half a sentence, and then")
    page.keyboard.press("r")
    page.keyboard.press("Control+End")
    page.keyboard.type(" the phone rang")
    page.locator(".s-menu summary:has(.is-profile)").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in**")

    fill_in(page, reader[0])
    page.goto(f"/?task={work}")

    expect(page.locator("#pane textarea[name=reply]")).to_have_value("Half a sentence, and then the phone rang")


@pytest.mark.parametrize("width", [390, 360])
def test_on_a_phone_rows_are_cards_filters_a_sheet_and_nothing_scrolls_sideways(
    desk: Pages, open_page: Open, width: int
) -> None:
    """The task opens as its own page and leads back; the way to the approvals stays at the bottom edge."""
    tasks = [new_task(desk, f"A request with quite a long subject, number {each}") for each in range(8)]
    approvals_of_a_colleague(desk, 1)
    page = open_page(ViewportSize(width=width, height=844))

    def is_no_wider() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    expect(page.locator(".s-tabbar > a, .s-tabbar > details")).to_have_count(5)
    expect(page.locator("[data-jump]")).to_be_in_viewport()
    expect(page.locator("#approvals [data-row]")).not_to_be_in_viewport()
    page.locator("[data-jump] a").click()
    expect(page.locator("#approvals [data-row]")).to_be_in_viewport()
    page.locator("#approvals [data-select]").click()
    expect(page.locator("#bulk button[value=approve]")).to_be_in_viewport()
    assert is_no_wider()
    page.locator("#bulk button[type=reset]").click()

    page.get_by_text("Add filter").click()
    sheet = page.locator(".s-filterpop").bounding_box()
    assert sheet is not None
    assert sheet["x"] >= 0
    assert sheet["x"] + sheet["width"] <= width
    page.get_by_label("Take over", exact=True).check()
    page.locator(".s-filterpop").get_by_role("button", name="Show").click()
    expect(page.locator(".s-filterbar .s-chip.is-on")).to_contain_text("Take over")
    assert is_no_wider()

    page.locator(f'[data-row="{tasks[1]}"] a.s-hit').click()
    page.wait_for_url("**/tasks/*")
    assert is_no_wider()
    page.locator("form.s-pane-form .btn-primary").click()
    page.wait_for_url("**/?kind=take_over*")
    assert state_of(desk, tasks[1])[0] == "completed"


def test_more_of_a_long_list_comes_below_and_what_is_selected_stays(desk: Pages, open_page: Open) -> None:
    requester, _customer = desk.contact()

    def open_many(session: Session) -> None:
        person = session.get_one(Person, requester)
        for each in range(103):
            world.add_ticket(session, f"Request {each}", requester=person)

    desk.write(open_many)
    page = open_page()
    page.locator("[data-select]").nth(99).check()

    page.get_by_text("Show 100 more").click()

    expect(page.locator("[data-row]")).to_have_count(103)
    expect(page.locator("[data-selected]")).to_have_text("1")
    assert "rows=200" in page.url
    page.reload()
    expect(page.locator("[data-row]")).to_have_count(103)


def test_the_way_to_the_approvals_is_there_as_long_as_they_are_below_the_fold(desk: Pages, open_page: Open) -> None:
    for each in range(12):
        new_task(desk, f"Request {each}")
    approvals_of_a_colleague(desk, 2)
    page = open_page(ViewportSize(width=1280, height=800))
    heading = page.locator("[data-jump]")
    expect(heading).to_be_in_viewport()
    expect(heading).to_have_class("s-approve-head is-below")
    expect(page.locator("#approvals [data-row]").first).not_to_be_in_viewport()

    heading.locator("a").click()

    expect(page.locator("#approvals [data-row].is-at")).to_be_in_viewport()
    expect(heading).not_to_have_class("s-approve-head is-below")
