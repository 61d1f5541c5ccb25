"""The page of a request: promises, hours, rating, drafts of messages, and what happens by itself."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.contracts import queries as contracts
from app.contracts import service as contracts_service
from app.contracts.models import Contract, Customer
from app.documents import queries as documents
from app.people import sign_ins
from app.people.models import Person, Role
from app.tickets import ratings
from app.tickets import service as tickets
from app.tickets.models import Message
from app.worklog import service as worklog
from app.worklog.models import WorkEntry
from tests import world
from tests.pages import SOLVED, Pages, ticket_of


def solved(desk: Pages) -> tuple[int, int, str]:
    """(contact, agent, number) of a request that is solved."""
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id)
    desk.solve(number, agent_id)
    return person_id, agent_id, number


def closed(desk: Pages) -> tuple[int, int, str]:
    person_id, agent_id, number = solved(desk)
    desk.client(person_id).post(f"/portal/requests/{number}/confirm")
    return person_id, agent_id, number


def test_a_kept_promise_says_by_when_it_was_and_when_it_was_kept(desk: Pages) -> None:
    person_id, _agent, number = solved(desk)

    page = desk.client(person_id).get(f"/portal/requests/{number}").text

    assert re.search(r"Reply by tomorrow,\s10:00<br>.*?we replied today,\s10:00", page, re.DOTALL)
    assert "proposed today,\N{NO-BREAK SPACE}10:00" in page


def test_how_it_is_calculated_names_no_colleague_and_no_rule(desk: Pages) -> None:
    person_id, agent_id, number = solved(desk)

    def press(session: Session) -> None:
        ticket, agent = ticket_of(session, number), session.get_one(Person, agent_id)
        agent.name = "Inner Circle"
        tickets.reopen(session, ticket, by=agent)
        tickets.change_priority(session, ticket, "urgent", by=agent)

    desk.write(press)
    page = desk.client(person_id).get(f"/portal/requests/{number}").text

    how = re.search(r'id="how".*?</details>', page, re.DOTALL)
    assert how is not None
    assert "of working time" in how[0]
    assert "Inner Circle" not in how[0]
    assert "Standard" not in how[0]


def test_a_solved_request_says_when_it_is_closed_by_itself(desk: Pages) -> None:
    """The moment is that of the timer which the diagram marks."""
    person_id, _agent, number = solved(desk)

    page = desk.client(person_id).get(f"/portal/requests/{number}").text

    assert re.search(r"Without an answer we close it \w{3}\s\d+\sNov,\s10:00\.", page)


def worked_for(desk: Pages, *, shows_hours: bool) -> tuple[int, str]:
    person_id, customer_id = desk.contact()
    agent_id = desk.staff(Role.AGENT)

    def agree(session: Session) -> None:
        customer = session.get_one(Customer, customer_id)
        world.add_contract(session, customer, included_minutes=600, rounding_minutes=30, shows_hours=shows_hours)

    desk.write(agree)
    number = desk.ticket(person_id)
    desk.solve(number, agent_id)

    def approve(session: Session) -> None:
        entry = session.query(WorkEntry).filter_by(ticket_id=ticket_of(session, number).id).one()
        worklog.approve(session, entry, by=None)

    desk.write(approve)
    return person_id, number


def test_hours_worked_are_those_counted_against_the_contract(desk: Pages) -> None:
    """Twenty minutes were worked; the contract rounds up to half an hour."""
    person_id, number = worked_for(desk, shows_hours=True)

    assert "30\u00a0min of the contract" in desk.client(person_id).get(f"/portal/requests/{number}").text


def test_a_contract_may_keep_its_hours_to_itself(desk: Pages) -> None:
    person_id, number = worked_for(desk, shows_hours=False)
    browser = desk.client(person_id)

    assert "of the contract" not in browser.get(f"/portal/requests/{number}").text
    assert "is not shown here" in browser.get("/portal/contract").text


def test_our_contract_tells_hours_by_period(desk: Pages) -> None:
    person_id, customer_id = desk.contact()

    def agree(session: Session) -> None:
        contract = world.add_contract(
            session, session.get_one(Customer, customer_id), name="Care", included_minutes=600, period="month"
        )
        contracts_service.count_hours(session, contract, "work_entry:901", 90, desk.moment.date())
        contracts_service.count_hours(
            session, contract, "work_entry:902", 240, (desk.moment - timedelta(days=31)).date()
        )

    desk.write(agree)
    page = desk.client(person_id).get("/portal/contract").text

    assert "Care" in page
    assert "8\u00a0h\u00a030" in page
    assert "1\u00a0Oct\u00a02026" in page
    assert "4\u00a0h" in page


def test_hours_of_a_company_are_for_those_who_see_it(desk: Pages) -> None:
    person_id, customer_id = desk.contact()

    def agree(session: Session) -> None:
        contract = world.add_contract(session, session.get_one(Customer, customer_id), included_minutes=600)
        contracts_service.count_hours(session, contract, "work_entry:903", 90, desk.moment.date())
        contact = contracts.contact_of(session, person_id)
        assert contact is not None
        contracts_service.let_see_company(session, contact, False)

    desk.write(agree)
    page = desk.client(person_id).get("/portal/contract").text

    assert "8\u00a0h\u00a030" not in page
    assert desk.write(lambda session: session.query(Contract).filter_by(customer_id=customer_id).one().number) in page


def test_a_stranger_has_no_contract_and_is_told_the_next_step(desk: Pages) -> None:
    person_id = desk.write(lambda session: world.add_contact(session, world.unknown_customer(session)).person_id)

    page = desk.client(person_id).get("/portal/contract").text

    assert "No contract covers you today" in page


def test_a_customer_rates_once_and_may_think_better_of_it(desk: Pages) -> None:
    person_id, agent_id, number = closed(desk)
    browser = desk.client(person_id)
    assert "How was it for you?" in browser.get(f"/portal/requests/{number}").text

    rated = browser.post(
        f"/portal/requests/{number}/rate", data={"score": "2", "comment": "Slow."}, follow_redirects=True
    )
    changed = browser.post(f"/portal/requests/{number}/rate", data={"score": "4"}, follow_redirects=True)

    assert "How it was for you" in rated.text
    assert "Slow." in rated.text
    assert "Slow." not in changed.text
    staff = desk.client(agent_id).get(f"/tickets/{number}").text
    assert "(4 of 5)" in staff
    assert "4/5" in staff
    found = desk.write(lambda session: ratings.rating_of(session, ticket_of(session, number)))
    assert found is not None
    assert (found.score, found.by_id) == (4, person_id)


def test_a_rating_without_an_answer_is_told_at_the_field(desk: Pages) -> None:
    person_id, _agent, number = closed(desk)
    browser = desk.client(person_id)

    for score in ("", "0", "6", "best"):
        answer = browser.post(f"/portal/requests/{number}/rate", data={"score": score, "comment": "Kept words"})
        assert answer.status_code == 422
        assert 'id="score-error"' in answer.text
        assert "Kept words" in answer.text


def test_an_open_request_is_not_rated(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    browser = desk.client(person_id)

    assert "How was it for you?" not in browser.get(f"/portal/requests/{number}").text
    assert browser.post(f"/portal/requests/{number}/rate", data={"score": "5"}).status_code == 409


def test_what_is_typed_into_the_box_is_there_when_one_comes_back(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    browser = desk.client(person_id)

    browser.post(f"/portal/requests/{number}/draft", data={"text": "Half a sen"}, headers={"HX-Request": "true"})
    back = browser.get(f"/portal/requests/{number}").text
    browser.post(f"/portal/requests/{number}/reply", data={"text": "A whole sentence."})

    assert "Half a sen" in back
    assert "Half a sen" not in browser.get(f"/portal/requests/{number}").text


def test_files_of_an_empty_message_are_kept_until_it_says_something(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    browser = desk.client(person_id)

    empty = browser.post(
        f"/portal/requests/{number}/reply", data={"text": " ", "files": (io.BytesIO(b"log"), "router.log")}
    )
    browser.post(f"/portal/requests/{number}/reply", data={"text": "Here it is."})

    def names(session: Session) -> list[str]:
        last = session.query(Message).filter_by(ticket_id=ticket_of(session, number).id).order_by(Message.id.desc())
        message = last.filter_by(kind="customer").first()
        assert message is not None
        return [document.name for document in documents.of_message(session, message)]

    assert empty.status_code == 422
    assert "router.log" in empty.text
    assert desk.write(names) == ["router.log"]


def test_a_message_sent_after_the_session_ended_waits_in_its_box(desk: Pages) -> None:
    person_id, _ = desk.contact(password="a long enough one")
    number = desk.ticket(person_id)
    browser = desk.client(person_id)
    email = desk.write(lambda session: session.get_one(Person, person_id).email)
    desk.write(lambda session: sign_ins.end_all(session, session.get_one(Person, person_id)))

    late = browser.post(
        f"/portal/requests/{number}/reply", data={"text": "Written slowly."}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    carried = re.search(r'name="kept" value="([^"]+)"', late.text)
    assert carried is not None
    form = {"email": email, "password": "a long enough one", "kept": carried[1]}
    back = browser.post("/sign-in", data=form, follow_redirects=True)

    assert back.request.path == f"/portal/requests/{number}"
    assert re.search(r'id="answer".*?>\s*Written slowly\.', back.text, re.DOTALL)


def test_a_long_conversation_shows_its_end_and_folds_the_rest(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    browser = desk.client(person_id)
    for each in range(9):
        browser.post(f"/portal/requests/{number}/reply", data={"text": f"Message {each}"})

    page = browser.get(f"/portal/requests/{number}").text

    folded = re.search(r'id="earlier".*?</details>', page, re.DOTALL)
    assert folded is not None
    assert "Show 4 earlier messages" in folded[0]
    assert "Message 8" not in folded[0]
    assert page.count("<article") == 10


def test_an_old_request_names_the_one_that_follows_it(desk: Pages) -> None:
    person_id, _agent, number = closed(desk)
    browser = desk.client(person_id)
    with clock.frozen(desk.moment + timedelta(days=60)):
        answer = browser.post(f"/portal/requests/{number}/reopen", data={"text": "It is back."})
    new = answer.headers["Location"].rpartition("/")[2]

    assert new != number
    assert new in browser.get(f"/portal/requests/{number}").text
    assert number in browser.get(f"/portal/requests/{new}").text


@pytest.mark.parametrize("outcome", ["answer", "ask"])
def test_who_takes_care_is_named_at_the_present_step(desk: Pages, outcome: str) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    desk.write(lambda session: setattr(session.get_one(Person, agent_id), "name", "Radu Petcu"))
    number = desk.ticket(person_id)
    desk.complete(number, agent_id, {"outcome": "mine", "person": None})
    desk.complete(number, agent_id, {**SOLVED, "outcome": outcome, "reply": "On it."})

    page = desk.client(person_id).get(f"/portal/requests/{number}").text

    assert re.search(r'aria-current="step">.*?<small>Radu Petcu</small>', page, re.DOTALL)
