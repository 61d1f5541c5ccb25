"""Tasks of every kind, for tests of My work: made by what people do, on the shipped processes."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.engine import queries as engine
from app.engine.models import UserTask
from tests.pages import SOLVED, Pages, ticket_of

# What makes somebody else decide: too long to pass by itself; and a wish to hand the request on.
LONG = SOLVED | {"minutes": 400, "travel_minutes": 300, "travel_km": 80}
ESCALATED = SOLVED | {"outcome": "escalate", "reply": "", "minutes": 0, "escalation_reason": "It needs a specialist."}


def open_task(desk: Pages, number: str) -> str:
    """The key of the open task of a request."""
    return desk.write(lambda session: engine.open_tasks(session, ticket_of(session, number).process_subject)[0].uuid)


def taken_over(desk: Pages, agent_id: int, subject: str = "No network in hall B") -> str:
    """The number of a request that an agent has taken over: "Work on the request" is open."""
    number = desk.ticket(desk.contact()[0], subject)
    desk.complete(number, agent_id, {"outcome": "mine", "person": None})
    return number


def approval(desk: Pages, author_id: int, answer: dict[str, object] = LONG) -> tuple[str, str]:
    """(key of the approval, number of the request) of what an author did and somebody else decides about."""
    number = taken_over(desk, author_id)
    desk.complete(number, author_id, dict(answer))

    def find(session: Session) -> str:
        found = select(UserTask.uuid).where(UserTask.excluded_person_id == author_id, UserTask.state == "open")
        return session.scalars(found.order_by(UserTask.id.desc())).first() or ""

    return desk.write(find), number


def state_of(desk: Pages, task_uuid: str) -> tuple[str, int | None, str | None]:
    """(state, who has it, outcome) of a task."""

    def read(session: Session) -> tuple[str, int | None, str | None]:
        task = session.scalars(select(UserTask).where(UserTask.uuid == task_uuid)).one()
        return task.state, task.assignee_id, task.outcome

    return desk.write(read)
