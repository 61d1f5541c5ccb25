"""The history of everything: every feature's part in one order, page by page, without a gap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import clock
from app.people.models import Person, Role
from app.tickets import history
from tests.pages import SOLVED, Pages, open_desk, ticket_of


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("history"))


@pytest.fixture
def desk(shared_desk: Pages) -> Iterator[Pages]:
    with clock.frozen(shared_desk.moment):
        yield shared_desk


@pytest.fixture
def person(desk: Pages) -> int:
    return desk.staff(Role.AGENT, team="support")


@pytest.fixture
def agent(desk: Pages, person: int) -> FlaskClient:
    return desk.client(person)


def test_it_tells_who_did_what_across_features(desk: Pages, agent: FlaskClient, person: int) -> None:
    number = desk.ticket(desk.contact()[0])
    desk.complete(number, person, {"outcome": "mine", "person": None})
    desk.complete(number, person, SOLVED)
    agent.post(f"/tickets/{number}/change", data={"priority": "urgent"})
    agent.post(f"/tickets/{number}/tags", data={"tag": "wifi"})
    agent.post(f"/participants/of/{number}", data={"email": "depot@firm.example"})

    page = agent.get(f"/tickets/{number}/history").text

    for words in (
        "Wrote: “It began this morning.”",
        "Reply deadline began",
        "Assigned to Person",
        "Step completed: Take over the request",
        "Replied: “The access point has its network again.”",
        "Reply deadline met",
        "Logged 20 min of work",
        "The reply went by mail to",
        "Priority: Urgent.",
        "Tag added: wifi.",
        "depot@firm.example now gets the replies too.",
    ):
        assert words in page, words


def test_pages_have_no_gap_and_no_repetition_also_within_one_moment(desk: Pages, agent: FlaskClient) -> None:
    """Time stands still in this test: everything happens at once, and each thing is shown once."""
    number = desk.ticket(desk.contact()[0])
    for each in range(30):
        agent.post(f"/tickets/{number}/note", data={"text": f"note {each:02}"})

    def read(session: Session) -> list[str]:
        ticket, reader = ticket_of(session, number), session.query(Person).filter(Person.name != "").first()
        assert reader is not None
        words: list[str] = []
        cursor = None
        while True:
            page = history.read(session, ticket, reader, size=7, cursor=cursor)
            words += [row.words for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                return words

    notes = [word for word in desk.write(read) if "note " in word]
    assert [re.findall(r"note \d\d", word)[0] for word in notes] == [f"note {each:02}" for each in reversed(range(30))]


def test_later_happenings_stand_first(desk: Pages, agent: FlaskClient) -> None:
    number = desk.ticket(desk.contact()[0])
    with clock.frozen(desk.moment + timedelta(hours=2)):
        agent.post(f"/tickets/{number}/note", data={"text": "later"})

        page = agent.get(f"/tickets/{number}/history").text

    assert page.index("later") < page.index("It began this morning.")


def test_the_panel_has_the_beginning_and_leads_to_the_rest(desk: Pages, agent: FlaskClient) -> None:
    number = desk.ticket(desk.contact()[0])

    panel = agent.get(f"/tickets/{number}/history", headers={"HX-Request": "true"}).text

    assert "<html" not in panel
    assert f'href="/tickets/{number}/history"' in panel
    assert 'href="#message-' in panel


@pytest.mark.parametrize("cursor", ["nonsense", "2026-12-02T08:00:00~1", "2026-12-02T08:00:00+00:00~x", "~"])
def test_a_cursor_that_is_none_of_ours_is_refused(desk: Pages, agent: FlaskClient, cursor: str) -> None:
    number = desk.ticket(desk.contact()[0])

    answer = agent.get(f"/tickets/{number}/history", query_string={"before": cursor})

    assert answer.status_code == 422


def test_customers_have_no_history(desk: Pages) -> None:
    person, _customer = desk.contact()
    number = desk.ticket(person)

    assert desk.client(person).get(f"/tickets/{number}/history").status_code == 404
