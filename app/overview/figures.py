"""The figures on top of the overview, each counted by the conditions of the list that it opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app import clock
from app.contracts import budgets
from app.contracts.budgets import Budget, Usage
from app.contracts.days import today
from app.monitor import listing as instances
from app.monitor.filters import Filters as InstanceFilters
from app.overview.scope import Scope
from app.people.models import Person
from app.sla import calendars
from app.sla import queries as sla
from app.sla.calendar import working_minutes_between
from app.sla.models import ClockKind
from app.tickets import queries as tickets
from app.tickets.address import changed
from app.tickets.filters import Filters, conditions

# As many names as a figure has room for.
NAMED = 2


@dataclass(frozen=True)
class Figures:
    """What the figures say.

    Args:
        late_by_kind: late deadlines by what they are for; a request may be late with both.
        soon_unassigned: of those late within the hour, how many nobody has.
        longest_wait: working minutes that the longest waiting request without anybody has waited.
        stalled_first: the instance that is stalled for the longest time.
        fullest: the contracts that lead the alerts.
    """

    late: int = 0
    late_by_kind: Mapping[ClockKind, int] = field(default_factory=dict)
    soon: int = 0
    soon_unassigned: int = 0
    unassigned: int = 0
    longest_wait: int | None = None
    stalled: int = 0
    stalled_first: instances.Row | None = None
    alerts: int = 0
    fullest: list[Budget] = field(default_factory=list)


def figures(session: Session, reader: Person, scope: Scope, usages: list[Usage]) -> Figures:
    """Count all of them."""
    alerts = [usage for usage in usages if usage.is_alert]
    # As the lists behind them count: `late`, and what `soon_filters` says.
    soon = soon_filters(reader, scope)
    pressing = sla.pressing(session, soon.due_until or clock.now(), *conditions(session, reader, scope.filters()))
    stalled = stalled_filters(scope)
    number_stalled = instances.count(session, reader, stalled)
    unassigned = scope.filters(unassigned=True)
    number_unassigned = tickets.count(session, reader, unassigned)
    return Figures(
        late=pressing.late,
        late_by_kind=pressing.late_by_kind,
        soon=pressing.soon,
        soon_unassigned=pressing.soon_unassigned,
        unassigned=number_unassigned,
        longest_wait=_longest_wait(session, reader, unassigned) if number_unassigned else None,
        stalled=number_stalled,
        stalled_first=instances.first_stalled(session, reader, stalled) if number_stalled else None,
        alerts=len(alerts),
        fullest=budgets.budgets(session, alerts[:NAMED], today()),
    )


def stalled_filters(scope: Scope) -> InstanceFilters:
    """Which instances are stalled."""
    customer = str(scope.customer.id) if scope.customer else ""
    return InstanceFilters(state="stalled", teams=tuple(team.key for team in scope.teams or ()), customer=customer)


def soon_filters(reader: Person, scope: Scope) -> Filters:
    """Which requests will be late within the hour, as the address of the ticket list says it."""
    asked = changed({"due": "hour"}).filters(reader, None)
    return scope.filters(due_from=asked.due_from, due_until=asked.due_until, in_time=asked.in_time)


def _longest_wait(session: Session, reader: Person, unassigned: Filters) -> int | None:
    found = tickets.page(session, reader, unassigned, sort="waiting", size=1).tickets
    if not found:
        return None
    views = sla.clocks_for(session, [found[0].id]).get(found[0].id, {})
    key = next((view.calendar_key for view in views.values()), calendars.DEFAULT_KEY)
    since = found[0].unassigned_since or found[0].opened_at
    return working_minutes_between(calendars.finder(session)(key), since, clock.now())
