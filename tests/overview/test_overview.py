"""The overview: every number is the number of the rows that it opens, for each role and team, at a constant cost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import clock
from app.contracts import service as contracts
from app.contracts.models import Contract, Customer
from app.engine.failures import StepFailed
from app.people.models import Person, Role, Team
from app.tickets import service
from app.worklog import service as worklog
from tests import world
from tests.pages import Pages, counted_queries, open_desk, ticket_of

HOUR = 60


def text_of(page: str) -> str:
    """What a reader sees, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").split())


def tiles_of(page: str) -> dict[str, tuple[int, str]]:
    """The figures by their names: the number, and the address it opens."""
    found = re.findall(
        r'<a class="s-tile[^"]*" href="([^"]+)"><span class="s-lab">.*?</svg>([^<]+)</span><strong>(\d+)</strong>', page
    )
    return {name: (int(number), address.replace("&amp;", "&")) for address, name, number in found}


def rows_of(browser: FlaskClient, address: str) -> int:
    """How many rows a list has on all its pages."""
    number, following = 0, address
    while following:
        answer = browser.get(following)
        assert answer.status_code == 200, following
        number += len(re.findall(r"<tr data-row", answer.text))
        more = re.search(r'rel="next" href="([^"]+)"', answer.text)
        following = more[1].replace("&amp;", "&") if more else ""
    return number


@dataclass
class World:
    """A desk with something of everything in two teams."""

    manager: int
    lead: int
    ours: str
    theirs: str
    customer: int
    ana: int


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("overview"))


@pytest.fixture(scope="module")
def world_of(shared_desk: Pages) -> World:
    """Late, soon late, unassigned, stalled and solved requests of two teams and two customers, and their contracts."""
    desk = shared_desk
    manager, lead_id = desk.staff(Role.MANAGER), desk.staff(Role.TEAM_LEAD, Role.AGENT)
    keys = ["ours", "theirs"]

    def teams(session: Session) -> list[int]:
        lead = session.get_one(Person, lead_id)
        world.add_team(session, "ours", lead=lead)
        return [
            world.add_person(session, name, roles=[Role.AGENT], teams=[world.add_team(session, key)]).id
            for key, name in zip(keys, ("Ana Pop", "Ion Rus"), strict=True)
        ]

    agents = dict(zip(keys, desk.write(teams), strict=True))
    asking = {key: desk.contact() for key in keys}

    def sign(session: Session) -> None:
        for key, minutes in (("ours", 100), ("theirs", 600)):
            customer = session.get_one(Customer, asking[key][1])
            world.add_contract(session, customer, number=key, included_minutes=minutes, period="month")

    with clock.frozen(desk.moment):
        desk.write(sign)
    began = desk.moment
    # Replies are due after 9, 2 and 4 working hours: the first two are late at four in the afternoon, the third at half
    # past four.
    plan = ((-24.0, "normal", keys), (0.0, "urgent", keys), (2.5, "high", ["ours"]))
    solved = [
        (key, number)
        for hours, priority, kinds in plan
        for key, number in fill(desk, kinds, asking, agents, priority, began + timedelta(hours=hours))
    ]
    desk.moment = began + timedelta(hours=6)
    for key, number in solved:
        desk.solve(number, agents[key])
    desk.write(settle)
    return World(manager, lead_id, "ours", "theirs", asking["ours"][1], agents["ours"])


def fill(
    desk: Pages,
    keys: list[str],
    asking: dict[str, tuple[int, int]],
    agents: dict[str, int],
    priority: str,
    at: datetime,
) -> Iterator[tuple[str, str]]:
    """Requests of each team: nobody has the first, the second is worked on, the third is stalled; yields the fourth."""
    desk.moment = at
    for key in keys:
        numbers = [desk.ticket(asking[key][0], f"{key} {priority} {each}", priority=priority) for each in range(4)]

        def hand_over(session: Session, key: str = key, numbers: list[str] = numbers) -> None:
            for number in numbers:
                service.assign_to_team(session, ticket_of(session, number), world.add_team(session, key), by=None)

        desk.write(hand_over)
        desk.complete(numbers[1], agents[key], {"outcome": "mine", "person": None})
        with pytest.raises(StepFailed):
            desk.complete(numbers[2], agents[key], {})
        yield key, numbers[3]


