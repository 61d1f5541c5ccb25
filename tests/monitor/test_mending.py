"""What people do to instances: retry, hold, resume and cancel, one at a time and many."""

from __future__ import annotations

import re

from app.engine.models import ProcessInstance
from app.people.models import Role
from tests.monitor.instances import instance_of, stall
from tests.pages import Pages, ticket_of


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
