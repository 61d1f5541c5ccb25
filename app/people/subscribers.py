"""What follows when somebody leaves."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.engine import queries as engine_queries
from app.engine import service as engine
from app.engine.models import UserTask
from app.events import reacts_to
from app.live import touch
from app.people.events import PersonDeactivated


@reacts_to(PersonDeactivated)
def give_tasks_back(session: Session, event: PersonDeactivated) -> None:
    """What somebody had taken goes back to those who may take it."""
    for task in engine_queries.open_tasks_of(session, event.person_id):
        if can_go_back(task):
            engine.release(session, task, event.by_id)
            touch(session, task.subject, teams=task.team_keys)


def can_go_back(task: UserTask) -> bool:
    """Whether a task is meant for a team or a role; the other ones are for nobody but the person they were given to."""
    return bool(task.team_keys) or task.candidate_role is not None