def settle(session: Session) -> None:
    """Count hours against the contracts: ours is over its first threshold, theirs is not."""
    for key, minutes in (("ours", 80), ("theirs", 60)):
        agreed = session.query(Contract).filter_by(number=key).one()
        contracts.count_hours(session, agreed, f"tests:{key}", minutes, date(2026, 11, 17))


@pytest.fixture
def desk(shared_desk: Pages, world_of: World) -> Iterator[Pages]:
    with clock.frozen(shared_desk.moment):
        yield shared_desk


@pytest.fixture
def manager(desk: Pages, world_of: World) -> FlaskClient:
    return desk.client(world_of.manager)


@pytest.fixture
def lead(desk: Pages, world_of: World) -> FlaskClient:
    return desk.client(world_of.lead)


SCOPES = ["", "?team=ours", "?team=theirs", "?customer={customer}", "?team=ours&customer={customer}"]


@pytest.mark.parametrize("scope", SCOPES)
def test_each_figure_is_the_number_of_rows_that_it_opens(manager: FlaskClient, world_of: World, scope: str) -> None:
    page = manager.get(f"/overview/{scope.format(customer=world_of.customer)}").text

    tiles = tiles_of(page)

    assert list(tiles) == ["Late", "Late within the hour", "Unassigned", "Stalled processes", "Budget alerts"]
    assert {name: rows_of(manager, address) for name, (_number, address) in tiles.items()} == {
        name: number for name, (number, _address) in tiles.items()
    }


def test_the_figures_of_the_whole_desk_are_those_of_its_parts(manager: FlaskClient) -> None:
    every, ours, theirs = (tiles_of(manager.get(f"/overview/{scope}").text) for scope in SCOPES[:3])

    assert all(ours[name][0] and every[name][0] > ours[name][0] for name in ("Late", "Unassigned", "Stalled processes"))
    for name in ("Late", "Late within the hour", "Unassigned", "Stalled processes", "Budget alerts"):
        assert every[name][0] == ours[name][0] + theirs[name][0]
    assert every["Budget alerts"][0] == 1


def test_the_requests_at_risk_are_the_rows_of_their_list(manager: FlaskClient) -> None:
    page = manager.get("/overview/").text

    number = re.search(r'id="h-risk">.*?<span class="badge">(\d+)</span>', page)
    address = re.search(r'<a class="s-push s-small" href="(/tickets/[^"]+due=risk[^"]*)"', page)

    assert number is not None
    assert address is not None
    assert rows_of(manager, address[1].replace("&amp;", "&")) == int(number[1])


def test_a_risk_says_why_and_what_can_be_done(manager: FlaskClient) -> None:
    page = manager.get("/overview/").text
    risks = text_of(page[page.index('id="h-risk"') : page.index('id="h-hours"')])

    assert "Nobody took it over Assign" in risks
    assert "The process is stalled Mend" in risks
    assert "Waits for a reply" in risks or "Not solved yet" in risks


def test_a_team_lead_sees_the_teams_they_lead_and_no_other(lead: FlaskClient, manager: FlaskClient) -> None:
    page = lead.get("/overview/").text

    ours = tiles_of(manager.get("/overview/?team=ours").text)
    assert {name: number for name, (number, _address) in tiles_of(page).items()} == {
        name: number for name, (number, _address) in ours.items()
    }
    assert "theirs normal" not in page
    assert "Ion Rus" not in page
    assert lead.get("/overview/?team=theirs").status_code == 404


@pytest.mark.parametrize("place", ["workload", "contracts", "deadlines?kind=response&weeks=12"])
def test_the_rows_keep_to_the_teams_of_a_lead(
    lead: FlaskClient, manager: FlaskClient, world_of: World, place: str
) -> None:
    mark = "&" if "?" in place else "?"

    assert rows_of(lead, f"/overview/{place}") == rows_of(manager, f"/overview/{place}{mark}team=ours") > 0
    assert rows_of(manager, f"/overview/{place}") > rows_of(lead, f"/overview/{place}")
    assert lead.get(f"/overview/{place}{mark}team=theirs").status_code == 404


