"""Teams: what they are called, who works in them, and what leads to them."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.db import db
from app.people import directory, queries, service, teams
from app.people.current import current_person
from app.people.models import Team
from app.settings.blueprint import blueprint
from app.settings.changes import changes_of
from app.settings.sent import Sent
from app.settings.words import named_fields
from app.tickets import usage
from app.tickets.flashes import with_button
from app.web.access import may_open

DETAILS = ("name", "email", "lead")


@blueprint.get("/teams", endpoint="teams")
def list_teams() -> str:
    """All teams: those that take requests first."""
    session = db.session()
    return render_template(
        "settings/teams.html",
        rows=directory.team_rows(session),
        types=usage.types_by_team(session),
        default=queries.default_team(session),
    )


@blueprint.get("/teams/new")
def new_team() -> str:
    """The form for a new team."""
    return _new_page(Sent())


@blueprint.post("/teams/new")
def add_team() -> ResponseReturnValue:
    """Make a team; its lead becomes a member."""
    sent = Sent.read()
    details = {field: sent.values.get(field, "") for field in (*DETAILS, "key")}
    team = sent.attempt(lambda: teams.add_team(db.session(), details, by=current_person()))
    if team is None:
        return _new_page(sent), 422
    flash(_("The team %(team)s is there. Put people into it.", team=team.name))
    return redirect(url_for(".team", team_id=team.id), 303)


@blueprint.get("/teams/<int:team_id>")
def team(team_id: int) -> str:
    """One team with its members and what leads to it."""
    return _team_page(queries.team_by_id(db.session(), team_id), Sent())


@blueprint.post("/teams/<int:team_id>")
def change_team(team_id: int) -> ResponseReturnValue:
    """Change a team's name, address or lead."""
    found, sent = queries.team_by_id(db.session(), team_id), Sent.read()
    details = {field: sent.values[field] for field in DETAILS if field in sent.values}
    changed = sent.attempt(lambda: teams.change_team(db.session(), found, details, by=current_person()))
    if changed is None:
        return _team_page(found, sent), 422
    flash(_("Saved: %(fields)s.", fields=named_fields(changed)) if changed else _("Nothing was different."))
    return redirect(url_for(".team", team_id=team_id), 303)


@blueprint.post("/teams/<int:team_id>/active")
def switch_team(team_id: int) -> ResponseReturnValue:
    """Let a team take requests, or not any more."""
    session, by = db.session(), current_person()
    found = queries.team_by_id(session, team_id)
    if request.values.get("on") == "1":
        teams.reactivate(session, found, by=by)
        flash(_("%(team)s takes requests again.", team=found.name))
    else:
        teams.deactivate(session, found, by=by)
        undo = url_for(".switch_team", team_id=team_id, on="1")
        flash(with_button(_("%(team)s takes no requests any more.", team=found.name), undo, _("Undo")))
    return redirect(url_for(".team", team_id=team_id), 303)


@blueprint.post("/teams/<int:team_id>/members")
def add_member(team_id: int) -> ResponseReturnValue:
    """Put somebody into a team."""
    session = db.session()
    found, sent = queries.team_by_id(session, team_id), Sent.read()
    person = queries.staff_member(session, request.values.get("person", ""))
    if person is None:
        sent.problems["person"] = [_("Choose somebody who works at the desk.")]
        return _team_page(found, sent), 422
    service.add_member(session, found, person, by=current_person())
    undo = url_for(".remove_member", team_id=team_id, person_id=person.id)
    flash(with_button(_("%(name)s works in %(team)s now.", name=person.name, team=found.name), undo, _("Undo")))
    return redirect(url_for(".team", team_id=team_id, _anchor="members"), 303)


@blueprint.post("/teams/<int:team_id>/members/<int:person_id>/remove")
def remove_member(team_id: int, person_id: int) -> ResponseReturnValue:
    """Take somebody out of a team; what they have in hand stays with them."""
    session = db.session()
    found, person = queries.team_by_id(session, team_id), queries.get_person(session, person_id)
    service.remove_member(session, found, person, by=current_person())
    undo = url_for(".add_member", team_id=team_id, person=person_id)
    flash(with_button(_("%(name)s works in %(team)s no more.", name=person.name, team=found.name), undo, _("Undo")))
    return redirect(url_for(".team", team_id=team_id, _anchor="members"), 303)


def _new_page(sent: Sent) -> str:
    staff = queries.everybody(db.session(), staff_only=True)
    choices = [(each.id, each.name) for each in staff]
    return render_template("settings/team_new.html", values=sent.values, problems=sent.problems, staff=choices)


def _team_page(found: Team, sent: Sent) -> str:
    session = db.session()
    members = directory.members(session, found)
    staff = queries.everybody(session, staff_only=True)
    known = {"name": found.name, "email": found.email or "", "lead": str(found.lead_id or "")}
    inside = {member.person.id for member in members}
    return render_template(
        "settings/team.html",
        team=found,
        values={**known, **{name: value for name, value in sent.values.items() if name in known}},
        problems=sent.problems,
        members=members,
        staff=[(each.id, each.name) for each in staff],
        outside=[(each.id, each.name) for each in staff if each.id not in inside],
        use=usage.of_team(session, found),
        is_default=queries.default_team(session) is found,
        is_only=found.is_active and len(queries.teams(session)) == 1,
        changes=changes_of(session, f"team:{found.id}") if may_open("settings.changes") else [],
    )
