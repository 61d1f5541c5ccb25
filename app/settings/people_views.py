"""People who work at the desk: who they are, what they may do, how they come in, and what happens when they leave."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.contracts import queries as contracts
from app.db import db, run_in_transaction, transaction
from app.errors import Conflict, InvalidInput
from app.notifications import account_mail
from app.people import authority, colleagues, directory, passwords, queries, service
from app.people.current import current_person
from app.people.details import written_hours, zones
from app.people.models import Person, Role
from app.settings import leaving as leaving_queries
from app.settings.blueprint import blueprint
from app.settings.changes import changes_of
from app.settings.sent import Sent, number
from app.settings.words import language_names, named_fields, role_hints, role_names
from app.tickets import usage
from app.web.access import may_open
from app.web.boundary import opens_own_transactions

DETAILS = ("name", "email", "language", "zone", "weekly_minutes")
ACTIVE = {"": True, "no": False, "all": None}


@blueprint.get("/people")
def people() -> str:
    """Those who work at the desk, by name."""
    session = db.session()
    role, active, words = request.args.get("role", ""), request.args.get("active", ""), request.args.get("q", "")
    page = directory.colleagues(
        session,
        words=words,
        role=role if role in set(Role) else "",
        team_id=number("team"),
        active=ACTIVE.get(active, True),
        after=number("after"),
    )
    return render_template(
        "settings/people.html",
        page=page,
        q=words,
        role=role,
        team=number("team"),
        active=active,
        roles=role_names(),
        teams=queries.teams(session),
    )


@blueprint.get("/people/new")
def new_person() -> str:
    """The form for a new colleague."""
    return _new_page(Sent({"language": current_person().language, "zone": current_person().zone}), set(), set())


@blueprint.post("/people/new")
@opens_own_transactions
def add_person() -> ResponseReturnValue:
    """Add a colleague, who is invited by mail or gets a password, made where no database lock is held."""
    sent, by_id = Sent.read(), current_person().id
    by_mail = account_mail.can_be_mailed() and sent.values.get("way") != "show"
    password = passwords.one_time_password()
    hashed = None if by_mail else passwords.hash_password(password)

    def add(session: Session) -> Person:
        by = queries.get_person(session, by_id)
        details = {field: sent.values.get(field, "") for field in DETAILS}
        roles = request.form.getlist("roles")
        new = colleagues.add_colleague(session, details, roles, by=by, password_hash=hashed)
        colleagues.set_teams(session, new, _chosen("teams"), by=by)
        colleagues.set_skills(session, new, _levels(), by=by)
        if by_mail:
            account_mail.send_invitation(session, new, by=by)
        return new

    added = _in_transaction(add, sent)
    if added is None:
        with transaction(writing=False):
            return _new_page(sent, set(request.form.getlist("roles")), _chosen("teams")), 422
    if by_mail:
        flash(_("%(name)s is added. The invitation goes to %(email)s.", name=added.name, email=added.email))
        return redirect(url_for(".person", person_id=added.id), 303)
    return _password_page(added.id, password, is_new=True)


@blueprint.get("/people/<int:person_id>")
def person(person_id: int) -> ResponseReturnValue:
    """One colleague; somebody who only speaks for a customer has a page among the contacts."""
    found = queries.get_person(db.session(), person_id)
    if not found.is_staff and contracts.contact_of(db.session(), found) is not None and "staff" not in request.args:
        return redirect(url_for(".contact", person_id=person_id))
    return _person_page(found, Sent())


@blueprint.post("/people/<int:person_id>")
def change_person(person_id: int) -> ResponseReturnValue:
    """Change a colleague's details, roles, teams and skills; all of it or nothing."""
    session, by, sent = db.session(), current_person(), Sent.read()
    found = queries.get_person(session, person_id)
    details = {field: sent.values[field] for field in DETAILS if field in sent.values}

    def change() -> list[str]:
        changed = colleagues.change_person(session, found, details, by=by)
        teams, skills = _chosen("teams"), _levels()
        changed += ["teams"] if colleagues.set_teams(session, found, teams, by=by) else []
        changed += ["skills"] if colleagues.set_skills(session, found, skills, by=by) else []
        # At the end: who gives their own role away may do no more afterwards.
        changed += ["roles"] if colleagues.set_roles(session, found, request.form.getlist("roles"), by=by) else []
        return changed

    changed = sent.attempt(change)
    if changed is None:
        return _person_page(found, sent, set(request.form.getlist("roles")), _chosen("teams")), 422
    flash(_("Saved: %(fields)s.", fields=named_fields(changed)) if changed else _("Nothing was different."))
    # Whoever has given their own role away sees this page no more.
    here = by.has_role(Role.ADMINISTRATOR, Role.MANAGER)
    return redirect(url_for(".person", person_id=person_id) if here else url_for("tasklist.my_work"), 303)


@blueprint.get("/people/<int:person_id>/deactivate")
def leaving(person_id: int) -> str:
    """What happens when somebody is deactivated, before it does."""
    session = db.session()
    found = queries.get_person(session, person_id)
    authority.refuse_outranked(found, current_person())
    return render_template(
        "settings/leaving.html",
        one=found,
        what=leaving_queries.what_happens(session, found),
        contact=contracts.contact_of(session, found),
        is_self=found is current_person(),
    )


@blueprint.post("/people/<int:person_id>/deactivate")
def deactivate_person(person_id: int) -> ResponseReturnValue:
    """Let somebody come in no more; what they had to do goes back to their teams."""
    session = db.session()
    found = queries.get_person(session, person_id)
    what = leaving_queries.what_happens(session, found)
    service.deactivate(session, found, by=current_person())
    said = _("%(name)s is deactivated.", name=found.name)
    flash(f"{said} {_went_back(what)}".strip())
    return redirect(_page_of(session, found), 303)


