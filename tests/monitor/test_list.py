"""The list of instances: what it says, its filters, its order and its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import clock
from app.contracts.models import Customer
from app.engine import interventions
from app.engine.models import ProcessInstance
from app.monitor.listing import PAGE_SIZE
from app.people.models import Role
from app.tickets import service
from tests import world
from tests.monitor.instances import instance_of, stall
from tests.pages import Pages, counted_queries, ticket_of


@pytest.fixture
def manager(desk: Pages) -> FlaskClient:
    return desk.client(desk.staff(Role.MANAGER))


@pytest.fixture
def customer(desk: Pages) -> tuple[int, str]:
    """A requester of a new customer, and the name of that customer, which no other test's requests have."""
    person_id, customer_id = desk.contact()
    return person_id, desk.write(lambda session: session.get_one(Customer, customer_id).name)


@pytest.fixture
def later(desk: Pages) -> Iterator[None]:
    """Whatever moves the clock of the desk leaves it as it was."""
    began = desk.moment
    yield
    desk.moment = began


def shown(browser: FlaskClient, **wanted: object) -> list[int]:
    """The ids of the instances on the first page of a list."""
    page = browser.get("/instances/", query_string=wanted, follow_redirects=True)
    assert page.status_code == 200
    return [int(each) for each in re.findall(r'<tr data-row="(\d+)"', page.text)]


def counted(browser: FlaskClient, **wanted: object) -> dict[str, int]:
    """The number beside each state."""
    page = browser.get("/instances/", query_string=wanted).text
    found = re.findall(r'<a href="/instances/[^"]*state=(\w+)[^>]*>.*?<b class="s-num">(\d+)</b>', page)
    return {state: int(number) for state, number in found}


def test_the_list_names_process_version_ticket_and_what_is_waited_for(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id, "Printer on fire")
    manager = desk.client(desk.staff(Role.MANAGER))

    page = manager.get("/instances/").text

    assert number in page
    assert "Printer on fire" in page
    assert "Ticket lifecycle" in page
    assert "Take over the request" in page


def test_the_list_filters_by_process_state_and_number(desk: Pages) -> None:
    person_id, _ = desk.contact()
    one, other = desk.ticket(person_id, "One"), desk.ticket(person_id, "Other")
    manager = desk.client(desk.staff(Role.MANAGER))

    by_number = manager.get(f"/instances/?number={one.lower()}").text
    by_process = manager.get(f"/instances/?process=escalation&number={one}").text
    by_state = manager.get(f"/instances/?state=completed&number={other}").text

    assert one in by_number
    assert other not in by_number
    assert "No instance matches" in by_process
    assert "No instance matches" in by_state


