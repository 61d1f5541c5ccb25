"""Pages look again when somebody else acts: the stream, and two browsers at one desk."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Page, Route, ViewportSize, expect, sync_playwright
from sqlalchemy.orm import Session

from app import db as database
from app import live
from app.people.models import Person, Role
from tests import world
from tests.chromium import PASSWORD, executable, person_who_signs_in, served
from tests.pages import Pages, open_desk
from tests.tasklist.tasks import approval, open_task


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("live"), web_threads=240)


def test_the_stream_says_what_changes_and_whether_it_is_the_readers(desk: Pages) -> None:
    agent_id = desk.staff(Role.AGENT)
    answer = desk.client(agent_id).get("/live", buffered=False)
    assert answer.mimetype == "text/event-stream"
    chunks = iter(answer.response)
    assert "retry" in text_of(next(chunks))

    desk.write(lambda session: live.touch(session, "ticket:7", people=[agent_id]))

    said = said_in(next(chunks))
    assert said.pop("at")
    assert said == {"about": ["ticket:7"], "mine": True, "all": False}
    answer.close()


def test_a_stream_begins_with_what_changed_since_the_page_was_read(desk: Pages) -> None:
    agent_id = desk.staff(Role.AGENT)
    client = desk.client(agent_id)
    desk.write(lambda session: live.touch(session, "ticket:1", people=[agent_id]))
    read = re.search(r'data-read="(\d+)"', client.get("/").text)
    assert read is not None
    desk.write(lambda session: live.touch(session, "ticket:2", people=[agent_id]))

    with client.get(f"/live?since={read[1]}", buffered=False) as answer:
        chunks = iter(answer.response)
        place = re.search(r"^id: (\d+)$", text_of(next(chunks)), re.MULTILINE)
        assert "ticket:2" in said_in(next(chunks))["about"]

    # A connection that is lost goes on where it was, whatever its address says.
    assert place is not None
    desk.write(lambda session: live.touch(session, "ticket:3", people=[agent_id]))
    again = client.get("/live?since=1", headers={"Last-Event-ID": place[1]}, buffered=False)
    with again:
        said = said_in(list(itertools.islice(again.response, 2))[1])
        assert "ticket:3" in said["about"]
        assert said["all"] is False


def test_a_stream_that_is_closed_is_forgotten() -> None:
    hub = live.Hub()
    with hub.stream():
        assert hub.count() == 1

    assert hub.count() == 0


def test_an_open_stream_holds_no_transaction(desk: Pages) -> None:
    answer = desk.client(desk.staff(Role.AGENT)).get("/live", buffered=False)
    next(iter(answer.response))

    with desk.app.app_context():
        assert database.db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    answer.close()


def test_streams_leave_threads_for_the_pages(desk: Pages) -> None:
    agent = desk.client(desk.staff(Role.AGENT))
    with ExitStack() as open_streams:
        for _number in range(208):
            open_streams.enter_context(live.hub.stream())

        assert agent.get("/live").status_code == 503


def test_a_page_that_looks_again_brings_no_cookie(desk: Pages) -> None:
    """It would keep an abandoned session alive, and could undo what another answer wrote into the cookie meanwhile."""
    agent = desk.client(desk.staff(Role.AGENT))
    with agent.session_transaction() as cookie:
        cookie.permanent = True

    assert "Set-Cookie" in agent.get("/").headers
    assert "Set-Cookie" not in agent.get("/", headers={"X-Live": "1"}).headers
    assert "Set-Cookie" not in agent.get("/", headers={"HX-Request": "true"}).headers
    with agent.get("/live", buffered=False) as stream:
        assert "Set-Cookie" not in stream.headers


@pytest.fixture(scope="module")
def team(desk: Pages) -> list[str]:
    """The addresses of two agents of the team that gets new requests."""
    emails = [person_who_signs_in(desk.app, Role.AGENT, Role.APPROVER) for _each in range(2)]

    def put_together(session: Session) -> None:
        people = session.query(Person).filter(Person.email.in_(emails)).all()
        world.add_team(session, "support", members=people)

    desk.write(put_together)
    return emails


@pytest.mark.browser
class TestInBrowsers:
    """Two people of one team, each with a browser of their own."""

    @pytest.fixture
    def both(self, desk: Pages, team: list[str]) -> Iterator[list[Page]]:
        with served(desk.app) as base, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
            pages = []
            for email in team:
                page = browser.new_page(base_url=base, viewport=ViewportSize(width=1400, height=900))
                page.goto("/sign-in")
                page.fill("#email", email)
                page.fill("#password", PASSWORD)
                page.press("#password", "Enter")
                page.wait_for_url("**/")
                pages.append(page)
            yield pages
            browser.close()

    def test_what_one_takes_over_changes_on_the_other_list_and_what_is_typed_stays(
        self, desk: Pages, both: list[Page]
    ) -> None:
        ana, ion = both
        requester, _customer = desk.contact()
        desk.ticket(requester, "Both look at it")
        for page in both:
            page.goto("/")
            expect(page.locator("#list")).to_contain_text("Both look at it")
        desk.ticket(requester, "Came a moment later")
        expect(ana.locator("#list")).to_contain_text("Came a moment later")
        ion.click("#list >> text=Both look at it")
        ion.locator("#pane [name=outcome][value=mine]").check(force=True)

        ana.click("#list >> text=Both look at it")
        ana.click("#pane .btn-primary")

        expect(ion.locator("[data-gone-task]")).to_be_visible()
        expect(ion.locator("#pane [name=outcome][value=mine]")).to_be_checked()

    def test_the_second_of_two_on_one_task_is_told_who_was_first_and_keeps_the_text(
        self, desk: Pages, both: list[Page], team: list[str]
    ) -> None:
        """On the open page already, and again when they send it all the same."""
        ana, ion = both
        task, _number = approval(desk, desk.staff(Role.AGENT, team="support"))
        for page in both:
            page.goto(f"/?task={task}")
        ion.locator("#pane [name=outcome][value=reject]").check(force=True)
        ion.fill("#pane [name=reason]", "Which cable was it, and where?")

        ana.locator("#pane [name=outcome][value=approve]").check(force=True)
        ana.click("#pane .btn-primary")

        expect(ion.locator("[data-gone-task]")).to_be_visible()
        expect(ion.locator("#pane [name=reason]")).to_have_value("Which cable was it, and where?")
        ion.click("#pane .btn-primary")
        name = desk.write(lambda session: session.query(Person).filter_by(email=team[0]).one().name)
        expect(ion.locator(".s-gone")).to_contain_text(f"{name} completed")
        expect(ion.locator(".s-gone")).to_contain_text("Your text is kept as a draft.")
        ion.click(".s-gone summary")
        expect(ion.locator(".s-gone")).to_contain_text("Which cable was it, and where?")

    def test_rows_change_under_ones_eyes_and_ones_place_stays(self, desk: Pages, both: list[Page]) -> None:
        """What is selected, where one is, what has the focus; the row that changed is marked, keys go on working."""
        ana, ion = both
        requester, _customer = desk.contact()
        keys = [open_task(desk, desk.ticket(requester, f"Of three, number {each}")) for each in range(3)]
        ana.goto("/")
        ana.locator(f'[data-row="{keys[0]}"] [data-select]').check()
        ana.locator(f'[data-row="{keys[2]}"] [data-select]').focus()
        ana.keyboard.press("k")
        ion.goto("/")

        ion.locator(f'[data-row="{keys[1]}"] [data-key=c]').click()

        expect(ana.locator(f'[data-row="{keys[1]}"].is-fresh')).to_be_visible()
        expect(ana.locator(f'[data-row="{keys[1]}"] [data-key=c]')).to_have_count(0)
        expect(ana.locator(f'[data-row="{keys[0]}"] [data-select]')).to_be_checked()
        expect(ana.locator("[data-selected]")).to_have_text("1")
        at = ana.locator("[data-row].is-at")
        expect(at).to_have_count(1)
        assert at.evaluate("row => row.contains(document.activeElement)")
        before = at.get_attribute("data-row")
        ana.keyboard.press("j")
        expect(ana.locator("[data-row].is-at")).not_to_have_attribute("data-row", before or "")

    def test_a_ticket_shows_a_note_of_somebody_else_and_that_they_are_answering(
        self, desk: Pages, both: list[Page]
    ) -> None:
        ana, ion = both
        requester, _customer = desk.contact()
        number = desk.ticket(requester, "Seen by two")
        for page in both:
            page.goto(f"/tickets/{number}")
        ion.click(".s-foldnote")
        ion.fill("#note-text", "half a sentence")

        ana.click(".s-foldnote")
        ana.fill("#note-text", "The switch is broken.")
        ana.click("text=Add note")

        expect(ion.locator("#talk")).to_contain_text("The switch is broken.")
        expect(ion.locator("#note-text")).to_have_value("half a sentence")

    def test_a_lost_connection_is_said_and_made_up_for(self, desk: Pages, both: list[Page]) -> None:
        """Discreetly: how old is what is shown. What is claimed meanwhile is told to be undone, not forgotten."""
        ana = both[0]
        requester, _customer = desk.contact()
        waiting = open_task(desk, desk.ticket(requester, "There before"))
        ana.goto("/")
        shown = ana.locator("[data-connection]").get_attribute("data-shown")

        ana.context.set_offline(True)
        expect(ana.locator("[data-lost-words]")).to_have_text(f"Not connected; showing {shown}")
        desk.ticket(requester, "While nobody could hear it")
        ana.locator(f'[data-row="{waiting}"] [data-key=c]').click()
        expect(ana.locator(".s-toast")).to_contain_text("Nothing was changed; try it again.")
        ana.context.set_offline(False)

        expect(ana.locator("#list")).to_contain_text("While nobody could hear it")
        expect(ana.locator("[data-lost-words]")).to_be_empty()

    def test_what_happens_before_the_stream_is_open_is_heard_all_the_same(self, desk: Pages, both: list[Page]) -> None:
        """In the tab that opens the stream, and in one that is opened beside it and hears of it by the first."""
        requester, _customer = desk.contact()
        browser = both[0].context.browser
        assert browser is not None
        state = both[0].context.storage_state()
        context = browser.new_context(base_url=both[0].url, storage_state=state)

        def change_first(route: Route) -> None:
            desk.ticket(requester, "Before the stream")
            route.continue_()

        context.route("**/live?*", change_first, times=1)
        ana = context.new_page()
        ana.goto("/")
        expect(ana.locator("#list")).to_contain_text("Before the stream")

        def read_then_change(route: Route) -> None:
            answer = route.fetch()
            desk.ticket(requester, "Between the reading and the showing")
            expect(ana.locator("#list")).to_contain_text("Between the reading")
            route.fulfill(response=answer)

        beside = context.new_page()
        beside.route("**/", read_then_change, times=1)
        beside.goto("/")

        expect(beside.locator("#list")).to_contain_text("Between the reading and the showing")
        context.close()


def said_in(chunk: object) -> dict[str, Any]:
    """What an event says."""
    data = next(line for line in text_of(chunk).splitlines() if line.startswith("data: "))
    found: dict[str, Any] = json.loads(data.removeprefix("data: "))
    return found


def text_of(chunk: object) -> str:
    return chunk.decode() if isinstance(chunk, bytes) else str(chunk)