def test_a_lead_does_not_open_what_belongs_to_other_teams(desk: Pages, lead: FlaskClient, manager: FlaskClient) -> None:
    def others(session: Session) -> tuple[int, int]:
        agreed = session.query(Contract).filter_by(number="theirs").one()
        return agreed.id, session.query(Person).filter_by(name="Ion Rus").one().id

    contract_id, person_id = desk.write(others)

    for address in (f"/overview/contracts/{contract_id}", f"/overview/work/{person_id}"):
        assert manager.get(address).status_code == 200
        assert lead.get(address).status_code == 404


def test_a_lead_without_a_team_is_told_how_to_get_one(desk: Pages) -> None:
    page = desk.client(desk.staff(Role.TEAM_LEAD)).get("/overview/")

    assert page.status_code == 200
    assert "You lead no team yet" in page.text
    assert tiles_of(page.text) == {}


@pytest.mark.parametrize("role", [Role.AGENT, Role.APPROVER, Role.ANALYST])
def test_others_do_not_see_it(desk: Pages, role: Role) -> None:
    browser = desk.client(desk.staff(role))

    assert browser.get("/overview/").status_code == 404
    assert 'data-go="overview"' not in browser.get("/").text


@pytest.mark.parametrize("address", ["?team=nobody", "?customer=Nobody"])
def test_a_team_or_customer_that_is_not_there_is_not_found(manager: FlaskClient, address: str) -> None:
    assert manager.get(f"/overview/{address}").status_code == 404


def test_the_table_of_kept_deadlines_opens_its_rows(manager: FlaskClient) -> None:
    page = manager.get("/overview/").text
    cells = re.findall(r'<a href="(/overview/deadlines\?[^"]*week=[^"]+)">(\d+)</a>', page)

    assert cells
    for address, number in cells:
        assert rows_of(manager, address.replace("&amp;", "&")) == int(number)


def test_the_share_of_kept_deadlines_is_of_its_rows(manager: FlaskClient) -> None:
    page = manager.get("/overview/?weeks=4").text
    share = re.search(r'<a href="(/overview/deadlines\?kind=response[^"]+)"><b class="s-num">([\d.]+)%</b>', page)
    assert share is not None
    rows = manager.get(share[1].replace("&amp;", "&")).text

    numbers = dict(re.findall(r"(In time|Missed) <b[^>]*>(\d+)</b>", rows))

    kept, missed = int(numbers["In time"]), int(numbers["Missed"])
    assert kept > 0
    assert missed > 0
    assert float(share[2]) == round(100 * kept / (kept + missed), 1)


@pytest.mark.parametrize(("weeks", "rows"), [("4", 4), ("12", 12), ("52", 52), ("5", 12)])
def test_the_chart_and_its_table_have_the_weeks_of_the_period(manager: FlaskClient, weeks: str, rows: int) -> None:
    page = manager.get(f"/overview/?weeks={weeks}").text
    table = page[page.index('id="kept-table"') :].split("</table>")[0]

    assert len(re.findall(r'<tr><th scope="row">', table)) == rows
    assert len(re.findall(r'<rect class="s-hover"', page)) == 2 * rows


def test_the_week_of_a_person_opens_their_entries_and_their_requests(
    desk: Pages, manager: FlaskClient, world_of: World
) -> None:
    def work(session: Session) -> int:
        ana = session.get_one(Person, world_of.ana)
        asked = world.add_ticket(session, assignee=ana)
        worklog.log_work(session, asked, author=ana, minutes=90, travel_minutes=30)
        return 1

    desk.write(work)
    page = manager.get("/overview/").text
    bar = re.search(r'aria-label="(Ana Pop: [^"]+)"', page)
    entries = text_of(manager.get(f"/overview/work/{world_of.ana}").text)
    requests = re.search(rf'href="(/tickets/\?[^"]*assignee={world_of.ana}[^"]*)">(\d+) open<', page)

    assert bar is not None
    worked = re.search(r"Ana Pop: (\d+ h(?: \d\d)?) worked", bar[1].replace("\u00a0", " "))
    assert worked is not None
    assert f"{worked[1]} worked of 45 h" in entries
    assert requests is not None
    assert rows_of(manager, requests[1].replace("&amp;", "&")) == int(requests[2])


