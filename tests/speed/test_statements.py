"""What the main paths ask of the database: how often, and that it does not grow with people, messages or requests.

A number here is what the path needs today and a little room. Whoever needs more should know why.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.engine import queries as engine_queries
from app.engine import service as engine
from app.engine.models import Timer
from app.mail import jobs
from app.mail import service as mail
from app.people.models import Person, Role
from app.tickets import service as tickets
from tests.pages import SOLVED, Pages, counted_queries, open_desk, ticket_of

MAILBOX = "suport@desk.example"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A desk with the shipped processes and a team of three."""
    desk = open_desk(tmp_path_factory.mktemp("desk"), desk_email=MAILBOX)
    for _ in range(3):
        desk.staff(Role.AGENT, team="support")
    # What a process reads once, such as a diagram, is no part of any price here.
    desk.ticket(desk.contact()[0])
    with clock.frozen(desk.moment):
        yield desk


def opening(desk: Pages) -> int:
    """The price of a request, sent as the portal sends it."""
    requester, _customer = desk.contact()

    def send(session: Session) -> int:
        person = session.get_one(Person, requester)
        with counted_queries() as statements:
            tickets.open_ticket(session, subject="No network", text="Hall B.", requester=person, channel="portal")
        return len(statements)

    return desk.write(send)


def test_opening_a_request_takes_few_statements(desk: Pages) -> None:
    """The lifecycle assigns it, starts its clocks and tells the customer and the team meanwhile."""
    assert opening(desk) <= 56


def test_telling_a_larger_team_takes_no_more_statements(desk: Pages) -> None:
    few = opening(desk)

    for _ in range(8):
        desk.staff(Role.AGENT, team="support")

    assert opening(desk) == few


def test_taking_over_and_solving_a_request_take_few_statements(desk: Pages) -> None:
    agent = desk.staff(Role.AGENT, team="support")
    number = desk.ticket(desk.contact()[0])

    with counted_queries() as taking_over:
        desk.complete(number, agent, {"outcome": "mine", "person": None})
    with counted_queries() as solving:
        desk.complete(number, agent, SOLVED)

    assert len(taking_over) <= 48
    # A reply by mail, a work entry with a process of its own, another state, a solution that waits for a word.
    assert len(solving) <= 98


def test_a_deadline_that_comes_close_takes_few_statements(desk: Pages) -> None:
    number = desk.ticket(desk.contact()[0])
    timer = desk.write(lambda session: _first_timer(session, number))
    later = Pages(desk.app, timer.due_at)

    with counted_queries() as statements:
        later.write(lambda session: engine.wake(session, timer.id))

    assert len(statements) <= 50


def test_a_mail_takes_few_statements(desk: Pages) -> None:
    """Storing comes before the sender gets its answer; making a request of it is a worker's."""
    _store(desk, "new@nowhere.example")

    with counted_queries() as storing:
        received = _store(desk, "other@elsewhere.example")
    with desk.app.app_context(), counted_queries() as taking:
        jobs.process(received)

    assert len(storing) <= 6
    assert len(taking) <= 86


def test_pages_take_few_statements_however_much_there_is(desk: Pages) -> None:
    agent = desk.staff(Role.AGENT, team="support")
    requester, customer = desk.contact()
    number = desk.ticket(requester)
    pages = {
        "/": (agent, 25),
        # The reader's views and the tags are among them; what it can be filtered by comes when it is wanted.
        "/tickets/": (agent, 14),
        # Tags are one of them.
        f"/tickets/{number}": (agent, 49),
        "/portal/": (requester, 8),
        # The answers of its form, the reader's draft and the rating are rows of their own.
        f"/portal/requests/{number}": (requester, 15),
    }
    first = {address: _price(desk, address, who) for address, (who, _) in pages.items()}

    for each in range(6):
        desk.ticket(desk.contact(customer)[0])
        desk.write(lambda session, each=each: _talk(session, number, each))  # type: ignore[misc]  # bound at once

    later = {address: _price(desk, address, who) for address, (who, _) in pages.items()}
    assert later == first
    assert {address for address, (_, most) in pages.items() if first[address] > most} == set()


def _price(desk: Pages, address: str, person_id: int) -> int:
    browser = desk.client(person_id)
    browser.get(address)
    with counted_queries() as statements:
        page = browser.get(address)
    assert page.status_code == 200, address
    return len(statements)


def _talk(session: Session, number: str, each: int) -> None:
    ticket = ticket_of(session, number)
    tickets.add_customer_message(session, ticket, author=ticket.requester, text=f"And {each}", channel="portal")


def _store(desk: Pages, sender: str) -> int:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, MAILBOX, "The printer"
    letter.set_content("It does not print.")
    return desk.write(lambda session: mail.store_raw(session, letter.as_bytes(), MAILBOX, sender).id)


def _first_timer(session: Session, number: str) -> Timer:
    instance = engine_queries.instances_of(session, ticket_of(session, number).process_subject)[0]
    return session.scalars(
        select(Timer).where(Timer.instance_id == instance.id).order_by(Timer.due_at, Timer.id).limit(1)
    ).one()
