"""Instances for tests of their screens."""

from __future__ import annotations

from app.engine import queries
from app.engine.failures import StepFailed
from tests.pages import Pages, ticket_of


def instance_of(desk: Pages, number: str) -> int:
    """The id of the instance that carries a request."""
    return desk.write(lambda session: queries.instances_of(session, ticket_of(session, number).process_subject)[-1].id)


def stall(desk: Pages, number: str, agent_id: int) -> int:
    """Make a request's process stall: an answer without the outcome that the next step reads."""
    try:
        desk.complete(number, agent_id, {})
    except StepFailed:
        return instance_of(desk, number)
    raise AssertionError("the step did not fail")
