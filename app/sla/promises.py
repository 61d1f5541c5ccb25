"""By when we would reply and solve, for a request that is not sent yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.contracts.models import Contract, Customer
from app.engine import decisions
from app.errors import DeskError
from app.people.models import Person
from app.sla import calendars
from app.sla.calendar import add_working_time
from app.sla.models import ClockKind
from app.sla.rules import DECISION, targets_in
from app.tickets.facts import facts_of_contract, facts_of_customer, facts_of_ticket
from app.tickets.models import Channel, Priority, RequestType, State, Ticket, TicketState


@dataclass(frozen=True)
class Promise:
    """An allowance in working minutes, and when it would be used up if the request were sent now."""

    minutes: int
    due_at: datetime


def promises(
    session: Session,
    *,
    requester: Person,
    customer: Customer,
    contract: Contract | None,
    kind: RequestType,
    priority: str | None,
) -> dict[ClockKind, Promise]:
    """What we would promise for a request of a type, asked now.

    Nothing is promised when the table of service levels cannot say so beforehand: it may read what only a request that
    is there has.
    """
    now = clock.now()
    # Never added to the session: it only carries what the table may ask about a new request.
    asked = Ticket(
        number="",
        subject="",
        type=kind,
        priority=Priority(priority or kind.default_priority),
        state=session.get_one(TicketState, State.NEW.value),
        state_key=State.NEW.value,
        type_key=kind.key,
        channel=Channel.PORTAL,
        language=requester.language,
        requester_id=requester.id,
        customer_id=customer.id,
        reopened_count=0,
        opened_at=now,
    )
    facts = {
        "ticket": facts_of_ticket(asked),
        "customer": facts_of_customer(customer),
        "contract": facts_of_contract(session, contract, customer),
    }
    try:
        targets = targets_in(decisions.decide_on(session, DECISION, facts))
    except DeskError:
        return {}
    find_calendar = calendars.finder(session)
    promised = {}
    for clock_kind, target in targets.items():
        if target.minutes:
            allowance = timedelta(minutes=target.minutes)
            due_at = add_working_time(find_calendar(target.calendar_key), now, allowance)
            promised[clock_kind] = Promise(target.minutes, due_at)
    return promised
