"""The customers' pages, driven over HTTP on the shipped processes."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy.orm import Session

from app.contracts import service as contracts
from app.contracts.models import Customer
from app.documents import service as documents
from app.engine.failures import StepFailed
from app.people.models import Person, Role
from app.portal import queries
from app.tickets import service as tickets
from app.tickets.models import DEFAULT_PROCESS, RequestType, Ticket
from tests import world
from tests.pages import Pages, counted_queries, ticket_of

REQUEST = {
    "_type": "incident",
    "_subject": "No network in hall B",
    "_text": "Since noon.",
    "_hindrance": "stopped",
    "affected": "several",
    "since": "the update",
}


def state_of(desk: Pages, number: str) -> str:
    return desk.write(lambda session: ticket_of(session, number).state_key)


def test_a_customer_sends_a_request_with_a_file_and_lands_on_its_page(desk: Pages) -> None:
    person_id, _ = desk.contact()
    browser = desk.client(person_id)

    answer = browser.post(
        "/portal/new", data={**REQUEST, "files": (io.BytesIO(b"log"), "router.log")}, follow_redirects=True
    )

    assert answer.status_code == 200
    assert re.fullmatch(r"/portal/requests/S-\d+", answer.request.path)
    assert "No network in hall B" in answer.text
    assert "router.log" in answer.text
    number = answer.request.path.rpartition("/")[2]
    assert desk.write(lambda session: ticket_of(session, number).priority) == "urgent"


def test_what_is_missing_is_said_at_the_field_and_what_was_typed_stays(desk: Pages) -> None:
    person_id, _ = desk.contact()

    answer = desk.client(person_id).post("/portal/new", data={**REQUEST, "_subject": " ", "_text": "Since <noon>."})

    assert answer.status_code == 422
    assert 'aria-describedby="subject-error"' in answer.text
    assert "Since &lt;noon&gt;." in answer.text
    assert desk.write(lambda session: session.query(Ticket).filter_by(requester_id=person_id).count()) == 0


def test_an_unknown_type_and_a_made_up_urgency_are_refused(desk: Pages) -> None:
    person_id, _ = desk.contact()

    answer = desk.client(person_id).post("/portal/new", data={**REQUEST, "_type": "admin", "_hindrance": "critical"})

    assert answer.status_code == 422
    assert 'id="type-error"' in answer.text
    assert 'id="hindrance-error"' in answer.text


def test_a_type_whose_process_is_gone_keeps_what_was_typed(desk: Pages) -> None:
    """The customer cannot mend that, but may choose another type and need not write everything again."""
    person_id, _ = desk.contact()

    def rename(session: Session, process_key: str) -> None:
        session.get_one(RequestType, "incident").process_key = process_key

    desk.write(lambda session: rename(session, "nobody_drew_this"))
    try:
        answer = desk.client(person_id).post("/portal/new", data=REQUEST)
    finally:
        desk.write(lambda session: rename(session, DEFAULT_PROCESS))

    assert answer.status_code == 422
    assert "Since noon." in answer.text
    assert 'id="type-error"' in answer.text


def test_requests_of_another_organisation_do_not_exist(desk: Pages) -> None:
    mine, _ = desk.contact()
    theirs, _ = desk.contact()
    number = desk.ticket(theirs, "Their secret")
    browser = desk.client(mine)

    assert "Their secret" not in browser.get("/portal/?whose=company").text
    assert browser.get(f"/portal/requests/{number}").status_code == 404
    for action in ("reply", "draft", "confirm", "reopen", "cancel", "rate"):
        assert browser.post(f"/portal/requests/{number}/{action}", data={"text": "Hello"}).status_code == 404


def test_colleagues_see_each_others_requests(desk: Pages) -> None:
    first, customer_id = desk.contact()
    second, _ = desk.contact(customer_id)
    number = desk.ticket(first, "Ours")

    assert "Ours" in desk.client(second).get("/portal/?whose=company").text
    assert desk.client(second).get(f"/portal/requests/{number}").status_code == 200
    mine = desk.client(second).get("/portal/").text
    assert "Ours" not in mine
    assert "1 open request of your company" in mine


def test_strangers_of_the_unknown_customer_do_not_see_each_other(desk: Pages) -> None:
    """They share a customer only until somebody sorts them."""

    def strangers(session: Session) -> tuple[int, int]:
        unknown = world.unknown_customer(session)
        return world.add_contact(session, unknown).person_id, world.add_contact(session, unknown).person_id

    first, second = desk.write(strangers)
    number = desk.ticket(first, "A stranger's own")

    assert desk.client(second).get(f"/portal/requests/{number}").status_code == 404
    assert "A stranger's own" not in desk.client(second).get("/portal/?whose=company").text
    assert desk.client(first).get(f"/portal/requests/{number}").status_code == 200


def test_notes_and_their_documents_never_reach_customers(desk: Pages) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id)

    def add_note(session: Session) -> None:
        agent = session.get_one(Person, agent_id)
        note = tickets.add_note(session, ticket_of(session, number), "They are slow payers", author=agent)
        documents.attach(session, parent=note, name="margin.xlsx", stream=io.BytesIO(b"x"), by=agent)

    desk.write(add_note)
    page = desk.client(person_id).get(f"/portal/requests/{number}").text

    assert "slow payers" not in page
    assert "margin.xlsx" not in page


def test_work_entries_never_reach_customers(desk: Pages) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id)
    desk.solve(number, agent_id)

    page = desk.client(person_id).get(f"/portal/requests/{number}").text

    assert "The access point has its network again." in page
    assert "router log" not in page


def test_staff_who_are_nobodys_contact_have_no_portal(desk: Pages) -> None:
    agent_id = desk.staff(Role.AGENT)

    assert desk.client(agent_id).get("/portal/").status_code == 404


def test_a_solved_request_asks_whether_everything_works_and_yes_closes_it(desk: Pages) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id)
    browser = desk.client(person_id)
    assert "Is everything working now?" not in browser.get(f"/portal/requests/{number}").text
    desk.solve(number, agent_id)
    assert "Is everything working now?" in browser.get(f"/portal/requests/{number}").text

    page = browser.post(f"/portal/requests/{number}/confirm", follow_redirects=True).text

    assert state_of(desk, number) == "closed"
    assert "Is everything working now?" not in page


def test_no_opens_it_again_with_what_is_still_wrong(desk: Pages) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id)
    desk.solve(number, agent_id)
    browser = desk.client(person_id)

    silent = browser.post(f"/portal/requests/{number}/reopen", data={"text": " "})
    page = browser.post(f"/portal/requests/{number}/reopen", data={"text": "Two are still off."}, follow_redirects=True)

    assert silent.status_code == 422
    assert state_of(desk, number) == "in_progress"
    assert "Two are still off." in page.text


def test_confirming_what_is_not_solved_is_a_conflict(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)

    assert desk.client(person_id).post(f"/portal/requests/{number}/confirm").status_code == 409


def test_a_request_that_is_not_needed_any_more_is_cancelled_and_its_process_ends(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)

    page = desk.client(person_id).post(f"/portal/requests/{number}/cancel", data={"reason": ""}, follow_redirects=True)

    assert state_of(desk, number) == "cancelled"
    assert "Cancelled" in page.text


def test_the_progress_is_told_in_the_customers_language(desk: Pages) -> None:
    person_id, _ = desk.contact(language="ro")
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id)
    desk.complete(number, agent_id, {"outcome": "mine", "person": None})

    page = desk.client(person_id).get(f"/portal/requests/{number}").text

    here = re.search(r'aria-current="step">.*?<b>(.*?)</b>', page, re.DOTALL)
    assert here is not None
    assert here[1] == "Lucrăm la ea"


def test_the_list_reads_a_constant_number_of_queries_and_pages_by_key(desk: Pages) -> None:
    person_id, _ = desk.contact()
    browser = desk.client(person_id)
    for each in range(2):
        desk.ticket(person_id, f"Few {each}")
    with counted_queries() as few:
        browser.get("/portal/")
    for each in range(queries.PAGE_SIZE):
        desk.ticket(person_id, f"Many {each}")
    with counted_queries() as many:
        first = browser.get("/portal/").text

    assert len(many) == len(few)
    older = re.search(r'href="(/portal/\?before=[^"]+)"', first)
    assert older is not None
    second = browser.get(older[1]).text
    numbers = re.findall(r"/portal/requests/(S-\d+)", first) + re.findall(r"/portal/requests/(S-\d+)", second)
    assert len(numbers) == len(set(numbers)) == queries.PAGE_SIZE + 2


def test_a_mangled_cursor_shows_the_first_page(desk: Pages) -> None:
    person_id, _ = desk.contact()
    desk.ticket(person_id, "Here I am")

    for cursor in ("x", "1-", "-1", "99999999999999999999-1", "1e3-4"):
        assert "Here I am" in desk.client(person_id).get(f"/portal/?before={cursor}").text


def test_words_find_a_request_without_diacritics(desk: Pages) -> None:
    person_id, _ = desk.contact()
    desk.ticket(person_id, "Țeava curge")
    desk.ticket(person_id, "Ușa nu se închide")

    page = desk.client(person_id).get("/portal/?q=teava").text

    assert "Țeava curge" in page
    assert "Ușa" not in page


def test_an_answer_long_after_the_end_becomes_a_new_request(desk: Pages) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id)
    browser = desk.client(person_id)
    desk.solve(number, agent_id)
    browser.post(f"/portal/requests/{number}/confirm")

    def let_it_age(session: Session) -> None:
        ticket = ticket_of(session, number)
        ticket.closed_at = ticket.closed_at.replace(year=2025) if ticket.closed_at else None

    desk.write(let_it_age)
    answer = browser.post(f"/portal/requests/{number}/reply", data={"text": "It is back."}, follow_redirects=True)

    assert answer.request.path != f"/portal/requests/{number}"
    assert number in answer.text
    assert "It is back." in answer.text


def test_a_contract_shows_the_hours_that_are_left(desk: Pages) -> None:
    person_id, customer_id = desk.contact()

    def add(session: Session) -> None:
        customer = session.get_one(Customer, customer_id)
        contract = world.add_contract(session, customer, name="Gold", included_minutes=600, period="month")
        contracts.count_hours(session, contract, "work_entry:900", 90, desk.moment.date())

    desk.write(add)
    page = desk.client(person_id).get("/portal/new").text

    assert "Gold" in page
    assert "8\u00a0h\u00a030" in page


def test_a_message_is_kept_while_the_process_is_stalled(desk: Pages) -> None:
    """The customer can not know, and what they wrote must not depend on it."""
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    with pytest.raises(StepFailed):
        desk.complete(number, desk.staff(Role.AGENT), {})

    page = desk.client(person_id).post(
        f"/portal/requests/{number}/reply", data={"text": "Is anybody there?"}, follow_redirects=True
    )

    assert page.status_code == 200
    assert "Is anybody there?" in page.text
