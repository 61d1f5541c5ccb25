"""The list of requests: mine and my company's, what waits for me first, and what each contact may see."""

from __future__ import annotations

import io
import re

from sqlalchemy.orm import Session

from app.contracts import queries as contracts
from app.contracts import service as contracts_service
from app.documents import service as documents
from app.people.models import Person, Role
from app.portal import queries
from app.tickets import service as tickets
from app.tickets.models import Channel, Message
from tests.pages import SOLVED, Pages, ticket_of


def see_own_only(desk: Pages, person_id: int) -> None:
    def limit(session: Session) -> None:
        contact = contracts.contact_of(session, person_id)
        assert contact is not None
        contracts_service.let_see_company(session, contact, False)

    desk.write(limit)


def test_what_waits_for_the_customer_stands_first(desk: Pages) -> None:
    """Also when something else changed later."""
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    asked, solved = desk.ticket(person_id, "We were asked"), desk.ticket(person_id, "They solved it")
    desk.complete(asked, agent_id, {"outcome": "mine", "person": None})
    desk.complete(asked, agent_id, {**SOLVED, "outcome": "ask", "reply": "Which colour?"})
    desk.solve(solved, agent_id)
    desk.ticket(person_id, "Just sent")

    page = desk.client(person_id).get("/portal/").text

    waiting, others = page.split('id="h-others"')
    assert "We were asked" in waiting
    assert "They solved it" in waiting
    assert "Just sent" not in waiting
    assert "Just sent" in others


def test_each_row_tells_the_last_thing_said_and_never_a_note(desk: Pages) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id, "Slow computer")
    desk.complete(number, agent_id, {"outcome": "mine", "person": None})
    desk.complete(number, agent_id, {**SOLVED, "outcome": "answer", "reply": "We look at the disk."})

    def note(session: Session) -> None:
        tickets.add_note(session, ticket_of(session, number), "Old machine", author=session.get_one(Person, agent_id))

    desk.write(note)
    page = desk.client(person_id).get("/portal/").text

    assert "We look at the disk." in page
    assert "Old machine" not in page


def test_a_number_leads_to_its_request_however_it_is_written(desk: Pages) -> None:
    person_id, customer_id = desk.contact()
    number = desk.ticket(person_id)
    colleague, _ = desk.contact(customer_id)
    digits = number.rpartition("-")[2]

    for written in (number, number.lower(), digits, f"#{digits}"):
        answer = desk.client(colleague).get("/portal/", query_string={"q": written})
        assert answer.headers["Location"] == f"/portal/requests/{number}", written
    assert desk.client(person_id).get(f"/portal/?q=printer+{digits}").status_code == 200


def test_a_number_of_another_organisation_leads_nowhere(desk: Pages) -> None:
    mine, _ = desk.contact()
    theirs, _ = desk.contact()
    number = desk.ticket(theirs)

    answer = desk.client(mine).get("/portal/", query_string={"q": number})

    assert answer.status_code == 200
    assert "Nothing matches" in answer.text


def test_closed_requests_have_a_list_of_their_own(desk: Pages) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id, "Long done")
    desk.solve(number, agent_id)
    browser = desk.client(person_id)
    browser.post(f"/portal/requests/{number}/confirm")

    assert "Long done" not in browser.get("/portal/").text
    assert "Long done" in browser.get("/portal/?show=closed").text


def test_who_does_not_see_the_company_sees_only_what_they_take_part_in(desk: Pages) -> None:
    """The list, the page, the documents and the search all keep to it."""
    restricted, customer_id = desk.contact()
    colleague, _ = desk.contact(customer_id)
    agent_id = desk.staff(Role.AGENT)
    own, hidden, shared = (
        desk.ticket(who, subject)
        for who, subject in ((restricted, "My own"), (colleague, "Not for me"), (colleague, "In copy"))
    )
    see_own_only(desk, restricted)

    def put_in_copy(session: Session) -> str:
        person, agent = session.get_one(Person, restricted), session.get_one(Person, agent_id)
        tickets.add_participant(session, ticket_of(session, shared), person)
        reply = tickets.reply(session, ticket_of(session, hidden), "See the file.", author=agent)
        return documents.attach(session, parent=reply, name="secret.txt", stream=io.BytesIO(b"x"), by=agent).uuid

    uuid = desk.write(put_in_copy)
    browser = desk.client(restricted)
    page = browser.get("/portal/?whose=company").text

    assert "My own" in page
    assert "In copy" in page
    assert "Not for me" not in page
    assert "My company" not in page
    assert browser.get(f"/portal/requests/{own}").status_code == 200
    assert browser.get(f"/portal/requests/{shared}").status_code == 200
    assert browser.get(f"/portal/requests/{hidden}").status_code == 404
    assert browser.post(f"/portal/requests/{hidden}/reply", data={"text": "Hello"}).status_code == 404
    assert browser.get(f"/documents/{uuid}").status_code == 404
    assert desk.client(colleague).get(f"/documents/{uuid}").status_code == 200
    assert "Not for me" not in browser.get("/portal/?q=Not+for").text


def test_an_empty_list_names_the_next_step(desk: Pages) -> None:
    person_id, _ = desk.contact()

    page = desk.client(person_id).get("/portal/").text

    assert "Nothing is open" in page
    assert re.search(r's-empty.*href="/portal/new"', page, re.DOTALL)


def test_the_page_after_the_first_repeats_nothing(desk: Pages) -> None:
    """What waits stands on the first page only."""
    person_id, customer_id = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    waiting = desk.ticket(person_id, "Waits")
    desk.solve(waiting, agent_id)
    for each in range(3):
        desk.ticket(person_id, f"Open {each}")

    def read(session: Session) -> tuple[list[str], list[str]]:
        person = session.get_one(Person, person_id)
        contact = contracts.contact_of(session, person)
        first = queries.page(session, person, contact, queries.Filters(company=True), size=2)
        second = queries.page(session, person, contact, queries.Filters(company=True), first.before, size=2)
        return [t.number for t in (*first.waiting, *first.rows)], [t.number for t in (*second.waiting, *second.rows)]

    first, second = desk.write(read)
    assert first[0] == waiting
    assert len(first) == 3
    assert len(second) == 1
    assert not set(first) & set(second)
    assert customer_id


def test_a_message_from_mail_counts_as_the_last_one(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)

    def write(session: Session) -> Message:
        ticket = ticket_of(session, number)
        return tickets.add_customer_message(
            session, ticket, author=ticket.requester, text="By mail, from the train.", channel=Channel.EMAIL
        )

    desk.write(write)

    assert "By mail, from the train." in desk.client(person_id).get("/portal/").text
