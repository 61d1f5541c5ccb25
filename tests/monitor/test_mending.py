"""What people do to instances: retry, hold, resume and cancel, one at a time and many."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.demo import offers
from app.engine import queries
from app.engine import service as engine
from app.engine.failures import StepFailed
from app.engine.models import ProcessInstance
from app.people.models import Person, Role
from tests import world
from tests.monitor.instances import instance_of, stall
from tests.pages import Pages, counted_queries, ticket_of


@pytest.fixture
def manager(desk: Pages) -> FlaskClient:
    return desk.client(desk.staff(Role.MANAGER))


def state_of(desk: Pages, instance_id: int) -> str:
    return desk.write(lambda session: session.get_one(ProcessInstance, instance_id).state)


def hidden(page: str, action: str) -> str:
    """The version of the instance that a form on its page was made for."""
    found = re.search(rf'/{action}".*?name="seen" value="(\d+)"', page, re.DOTALL)
    assert found is not None
    return found[1]


def test_a_retry_that_fails_again_is_told_and_kept_stalled(desk: Pages) -> None:
    person_id, _ = desk.contact()
    instance_id = stall(desk, desk.ticket(person_id), desk.staff(Role.AGENT))
    manager = desk.client(desk.staff(Role.MANAGER))

    answer = manager.post(f"/instances/{instance_id}/retry", follow_redirects=True)

    assert "It failed again" in answer.text
    assert "failed 2 times" in answer.text
    assert desk.write(lambda session: session.get_one(ProcessInstance, instance_id).state) == "stalled"


def test_agents_look_but_do_not_mend(desk: Pages) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    instance_id = stall(desk, desk.ticket(person_id), agent_id)
    agent = desk.client(agent_id)

    assert agent.get(f"/instances/{instance_id}").status_code == 200
    assert "Retry this step" not in agent.get(f"/instances/{instance_id}").text
    assert agent.post(f"/instances/{instance_id}/retry").status_code == 403
    assert agent.post(f"/instances/{instance_id}/cancel", data={"reason": "No"}).status_code == 403


def test_cancelling_needs_a_reason_and_leaves_the_ticket(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    instance_id = instance_of(desk, number)
    manager = desk.client(desk.staff(Role.MANAGER))

    silent = manager.post(f"/instances/{instance_id}/cancel", data={"reason": " "})
    page = manager.post(f"/instances/{instance_id}/cancel", data={"reason": "Opened by mistake"}, follow_redirects=True)
    again = manager.post(f"/instances/{instance_id}/cancel", data={"reason": "Once more"})

    assert silent.status_code == 422
    assert "Opened by mistake" in page.text
    assert again.status_code == 409
    assert desk.write(lambda session: ticket_of(session, number).is_closed) is False


def test_an_instance_that_is_not_stalled_has_nothing_to_retry(desk: Pages) -> None:
    person_id, _ = desk.contact()
    instance_id = instance_of(desk, desk.ticket(person_id))

    assert desk.client(desk.staff(Role.MANAGER)).post(f"/instances/{instance_id}/retry").status_code == 409


def test_holding_needs_a_reason_and_resuming_ends_it(desk: Pages, manager: FlaskClient) -> None:
    person_id, _ = desk.contact()
    instance_id = instance_of(desk, desk.ticket(person_id))

    silent = manager.post(f"/instances/{instance_id}/suspend", data={"reason": " "})
    held = manager.post(f"/instances/{instance_id}/suspend", data={"reason": "New contract"}, follow_redirects=True)
    resumed = manager.post(f"/instances/{instance_id}/resume", follow_redirects=True)

    assert silent.status_code == 422
    assert "Nothing was changed." in silent.text
    assert "New contract" in held.text
    assert "Suspend…" not in held.text
    assert "What came meanwhile has reached it." in resumed.text
    assert "Suspend…" in resumed.text


def test_what_somebody_else_did_meanwhile_is_told_and_the_reason_is_kept(desk: Pages, manager: FlaskClient) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    instance_id = instance_of(desk, number)
    seen = hidden(manager.get(f"/instances/{instance_id}").text, "cancel")
    desk.complete(number, desk.staff(Role.AGENT), {"outcome": "mine", "person": None})

    answer = manager.post(f"/instances/{instance_id}/cancel", data={"reason": "Opened twice", "seen": seen})

    assert answer.status_code == 409
    assert 'value="Opened twice"' in answer.text
    assert "What you typed is kept." in answer.text
    assert state_of(desk, instance_id) == "running"
    again = manager.post(
        f"/instances/{instance_id}/cancel", data={"reason": "Opened twice", "seen": hidden(answer.text, "cancel")}
    )
    assert again.status_code == 302
    assert state_of(desk, instance_id) == "cancelled"


def test_a_page_offers_only_what_works_now(desk: Pages, manager: FlaskClient) -> None:
    person_id, _ = desk.contact()
    going, stuck, ended = (desk.ticket(person_id, each) for each in ("Going", "Stuck", "Ended"))
    stall(desk, stuck, desk.staff(Role.AGENT))
    manager.post(f"/instances/{instance_of(desk, ended)}/cancel", data={"reason": "A test"})
    actions = ("Retry this step", "Resume", "Suspend…", "Cancel…")

    def offered(number: str) -> list[str]:
        page = manager.get(f"/instances/{instance_of(desk, number)}").text
        head = page[page.index('id="instance-head"') : page.index("</header>", page.index('id="instance-head"'))]
        return [each for each in actions if each in head]

    assert offered(going) == ["Suspend…", "Cancel…"]
    assert offered(stuck) == ["Retry this step", "Suspend…", "Cancel…"]
    assert offered(ended) == []
    manager.post(f"/instances/{instance_of(desk, stuck)}/suspend", data={"reason": "Not now"})
    assert offered(stuck) == ["Resume", "Cancel…"]


@pytest.fixture(scope="module")
def _offers(shared_desk: Pages) -> None:
    """The process of the demo whose question about the contract has no answer for a customer without one."""
    shared_desk.write(lambda session: offers.draw(session, by=world.add_person(session, roles=[Role.ANALYST])))


def stalled_offer(desk: Pages, requester: int, agent_id: int) -> tuple[str, int]:
    """The number of a request whose offer is stalled, and the instance of the offer."""
    number = desk.ticket(requester)

    def begin(session: Session) -> int:
        ticket = ticket_of(session, number)
        offers.begin(session, ticket, by=session.get_one(Person, agent_id))
        return next(each.id for each in queries.instances_of(session, ticket.process_subject) if is_offer(each))

    def prepare(session: Session) -> None:
        tasks = queries.open_tasks(session, ticket_of(session, number).process_subject)
        task = next(each for each in tasks if each.element == "prepare")
        engine.complete_task(session, task, {"text": "Two computers", "hours": 3}, by_id=agent_id)

    instance_id = desk.write(begin)
    with pytest.raises(StepFailed):
        desk.write(prepare)
    return number, instance_id


def is_offer(instance: ProcessInstance) -> bool:
    return instance.definition.key == offers.KEY


def sign_contract(desk: Pages, number: str) -> None:
    """Take the cause away: the customer gets a contract with hours."""

    def sign(session: Session) -> None:
        ticket = ticket_of(session, number)
        ticket.contract = world.add_contract(session, ticket.customer, included_minutes=600)

    desk.write(sign)


@pytest.mark.usefixtures("_offers")
def test_a_retry_after_the_cause_is_mended_uses_the_kept_answer_and_goes_on(desk: Pages, manager: FlaskClient) -> None:
    number, instance_id = stalled_offer(desk, desk.contact()[0], desk.staff(Role.AGENT))
    assert "is kept and used again." in manager.get(f"/instances/{instance_id}").text
    sign_contract(desk, number)

    answer = manager.post(f"/instances/{instance_id}/retry", follow_redirects=True)

    assert "The step ran. The process goes on." in answer.text
    assert state_of(desk, instance_id) == "running"
    assert "Tried again" in answer.text
    assert "Two computers" in manager.get(f"/tickets/{number}").text


@pytest.mark.usefixtures("_offers")
def test_of_several_those_whose_cause_is_mended_go_on(desk: Pages, manager: FlaskClient) -> None:
    agent_id = desk.staff(Role.AGENT)
    (mended, one), (_number, other) = (stalled_offer(desk, desk.contact()[0], agent_id) for _each in range(2))
    sign_contract(desk, mended)

    answer = manager.post("/instances/retry", data={"instance": [one, other]}, follow_redirects=True)

    assert "1 instance goes on" in answer.text
    assert "1 is still stalled" in answer.text
    assert [state_of(desk, each) for each in (one, other)] == ["running", "stalled"]


def test_several_stalled_ones_are_tried_again_each_with_its_result(desk: Pages, manager: FlaskClient) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    hopeless, held, going = desk.ticket(person_id), desk.ticket(person_id), desk.ticket(person_id)
    stuck = [stall(desk, number, agent_id) for number in (hopeless, held)]
    manager.post(f"/instances/{stuck[1]}/suspend", data={"reason": "Not now"})

    answer = manager.post(
        "/instances/retry",
        data={"instance": [*stuck, instance_of(desk, going)], "back": "/instances/?state=stalled"},
        follow_redirects=True,
    )

    assert answer.status_code == 200
    assert "1 instance goes on" in answer.text
    assert "2 are still stalled" in answer.text
    assert "It is on hold; resume it first." in answer.text
    assert "“Note who has it” failed:" in answer.text
    assert 'href="/instances/?state=stalled"' in answer.text
    assert "failed 2 times" in manager.get(f"/instances/{stuck[0]}").text
    assert "failed 2 times" not in manager.get(f"/instances/{stuck[1]}").text


@pytest.mark.parametrize("sent", [{}, {"instance": "x"}, {"instance": [str(each) for each in range(1, 60)]}])
def test_nothing_or_too_many_are_answered_calmly(manager: FlaskClient, sent: dict[str, str]) -> None:
    assert manager.post("/instances/retry", data=sent).status_code == 422


def test_the_way_back_from_the_results_never_leads_to_another_site(manager: FlaskClient, desk: Pages) -> None:
    instance_id = instance_of(desk, desk.ticket(desk.contact()[0]))

    page = manager.get("/instances/retried", query_string={"instance": instance_id, "back": "https://evil.example/"})

    assert page.status_code == 200
    assert 'href="https://evil.example/"' not in page.text
    assert '<a class="btn btn-primary" href="/instances/">' in page.text


@pytest.mark.parametrize("role", [Role.AGENT, Role.APPROVER, Role.TEAM_LEAD])
@pytest.mark.parametrize("action", ["retry", "suspend", "resume", "cancel"])
def test_only_managers_analysts_and_administrators_mend(desk: Pages, role: Role, action: str) -> None:
    instance_id = instance_of(desk, desk.ticket(desk.contact()[0]))
    browser = desk.client(desk.staff(role))

    assert browser.post(f"/instances/{instance_id}/{action}", data={"reason": "Mine"}).status_code == 403
    assert browser.post("/instances/retry", data={"instance": instance_id}).status_code == 403


def test_the_page_costs_the_same_however_long_its_history_is(desk: Pages, manager: FlaskClient) -> None:
    person_id, _ = desk.contact()
    short, long = desk.ticket(person_id), desk.ticket(person_id)
    desk.solve(short, desk.staff(Role.AGENT))
    desk.solve(long, desk.staff(Role.AGENT))
    for _each in range(3):
        manager.post(f"/instances/{instance_of(desk, long)}/suspend", data={"reason": "Once more"})
        manager.post(f"/instances/{instance_of(desk, long)}/resume")
    manager.get(f"/instances/{instance_of(desk, short)}")

    with counted_queries() as few:
        manager.get(f"/instances/{instance_of(desk, short)}")
    with counted_queries() as many:
        manager.get(f"/instances/{instance_of(desk, long)}")

    assert len(many) <= len(few) + 1
