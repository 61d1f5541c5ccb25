"""The screen of requests that nobody has: what it lists, who could take one, and handing them out."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import clock
from app.people import service as people
from app.people.models import Person, Role, Team
from app.tickets import queries as tickets
from app.tickets import service
from tests import world
from tests.pages import Pages, counted_queries, ticket_of


def text_of(page: str) -> str:
    """What a reader sees, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").split())


def rows_of(page: str) -> list[str]:
    """The numbers of the listed requests, in their order."""
    return re.findall(r'<tr data-row="(S-\d+)"', page)


@pytest.fixture
def key(desk: Pages) -> str:
    """The key of a team of the test's own."""
    return desk.write(lambda session: world.add_team(session).key)


@pytest.fixture
def manager(desk: Pages) -> FlaskClient:
    return desk.client(desk.staff(Role.MANAGER))


def waiting(desk: Pages, team: str, subject: str = "Nobody has it", **details: object) -> str:
    """The number of a new request of a team that nobody has."""
    number = desk.ticket(desk.contact()[0], subject, **details)

    def hand_over(session: Session) -> None:
        service.assign_to_team(session, ticket_of(session, number), world.add_team(session, team), by=None)

    desk.write(hand_over)
    return number


def agent(desk: Pages, team: str, name: str = "") -> int:
    return desk.write(
        lambda session: world.add_person(session, name, roles=[Role.AGENT], teams=[world.add_team(session, team)]).id
    )


def assignee_of(desk: Pages, number: str) -> int | None:
    return desk.write(lambda session: ticket_of(session, number).assignee_id)


def test_a_row_tells_how_long_it_waits_in_working_time_and_what_comes_next(
    desk: Pages, manager: FlaskClient, key: str
) -> None:
    """It was opened on Wednesday at 10; at 9:30 on Thursday eight and a half working hours have passed."""
    number = waiting(desk, key, "Printer on fire", priority="urgent")

    with clock.frozen(desk.moment + timedelta(hours=23, minutes=30)):
        page = text_of(manager.get(f"/unassigned/?team={key}").text)

    assert f"{number} · Customer" in page
    assert "Printer on fire" in page
    assert "8 h 30 since yesterday, 10:00" in page
    assert "late to reply" in page
    assert "Urgent" in page


def test_a_row_tells_whom_the_diagram_will_tell_and_when(desk: Pages, manager: FlaskClient, key: str) -> None:
    """The shipped diagram tells the lead and the managers after two working hours."""
    waiting(desk, key)

    page = text_of(manager.get(f"/unassigned/?team={key}").text)

    assert "today, 12:00 will be told: team lead, managers" in page


def test_only_requests_that_nobody_has_and_that_are_open_are_listed(
    desk: Pages, manager: FlaskClient, key: str
) -> None:
    free, taken, over = (waiting(desk, key) for _each in range(3))
    ana = agent(desk, key)

    def settle(session: Session) -> None:
        service.assign_to_person(session, ticket_of(session, taken), session.get_one(Person, ana), by=None)
        service.cancel(session, ticket_of(session, over), "not needed", by=None)

    desk.write(settle)

    assert rows_of(manager.get(f"/unassigned/?team={key}").text) == [free]


def test_the_number_in_the_rail_is_the_number_of_rows(desk: Pages, manager: FlaskClient, key: str) -> None:
    waiting(desk, key)

    page = manager.get("/unassigned/").text

    shown = re.search(r'data-go="unassigned".*?<b>(\d+)</b>', page, re.DOTALL)
    assert shown is not None
    assert int(shown[1]) == len(rows_of(page))


def test_each_team_has_its_number_and_its_list(desk: Pages, manager: FlaskClient, key: str) -> None:
    other = desk.write(lambda session: world.add_team(session).key)
    ours, theirs = [waiting(desk, key) for _each in range(2)], waiting(desk, other)

    page = manager.get(f"/unassigned/?team={key}").text

    assert set(rows_of(page)) == set(ours)
    assert f"{key.capitalize()} 2" in text_of(page)
    assert f"{other.capitalize()} 1" in text_of(page)
    assert rows_of(manager.get(f"/unassigned/?team={key}&team={other}").text).count(theirs) == 1


