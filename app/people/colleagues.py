"""Changing who works at the desk: what they are called, what they may do, whether they may come in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import events
from app.errors import Conflict
from app.people import authority, queries, service
from app.people.details import clean, clean_roles, refuse
from app.people.events import PersonChanged, RolesChanged
from app.people.models import Membership, Person, PersonRole, PersonSkill, Role
from app.people.passwords import PasswordHash
from app.texts import gettext as _


def add_colleague(
    session: Session,
    details: Mapping[str, str],
    roles: Iterable[str],
    *,
    by: Person | None,
    password_hash: PasswordHash | None = None,
) -> Person:
    """Add somebody who works at the desk; the password is one for their first sign-in only, or None for invited ones.

    Args:
        details: name and email; language, zone and hours of a week where they are not the usual ones.

    Raises:
        InvalidInput: with messages under the details' fields and `roles`.
        NotAllowed: whoever adds them may not give such a role.
    """
    problems: dict[str, list[str]] = {}
    cleaned, wanted = clean(details, problems), clean_roles(roles, problems)
    _refuse_taken(session, cleaned.get("email"), None, problems)
    refuse(problems)
    authority.refuse_roles(wanted, by)
    person = service.add_person(session, roles=wanted, password_hash=password_hash, by=by, **cleaned)
    person.must_change_password = password_hash is not None
    session.flush()
    return person


def change_person(session: Session, person: Person, details: Mapping[str, str], *, by: Person | None) -> list[str]:
    """Change somebody's name, address, language, zone or hours of a week; the fields that are different.

    Raises:
        InvalidInput: with messages by field.
        NotAllowed: they are an administrator, and whoever changes them is not.
    """
    authority.refuse_outranked(person, by)
    problems: dict[str, list[str]] = {}
    cleaned = clean(details, problems)
    _refuse_taken(session, cleaned.get("email"), person, problems)
    refuse(problems)
    different = events.change_fields(person, cleaned)
    if not different:
        return []
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        # Another transaction gave the same address to somebody between our look and our write.
        raise Conflict(_("%(email)s belongs to somebody already.", email=cleaned["email"])) from error
    events.record(session, PersonChanged(person.id, fields=different, by_id=_id(by)))
    return list(different)


def set_roles(session: Session, person: Person, roles: Iterable[str], *, by: Person | None) -> bool:
    """Let somebody have just these roles at the desk; whether that is a change. A contact stays one.

    Raises:
        InvalidInput: none is left, under `roles`; or it is the administrator's role of oneself.
        NotAllowed: an administrator is concerned, and whoever changes them is none.
        Conflict: nobody would be an administrator any more.
    """
    problems: dict[str, list[str]] = {}
    wanted = clean_roles(roles, problems) - {Role.CUSTOMER}
    if not wanted and not problems:
        clean_roles((), problems)
    had = set(person.roles) - {Role.CUSTOMER}
    given, taken = wanted - had, had - wanted
    if by is person and Role.ADMINISTRATOR in taken:
        own = _("You cannot take the administrator's role from yourself. Another administrator can.")
        problems.setdefault("roles", []).append(own)
    refuse(problems)
    if not given | taken:
        return False
    authority.refuse_outranked(person, by)
    authority.refuse_roles(given | taken, by)
    if Role.ADMINISTRATOR in taken and person.is_active:
        authority.refuse_last_administrator(session, person)
    kept = [row for row in person.role_rows if Role(row.role) not in taken]
    person.role_rows = kept + [PersonRole(role=role) for role in sorted(given)]
    session.flush()
    events.record(session, RolesChanged(person.id, given=sorted(given), taken=sorted(taken), by_id=_id(by)))
    return True


def set_teams(session: Session, person: Person, team_ids: Collection[int], *, by: Person | None) -> bool:
    """Let somebody work in just these teams, of those that take requests; whether that is a change.

    Raises:
        NotAllowed: they are an administrator, and whoever changes them is not.
    """
    authority.refuse_outranked(person, by)
    active = {team.id: team for team in queries.teams(session)}
    had = set(session.scalars(select(Membership.team_id).where(Membership.person_id == person.id))) & set(active)
    wanted = set(team_ids) & set(active)
    for team_id in sorted(wanted - had):
        service.add_member(session, active[team_id], person, by=by)
    for team_id in sorted(had - wanted):
        service.remove_member(session, active[team_id], person, by=by)
    return wanted != had


def set_skills(session: Session, person: Person, levels: Mapping[str, int], *, by: Person | None) -> bool:
    """Say how good somebody is at skills, by key; 0 is not at all. Whether anything is different now.

    Raises:
        InvalidInput: a skill is not on the list or a level is out of range.
        NotAllowed: they are an administrator, and whoever changes them is not.
    """
    authority.refuse_outranked(person, by)
    held = select(PersonSkill.skill_key, PersonSkill.level).where(PersonSkill.person_id == person.id)
    had: dict[str, int] = dict(session.execute(held).all())
    different = {key: level for key, level in levels.items() if level != had.get(key, 0)}
    for key, level in different.items():
        if level:
            service.give_skill(session, person, key, level, by=by)
        else:
            service.take_skill(session, person, key, by=by)
    return bool(different)


def reset_password(session: Session, person: Person, hashed: PasswordHash, *, by: Person | None) -> None:
    """Give somebody a one-time password; they choose their own when they come in with it.

    Raises:
        NotAllowed: they are an administrator, and whoever does it is not.
        Conflict: they may not come in at all, or it is oneself.
    """
    check_letting_in(person, by=by)
    service.set_password(session, person, hashed, by=by, one_time=True)


def check_inviting(person: Person, *, by: Person | None) -> None:
    """Let only those be invited to choose their first password who have none.

    Raises:
        NotAllowed: they are an administrator, and whoever does it is not.
        Conflict: they may not come in at all, it is oneself, or they have a password.
    """
    check_letting_in(person, by=by)
    if person.password_hash is not None:
        raise Conflict(_("%(name)s has a password by now.", name=person.name))


def check_letting_in(person: Person, *, by: Person | None) -> None:
    """Let only those give somebody a way in who may.

    Raises:
        NotAllowed: they are an administrator, and whoever does it is not.
        Conflict: they may not come in at all, or it is oneself.
    """
    authority.refuse_outranked(person, by)
    if not person.is_active:
        raise Conflict(_("%(name)s is deactivated. Reactivate the account first.", name=person.name))
    if by is person:
        raise Conflict(_("Choose your own password on the page “Change password”."))


def _refuse_taken(session: Session, email: str | None, person: Person | None, problems: dict[str, list[str]]) -> None:
    owner = queries.person_by_email(session, email) if email else None
    if owner is not None and owner is not person:
        problems["email"] = [_("%(email)s is the address of %(name)s already.", email=email, name=owner.name)]


def _id(by: Person | None) -> int | None:
    return by.id if by else None
