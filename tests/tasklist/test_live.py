"""Pages look again when somebody else acts: the stream, and two browsers at one desk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright
from sqlalchemy.orm import Session

from app import db as database
from app import live
from app.people.models import Person, Role
from tests import world
from tests.chromium import PASSWORD, executable, person_who_signs_in, served
from tests.pages import Pages, open_desk


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

    said = json.loads(text_of(next(chunks)).removeprefix("data: "))
    assert said == {"about": ["ticket:7"], "mine": True, "all": False}
    answer.close()


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


def test_customers_have_no_stream(desk: Pages) -> None:
    person_id, _ = desk.contact()

    assert desk.client(person_id).get("/live").status_code == 404


@pytest.fixture(scope="module")
def team(desk: Pages) -> list[str]:
    """The addresses of two agents of the team that gets new requests."""
    emails = [person_who_signs_in(desk.app, Role.AGENT) for _each in range(2)]

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

    def test_after_a_lost_connection_the_page_looks_again(self, desk: Pages, both: list[Page]) -> None:
        ana = both[0]
        requester, _customer = desk.contact()
        ana.context.set_offline(True)
        desk.ticket(requester, "While nobody could hear it")

        ana.context.set_offline(False)

        expect(ana.locator("#list")).to_contain_text("While nobody could hear it")


def text_of(chunk: object) -> str:
    return chunk.decode() if isinstance(chunk, bytes) else str(chunk)
