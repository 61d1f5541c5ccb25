"""By when we would reply and solve, for a request that is not sent yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from app.sla.rules import DECISION, Target, targets_in
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
    priorities: Sequence[str | None],
) -> list[dict[ClockKind, Promise]]:
    """What we would promise for a request of a type asked now, for each of some priorities (None: the type's own).

    Nothing is promised when the table of service levels cannot say so beforehand: it may read what only a request that
    is there has.
    """
    now = clock.now()
    state = session.get_one(TicketState, State.NEW.value)
    known = {
        "customer": facts_of_customer(customer),
        "contract": facts_of_contract(session, contract, customer),
    }
    # Never added to the session: they only carry what the table may ask about a new request.
    asked = [
        Ticket(
            number="",
            subject="",
            type=kind,
            type_key=kind.key,
            priority=Priority(priority or kind.default_priority),
            state=state,
            state_key=state.key,
            channel=Channel.PORTAL,
            language=requester.language,
            requester_id=requester.id,
            customer_id=customer.id,
            reopened_count=0,
            opened_at=now,
        )
        for priority in priorities
    ]
    try:
        answers = decisions.decide_on(session, DECISION, [{**known, "ticket": facts_of_ticket(each)} for each in asked])
        return [_promised(session, targets_in(answer), now) for answer in answers]
    except DeskError:
        return [{} for _priority in priorities]


def _promised(session: Session, targets: Mapping[ClockKind, Target], now: datetime) -> dict[ClockKind, Promise]:
    find_calendar = calendars.finder(session)
    promised = {}
    for kind, target in targets.items():
        if target.minutes:
            allowance = timedelta(minutes=target.minutes)
            due_at = add_working_time(find_calendar(target.calendar_key), now, allowance)
            promised[kind] = Promise(target.minutes, due_at)
    return promised
