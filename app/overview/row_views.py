"""The rows behind the numbers of the overview that no other list has: deadlines, workload, contract hours."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.contracts import budgets as contract_budgets
from app.contracts import queries as contracts
from app.contracts.days import today
from app.contracts.models import Contract
from app.db import db
from app.errors import InvalidInput, NotFound
from app.overview.blueprint import blueprint
from app.overview.desk import zone_of_desk
from app.overview.scope import Scope, read
from app.people import queries as people
from app.people.current import current_person
from app.people.models import Team
from app.sla import compliance
from app.sla.compliance import WEEK, Cursor, monday_of
from app.sla.models import ClockKind
from app.tickets import queries as tickets
from app.tickets.address import read_day
from app.worklog import planned, workload
from app.worklog import queries as worklog

MOST_WEEKS = 104
KEPT = {"yes": True, "no": False}


@blueprint.get("/deadlines")
def deadlines() -> str:
    """Which deadlines were kept and missed, of a week or of so many weeks up to now."""
    session, scope = db.session(), read(db.session(), current_person(), request.args)
    kind = ClockKind.RESOLUTION if request.args.get("kind") == ClockKind.RESOLUTION else ClockKind.RESPONSE
    week, weeks = read_day(request.args.get("week", "")), request.args.get("weeks", default=1, type=int)
    weeks = 1 if week is not None else min(max(weeks, 1), MOST_WEEKS)
    start, end = compliance.week_bounds(week or today(), zone_of_desk())
    if weeks > 1:
        start, _end = compliance.week_bounds(today() - WEEK * (weeks - 1), zone_of_desk())
    wanted = request.args.get("kept", "")
    numbers = {name: compliance.count(session, kind, kept, start, end, scope.whose) for name, kept in KEPT.items()}
    clocks, older = compliance.page(
        session, kind, KEPT.get(wanted), start, end, scope.whose, _read_cursor(request.args.get("after"))
    )
    return render_template(
        "overview/deadlines.html",
        scope=scope,
        kind=kind,
        monday=monday_of(week or today()),
        weeks=weeks,
        wanted=wanted if wanted in KEPT else "",
        numbers=numbers,
        place={"kind": str(kind), "week": week, "weeks": weeks if weeks > 1 else None},
        clocks=clocks,
        tickets=tickets.by_ids(session, [clock.ticket_id for clock in clocks]),
        teams=_teams(session),
        older=_write_cursor(older),
    )


@blueprint.get("/workload")
def loads() -> str:
    """The week of everybody who takes requests over, those with the most on their hands first."""
    session, scope = db.session(), read(db.session(), current_person(), request.args)
    monday = monday_of(read_day(request.args.get("week", "")) or today())
    found = workload.loads(session, people.agents(session, scope.team_ids), monday)
    return render_template(
        "overview/workload.html",
        scope=scope,
        monday=monday,
        is_now=monday == monday_of(today()),
        loads=found,
        week=WEEK,
    )


@blueprint.get("/work/<int:person_id>")
def work(person_id: int) -> str:
    """What somebody logged for the days of a week."""
    session, scope = db.session(), read(db.session(), current_person(), request.args)
    person = next((each for each in people.agents(session, scope.team_ids) if each.id == person_id), None)
    if person is None:
        raise NotFound(_("There is nobody like that in your teams."))
    monday = monday_of(read_day(request.args.get("week", "")) or today())
    last = monday + timedelta(days=6)
    entries = workload.entries(session, person, monday, last, request.args.get("after", type=int))
    load = workload.loads(session, [person], monday)[0]
    return render_template(
        "overview/work.html",
        scope=scope,
        person=person,
        monday=monday,
        week=WEEK,
        load=load,
        entries=entries,
        older=entries[-1].id if len(entries) == workload.PAGE_SIZE else None,
        tickets=tickets.by_ids(session, [entry.ticket_id for entry in entries]),
    )


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
    """What was counted against a contract in one of its periods."""
    session, scope = db.session(), read(db.session(), current_person(), request.args)
    agreed = _contract(session, scope, contract_id)
    day = read_day(request.args.get("day", "")) or today()
    budget = contract_budgets.budget(session, agreed, day)
    rows, older = contract_budgets.counted(session, agreed, budget.first, budget.last, _read_place("after"))
    sources = {row.id: int(row.source.partition(":")[2]) for row in rows if row.source.startswith("work_entry:")}
    entries = worklog.entries_by_ids(session, sources.values())
    return render_template(
        "overview/contract.html",
        scope=scope,
        budget=budget,
        is_now=budget.first <= today() <= budget.last,
        before=budget.first - timedelta(days=1) if budget.first > agreed.valid_from else None,
        after=budget.last + timedelta(days=1) if budget.last < today() else None,
        rows=rows,
        entries={row_id: entries[entry_id] for row_id, entry_id in sources.items() if entry_id in entries},
        tickets=tickets.by_ids(session, [entry.ticket_id for entry in entries.values()]),
        authors=people.people_by_ids(session, [entry.author_id for entry in entries.values()]),
        planned=planned.of_contracts(session, [agreed.id]).get(agreed.id, planned.Planned()),
        older=f"{older[0].isoformat()}~{older[1]}" if older else None,
        day=day,
        today=today(),
    )


def _contract(session: Session, scope: Scope, contract_id: int) -> Contract:
    """A contract that the reader may look at."""
    agreed = contracts.get_contract(session, contract_id)
    if not contract_budgets.is_among(session, agreed, scope.contracts):
        raise NotFound(_("There is no such contract."))
    return agreed


def _teams(session: Session) -> dict[int, Team]:
    return {team.id: team for team in people.teams(session)}


def _write_cursor(place: Cursor | None) -> str | None:
    return f"{place[0].isoformat()}~{place[1]}" if place else None


def _read_cursor(written: str | None) -> Cursor | None:
    if not written:
        return None
    try:
        moment, number = written.split("~")
        place = datetime.fromisoformat(moment), int(number)
        if place[0].tzinfo is None or not 0 < place[1] < 2**31:
            raise ValueError(written)
    except ValueError as error:
        raise InvalidInput(_("This list cannot be continued; open it again.")) from error
    return place


def _read_place(name: str) -> tuple[date, int] | None:
    written = request.args.get(name)
    if not written:
        return None
    day, _mark, number = written.partition("~")
    found = read_day(day)
    if found is None or not number.isdecimal() or len(number) > 9:
        raise InvalidInput(_("This list cannot be continued; open it again."))
    return found, int(number)