def test_contract_hours_are_the_sum_of_their_entries(desk: Pages, manager: FlaskClient) -> None:
    page = manager.get("/overview/contracts?alert=1").text
    address = re.search(r'href="(/overview/contracts/\d+)"', page)
    assert address is not None

    rows = manager.get(address[1]).text

    used = re.search(r"(\d) h (\d\d) of 1 h 40", text_of(rows))
    counted = re.findall(r"Counted </span>(?:(\d+)\u00a0h\u00a0)?(\d+)(?:\u00a0min)?</td></tr>", rows)
    assert used is not None
    total = sum(HOUR * int(hours or 0) + int(minutes) for hours, minutes in counted)
    assert total == HOUR * int(used[1]) + int(used[2])
    assert manager.get(address[1] + "?day=2026-10-05").status_code == 200


def test_it_costs_the_same_however_much_there_is(desk: Pages, manager: FlaskClient, world_of: World) -> None:
    manager.get("/overview/")
    with counted_queries() as few:
        manager.get("/overview/")

    def more(session: Session) -> None:
        for number in range(12):
            customer = world.add_customer(session)
            world.add_contract(session, customer, included_minutes=600)
            team = world.add_team(session, "theirs")
            person = world.add_person(session, teams=[team])
            world.add_ticket(session, f"Another {number}", team=team, customer=customer, priority="urgent")
            world.add_ticket(session, team=team, customer=customer, assignee=person)

    desk.write(more)
    with counted_queries() as many:
        manager.get("/overview/")

    assert len(many) <= len(few)
    assert len(many) < 70


def test_a_new_desk_says_what_will_stand_here(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = open_desk(tmp_path_factory.mktemp("empty"))
    browser = empty.client(empty.staff(Role.MANAGER))

    with clock.frozen(empty.moment):
        page = browser.get("/overview/")
        others = [browser.get(f"/overview/{place}").status_code for place in ("deadlines", "workload", "contracts")]

    words = text_of(page.text)
    assert page.status_code == 200
    assert others == [200, 200, 200]
    assert "Every deadline is in time." in words
    assert "No deadline was decided in this time." in words
    assert "Nobody here takes requests over yet." in words
    assert "Nothing is late or close to it." in words
    assert "No contract limits its hours here." in words


def test_a_decision_that_waits_for_the_reader_leads_to_it(desk: Pages, manager: FlaskClient, world_of: World) -> None:
    number = desk.ticket(desk.contact()[0], "Needs another hand", priority="urgent")
    answer = {
        "outcome": "escalate", "reply": "", "files": [], "minutes": 5, "worked_on": None, "kind": "remote",
        "billable": True, "travel_minutes": 0, "travel_km": 0, "note": "", "escalation_reason": "Too hard for me.",
        "escalation_skill": "",
    }  # fmt: skip
    agent = desk.staff(Role.AGENT, team="lonely")

    def hand_over(session: Session) -> None:
        team = session.query(Team).filter_by(key="lonely").one()
        service.assign_to_team(session, ticket_of(session, number), team, by=None)

    desk.write(hand_over)
    desk.complete(number, agent, {"outcome": "mine", "person": None})
    desk.complete(number, agent, answer)

    with clock.frozen(desk.moment + timedelta(hours=2)):
        page = manager.get("/overview/?team=lonely").text
        decide = re.search(r'href="(/tasks/[0-9a-f-]+)"[^>]*>Decide</a>', page)

        assert "Escalation waits for you" in page
        assert decide is not None
        assert manager.get(decide[1]).status_code == 200
