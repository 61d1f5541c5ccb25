"""Many tasks at once: a result for each, none that takes another with it, and what can be taken back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.engine import definitions
from app.engine.models import ProcessInstance
from app.escalations.models import Escalation
from app.forms.fields import parse_form
from app.people import service as people
from app.people.models import Person, Role
from app.tasklist import bulk, decisions
from app.tasklist.models import BulkDeed, Deed
from app.worklog.models import WorkEntry
from tests.pages import Pages, open_desk
from tests.rules.project_files import ROOT
from tests.tasklist.tasks import ESCALATED, approval, open_task, state_of, taken_over


@pytest.fixture
def agent(desk: Pages) -> int:
    return desk.staff(Role.AGENT, team="support")


@pytest.fixture
def approver(desk: Pages) -> int:
    return desk.staff(Role.APPROVER, team="support")


def new_task(desk: Pages) -> str:
    return open_task(desk, desk.ticket(desk.contact()[0]))


def send(browser: FlaskClient, deed: str, *tasks: str, **more: Any) -> str:
    """Do it, and return the page that it leads to."""
    answer = browser.post("/work/bulk", data={"deed": deed, "task": list(tasks), **more})
    assert answer.status_code == 302, answer.text
    return browser.get(answer.headers["Location"]).text


def told(page: str) -> str:
    """What the page says became of them, as a reader sees it."""
    said = page[page.index('id="done"') : page.index('id="work"')]
    return " ".join(re.sub(r"<[^>]+>", " ", said.partition(">")[2]).split())


def test_several_are_claimed_and_given_back_again(desk: Pages, agent: int) -> None:
    tasks, browser = [new_task(desk) for _ in range(3)], desk.client(agent)

    page = send(browser, "claim", *tasks)
    undo = re.search(r"/work/bulk/(\d+)/undo", page)

    assert "3 tasks are yours now." in told(page)
    assert {state_of(desk, task)[1] for task in tasks} == {agent}
    assert undo is not None
    after = browser.get(browser.post(undo[0]).headers["Location"]).text
    assert "3 tasks are back with the team." in told(after)
    assert {state_of(desk, task)[1] for task in tasks} == {None}
    assert browser.post(undo[0]).status_code == 409


def test_undoing_leaves_what_somebody_did_since(desk: Pages, agent: int) -> None:
    colleague = desk.staff(Role.AGENT, team="support")
    kept, handed_on = new_task(desk), new_task(desk)
    browser = desk.client(agent)
    undo = re.search(r"/work/bulk/\d+/undo", send(browser, "claim", kept, handed_on))
    browser.post(f"/tasks/{handed_on}/release")
    desk.client(colleague).post(f"/tasks/{handed_on}/claim")

    assert undo is not None
    page = browser.get(browser.post(undo[0]).headers["Location"]).text

    assert "1 task is back with the team." in told(page)
    assert "It is not yours any more." in told(page)
    assert state_of(desk, handed_on)[1] == colleague


def test_what_was_mine_before_stays_mine_when_claiming_is_undone(desk: Pages, agent: int) -> None:
    mine, free = new_task(desk), new_task(desk)
    browser = desk.client(agent)
    browser.post(f"/tasks/{mine}/claim")
    undo = re.search(r"/work/bulk/\d+/undo", send(browser, "claim", mine, free))

    assert undo is not None
    browser.post(undo[0])

    assert (state_of(desk, mine)[1], state_of(desk, free)[1]) == (agent, None)


def test_giving_back_can_be_taken_back(desk: Pages, agent: int) -> None:
    task, browser = new_task(desk), desk.client(agent)
    browser.post(f"/tasks/{task}/claim")

    page = send(browser, "release", task)

    assert "1 task is back with the team." in told(page)
    undo = re.search(r"/work/bulk/\d+/undo", page)
    assert undo is not None
    browser.post(undo[0])
    assert state_of(desk, task)[1] == agent


def test_approving_several_tells_of_the_one_that_somebody_was_faster_with(
    desk: Pages, agent: int, approver: int
) -> None:
    """The others are approved all the same, and the page says who was first and when."""
    faster = desk.staff(Role.APPROVER, team="support")
    (first, _), (second, number), (third, _) = (approval(desk, agent) for _ in range(3))
    desk.client(faster).post(f"/tasks/{second}/complete", data={"outcome": "approve"})

    page = send(desk.client(approver), "approve", first, second, third, query="of=me&saved=&rows=200")

    name = desk.write(lambda session: session.get_one(Person, faster).name)
    assert f"2 approved. {number} was not: {name} completed this at 10:00." in told(page)
    assert {state_of(desk, task)[2] for task in (first, third)} == {"approve"}
    assert "/undo" not in page[page.index('id="done"') : page.index('id="work"')]


def test_a_return_takes_one_reason_to_every_author(desk: Pages, agent: int, approver: int) -> None:
    """Work entries go back, escalations are refused: each form has its own word for it."""
    entry, _ = approval(desk, agent)
    wish, _ = approval(desk, agent, ESCALATED)

    page = send(desk.client(approver), "return", entry, wish, reason="Which cable was it?")

    assert "2 returned." in told(page)

    def reasons(session: Session) -> set[str | None]:
        entries = select(WorkEntry.decision_reason).where(WorkEntry.author_id == agent)
        wishes = select(Escalation.decision_reason).where(Escalation.asked_by_id == agent)
        return {*session.scalars(entries), *session.scalars(wishes)}

    assert desk.write(reasons) - {None} == {"Which cable was it?"}
    assert (state_of(desk, entry)[2], state_of(desk, wish)[2]) == ("reject", "refuse")


def test_a_return_without_a_reason_asks_for_it_and_keeps_what_was_chosen(
    desk: Pages, agent: int, approver: int
) -> None:
    """So it works without scripts too, and nothing typed is lost."""
    task, _ = approval(desk, agent)
    browser = desk.client(approver)

    asked = browser.post("/work/bulk", data={"deed": "return", "task": [task], "reason": "", "query": "of=me"})
    empty = browser.post("/work/bulk", data={"deed": "return", "task": [task], "reason": " ", "asked": "1"})
    long = browser.post("/work/bulk", data={"deed": "return", "task": [task], "reason": "x" * 2001})

    assert asked.status_code == empty.status_code == long.status_code == 422
    assert f'name="task" value="{task}"' in asked.text
    assert "aria-invalid" not in asked.text
    assert 'id="reason-error"' in empty.text
    assert "x" * 2001 in long.text
    assert state_of(desk, task)[0] == "open"


def test_nobody_approves_their_own_work_among_others(desk: Pages, agent: int, approver: int) -> None:
    own, _ = approval(desk, agent)
    other, _ = approval(desk, desk.staff(Role.AGENT, team="support"))
    desk.write(lambda session: people.give_role(session, session.get_one(Person, agent), Role.APPROVER))

    page = send(desk.client(agent), "approve", own, other)

    assert "1 approved." in told(page)
    assert "Nobody decides about their own work." in told(page)
    assert state_of(desk, own)[0] == "open"


def test_tasks_that_are_no_approvals_or_not_for_the_reader_stay_as_they_are(
    desk: Pages, agent: int, approver: int
) -> None:
    work = open_task(desk, taken_over(desk, approver))
    hidden, _ = approval(desk, agent)
    outsider = desk.staff(Role.APPROVER, team="field")

    own = send(desk.client(approver), "approve", work, "no-such-task")
    foreign = send(desk.client(outsider), "approve", hidden)

    assert "This is no approval." in told(own)
    assert "One was not: There is no such task" in told(own)
    assert "One was not: There is no such task" in told(foreign)
    assert (state_of(desk, work)[0], state_of(desk, hidden)[0]) == ("open", "open")


def test_a_form_that_asks_for_more_is_left_and_says_so(tmp_path: Path) -> None:
    """The row offers no approval at once; whoever sends it anyway is told what is missing."""
    desk = open_desk(tmp_path)
    agent, approver = desk.staff(Role.AGENT, team="support"), desk.staff(Role.APPROVER, team="support")
    simple, _ = approval(desk, agent)

    def ask_for_more(session: Session) -> None:
        file = definitions.source_file(ROOT / "forms" / "work_decision.form")
        form = json.loads(file.content)
        more = {"type": "textfield", "key": "invoice", "id": "invoice", "label": "Invoice"}
        form["components"].append(more | {"validate": {"required": True}, "properties": {"label:ro": "Factura"}})
        definitions.deploy(session, [replace(file, content=json.dumps(form).encode())])

    desk.write(ask_for_more)
    asking, number = approval(desk, agent)
    browser = desk.client(approver)

    page = browser.get("/").text
    said = told(send(browser, "approve", simple, asking))

    assert re.search(rf'value="{simple}"[^>]*data-deeds="approve return"', page)
    assert re.search(rf'value="{asking}"[^>]*data-deeds=""', page)
    assert f"1 approved. {number} was not: Its form asks for more (Invoice). Open it to decide." in said


@pytest.mark.parametrize("outcomes", [("yes", "no"), ("approve",), ("reject", "later")])
def test_a_form_offers_at_once_only_what_it_has_words_for(outcomes: tuple[str, ...]) -> None:
    form = parse_form(
        {
            "id": "f",
            "components": [
                {
                    "type": "radio",
                    "key": "outcome",
                    "values": [{"label": value, "value": value} for value in outcomes],
                    "properties": {"display": "outcome"},
                }
            ],
        }
    )

    assert decisions.possible(form) == ({"approve"} if "approve" in outcomes else frozenset())


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"deed": "claim"}, "Choose the tasks first."),
        ({"deed": "delete", "task": ["a"]}, "Choose what to do"),
        ({"task": ["a"]}, "Choose what to do"),
        ({"deed": "claim", "task": [f"t{at}" for at in range(101)]}, "At most 100 tasks"),
    ],
)
def test_what_cannot_be_done_is_refused_whole(desk: Pages, agent: int, sent: dict[str, Any], said: str) -> None:
    answer = desk.client(agent).post("/work/bulk", data=sent)

    assert answer.status_code == 422
    assert said in answer.text


def test_the_result_is_for_whoever_did_it(desk: Pages, agent: int) -> None:
    task, browser = new_task(desk), desk.client(agent)
    answer = browser.post("/work/bulk", data={"deed": "claim", "task": [task]})
    other = desk.client(desk.staff(Role.AGENT, team="support"))

    assert 'id="done"' in browser.get(answer.headers["Location"]).text
    assert 'id="done"' not in other.get(answer.headers["Location"]).text
    undo = re.search(r"done=(\d+)", answer.headers["Location"])
    assert undo is not None
    assert other.post(f"/work/bulk/{undo[1]}/undo").status_code == 404


def test_one_that_stalls_leaves_the_others_done(desk: Pages, agent: int, approver: int) -> None:
    """Its process is marked for repair, and the page says that nothing is lost."""
    (good, _), (bad, number) = approval(desk, agent), approval(desk, agent)

    def withdraw(session: Session) -> None:
        """So that approving it fails within the process, which nobody at the form can help."""
        entry = session.scalars(select(WorkEntry).where(WorkEntry.author_id == agent).order_by(WorkEntry.id)).all()[-1]
        session.execute(update(WorkEntry).where(WorkEntry.id == entry.id).values(state="withdrawn"))

    desk.write(withdraw)

    page = send(desk.client(approver), "approve", bad, good)

    assert "1 approved." in told(page)
    assert f"{number} was not: The process could not go on" in told(page)
    assert (state_of(desk, good)[2], state_of(desk, bad)[0]) == ("approve", "open")
    stalled = select(ProcessInstance.id).where(ProcessInstance.state == "stalled")
    assert len(desk.write(lambda session: session.scalars(stalled).all())) == 1


def test_what_was_done_long_ago_is_forgotten(desk: Pages, agent: int) -> None:
    def begin(session: Session, ago: timedelta) -> None:
        deed = bulk.begin(session, Deed.CLAIM, ["a"], by=session.get_one(Person, agent), reason=f"{ago.days}")
        deed.made_at -= ago

    for days in (31, 2, 0):
        desk.write(partial(begin, ago=timedelta(days=days)))

    kept = desk.write(lambda session: set(session.scalars(select(BulkDeed.reason).where(BulkDeed.by_id == agent))))
    assert kept == {"2", "0"}
