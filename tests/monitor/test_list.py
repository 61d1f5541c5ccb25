"""The list of instances: what it says, its filters, its order and its pages."""

from __future__ import annotations

import re

from app.monitor.listing import PAGE_SIZE
from app.people.models import Role
from tests.monitor.instances import instance_of, stall
from tests.pages import Pages, counted_queries, ticket_of


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