def test_a_request_without_a_team_is_not_lost(desk: Pages, manager: FlaskClient) -> None:
    number = desk.ticket(desk.contact()[0], "Whose is it?")

    def let_go(session: Session) -> None:
        ticket_of(session, number).team = None

    desk.write(let_go)

    assert "Without a team" in text_of(manager.get("/unassigned/").text)
    assert number in rows_of(manager.get("/unassigned/?team=-").text)


@pytest.mark.parametrize(
    ("order", "expected"), [("waiting", "abc"), ("-opened", "cba"), ("priority", "bca"), ("nonsense", "bca")]
)
def test_the_order_is_the_one_asked_for(desk: Pages, manager: FlaskClient, key: str, order: str, expected: str) -> None:
    began = desk.moment
    numbers = {}
    try:
        for letter, priority, minutes in (("a", "low", 0), ("b", "urgent", 1), ("c", "high", 2)):
            desk.moment = began + timedelta(minutes=minutes)
            with clock.frozen(desk.moment):
                numbers[waiting(desk, key, priority=priority)] = letter
    finally:
        desk.moment = began

    shown = rows_of(manager.get(f"/unassigned/?team={key}&sort={order}").text)

    assert "".join(numbers[number] for number in shown) == expected


def test_a_team_without_any_says_so(desk: Pages, manager: FlaskClient, key: str) -> None:
    page = text_of(manager.get(f"/unassigned/?team={key}").text)

    assert f"{key.capitalize()}: nobody waits" in page


def test_a_team_or_a_customer_that_is_not_there_is_not_found(manager: FlaskClient) -> None:
    assert manager.get("/unassigned/?team=no-such-team").status_code == 404
    assert manager.get("/unassigned/?customer=Nobody").status_code == 404
    assert manager.get("/unassigned/?after=nonsense").status_code == 422


def test_an_agent_takes_a_request(desk: Pages, key: str) -> None:
    number, ana = waiting(desk, key), agent(desk, key)

    answer = desk.client(ana).post(
        "/unassigned/assign", data={"give": f"{number}:me", "back": f"/unassigned/?team={key}"}, follow_redirects=True
    )

    assert assignee_of(desk, number) == ana
    assert f"{number} is yours." in answer.text
    assert f"{key.capitalize()}: nobody waits" in text_of(answer.text)


def test_taking_can_be_undone(desk: Pages, key: str) -> None:
    number, ana = waiting(desk, key), agent(desk, key)
    browser = desk.client(ana)
    said = browser.post("/unassigned/assign", data={"give": f"{number}:me"}, follow_redirects=True).text
    undo = re.search(r'action="(/tickets/bulk/\d+/undo)"', said)
    assert undo is not None

    answer = browser.post(undo[1])

    assert assignee_of(desk, number) is None
    assert answer.headers["Location"] == "/unassigned/"


def test_people_of_the_team_are_offered_those_with_the_least_on_their_hands_first(
    desk: Pages, manager: FlaskClient, key: str
) -> None:
    busy, free = agent(desk, key, "Busy Ana"), agent(desk, key, "Free Ion")
    stranger = agent(desk, desk.write(lambda session: world.add_team(session).key), "Other Team")
    taken, number = waiting(desk, key), waiting(desk, key)

    def give(session: Session) -> None:
        service.assign_to_person(session, ticket_of(session, taken), session.get_one(Person, busy), by=None)
        people.set_weekly_minutes(session, session.get_one(Person, busy), 30 * 60)

    desk.write(give)

    whole = manager.get(f"/unassigned/{number}/people").text
    part = manager.get(f"/unassigned/{number}/people", headers={"HX-Request": "true"}).text

    assert part.index("Free Ion") < part.index("Busy Ana")
    assert "1 open request · 0 h of 30 h this week" in text_of(part)
    assert f"{number}:{free}" in part
    assert f"{number}:{stranger}" not in part
    assert "<html" in whole
    assert "<html" not in part


def test_a_manager_gives_a_request_to_somebody(desk: Pages, manager: FlaskClient, key: str) -> None:
    number, ana = waiting(desk, key), agent(desk, key, "Ana Pop")

    answer = manager.post("/unassigned/assign", data={"give": f"{number}:{ana}"}, follow_redirects=True)

    assert assignee_of(desk, number) == ana
    assert f"{number} is with Ana Pop now." in answer.text


