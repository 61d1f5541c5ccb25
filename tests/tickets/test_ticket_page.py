"""The ticket page: long conversations, the way through a list, drafts of notes, and what is changed and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import clock
from app.people.models import Role
from app.tickets import conversation, note_drafts, queries, service
from app.tickets.models import Message, MessageKind, Ticket
from tests import world
from tests.pages import Pages, counted_queries, open_desk, ticket_of

LIST = "http://localhost/tickets/?q=trail"


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("page"))


@pytest.fixture
def desk(shared_desk: Pages) -> Iterator[Pages]:
    with clock.frozen(shared_desk.moment):
        yield shared_desk


@pytest.fixture
def agent(desk: Pages) -> FlaskClient:
    return desk.client(desk.staff(Role.AGENT, team="support"))


@pytest.fixture
def number(desk: Pages) -> str:
    return desk.ticket(desk.contact()[0], "The printer prints stripes")


def say(desk: Pages, number: str, count: int) -> None:
    """Let the customer write so many messages."""

    def write(session: Session) -> None:
        ticket = ticket_of(session, number)
        for each in range(count):
            conversation.add_message(
                session, ticket, MessageKind.CUSTOMER, f"line {each:03}", author=ticket.requester, channel="email"
            )

    desk.write(write)


def said(page: str) -> list[str]:
    return re.findall(r"line \d{3}", page)


def values(desk: Pages, number: str) -> dict[str, object]:
    def read(session: Session) -> dict[str, object]:
        ticket = ticket_of(session, number)
        team = ticket.team.key if ticket.team else None
        return {"team": team, "person": ticket.assignee_id, "priority": ticket.priority, "subject": ticket.subject}

    return desk.write(read)


def undo_form(page: str) -> tuple[str, dict[str, str]]:
    """(address, fields) of the button in the page's message."""
    form = page.split('id="toasts"')[1].split("</form>")[0]
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    return re.findall(r'action="([^"]+)"', form)[0], fields