@blueprint.post("/people/<int:person_id>/reactivate")
def reactivate_person(person_id: int) -> ResponseReturnValue:
    """Let somebody come in again."""
    found = queries.get_person(db.session(), person_id)
    service.reactivate(db.session(), found, by=current_person())
    flash(_("%(name)s may sign in again.", name=found.name))
    return redirect(_page_of(db.session(), found), 303)


@blueprint.post("/people/<int:person_id>/password")
@opens_own_transactions
def reset_password(person_id: int) -> ResponseReturnValue:
    """Give somebody a one-time password, by mail or on the screen; it is hashed where no database lock is held."""
    by_id, by_mail = current_person().id, account_mail.can_be_mailed() and request.form.get("way") != "show"
    password = passwords.one_time_password()
    hashed = passwords.hash_password(password)

    def reset(session: Session) -> tuple[Person, str]:
        by, found = queries.get_person(session, by_id), queries.get_person(session, person_id)
        colleagues.reset_password(session, found, hashed, by=by)
        if by_mail:
            account_mail.send_password(session, found, password, by=by)
        return found, _page_of(session, found)

    found, page = run_in_transaction(reset)
    if by_mail:
        flash(_("A one-time password goes to %(email)s. The old one works no more.", email=found.email))
        return redirect(page, 303)
    return _password_page(person_id, password, is_new=False)


@blueprint.post("/people/<int:person_id>/invite")
def invite_person(person_id: int) -> ResponseReturnValue:
    """Mail somebody who has no password yet a link under which they choose one."""
    session, by = db.session(), current_person()
    found = queries.get_person(session, person_id)
    colleagues.check_inviting(found, by=by)
    if not account_mail.can_be_mailed():
        raise Conflict(_("No mail leaves this desk. Give them a password instead."))
    account_mail.send_invitation(session, found, by=by)
    flash(_("The invitation goes to %(email)s.", email=found.email))
    return redirect(_page_of(session, found), 303)


def _new_page(sent: Sent, roles: set[str], teams: set[int]) -> str:
    session, by = db.session(), current_person()
    taken = queries.person_by_email(session, sent.values.get("email", "")) if "email" in sent.problems else None
    return render_template(
        "settings/person_new.html",
        values=sent.values,
        problems=sent.problems,
        taken=taken,
        can_be_mailed=account_mail.can_be_mailed(),
        levels=_levels(),
        **_choices(session, by, roles, teams),
    )


def _person_page(found: Person, sent: Sent, roles: set[str] | None = None, teams: set[int] | None = None) -> str:
    session, by = db.session(), current_person()
    held = {skill.key: level for skill, level in queries.skill_levels(session, [found.id]).get(found.id, [])}
    return render_template(
        "settings/person.html",
        one=found,
        values={
            **{field: getattr(found, field) for field in DETAILS},
            "weekly_minutes": written_hours(found.weekly_minutes),
            **sent.values,
        },
        problems=sent.problems,
        may_change=authority.may_change(found, by),
        is_self=found is by,
        contact=contracts.contact_of(session, found),
        led=queries.led_by(session, found),
        requests=usage.unsolved_of(session, found.id),
        can_be_mailed=account_mail.can_be_mailed(),
        levels=_levels() if sent.values else held,
        changes=changes_of(session, f"person:{found.id}") if may_open("settings.changes") else [],
        **_choices(
            session,
            by,
            roles if roles is not None else {str(role) for role in found.roles},
            teams if teams is not None else {team.id for team in queries.teams_of(session, found)},
        ),
    )


def _choices(session: Session, by: Person, roles: set[str], teams: set[int]) -> dict[str, object]:
    names, hints = role_names(), role_hints()
    givable = authority.roles_to_give(by)
    return {
        "roles": [(role, names[role], hints[role], role in givable) for role in names if role != Role.CUSTOMER],
        "chosen_roles": roles,
        "teams": queries.teams(session),
        "chosen_teams": teams,
        "skills": queries.skills(session),
        "languages": language_names(),
        "zones": zones(),
    }


def _chosen(name: str) -> set[int]:
    return {int(each) for each in request.form.getlist(name) if each.isdecimal() and len(each) < 10}


def _levels() -> dict[str, int]:
    """Levels by skill, from fields such as `skill.network`."""
    sent = request.form.items() if request.method == "POST" else ()
    named = {key.removeprefix("skill."): value for key, value in sent if key.startswith("skill.")}
    return {key: int(value) for key, value in named.items() if value in {"0", "1", "2", "3", "4", "5"}}


def _in_transaction(change: Callable[[Session], Person], sent: Sent) -> Person | None:
    """Run a change in a transaction of its own; None when it was refused, with what is wrong kept."""
    try:
        return run_in_transaction(change)
    except (InvalidInput, Conflict) as error:
        sent.keep(error)
        return None
    finally:
        g.pop("_login_user", None)


def _password_page(person_id: int, password: str, *, is_new: bool) -> str:
    """The one time that a password is shown. It stands in no address and no cookie, only in this answer."""
    g.pop("_login_user", None)
    with transaction(writing=False) as session:
        found = queries.get_person(session, person_id)
        return render_template(
            "settings/password.html", one=found, password=password, is_new=is_new, page=_page_of(session, found)
        )


def _page_of(session: Session, found: Person) -> str:
    is_contact = not found.is_staff and contracts.contact_of(session, found) is not None
    return url_for(".contact" if is_contact else ".person", person_id=found.id)


def _went_back(what: leaving_queries.Leaving) -> str:
    return _("What was theirs is back with their teams.") if what.requests or what.tasks else ""
