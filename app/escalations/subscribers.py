"""What an escalation sets going, and what ends it early."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.engine import queries as engine_queries
from app.engine import service as engine
from app.engine.models import InstanceState
from app.engine.subject import Subject
from app.escalations import queries, service
from app.escalations.events import EscalationRequested
from app.events import reacts_to
from app.people.models import Person
from app.tickets import lines
from app.tickets.events import TicketStateChanged
from app.tickets.models import Category

PROCESS = "escalation"
OVER = (InstanceState.COMPLETED, InstanceState.CANCELLED)


def _(message: str) -> str:
    """Mark a sentence for the catalogues; it is translated when somebody reads it."""
    return message


lines.register("escalation_asked", _("Escalation asked for: %(reason)s"))
lines.register("escalation_overdue", _("Escalated because a deadline passed."))
lines.register("escalation_refused", _("The escalation was refused."))
lines.register("escalation_declined", _("The escalation was sent back."))


@reacts_to(EscalationRequested)
def start_escalation(session: Session, event: EscalationRequested) -> None:
    """Every escalation runs its own diagram."""
    engine.start(session, PROCESS, Subject("escalation", event.escalation_id), by_id=event.by_id)


@reacts_to(TicketStateChanged)
def end_pointless(session: Session, event: TicketStateChanged) -> None:
    """Nobody needs to decide about a ticket whose work is over: its open escalation ends, and its diagram with it."""
    if event.to_category not in (Category.RESOLVED, Category.CLOSED):
        return
    escalation = queries.open_escalation(session, event.ticket_id)
    if escalation is None:
        return
    by = session.get(Person, event.by_id) if event.by_id is not None else None
    service.cancel(session, escalation, by=by)
    for instance in engine_queries.instances_of(session, Subject("escalation", escalation.id)):
        if instance.state not in OVER:
            engine.cancel(session, instance, "The ticket's work is over.", by_id=event.by_id)
    service.report_back(session, escalation)