def test_several_are_handed_out_at_once_each_with_its_result(desk: Pages, manager: FlaskClient, key: str) -> None:
    """What a colleague took a moment before stays theirs, and stops no other."""
    one, other, late = (waiting(desk, key) for _each in range(3))
    ana, ion = agent(desk, key, "Ana Pop"), agent(desk, key, "Ion Rus")
    desk.write(
        lambda session: service.assign_to_person(
            session, ticket_of(session, late), session.get_one(Person, ion), by=None
        )
    )

    answer = manager.post(
        "/unassigned/assign",
        data={"number": [one, other, late], "person": str(ana), "back": f"/unassigned/?team={key}"},
        follow_redirects=True,
    )

    assert [assignee_of(desk, number) for number in (one, other, late)] == [ana, ana, ion]
    page = text_of(answer.text)
    assert "2 requests are changed, 1 is not" in page
    assert f"Ion Rus has taken {late} meanwhile." in page
    assert f'href="/unassigned/?team={key}"' in answer.text


def test_a_request_somebody_took_is_not_taken_from_them(desk: Pages, manager: FlaskClient, key: str) -> None:
    number, ana, ion = waiting(desk, key), agent(desk, key, "Ana Pop"), agent(desk, key)
    desk.client(ana).post("/unassigned/assign", data={"give": f"{number}:me"})

    answer = manager.post("/unassigned/assign", data={"give": f"{number}:{ion}"}, follow_redirects=True)

    assert assignee_of(desk, number) == ana
    assert f"Ana Pop has taken {number} meanwhile." in answer.text


def test_another_team_can_be_chosen_for_several(desk: Pages, manager: FlaskClient, key: str) -> None:
    numbers = [waiting(desk, key) for _each in range(2)]
    other = desk.write(lambda session: world.add_team(session).key)

    manager.post("/unassigned/assign", data={"number": numbers, "team": other})

    assert set(rows_of(manager.get(f"/unassigned/?team={other}").text)) == set(numbers)


@pytest.mark.parametrize("sent", [{}, {"number": "S-1"}, {"give": "S-1:nobody-we-know"}])
def test_nothing_or_nonsense_is_answered_calmly(manager: FlaskClient, sent: dict[str, str]) -> None:
    assert manager.post("/unassigned/assign", data=sent).status_code == 422


def test_the_way_back_never_leads_to_another_site(desk: Pages, key: str) -> None:
    number, ana = waiting(desk, key), agent(desk, key)

    answer = desk.client(ana).post(
        "/unassigned/assign", data={"give": f"{number}:me", "back": "https://evil.example/unassigned/"}
    )

    assert answer.headers["Location"] == "/unassigned/"


def test_who_does_not_work_on_requests_looks_but_hands_out_nothing(desk: Pages, key: str) -> None:
    number, analyst = waiting(desk, key), desk.client(desk.staff(Role.ANALYST))

    page = analyst.get(f"/unassigned/?team={key}").text

    assert rows_of(page) == [number]
    assert "Take S-" not in page
    assert analyst.post("/unassigned/assign", data={"give": f"{number}:me"}).status_code == 403
    assert analyst.get(f"/unassigned/{number}/people").status_code == 403


def test_customers_do_not_learn_that_it_exists(desk: Pages) -> None:
    assert desk.client(desk.contact()[0]).get("/unassigned/").status_code == 404


def test_the_list_costs_the_same_whatever_its_length_and_pages_lose_nothing(
    desk: Pages, manager: FlaskClient, key: str
) -> None:
    numbers = {waiting(desk, key)}
    manager.get(f"/unassigned/?team={key}")
    with counted_queries() as few:
        manager.get(f"/unassigned/?team={key}")
    requester = desk.contact()[0]

    def many(session: Session) -> None:
        team = session.query(Team).filter_by(key=key).one()
        for _each in range(tickets.PAGE_SIZE + 2):
            opened = world.add_ticket(session, requester=session.get_one(Person, requester), team=team)
            numbers.add(opened.number)

    desk.write(many)
    with counted_queries() as more:
        first = manager.get(f"/unassigned/?team={key}").text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    second = manager.get(following[1].replace("&amp;", "&")).text

    # A short list also looks for requests without a deadline.
    assert len(more) <= len(few)
    assert len(rows_of(first)) == tickets.PAGE_SIZE
    assert {*rows_of(first), *rows_of(second)} == numbers
