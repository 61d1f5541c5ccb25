"""The rows behind the numbers of the overview that no other list has: deadlines and workload."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.contracts.days import today
from app.db import db
from app.errors import NotFound
from app.overview import cursors
from app.overview.blueprint import blueprint
from app.overview.desk import zone_of_desk
from app.overview.scope import read
from app.people import queries as people
from app.people.current import current_person
from app.people.models import Team
from app.sla import compliance
from app.sla.compliance import WEEK, monday_of
from app.sla.models import ClockKind
from app.tickets import queries as tickets
from app.tickets.address import read_day
from app.worklog import workload

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
        session, kind, KEPT.get(wanted), start, end, scope.whose, cursors.read_moment(request.args.get("after"))
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
        older=cursors.write(older),
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
    entries = workload.entries(session, person, monday, last, cursors.read_id(request.args.get("after")))
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


def _teams(session: Session) -> dict[int, Team]:
    return {team.id: team for team in people.teams(session)}
