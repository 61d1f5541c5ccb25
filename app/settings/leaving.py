"""What happens to somebody's work when they are deactivated, counted before it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.contracts.models import Contract
from app.engine import queries as engine_queries
from app.engine.models import UserTask
from app.people import queries as people
from app.people.models import Person, Team
from app.people.subscribers import can_go_back
from app.tickets.filters import in_categories
from app.tickets.models import Ticket
from app.tickets.queries import UNSOLVED


@dataclass(frozen=True)
class Leaving:
    """What somebody leaves behind.

    Args:
        requests: that they are responsible for; these wait for another one in their team.
        tasks: that they had taken besides; these go back to those who may take them.
        only_theirs: tasks that nobody else can take.
        led: teams without an active lead afterwards.
        contracts: that they look after; the substitute, or the customer's own, is told instead.
        asked: unsolved requests that they asked for as a customer's contact.
    """

    requests: int
    tasks: int
    only_theirs: Sequence[UserTask]
    led: Sequence[Team]
    contracts: int
    asked: int


def what_happens(session: Session, person: Person) -> Leaving:
    """What somebody leaves behind."""
    tasks = engine_queries.open_tasks_of(session, person.id)
    own_requests = set(
        session.scalars(select(Ticket.id).where(Ticket.assignee_id == person.id, in_categories(*UNSOLVED)))
    )
    besides = [task for task in tasks if task.subject_kind != "ticket" or task.subject_id not in own_requests]
    looked_after = select(func.count()).select_from(Contract)
    asked = select(func.count()).select_from(Ticket).where(Ticket.requester_id == person.id, in_categories(*UNSOLVED))
    return Leaving(
        requests=len(own_requests),
        tasks=sum(can_go_back(task) for task in besides),
        only_theirs=[task for task in besides if not can_go_back(task)],
        led=people.led_by(session, person),
        contracts=session.scalar(looked_after.where(Contract.responsible_id == person.id)) or 0,
        asked=session.scalar(asked) or 0,
    )
