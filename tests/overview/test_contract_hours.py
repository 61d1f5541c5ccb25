"""The page of a contract: what was counted, what waits for approval, what is left on open requests."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.contracts import queries
from app.contracts import service as contracts
from app.people.models import Role
from app.worklog import service as worklog
from tests import world
from tests.pages import Pages, counted_queries

HOUR = 60


@pytest.fixture
def manager(desk: Pages) -> FlaskClient:
    return desk.client(desk.staff(Role.MANAGER))


@pytest.fixture
def contract_id(desk: Pages) -> int:
    """Two requests under a contract: one with work that waits for approval, one untouched; 80 minutes are counted."""

    def sign(session: Session) -> int:
        begun, untouched = world.add_ticket(session, "Begun"), world.add_ticket(session, "Untouched")
        agreed = world.add_contract(session, begun.customer, included_minutes=600, period="month")
        begun.contract = untouched.contract = agreed
        session.flush()
        worklog.log_work(session, begun, author=world.add_person(session, "Ana Pop"), minutes=40, note="Searched")
        contracts.count_hours(session, agreed, f"tests:{agreed.id}:now", 80, date(2026, 11, 17))
        contracts.count_hours(session, agreed, f"tests:{agreed.id}:before", 45, date(2026, 10, 6))
        return agreed.id

    return desk.write(sign)


def minutes_of(words: str) -> int:
    """The minutes that `1 h 20`, `2 h` or `25 min` says."""
    said = words.replace("\u00a0", " ").strip()
    hours, _h, rest = said.rpartition(" h")
    return HOUR * int(hours or 0) + int(rest.replace("min", "") or 0)


def last_column(page: str) -> list[int]:
    """The minutes at the end of each row."""
    rows = re.findall(r"<tr data-row.*?</tr>", page, re.DOTALL)
    cells = [row.rsplit("<td", 1)[1].partition(">")[2] for row in rows]
    return [minutes_of(re.sub(r"<span.*?</span>|<[^>]+>", "", cell)) for cell in cells]


def test_each_number_is_the_sum_of_the_rows_that_it_opens(manager: FlaskClient, contract_id: int) -> None:
    page = manager.get(f"/overview/contracts/{contract_id}").text

    tabs = re.findall(r'<a href="(/overview/contracts/[^"]+)"[^>]*>([A-Z][a-z ]+) <b class="s-num">([^<]+)</b>', page)

    assert [name for _address, name, _number in tabs] == ["Counted", "Waits for approval", "Left on open requests"]
    assert [minutes_of(number) for _address, _name, number in tabs] == [80, 40, 80]
    for address, _name, number in tabs:
        assert sum(last_column(manager.get(address.replace("&amp;", "&")).text)) == minutes_of(number)


def test_the_rows_say_who_and_what(manager: FlaskClient, contract_id: int) -> None:
    waiting = manager.get(f"/overview/contracts/{contract_id}?show=waiting").text
    still = manager.get(f"/overview/contracts/{contract_id}?show=open").text

    assert "Searched" in waiting
    assert "Ana Pop" in waiting
    assert "Begun" in still
    assert "Untouched" in still


def test_a_period_that_is_over_has_only_what_was_counted(manager: FlaskClient, contract_id: int) -> None:
    page = manager.get(f"/overview/contracts/{contract_id}?day=2026-10-05&show=open").text

    assert "Left on open requests" not in page
    assert last_column(page) == [45]


def test_the_hours_of_a_contract_that_bears_nothing_more_are_told_calmly(desk: Pages, manager: FlaskClient) -> None:
    contract_id = desk.write(lambda session: world.add_contract(session, included_minutes=600).id)

    page = manager.get(f"/overview/contracts/{contract_id}").text
    waiting = manager.get(f"/overview/contracts/{contract_id}?show=waiting").text

    assert "Nothing counted in this period" in page
    assert "No work waits for approval" in waiting


@pytest.mark.parametrize("show", ["counted", "waiting", "open"])
@pytest.mark.parametrize("after", ["x", "-1", "99999999999999999999", "2026-01-01~x"])
def test_a_page_that_is_none_is_answered_calmly(manager: FlaskClient, contract_id: int, show: str, after: str) -> None:
    answer = manager.get(f"/overview/contracts/{contract_id}", query_string={"show": show, "after": after})

    assert answer.status_code == 422


@pytest.mark.parametrize("show", ["waiting", "open"])
def test_its_rows_cost_the_same_however_many_there_are(
    desk: Pages, manager: FlaskClient, contract_id: int, show: str
) -> None:
    address = f"/overview/contracts/{contract_id}?show={show}"
    manager.get(address)
    with counted_queries() as few:
        manager.get(address)

    def more(session: Session) -> None:
        agreed = queries.get_contract(session, contract_id)
        for _each in range(6):
            asked = world.add_ticket(session, customer=agreed.customer, assignee=world.add_person(session))
            asked.contract = agreed
            session.flush()
            worklog.log_work(session, asked, author=world.add_person(session), minutes=40)

    desk.write(more)
    with counted_queries() as many:
        page = manager.get(address).text

    assert len(last_column(page)) > 6
    assert len(many) <= len(few)
