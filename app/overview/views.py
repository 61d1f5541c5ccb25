"""The overview, and the rows behind its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from app.contracts import budgets as contract_budgets
from app.contracts.days import today
from app.db import db
from app.overview import contract_views, row_views
from app.overview import figures as counted
from app.overview import risks as endangered
from app.overview.blueprint import blueprint
from app.overview.chart import WIDTHS, chart
from app.overview.desk import goal, zone_of_desk
from app.overview.scope import Scope, read
from app.people import queries as people
from app.people.current import current_person
from app.sla import compliance
from app.sla.compliance import Tally, Week, monday_of
from app.sla.models import ClockKind
from app.web.access import may_open
from app.web.diagrams import words_of_versions
from app.worklog import planned, workload

# The pages of rows register themselves on the blueprint.
__all__ = ["blueprint", "contract_views", "row_views"]

# Weeks that the chart may show, and the one it opens with.
PERIODS = {4: lazy_gettext("4 weeks"), 12: lazy_gettext("12 weeks"), 52: lazy_gettext("Year")}
USUAL_PERIOD = 12
# As many as a card has room for; the rest is a page away.
PEOPLE_SHOWN, CONTRACTS_SHOWN = 8, 5


@dataclass(frozen=True)
class Trend:
    """How one kind of deadline was kept in a period, against the period before."""

    kind: ClockKind
    now: Tally
    before: Tally

    @property
    def change(self) -> float | None:
        """Percentage points up or down; None when one of the periods has no deadlines."""
        if self.now.percent is None or self.before.percent is None:
            return None
        return self.now.percent - self.before.percent


@blueprint.get("/")
def index() -> str:
    """What needs a manager, at a glance."""
    session, reader = db.session(), current_person()
    scope = read(session, reader, request.args)
    weeks = request.args.get("weeks", type=int)
    weeks = weeks if weeks in PERIODS else USUAL_PERIOD
    usages = contract_budgets.usages(
        session, today(), customer_id=scope.customer.id if scope.customer else None, only=scope.contracts
    )
    shown = contract_budgets.budgets(session, usages[:CONTRACTS_SHOWN], today())
    every_week = compliance.by_week(session, today(), 2 * weeks, zone_of_desk(), scope.whose)
    figures = counted.figures(session, reader, scope, usages)
    risks, at_risk = endangered.risks(session, reader, scope)
    loads = workload.loads(session, people.agents(session, scope.team_ids), monday_of(today()))
    stalled = figures.stalled_first
    return render_template(
        "overview/index.html",
        scope=scope,
        figures=figures,
        stalled_words=words_of_versions(session, [stalled.instance.definition]) if stalled else {},
        risks=risks,
        at_risk=at_risk,
        weeks=every_week[weeks:],
        period=weeks,
        periods=PERIODS,
        trends=[trend(every_week, weeks, kind) for kind in ClockKind],
        charts={layout: chart(every_week[weeks:], goal(), layout) for layout in WIDTHS},
        goal=goal(),
        loads=loads[:PEOPLE_SHOWN],
        more_people=max(0, len(loads) - PEOPLE_SHOWN),
        monday=monday_of(today()),
        budgets=shown,
        planned=planned.of_contracts(session, [each.contract.id for each in shown]),
        more_contracts=max(0, len(usages) - CONTRACTS_SHOWN),
        today=today(),
        customers=customers(session, scope),
        may_assign=may_open("unassigned.assign"),
        may_mend=may_open("monitor.retry"),
        may_take=reader.has_role(*people.AT_WORK),
    )


def trend(every_week: list[Week], weeks: int, kind: ClockKind) -> Trend:
    """One kind's deadlines of the last weeks and of as many before."""
    tallies = [week.tally(kind) for week in every_week]
    return Trend(kind, sum(tallies[weeks:], Tally()), sum(tallies[:weeks], Tally()))


def customers(session: Session, scope: Scope) -> list[tuple[int, str]]:
    """The customers one can look at alone: those with a contract, and the chosen one."""
    found = contract_budgets.customers_with_contracts(session, today())
    if scope.customer is not None:
        found.setdefault(scope.customer.id, scope.customer.name)
    return sorted(found.items(), key=lambda customer: customer[1].casefold())
