"""Who may change whom: nobody gives or takes what is above them, and somebody always runs the desk."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Conflict, NotAllowed
from app.people.models import STAFF_ROLES, Person, PersonRole, Role
from app.texts import gettext as _

# Those who look after people and teams. Only an administrator changes an administrator, or makes one.
LOOKING_AFTER = (Role.ADMINISTRATOR, Role.MANAGER)


def roles_to_give(by: Person | None) -> frozenset[Role]:
    """The roles somebody may give and take; None is the command line, which may do everything."""
    if by is None or by.has_role(Role.ADMINISTRATOR):
        return STAFF_ROLES
    return STAFF_ROLES - {Role.ADMINISTRATOR} if by.has_role(Role.MANAGER) else frozenset()


def may_change(person: Person, by: Person | None) -> bool:
    """Whether somebody may change a person's details, roles and password."""
    if by is None or by.has_role(Role.ADMINISTRATOR):
        return True
    return by.has_role(Role.MANAGER) and not person.has_role(Role.ADMINISTRATOR)


def refuse_outranked(person: Person, by: Person | None) -> None:
    """Let nobody change who stands above them.

    Raises:
        NotAllowed: somebody who is no administrator changes an administrator.
    """
    if not may_change(person, by):
        raise NotAllowed(_("Only an administrator changes an administrator's account."))


def refuse_roles(roles: Collection[Role], by: Person | None) -> None:
    """Let nobody give or take what is not theirs to give.

    Raises:
        NotAllowed: one of these is the administrator's, and they are none.
    """
    if set(roles) - {Role.CUSTOMER} - roles_to_give(by):
        raise NotAllowed(_("Only an administrator gives or takes the administrator's role."))


def refuse_last_administrator(session: Session, person: Person) -> None:
    """Let the desk not be without an administrator.

    Raises:
        Conflict: there is no other active one.
    """
    # Locked, so that two who take the role from each other at the same moment do not both find the other one.
    active = select(Person.id).join(PersonRole, PersonRole.person_id == Person.id)
    active = active.where(PersonRole.role == Role.ADMINISTRATOR, Person.is_active).order_by(Person.id)
    if not set(session.scalars(active.with_for_update())) - {person.id}:
        raise Conflict(_("%(name)s is the only administrator. Give the role to somebody else first.", name=person.name))
