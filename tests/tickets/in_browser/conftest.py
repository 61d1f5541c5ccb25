"""Browsers for the ticket page: signed in as one of two agents, with a request that one of them works on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState, ViewportSize, sync_playwright
from sqlalchemy.orm import Session

from app.people.models import Person, Role
from tests import world
from tests.chromium import PASSWORD, executable, person_who_signs_in, served
from tests.pages import Pages, open_desk

DESKTOP = ViewportSize(width=1440, height=900)

Open = Callable[[str], Page]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("browser"), web_threads=240, document_max_bytes=1_048_576)


@pytest.fixture(scope="module")
def team(desk: Pages) -> list[str]:
    """The addresses of two agents of the team that gets new requests."""
    emails = [person_who_signs_in(desk.app, Role.AGENT) for _each in range(2)]

    def put_together(session: Session) -> None:
        world.add_team(session, "support", members=session.query(Person).filter(Person.email.in_(emails)).all())

    desk.write(put_together)
    return emails


@pytest.fixture(scope="module")
def address(desk: Pages) -> Iterator[str]:
    with served(desk.app) as base:
        yield base


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def cookies(chromium: Browser, address: str, team: list[str]) -> dict[str, StorageState]:
    """What a browser remembers of being signed in, by person."""
    found = {}
    for email in team:
        context = chromium.new_context(base_url=address)
        sign_in(context.new_page(), email)
        found[email] = context.storage_state()
        context.close()
    return found


@pytest.fixture
def signed_in(chromium: Browser, address: str, cookies: dict[str, StorageState]) -> Iterator[Open]:
    """A browser of its own for somebody; what it complains about fails the test, refusals (4xx) excepted."""
    complaints: list[str] = []
    contexts = []

    def open_browser(email: str) -> Page:
        context = chromium.new_context(
            base_url=address, viewport=DESKTOP, reduced_motion="reduce", storage_state=cookies[email]
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        return page

    yield open_browser
    for context in contexts:
        context.close()
    assert [text for text in complaints if "status of 4" not in text and "ERR_INTERNET" not in text] == []


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


@pytest.fixture
def page(signed_in: Open, team: list[str]) -> Page:
    return signed_in(team[0])


def mine(desk: Pages, email: str) -> str:
    """A request that somebody is working on."""
    number = desk.ticket(desk.contact()[0])

    def person_id(session: Session) -> int:
        return session.query(Person).filter_by(email=email).one().id

    desk.complete(number, desk.write(person_id), {"outcome": "mine", "person": None})
    return number


@pytest.fixture
def number(desk: Pages, team: list[str]) -> str:
    return mine(desk, team[0])
