"""Changing who the desk knows."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import clock, events
from app.errors import Conflict, InvalidInput
from app.people import authority, links, passwords, queries, sign_ins
from app.people.details import check_weekly_minutes, clean_address
from app.people.events import (
    MembershipChanged,
    PasswordSet,
    PersonAdded,
    PersonDeactivated,
    PersonReactivated,
    SignInLinkAsked,
    SkillChanged,
    TeamAdded,
)
from app.people.models import (
    Language,
    LinkPurpose,
    Membership,
    Person,
    PersonRole,
    PersonSkill,
    Role,
    Skill,
    Team,
)
from app.people.passwords import PasswordHash
from app.texts import gettext as _

DEFAULT_TEAM = "support"


def ensure_lists(session: Session) -> None:
    """Add what a new desk starts with: skills, and the team that takes what no rule gives to another one.

    The skills are called as the desk speaks; whoever looks after them calls them otherwise.
    """
    if session.query(Team.id).first() is None:
        add_team(session, key=DEFAULT_TEAM, name="Support")
    if session.query(Skill.key).first() is None:
        session.add_all(Skill(key=key, name=name) for key, name in _default_skills().items())
        session.flush()


def _default_skills() -> dict[str, str]:
    return {
        "network": _("Networks and internet"),
        "hardware": _("Computers and printers"),
        "software": _("Applications"),
        "email": _("E-mail and accounts"),
        "security": _("Security"),
        # The escalation table asks for it when an incident is late.
        "senior": _("Difficult requests"),
    }


def add_person(
    session: Session,
    *,
    name: str,
    email: str,
    roles: Iterable[Role | str] = (),
    language: Language | str = Language.EN,
    zone: str = "Europe/Bucharest",
    weekly_minutes: int | None = None,
    password_hash: PasswordHash | None = None,
    by: Person | None = None,
) -> Person:
    """Make somebody known to the desk; `colleagues.add_colleague` adds one who works there.

    Raises:
        InvalidInput: the address could not receive mail.
        Conflict: the address belongs to somebody else.
    """
    address = clean_address(email)
    person = Person(
        name=" ".join(name.split())[:200] or address,
        email=address,
        language=Language(language),
        zone=zone,
        weekly_minutes=weekly_minutes,
        password_hash=password_hash,
        created_at=clock.now(),
    )
    person.role_rows = [PersonRole(role=role) for role in {Role(each) for each in roles}]
    taken = Conflict(_("%(email)s belongs to somebody already.", email=address))
    if queries.person_by_email(session, address) is not None:
        raise taken
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError as error:
        # Another transaction added the same address between our look and our write.
        raise taken from error
    events.record(session, PersonAdded(person.id, by_id=_id(by), roles=sorted(person.roles)))
    return person


def check_password(session: Session, email: str, password: str) -> Person | None:
    """Whose address and password these are; None, after just as long, for anybody else.

    Call it in a reading transaction or none: the check is slow by design.
    """
    person = queries.person_by_email(session, email)
    may_sign_in = person is not None and person.is_active
    stored = person.password_hash if person is not None and may_sign_in else None
    return person if passwords.matches(stored, password) else None


def ask_for_link(session: Session, address: str, purpose: LinkPurpose, *, target: str = "") -> None:
    """Want a link mailed to whoever has this address; it is made and sent later, if there is somebody.

    Args:
        target: the page of the desk they want to see.

    Raises:
        InvalidInput: this is no address.
    """
    asked = SignInLinkAsked(address=clean_address(address), purpose=purpose.value, target=target)
    events.record(session, asked)


def set_password(
    session: Session, person: Person, hashed: PasswordHash, *, by: Person | None, one_time: bool = False
) -> None:
    """Give somebody a new password, hashed beforehand; they are signed out everywhere and hear of it by mail.

    Args:
        one_time: they must choose their own as soon as they sign in with it.
    """
    first = person.password_hash is None
    person.password_hash = hashed
    person.must_change_password = one_time
    end_sessions(session, person)
    events.record(session, PasswordSet(person.id, by_id=_id(by), first=first))


def end_sessions(session: Session, person: Person) -> None:
    """Sign somebody out everywhere, and make the links they were mailed worthless."""
    session.flush()
    sign_ins.end_all(session, person)
    links.forget_all(session, person)


def deactivate(session: Session, person: Person, *, by: Person | None) -> None:
    """Let somebody sign in no more: what they did stays theirs, what they had to do goes back. Again does nothing.

    Raises:
        NotAllowed: they are an administrator, and whoever does it is not.
        Conflict: it is oneself, or the only administrator.
    """
    if not person.is_active:
        return
    authority.refuse_outranked(person, by)
    if by is person:
        raise Conflict(_("Nobody deactivates their own account. Somebody else can."))
    if person.has_role(Role.ADMINISTRATOR):
        authority.refuse_last_administrator(session, person)
    person.is_active = False
    end_sessions(session, person)
    events.record(session, PersonDeactivated(person.id, by_id=_id(by)))


def reactivate(session: Session, person: Person, *, by: Person | None) -> None:
    """Let somebody sign in again, with the password, roles and teams they had; what went back stays where it is.

    Raises:
        NotAllowed: they are an administrator, and whoever does it is not.
    """
    if person.is_active:
        return
    authority.refuse_outranked(person, by)
    person.is_active = True
    session.flush()
    events.record(session, PersonReactivated(person.id, by_id=_id(by)))


def change_language(session: Session, person: Person, language: Language | str) -> None:
    """Speak another language to somebody, on the screen and by mail."""
    try:
        person.language = Language(language)
    except ValueError as error:
        raise InvalidInput(_("The desk does not speak “%(language)s”.", language=language)) from error
    session.flush()


def change_zone(session: Session, person: Person, zone: ZoneInfo) -> None:
    """Show times to somebody as the clocks of another zone have them."""
    person.zone = zone.key
    session.flush()


def set_weekly_minutes(session: Session, person: Person, minutes: int | None) -> None:
    """Say how long somebody works in an ordinary week; None for as long as the desk is open.

    Raises:
        InvalidInput: no week has so many minutes.
    """
    check_weekly_minutes(minutes)
    person.weekly_minutes = minutes
    session.flush()


def give_role(session: Session, person: Person, role: Role | str) -> None:
    """Give somebody a role; a role they have stays one role."""
    if Role(role) not in person.roles:
        person.role_rows.append(PersonRole(role=Role(role)))
        session.flush()


def take_role(session: Session, person: Person, role: Role | str) -> None:
    """Take a role from somebody."""
    person.role_rows = [row for row in person.role_rows if row.role != role]
    session.flush()


def add_team(
    session: Session,
    *,
    key: str,
    name: str,
    email: str | None = None,
    lead: Person | None = None,
    by: Person | None = None,
) -> Team:
    """Make a team; its lead becomes a member.

    Raises:
        Conflict: the key belongs to another team.
    """
    if queries.team_by_key(session, key) is not None:
        raise Conflict(_("There is a team “%(key)s” already.", key=key))
    team = Team(key=key, name=name, email=clean_address(email) if email else None, lead=lead)
    session.add(team)
    session.flush()
    events.record(session, TeamAdded(team.id, by_id=_id(by)))
    if lead is not None:
        add_member(session, team, lead, by=by)
    return team


def add_member(session: Session, team: Team, person: Person, *, by: Person | None = None) -> None:
    """Put somebody into a team; a member stays one."""
    if session.get(Membership, (team.id, person.id)) is not None:
        return
    session.add(Membership(team_id=team.id, person_id=person.id))
    session.flush()
    events.record(session, MembershipChanged(person.id, team_id=team.id, is_member=True, by_id=_id(by)))


def remove_member(session: Session, team: Team, person: Person, *, by: Person | None = None) -> None:
    """Take somebody out of a team; somebody who is not in it stays out."""
    membership = session.get(Membership, (team.id, person.id))
    if membership is None:
        return
    session.delete(membership)
    session.flush()
    events.record(session, MembershipChanged(person.id, team_id=team.id, is_member=False, by_id=_id(by)))


def add_skill(session: Session, *, key: str, name: str) -> Skill:
    """Add a skill to the list, or name a known one anew."""
    skill = session.get(Skill, key)
    if skill is None:
        skill = Skill(key=key, name=name)
        session.add(skill)
    skill.name = name
    session.flush()
    return skill


def give_skill(session: Session, person: Person, skill_key: str, level: int, *, by: Person | None = None) -> None:
    """Say how good somebody is at a skill, from 1 to 5.

    Raises:
        InvalidInput: the skill is not on the list or the level is out of range.
    """
    if session.get(Skill, skill_key) is None:
        raise InvalidInput(_("There is no skill “%(key)s”.", key=skill_key))
    if not 1 <= level <= 5:
        raise InvalidInput(_("A skill has a level from 1 to 5."))
    held = session.get(PersonSkill, (person.id, skill_key))
    before = held.level if held is not None else 0
    if before == level:
        return
    if held is None:
        session.add(PersonSkill(person_id=person.id, skill_key=skill_key, level=level))
    else:
        held.level = level
    session.flush()
    events.record(session, SkillChanged(person.id, skill_key, before, level, by_id=_id(by)))


def take_skill(session: Session, person: Person, skill_key: str, *, by: Person | None = None) -> None:
    """Say that somebody is not good at a skill at all."""
    held = session.get(PersonSkill, (person.id, skill_key))
    if held is None:
        return
    before = held.level
    session.delete(held)
    session.flush()
    events.record(session, SkillChanged(person.id, skill_key, before, 0, by_id=_id(by)))


def _id(by: Person | None) -> int | None:
    return by.id if by else None