class TestLongConversations:
    """However long it is, the page reads so many of the newest messages."""

    def test_the_newest_messages_come_first_and_the_older_ones_when_asked_for(
        self, desk: Pages, agent: FlaskClient, number: str
    ) -> None:
        say(desk, number, queries.MESSAGES + 20)

        page = agent.get(f"/tickets/{number}").text
        earlier = re.findall(r'hx-get="(/tickets/[^"]+/messages\?before=[^"]+)"', page)[0]
        rest = agent.get(earlier).text

        assert said(page) == [f"line {each:03}" for each in range(20, queries.MESSAGES + 20)]
        assert said(rest) == [f"line {each:03}" for each in range(20)]
        assert "Show earlier messages" not in rest

    def test_without_scripts_older_messages_are_a_page_of_their_own(
        self, desk: Pages, agent: FlaskClient, number: str
    ) -> None:
        say(desk, number, queries.MESSAGES + 1)
        first = re.findall(r'href="(/tickets/[^"]+\?before=[^"]+)"', agent.get(f"/tickets/{number}").text)[0]

        page = agent.get(first).text

        assert said(page) == ["line 000"]
        assert "To the newest messages" in page

    def test_a_page_that_looks_again_keeps_what_it_had(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        """Each new message would push one out of the newest ones, between those that were loaded and those."""
        say(desk, number, queries.MESSAGES + 5)
        page = agent.get(f"/tickets/{number}").text
        oldest = re.findall(r'data-live-from="([^"]+)"', page)[0]
        say(desk, number, 3)

        again = agent.get(f"/tickets/{number}", headers={"X-Live": "1", "X-Live-From": oldest}).text

        assert said(again)[: queries.MESSAGES] == said(page)
        assert len(said(again)) == queries.MESSAGES + 3
        assert "Show earlier messages" in again

    def test_its_length_costs_nothing(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        say(desk, number, queries.MESSAGES)
        agent.get(f"/tickets/{number}")
        with counted_queries() as few:
            agent.get(f"/tickets/{number}")

        say(desk, number, 200)
        with counted_queries() as many:
            agent.get(f"/tickets/{number}")

        assert len(many) == len(few)

    def test_the_message_of_another_ticket_opens_nothing(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        other = desk.ticket(desk.contact()[0])
        key = desk.write(
            lambda session: session.query(Message).filter_by(ticket_id=ticket_of(session, other).id).first().uuid  # type: ignore[union-attr]
        )

        assert agent.get(f"/tickets/{number}/messages?before={key}").status_code == 404
        assert agent.get(f"/tickets/{number}/messages?before=nonsense").status_code == 404


class TestTheWayThroughAList:
    """Whoever came from a list goes on to the one before or after it."""

    @pytest.fixture
    def listed(self, desk: Pages) -> list[str]:
        """Three tickets as the list shows them: newest change first."""
        requester, _customer = desk.contact()
        return [desk.ticket(requester, f"trail {each}") for each in range(3)][::-1]

    def test_the_place_and_the_neighbours_are_those_of_the_list(self, agent: FlaskClient, listed: list[str]) -> None:
        page = agent.get(f"/tickets/{listed[1]}", headers={"Referer": LIST}).text

        place = re.findall(r"(\d+) of (\d+)<", page)[0]
        assert int(place[0]) > 1
        assert f'href="/tickets/{listed[0]}" rel="prev"' in page
        assert f'href="/tickets/{listed[2]}" rel="next"' in page
        assert 'href="/tickets/?q=trail">Tickets</a>' in page

    def test_the_way_stays_the_same_when_a_ticket_moves_in_its_list(
        self, desk: Pages, agent: FlaskClient, listed: list[str]
    ) -> None:
        """Answering puts it on top of the list; the next one is still the one that stood below it."""
        agent.get(f"/tickets/{listed[1]}", headers={"Referer": LIST})
        agent.post(f"/tickets/{listed[1]}/note", data={"text": "moves it"})

        page = agent.get(f"/tickets/{listed[1]}", headers={"Referer": f"http://localhost/tickets/{listed[1]}"}).text

        assert f'href="/tickets/{listed[2]}" rel="next"' in page

    @pytest.mark.parametrize(
        "came_from", ["", "http://[", "https://evil.example/tickets/?q=trail", "http://localhost/instances/"]
    )
    def test_whoever_came_from_elsewhere_has_no_way(self, desk: Pages, listed: list[str], came_from: str) -> None:
        fresh = desk.client(desk.staff(Role.AGENT))

        page = fresh.get(f"/tickets/{listed[1]}", headers={"Referer": came_from} if came_from else {}).text

        assert 'rel="next"' not in page

    def test_my_work_is_a_list_too(self, desk: Pages, agent: FlaskClient, listed: list[str]) -> None:
        page = agent.get(f"/tickets/{listed[1]}", headers={"Referer": "http://localhost/"}).text

        assert '<a href="/">My work</a>' in page

    def test_another_ticket_has_no_place_in_the_list(
        self, desk: Pages, agent: FlaskClient, listed: list[str], number: str
    ) -> None:
        agent.get(f"/tickets/{listed[1]}", headers={"Referer": LIST})

        assert 'rel="next"' not in agent.get(f"/tickets/{number}").text


class TestDraftsOfNotes:
    """What was typed into the note is there again, for whoever typed it."""

    def test_a_draft_is_there_after_signing_out_and_in(self, desk: Pages, number: str) -> None:
        person = desk.staff(Role.AGENT, team="support")
        saved = desk.client(person).post(
            f"/tickets/{number}/note/draft", data={"text": "half a <sentence"}, headers={"HX-Request": "true"}
        )

        page = desk.client(person).get(f"/tickets/{number}").text

        assert "Draft saved" in saved.text
        assert "half a &lt;sentence</textarea>" in page
        assert 's-work is-open"' in page
        assert "half a" not in desk.client(desk.staff(Role.AGENT)).get(f"/tickets/{number}").text

    def test_a_note_that_is_sent_leaves_no_draft(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        agent.post(f"/tickets/{number}/note/draft", data={"text": "Seen on site."})
        agent.post(f"/tickets/{number}/note", data={"text": "Seen on site."})

        late = agent.post(
            f"/tickets/{number}/note/draft", data={"text": "Seen on site."}, headers={"HX-Request": "true"}
        )

        assert late.text == ""
        assert "Seen on site.</textarea>" not in agent.get(f"/tickets/{number}").text

    def test_an_emptied_note_forgets_its_draft(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        agent.post(f"/tickets/{number}/note/draft", data={"text": "no"})

        agent.post(f"/tickets/{number}/note/draft", data={"text": "  "})

        assert 's-work is-open"' not in agent.get(f"/tickets/{number}").text

    def test_a_note_that_is_refused_keeps_its_text_and_its_draft(
        self, desk: Pages, agent: FlaskClient, number: str
    ) -> None:
        agent.post(f"/tickets/{number}/note/draft", data={"text": "kept"})

        answer = agent.post(f"/tickets/{number}/note", data={"text": "x" * 50_001})

        assert answer.status_code == 422
        assert f"{'x' * 100}" in answer.text
        assert "kept</textarea>" in agent.get(f"/tickets/{number}").text

    def test_a_draft_is_not_a_place_for_anything(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        too_long = "x" * (note_drafts.MOST_CHARACTERS + 1)

        assert agent.post(f"/tickets/{number}/note/draft", data={"text": too_long}).status_code == 422

    def test_customers_have_no_drafts_of_notes(self, desk: Pages) -> None:
        person, _customer = desk.contact()
        own = desk.ticket(person)

        assert desk.client(person).post(f"/tickets/{own}/note/draft", data={"text": "x"}).status_code == 404


class TestChangingAndTakingBack:
    """What was just done can be taken back, as long as nobody has changed it again."""

    def test_handing_over_is_taken_back_also_to_no_team_and_nobody(self, desk: Pages, agent: FlaskClient) -> None:
        colleague = desk.staff(Role.AGENT, team="network")
        number = desk.write(lambda session: _unassigned(session))

        page = agent.post(
            f"/tickets/{number}/assign", data={"team": "network", "person": str(colleague)}, follow_redirects=True
        ).text
        assert (values(desk, number)["team"], values(desk, number)["person"]) == ("network", colleague)
        address, fields = undo_form(page)
        agent.post(address, data=fields)

        assert (values(desk, number)["team"], values(desk, number)["person"]) == (None, None)

    def test_a_priority_is_taken_back(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        before = values(desk, number)
        page = agent.post(f"/tickets/{number}/change", data={"priority": "urgent"}, follow_redirects=True).text

        address, fields = undo_form(page)
        agent.post(address, data=fields)

        assert values(desk, number) == before

    def test_what_somebody_changed_again_stays(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        page = agent.post(f"/tickets/{number}/change", data={"priority": "urgent"}, follow_redirects=True).text
        address, fields = undo_form(page)
        agent.post(f"/tickets/{number}/change", data={"priority": "low"})

        answer = agent.post(address, data=fields)

        assert answer.status_code == 409
        assert values(desk, number)["priority"] == "low"

    def test_what_stays_as_it_was_offers_nothing_to_take_back(
        self, desk: Pages, agent: FlaskClient, number: str
    ) -> None:
        same = values(desk, number)["priority"]

        page = agent.post(f"/tickets/{number}/change", data={"priority": same}, follow_redirects=True).text

        assert "Undo" not in page.split('id="toasts"')[1]

    def test_a_new_subject_is_found_and_told(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        page = agent.post(
            f"/tickets/{number}/subject", data={"subject": "  Scanerul   depozitului "}, follow_redirects=True
        ).text

        assert values(desk, number)["subject"] == "Scanerul depozitului"
        assert "Subject: Scanerul depozitului" in page
        assert number in agent.get("/tickets/?q=depozitului").text

    @pytest.mark.parametrize("subject", ["", "   ", "x" * 301])
    def test_a_subject_that_is_none_is_refused_at_its_field(
        self, desk: Pages, agent: FlaskClient, number: str, subject: str
    ) -> None:
        answer = agent.post(f"/tickets/{number}/subject", data={"subject": subject})

        assert answer.status_code == 422
        assert 'id="subject-text-error"' in answer.text
        assert values(desk, number)["subject"] == "The printer prints stripes"

    def test_a_solved_request_is_opened_again(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        person = desk.staff(Role.AGENT, team="support")
        desk.solve(number, person)
        assert "/reopen" in agent.get(f"/tickets/{number}").text

        page = agent.post(f"/tickets/{number}/reopen", follow_redirects=True).text

        assert "Work on the request" in page
        assert desk.write(lambda session: ticket_of(session, number).state_key) == "in_progress"

    def test_cancelling_without_a_reason_says_so_at_the_field(
        self, desk: Pages, agent: FlaskClient, number: str
    ) -> None:
        answer = agent.post(f"/tickets/{number}/cancel", data={"reason": "  "})

        assert answer.status_code == 422
        assert 'id="x-reason-error"' in answer.text

    @pytest.mark.parametrize("what", ["subject", "undo", "reopen", "links", "links/S-1/remove"])
    def test_analysts_change_nothing(self, desk: Pages, number: str, what: str) -> None:
        analyst = desk.client(desk.staff(Role.ANALYST))

        assert analyst.post(f"/tickets/{number}/{what}", data={"subject": "x"}).status_code == 403
        assert "subject-form" not in analyst.get(f"/tickets/{number}").text


class TestLinks:
    """Tickets that go together name each other."""

    def test_both_tickets_name_each_other_until_they_are_unlinked(
        self, desk: Pages, agent: FlaskClient, number: str
    ) -> None:
        other = desk.ticket(desk.contact()[0], "The same in hall C")

        agent.post(f"/tickets/{number}/links", data={"number": other.removeprefix("S-")})
        agent.post(f"/tickets/{number}/links", data={"number": other})
        here, there = agent.get(f"/tickets/{number}").text, agent.get(f"/tickets/{other}").text
        page = agent.post(f"/tickets/{number}/links/{other}/remove", follow_redirects=True).text

        assert "The same in hall C" in here
        assert f"Linked with {number}." in there
        assert here.split('id="toasts"')[0].count(f"Linked with {other}.") == 1
        assert f"No longer linked with {other}." in page
        assert "The same in hall C" not in page.split('data-panel="links"')[1].split("</details>")[0]

    @pytest.mark.parametrize(
        ("written", "says"),
        [
            ("S-99999", "There is no request with this number."),
            ("", "Write the number of another request"),
            ("itself", "itself"),
        ],
    )
    def test_what_cannot_be_linked_is_told_at_the_field(
        self, desk: Pages, agent: FlaskClient, number: str, written: str, says: str
    ) -> None:
        answer = agent.post(f"/tickets/{number}/links", data={"number": number if written == "itself" else written})

        assert answer.status_code == 422
        assert says in answer.text
        assert 'id="link-number-error"' in answer.text


def test_addresses_and_numbers_in_messages_are_links_and_nothing_else_is(
    desk: Pages, agent: FlaskClient, number: str
) -> None:
    text = f'See {number}, XS-12 and https://desk.example/a?b=<c>&d="e". <a href="x">no</a>'
    agent.post(f"/tickets/{number}/note", data={"text": text})

    page = agent.get(f"/tickets/{number}").text

    assert f'<a class="s-num" href="/tickets/{number}">{number}</a>, XS-12' in page
    assert '<a href="https://desk.example/a?b=" target="_blank" rel="noopener noreferrer nofollow">' in page
    assert "&lt;a href=" in page


def _unassigned(session: Session) -> str:
    ticket: Ticket = world.add_ticket(session)
    if ticket.team is not None:
        service.take_from_team(session, ticket, by=None)
    return ticket.number
