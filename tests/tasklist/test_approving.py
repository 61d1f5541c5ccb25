"""Who decides about work and wishes, whatever way they came to the task."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.engine.models import UserTask
from app.people import service as people
from app.people.models import Person, Role
from tests.pages import SOLVED, Pages

ESCALATED = SOLVED | {"outcome": "escalate", "reply": "", "minutes": 0, "escalation_reason": "It needs a specialist."}


@pytest.fixture
def agent(desk: Pages) -> int:
    return desk.staff(Role.AGENT, team="support")


@pytest.fixture
def approver(desk: Pages) -> int:
    return desk.staff(Role.APPROVER, team="support")


def approval_after(desk: Pages, agent: int, answer: dict[str, object]) -> str:
    """The open approval of what an agent's answer asks for."""
    number = desk.ticket(desk.contact()[0])
    desk.complete(number, agent, {"outcome": "mine", "person": None})
    desk.complete(number, agent, dict(answer))

    def find(session: Session) -> str:
        found = select(UserTask.uuid).where(UserTask.excluded_person_id == agent, UserTask.state == "open")
        return session.scalars(found).one()

    return desk.write(find)


def test_an_approval_that_was_taken_is_lost_with_the_role(desk: Pages, agent: int, approver: int) -> None:
    task = approval_after(desk, agent, SOLVED | {"minutes": 400, "travel_minutes": 300, "travel_km": 400})
    browser = desk.client(approver)
    assert browser.post(f"/tasks/{task}/claim").status_code == 302

    desk.write(lambda session: people.take_role(session, session.get_one(Person, approver), Role.APPROVER))
    desk.write(lambda session: people.give_role(session, session.get_one(Person, approver), Role.AGENT))

    assert browser.post(f"/tasks/{task}/complete", data={"outcome": "approve"}).status_code == 403


@pytest.mark.parametrize("roles", [(Role.APPROVER,), (Role.TEAM_LEAD, Role.MANAGER), (Role.MANAGER, Role.APPROVER)])
def test_nobody_decides_on_their_own_wish_whatever_they_become(
    desk: Pages, agent: int, roles: tuple[Role, ...]
) -> None:
    """Neither by claiming it, nor by sending its form, nor by having it handed back."""
    task = approval_after(desk, agent, ESCALATED)

    def promote(session: Session) -> None:
        for role in roles:
            people.give_role(session, session.get_one(Person, agent), role)

    desk.write(promote)
    browser = desk.client(agent)

    for action in ("claim", "complete"):
        answer = browser.post(f"/tasks/{task}/{action}", data={"outcome": "approve", "by": "1", "reason": "mine"})
        assert answer.status_code == 403, action
    state = desk.write(lambda session: session.scalars(select(UserTask.state).where(UserTask.uuid == task)).one())
    assert state == "open"
