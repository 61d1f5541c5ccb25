"""My work: whose tasks are listed, in what order, and at what price."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.engine import queries as engine
from app.engine.models import UserTask
from app.people.models import Person, Role
from app.sla import queries as sla
from app.tasklist import worklist
from tests.pages import Pages, counted_queries, ticket_of
from tests.tasklist.tasks import ESCALATED, approval

BUCHAREST = ZoneInfo("Europe/Bucharest")


def work_of(desk: Pages, person_id: int, *, whole_team: bool = True) -> dict[str, list[str]]:
    def read(session: Session) -> dict[str, list[str]]:
        person = session.get_one(Person, person_id)
        work = worklist.my_work(session, person, whole_team=whole_team, zone=BUCHAREST)
        return {name: [row.ticket.number for row in rows if row.ticket] for name, rows in work.groups.items()}

    return desk.write(read)


def listed(desk: Pages, person_id: int, **how: Any) -> set[str]:
    return {number for numbers in work_of(desk, person_id, **how).values() for number in numbers}


def test_a_new_request_waits_for_the_agents_of_its_team(desk: Pages) -> None:
    ours, others = desk.staff(Role.AGENT, team="support"), desk.staff(Role.AGENT, team="field")

    number = desk.ticket(desk.contact()[0])

    assert number in listed(desk, ours)
    assert number not in listed(desk, others)


def test_only_what_one_has_taken_is_ones_own(desk: Pages) -> None:
    agent = desk.staff(Role.AGENT, team="support")
    number = desk.ticket(desk.contact()[0])
    before = listed(desk, agent, whole_team=False)

    desk.complete(number, agent, {"outcome": "mine", "person": None})

    assert number not in before
    assert listed(desk, agent, whole_team=False) == {number}


@pytest.mark.parametrize("group", ["today", "next_hour", "late"])
def test_tasks_are_grouped_by_the_deadline_that_comes_first(desk: Pages, group: str) -> None:
    agent = desk.staff(Role.AGENT, team="support")
    number = desk.ticket(desk.contact()[0], priority="high")
    due = desk.write(lambda session: _due(session, number))
    moment = {"today": desk.moment, "next_hour": due - timedelta(minutes=50), "late": due + timedelta(minutes=5)}[group]

    groups = work_of(replace(desk, moment=moment), agent)

    assert number in groups[group]


def test_a_deadline_after_the_weekend_is_a_moment_everywhere(desk: Pages) -> None:
    """Ten minutes of working time that begin on Monday are not ten minutes on Saturday."""
    reader = desk.staff(Role.AGENT, Role.MANAGER, team="support")
    number = replace(desk, moment=_local("2026-11-20 14:10")).ticket(desk.contact()[0], priority="high")
    on_saturday = replace(desk, moment=_local("2026-11-21 11:00"))
    task = on_saturday.write(lambda session: _task(session, number).uuid)
    pages = {
        f"/?task={task}": "Reply by Mon 23 Nov, 09:10",
        "/tickets/": "Mon 23 Nov, 09:10",
        "/unassigned/": "Mon 23 Nov, 09:10",
        "/overview/": "Mon 23 Nov, 09:10",
        f"/tickets/{number}": "Mon 23 Nov, 09:10",
    }

    with clock.frozen(on_saturday.moment):
        read = on_saturday.client(reader).get
        shown = {address: read(address).text.replace("\N{NO-BREAK SPACE}", " ") for address in pages}

    for address, words in pages.items():
        said = re.findall(r"<span data-words data-moment>(.*?)</span>", shown[address])
        assert words in said, address
        assert not any("min" in each for each in said)
    assert "To the work · <span" in shown[f"/tickets/{number}"]
    assert "10 min of working time left" in shown[f"/tickets/{number}"]


def _local(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=BUCHAREST)


def _due(session: Session, number: str) -> datetime:
    clocks = sla.clocks(session, ticket_of(session, number))
    return min(view.due_at for view in clocks.values() if view.due_at is not None)


def test_the_list_costs_the_same_whatever_its_length(desk: Pages) -> None:
    """A page that asks the database once per row is slow on the day it matters: tasks, work and wishes to approve."""
    reader = desk.staff(Role.AGENT, Role.APPROVER, team="support")
    author = desk.staff(Role.AGENT, team="support")
    requester, _customer = desk.contact()

    def add(number: int) -> None:
        for _each in range(number):
            desk.ticket(requester)
            approval(desk, author)
            approval(desk, author, ESCALATED)

    add(1)
    browser = desk.client(reader)
    browser.get("/")
    with counted_queries() as few:
        browser.get("/")

    add(4)
    with counted_queries() as many:
        page = browser.get("/")

    assert page.status_code == 200
    assert page.text.count("data-approval") >= 10
    assert len(many) == len(few)


def test_claiming_makes_the_task_mine(desk: Pages) -> None:
    agent, colleague = desk.staff(Role.AGENT, team="support"), desk.staff(Role.AGENT, team="support")
    number = desk.ticket(desk.contact()[0])
    task = desk.write(lambda session: _task(session, number).uuid)

    claimed = desk.client(agent).post(f"/tasks/{task}/claim")
    again = desk.client(colleague).post(f"/tasks/{task}/claim")

    assert claimed.status_code == 302
    assert desk.write(lambda session: _task(session, number).assignee_id) == agent
    assert again.status_code == 409


def test_giving_back_lets_the_team_have_it_again(desk: Pages) -> None:
    agent, colleague = desk.staff(Role.AGENT, team="support"), desk.staff(Role.AGENT, team="support")
    number = desk.ticket(desk.contact()[0])
    task = desk.write(lambda session: _task(session, number).uuid)
    desk.client(agent).post(f"/tasks/{task}/claim")

    refused = desk.client(colleague).post(f"/tasks/{task}/release")
    given = desk.client(agent).post(f"/tasks/{task}/release")

    assert refused.status_code == 403
    assert given.status_code == 302
    assert desk.write(lambda session: _task(session, number).assignee_id) is None


def test_a_task_of_another_team_does_not_exist(desk: Pages) -> None:
    outsider = desk.client(desk.staff(Role.AGENT, team="field"))
    number = desk.ticket(desk.contact()[0])
    task = desk.write(lambda session: _task(session, number).uuid)

    assert outsider.get(f"/tasks/{task}").status_code == 404
    assert outsider.post(f"/tasks/{task}/claim").status_code == 404


def _task(session: Session, number: str) -> UserTask:
    return engine.open_tasks(session, ticket_of(session, number).process_subject)[0]
