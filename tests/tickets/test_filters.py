"""Which tickets a list shows: each filter, several together, and what nobody could have meant; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.people.models import Person, Role
from app.tickets import queries, service, tagging
from app.tickets.address import Address
from app.tickets.list_views import filters_of
from tests import world
from tests.pages import Pages, ticket_of


@pytest.fixture(scope="module")
def shared_desk(either_desk: Pages) -> Pages:
    return either_desk


@pytest.fixture(scope="module")
def numbers(either_desk: Pages) -> dict[str, str]:
    """The numbers of requests that differ in everything, by what they are called here."""
    desk = either_desk
    ana, ioana = desk.contact(name="Ana Pop")[0], desk.contact(name="Ioana Rus")[0]
    radu = desk.staff(Role.AGENT, team="network")
    earlier = Pages(desk.app, desk.moment - timedelta(days=20))
    found = {
        "old": earlier.ticket(ana, "Țeavă spartă", channel="email", type_key="incident"),
        "call": desk.ticket(ioana, "Telefon mut", channel="phone", type_key="question", priority="urgent"),
        "portal": desk.ticket(ioana, "Cont nou", channel="portal", type_key="request", priority="low"),
        "taken": desk.ticket(ana, "Server oprit", channel="email", type_key="incident", priority="high"),
        "done": desk.ticket(ana, "Rezolvat", channel="chat", type_key="change"),
    }

    def change(session: Session) -> None:
        agent = session.get_one(Person, radu)
        service.assign_to_person(session, ticket_of(session, found["taken"]), agent, by=None)
        service.assign_to_team(session, ticket_of(session, found["taken"]), world.add_team(session, "network"), by=None)
        service.resolve(session, ticket_of(session, found["done"]), by=agent)
        for name in ("old", "taken"):
            tagging.add_tag(session, ticket_of(session, found[name]), "De facturat", by=agent)
        tagging.add_tag(session, ticket_of(session, found["taken"]), "VIP", by=agent)

    desk.write(change)
    return found


def listed(desk: Pages, numbers: dict[str, str], query: str, reader: int | None = None) -> set[str]:
    """The requests that an address lists, by what they are called here."""
    person_id = reader or desk.staff(Role.AGENT)

    def read(session: Session) -> set[str]:
        person = session.get_one(Person, person_id)
        filters, _ = filters_of(session, person, Address.read(query))
        shown = {ticket.number for ticket in queries.page(session, person, filters).tickets}
        assert queries.count_up_to(session, person, filters, 100) == len(shown)
        return {name for name, number in numbers.items() if number in shown}

    return desk.write(read)


EVERY = {"old", "call", "portal", "taken", "done"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", EVERY),
        ("state=resolved", {"done"}),
        ("category=active", EVERY - {"done"}),
        ("category=resolved&category=closed", {"done"}),
        ("type=question", {"call"}),
        ("type=question&type=request", {"call", "portal"}),
        ("priority=urgent", {"call"}),
        ("priority=low&priority=high", {"portal", "taken"}),
        ("channel=phone", {"call"}),
        ("channel=email", {"old", "taken"}),
        ("team=network", {"taken"}),
        ("assignee=none", EVERY - {"taken"}),
        ("tag=de+facturat", {"old", "taken"}),
        ("tag=DE+FACTURAT&tag=vip", {"taken"}),
        ("opened=today", EVERY - {"old"}),
        ("opened=30d", EVERY),
        ("opened_to=2026-11-10", {"old"}),
        ("opened_from=2026-11-10", EVERY - {"old"}),
        ("opened_from=2026-11-18&opened_to=2026-11-18", EVERY - {"old"}),
        ("late=1", {"old"}),
        ("due=7d&category=active", EVERY - {"done"}),
        ("due_to=2026-11-01", {"old"}),
        ("due_from=2026-11-18&due_to=2026-11-30", EVERY - {"old", "done"}),
        ("due_from=2030-01-01", set()),
        # Joined by "and".
        ("channel=email&assignee=none", {"old"}),
        ("channel=email&priority=high&team=network&tag=vip&opened=today&q=server", {"taken"}),
        ("priority=urgent&channel=email", set()),
        # What is not there has no tickets, and what means nothing is no filter.
        ("state=gone&state=resolved", {"done"}),
        ("state=gone", set()),
        ("team=nobody-knows", set()),
        ("tag=never+used", set()),
        ("customer=No+Such+Company", set()),
        ("requester=1x", set()),
        ("priority=whatever", EVERY),
        ("category=", EVERY),
    ],
)
def test_a_filter_lists_its_tickets(desk: Pages, numbers: dict[str, str], query: str, expected: set[str]) -> None:
    assert listed(desk, numbers, query) == expected


def test_customers_and_requesters_are_filtered_by(desk: Pages, numbers: dict[str, str]) -> None:
    customer, requester = desk.write(
        lambda session: (
            ticket_of(session, numbers["call"]).customer.name,
            ticket_of(session, numbers["call"]).requester_id,
        )
    )

    assert listed(desk, numbers, f"customer={customer}") == {"call", "portal"}
    assert listed(desk, numbers, f"customer={customer.upper()}") == {"call", "portal"}
    assert listed(desk, numbers, f"requester={requester}&type=request") == {"portal"}


def test_mine_are_those_of_whoever_looks(desk: Pages, numbers: dict[str, str]) -> None:
    radu = desk.write(lambda session: ticket_of(session, numbers["taken"]).assignee_id or 0)

    assert listed(desk, numbers, "assignee=me", reader=radu) == {"taken"}
    assert listed(desk, numbers, "assignee=me") == set()
    assert listed(desk, numbers, f"assignee={radu}&assignee=none") == EVERY


def test_a_contact_is_shown_only_what_their_organisation_asked_whatever_they_filter(
    desk: Pages, numbers: dict[str, str]
) -> None:
    ana = desk.write(lambda session: ticket_of(session, numbers["old"]).requester_id)

    assert listed(desk, numbers, "", reader=ana) == {"old", "taken", "done"}
    assert listed(desk, numbers, "channel=phone", reader=ana) == set()


def test_counting_stops_soon_after_what_is_asked(desk: Pages, numbers: dict[str, str]) -> None:
    """A list of a million rows is not counted to say that it has more than a thousand."""
    person_id = desk.staff(Role.AGENT)

    def count(most: int) -> int:
        return desk.write(
            lambda session: queries.count_up_to(session, session.get_one(Person, person_id), queries.Filters(), most)
        )

    assert count(2) == 3
    assert count(1000) == len(numbers)