def test_a_work_entrys_instance_is_found_by_its_tickets_number(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    desk.solve(number, desk.staff(Role.AGENT))

    page = desk.client(desk.staff(Role.MANAGER)).get(f"/instances/?number={number}&process=work_validation").text

    assert "work entry" in page
    assert number in page


def test_the_list_reads_a_constant_number_of_queries_and_pages_by_key(desk: Pages) -> None:
    person_id, _ = desk.contact()
    manager = desk.client(desk.staff(Role.MANAGER))
    desk.ticket(person_id)
    manager.get("/instances/?process=ticket_lifecycle")
    with counted_queries() as few:
        manager.get("/instances/?process=ticket_lifecycle")
    for each in range(PAGE_SIZE):
        desk.ticket(person_id, f"Many {each}")
    with counted_queries() as many:
        first = manager.get("/instances/?process=ticket_lifecycle").text

    assert len(many) == len(few)
    older = re.search(r'href="(/instances/\?[^"]*after=[^"]+)"', first)
    assert older is not None
    assert "process=ticket_lifecycle" in older[1]
    second = manager.get(older[1].replace("&amp;", "&")).text
    shown = re.findall(r'<tr data-row="(\d+)"', first)
    assert len(shown) == PAGE_SIZE
    assert not set(shown) & set(re.findall(r'<tr data-row="(\d+)"', second))


def test_each_state_has_the_number_of_its_rows(desk: Pages, manager: FlaskClient, customer: tuple[int, str]) -> None:
    requester, name = customer
    going, stuck, held, ended = (desk.ticket(requester, each) for each in ("Going", "Stuck", "Held", "Ended"))
    stall(desk, stuck, desk.staff(Role.AGENT))
    manager.post(f"/instances/{instance_of(desk, held)}/suspend", data={"reason": "Not now"})
    manager.post(f"/instances/{instance_of(desk, ended)}/cancel", data={"reason": "A test"})

    numbers = counted(manager, customer=name)

    assert numbers == {"running": 1, "stalled": 1, "held": 1, "completed": 0, "cancelled": 1}
    for state, number in (("running", going), ("stalled", stuck), ("held", held), ("cancelled", ended)):
        assert shown(manager, customer=name, state=state) == [instance_of(desk, number)]


def test_a_stalled_row_says_where_and_why(desk: Pages, manager: FlaskClient, customer: tuple[int, str]) -> None:
    stall(desk, desk.ticket(customer[0]), desk.staff(Role.AGENT))

    page = manager.get("/instances/", query_string={"customer": customer[1]}).text

    assert "failed at “Note who has it”" in page
    assert "has no <code>outcome</code>" in page


def test_the_list_filters_by_team_words_and_customer(
    desk: Pages, manager: FlaskClient, customer: tuple[int, str]
) -> None:
    requester, name = customer
    printer, scanner = desk.ticket(requester, "Țeava de aer fluieră"), desk.ticket(requester, "Something else")
    key = desk.write(lambda session: world.add_team(session).key)

    def hand_over(session: Session) -> None:
        service.assign_to_team(session, ticket_of(session, printer), world.add_team(session, key), by=None)

    desk.write(hand_over)

    assert set(shown(manager, customer=name)) == {instance_of(desk, printer), instance_of(desk, scanner)}
    assert shown(manager, team=key) == [instance_of(desk, printer)]
    assert shown(manager, customer=name, q="teava fluiera") == [instance_of(desk, printer)]


def test_the_list_filters_by_where_instances_stand(
    desk: Pages, manager: FlaskClient, customer: tuple[int, str]
) -> None:
    requester, name = customer
    new, taken = desk.ticket(requester), desk.ticket(requester)
    desk.complete(taken, desk.staff(Role.AGENT), {"outcome": "mine", "person": None})
    wanted = {"customer": name, "process": "ticket_lifecycle"}

    assert shown(manager, **wanted, element="take_over") == [instance_of(desk, new)]
    assert shown(manager, **wanted, element="work") == [instance_of(desk, taken)]
    assert "Work on the request (" in manager.get("/instances/", query_string=wanted).text


def test_the_list_filters_by_version(desk: Pages, manager: FlaskClient, customer: tuple[int, str]) -> None:
    instance_id = instance_of(desk, desk.ticket(customer[0]))
    version = desk.write(lambda session: session.get_one(ProcessInstance, instance_id).definition.version)
    wanted = {"customer": customer[1], "process": "ticket_lifecycle"}

    assert shown(manager, **wanted, version=version) == [instance_id]
    assert shown(manager, **wanted, version=version + 1) == []


@pytest.mark.usefixtures("later")
def test_the_list_filters_by_when_instances_began_and_how_long_they_run(
    desk: Pages, manager: FlaskClient, customer: tuple[int, str]
) -> None:
    requester, name = customer
    old = instance_of(desk, desk.ticket(requester))
    began = desk.moment
    desk.moment = began + timedelta(days=8)
    with clock.frozen(desk.moment):
        new = instance_of(desk, desk.ticket(requester))

        assert shown(manager, customer=name, started="today") == [new]
        assert shown(manager, customer=name, started="30d") == [new, old]
        assert shown(manager, customer=name, longer="7d") == [old]
        assert shown(manager, customer=name, longer="30d") == []
        assert shown(manager, customer=name, started_to=began.date().isoformat()) == [old]
        assert shown(manager, customer=name, sort="oldest") == [old, new]


@pytest.mark.usefixtures("later")
def test_stalled_ones_can_come_first(desk: Pages, manager: FlaskClient, customer: tuple[int, str]) -> None:
    requester, name = customer
    stuck = stall(desk, desk.ticket(requester), desk.staff(Role.AGENT))
    desk.moment += timedelta(minutes=5)
    newer = instance_of(desk, desk.ticket(requester))

    assert shown(manager, customer=name) == [newer, stuck]
    assert shown(manager, customer=name, sort="stalled") == [stuck, newer]


def test_filters_stay_in_the_address_and_empty_ones_leave_it(manager: FlaskClient) -> None:
    answer = manager.get("/instances/?q=printer&process=&team=&started=7d&sort=")

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/instances/?started=7d&q=printer"


@pytest.mark.parametrize(
    "address", ["?state=nonsense", "?version=3", "?element=work", "?started=never", "?started_from=x", "?team=%00"]
)
def test_what_means_nothing_is_passed_over(manager: FlaskClient, address: str) -> None:
    assert manager.get(f"/instances/{address}", follow_redirects=True).status_code == 200


@pytest.mark.parametrize("after", ["x", "0~2026-01-01~1", "9~2026-01-01T00:00:00+00:00~1", "0~~"])
def test_a_page_that_is_none_is_answered_calmly(manager: FlaskClient, after: str) -> None:
    assert manager.get("/instances/", query_string={"after": after}).status_code == 422


def test_a_held_instance_says_so(desk: Pages, manager: FlaskClient, customer: tuple[int, str]) -> None:
    instance_id = instance_of(desk, desk.ticket(customer[0]))
    by_id = desk.staff(Role.MANAGER)
    desk.write(
        lambda session: interventions.suspend(
            session, session.get_one(ProcessInstance, instance_id), "Not now", by_id=by_id
        )
    )

    assert "On hold" in manager.get("/instances/", query_string={"customer": customer[1]}).text.split("<tbody>")[1]


def test_only_who_may_mend_can_choose_stalled_ones(
    desk: Pages, manager: FlaskClient, customer: tuple[int, str]
) -> None:
    agent_id = desk.staff(Role.AGENT)
    stall(desk, desk.ticket(customer[0]), agent_id)
    wanted = {"customer": customer[1]}

    assert 'name="instance"' in manager.get("/instances/", query_string=wanted).text
    assert 'name="instance"' not in desk.client(agent_id).get("/instances/", query_string=wanted).text
