"""The requests whose deadlines are in danger: why, who has them, and what a manager can do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.engine.models import InstanceState, ProcessInstance, TaskState, UserTask
from app.escalations.models import OPEN, Escalation, EscalationState
from app.overview.scope import Scope
from app.people.models import Person
from app.sla import queries as sla
from app.sla.chips import Chip, first_chip
from app.sla.models import ClockKind
from app.sla.queries import ClockView
from app.tasklist import queries as tasklist
from app.tasklist.permissions import may_work_on, standing
from app.tickets import queries as tickets
from app.tickets.models import Ticket
from app.worklog.planned import left_of_tickets

SHOWN = 8


class Why(StrEnum):
    """What stands in the way, the most telling first."""

    STALLED = "stalled"
    DECISION = "decision"
    ACCEPTANCE = "acceptance"
    NOBODY = "nobody"
    WRITING = "writing"
    TOO_LONG = "too_long"
    REPLY = "reply"
    SOLUTION = "solution"


@dataclass(frozen=True)
class Risk:
    """A request in danger.

    Args:
        needs_minutes: what it should still take; only with `TOO_LONG`.
        has_minutes: working minutes until it has to be solved.
        instance_id: the stalled instance.
        task_uuid: the decision that waits for the reader.
    """

    ticket: Ticket
    chip: Chip | None
    why: Why
    needs_minutes: int = 0
    has_minutes: int = 0
    instance_id: int | None = None
    task_uuid: str | None = None


def risks(session: Session, reader: Person, scope: Scope) -> tuple[list[Risk], int]:
    """The first requests in danger by their deadlines, and how many there are in all."""
    wanted = scope.filters(at_risk=True)
    found = tickets.page(session, reader, wanted, sort="due", size=SHOWN).tickets
    return _told(session, reader, found), tickets.count(session, reader, wanted)


def _told(session: Session, reader: Person, found: Sequence[Ticket]) -> list[Risk]:
    ids = [ticket.id for ticket in found]
    clocks, left = sla.clocks_for(session, ids), left_of_tickets(session, ids)
    stalled, escalations = _stalled(session, ids), _escalations(session, ids)
    decisions = _decisions(session, reader, [each.id for each in escalations.values()])
    writing = tasklist.answered_now(session, ids, clock.now())
    zone, now = ZoneInfo(reader.zone), clock.now()
    rows = []
    for ticket in found:
        views = clocks.get(ticket.id, {})
        chip = first_chip(views.values(), now, zone)
        solution = views.get(ClockKind.RESOLUTION)
        needs, has = left.get(ticket.id, 0), max(0, solution.working_minutes_left if solution else 0)
        escalation = escalations.get(ticket.id)
        why = _why(ticket, chip, escalation, solution, needs)
        if ticket.id in stalled:
            why = Why.STALLED
        elif ticket.id in writing and why in (Why.TOO_LONG, Why.REPLY, Why.SOLUTION):
            why = Why.WRITING
        rows.append(
            Risk(
                ticket,
                chip,
                why,
                needs,
                has,
                stalled.get(ticket.id),
                decisions.get(escalation.id) if escalation else None,
            )
        )
    return rows


def _why(
    ticket: Ticket, chip: Chip | None, escalation: Escalation | None, solution: ClockView | None, needs: int
) -> Why:
    if escalation is not None:
        return Why.DECISION if escalation.state == EscalationState.ASKED else Why.ACCEPTANCE
    if ticket.assignee_id is None:
        return Why.NOBODY
    if chip is not None and chip.kind == ClockKind.RESPONSE:
        return Why.REPLY
    runs = solution is not None and str(solution.state) == "running"
    return Why.TOO_LONG if runs and solution and needs > max(0, solution.working_minutes_left) else Why.SOLUTION


def _stalled(session: Session, ticket_ids: list[int]) -> dict[int, int]:
    """The stalled instance of each ticket."""
    found = select(ProcessInstance.subject_id, ProcessInstance.id).where(
        ProcessInstance.subject_kind == "ticket",
        ProcessInstance.subject_id.in_(ticket_ids),
        ProcessInstance.state == InstanceState.STALLED,
    )
    return dict(session.execute(found.order_by(ProcessInstance.id)).all())


def _escalations(session: Session, ticket_ids: list[int]) -> dict[int, Escalation]:
    """The escalation of each ticket that still waits for somebody; there is one at most."""
    found = select(Escalation).where(Escalation.ticket_id.in_(ticket_ids), Escalation.state.in_(OPEN))
    return {each.ticket_id: each for each in session.scalars(found)}


def _decisions(session: Session, reader: Person, escalation_ids: list[int]) -> dict[int, str]:
    """The open task of each escalation that the reader may complete."""
    found = select(UserTask).where(
        UserTask.subject_kind == "escalation",
        UserTask.subject_id.in_(escalation_ids),
        UserTask.state == TaskState.OPEN,
    )
    who = standing(session, reader)
    return {task.subject_id: task.uuid for task in session.scalars(found) if may_work_on(task, who)}
