"""The hours of contracts: how far they are used, what was counted, and what is still to come."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.contracts import budgets as contract_budgets
from app.contracts import queries as contracts
from app.contracts.budgets import Budget
from app.contracts.days import today
from app.contracts.models import Contract
from app.db import db
from app.errors import NotFound
from app.overview import cursors
from app.overview.blueprint import blueprint
from app.overview.scope import Scope, read
from app.people import queries as people
from app.people.current import current_person
from app.tickets import queries as tickets
from app.tickets.address import read_day
from app.worklog import planned
from app.worklog import queries as worklog

# What the page of a contract lists: what was counted (the address says nothing), what waits, what is still to do.
COUNTED, WAITING, OPEN = "counted", "waiting", "open"


@dataclass(frozen=True)
class Listed:
    """A page of one of the lists, with what its rows show, and where the next page begins."""

    rows: list[Any]
    ticket_ids: set[int] = field(default_factory=set)
    author_ids: set[int] = field(default_factory=set)
    entries: dict[int, Any] = field(default_factory=dict)
    older: str | int | None = None


@blueprint.get("/contracts")
def contract_hours() -> str:
    """The hours of all contracts in their present periods, the fullest first."""
    session, scope = db.session(), read(db.session(), current_person(), request.args)
    every = contract_budgets.usages(
        session, today(), customer_id=scope.customer.id if scope.customer else None, only=scope.contracts
    )
    alerts = [usage for usage in every if usage.is_alert]
    only_alerts = request.args.get("alert") == "1"
    chosen = alerts if only_alerts else every
    place = min(max(request.args.get("from", default=0, type=int), 0), len(chosen))
    shown = chosen[place : place + contract_budgets.PAGE_SIZE]
    found = contract_budgets.budgets(session, shown, today())
    return render_template(
        "overview/contracts.html",
        scope=scope,
        budgets=found,
        planned=planned.of_contracts(session, [each.contract.id for each in found]),
        only_alerts=only_alerts,
        every=len(every),
        alerts=len(alerts),
        following=place + len(shown) if place + len(shown) < len(chosen) else None,
        today=today(),
    )


@blueprint.get("/contracts/<int:contract_id>")
def contract(contract_id: int) -> str:
    """What was counted against a contract in one of its periods; in the present one also what is still to come."""
    session, scope = db.session(), read(db.session(), current_person(), request.args)
    agreed = _contract(session, scope, contract_id)
    day = read_day(request.args.get("day", "")) or today()
    budget = contract_budgets.budget(session, agreed, day)
    is_now = budget.first <= today() <= budget.last
    still = planned.of_contracts(session, [agreed.id]).get(agreed.id, planned.Planned())
    show = request.args.get("show", COUNTED) if is_now else COUNTED
    if show == WAITING:
        listed = _waiting(session, agreed)
    elif show == OPEN:
        listed = _open(session, agreed)
    else:
        show, listed = COUNTED, _counted(session, budget)
    return render_template(
        "overview/contract.html",
        scope=scope,
        budget=budget,
        is_now=is_now,
        before=budget.first - timedelta(days=1) if budget.first > agreed.valid_from else None,
        after=budget.last + timedelta(days=1) if budget.last < today() else None,
        show=show,
        listed=listed,
        tickets=tickets.by_ids(session, listed.ticket_ids),
        authors=people.people_by_ids(session, listed.author_ids),
        planned=still,
        day=day,
        today=today(),
    )


def _counted(session: Session, budget: Budget) -> Listed:
    agreed, after = budget.contract, cursors.read_place(request.args.get("after"))
    rows, older = contract_budgets.counted(session, agreed, budget.first, budget.last, after)
    sources = {row.id: int(row.source.partition(":")[2]) for row in rows if row.source.startswith("work_entry:")}
    entries = worklog.entries_by_ids(session, sources.values())
    return Listed(
        list(rows),
        {entry.ticket_id for entry in entries.values()},
        {entry.author_id for entry in entries.values()},
        {row_id: entries[entry_id] for row_id, entry_id in sources.items() if entry_id in entries},
        cursors.write(older),
    )


def _waiting(session: Session, agreed: Contract) -> Listed:
    rows = planned.waiting_entries(session, agreed.id, cursors.read_id(request.args.get("after")))
    older = rows[-1].id if len(rows) == planned.PAGE_SIZE else None
    return Listed(list(rows), {row.ticket_id for row in rows}, {row.author_id for row in rows}, older=older)


def _open(session: Session, agreed: Contract) -> Listed:
    left = planned.open_requests(session, agreed.id, cursors.read_id(request.args.get("after")))
    older = min(left) if len(left) == planned.PAGE_SIZE else None
    return Listed(list(left.items()), set(left), older=older)


def _contract(session: Session, scope: Scope, contract_id: int) -> Contract:
    """A contract that the reader may look at."""
    agreed = contracts.get_contract(session, contract_id)
    if not contract_budgets.is_among(session, agreed, scope.contracts):
        raise NotFound(_("There is no such contract."))
    return agreed
