"""Who may change whom: nobody reaches above themselves, and somebody always runs the desk."""

import pytest
from sqlalchemy.orm import Session

from app.errors import Conflict, InvalidInput, NotAllowed
from app.people import authority, colleagues, passwords, service
from app.people.models import Person, Role
from tests.world import Build, Recorded

HASHED = passwords.PasswordHash("not a password anybody types")


def test_a_manager_changes_colleagues_but_no_administrator(session: Session, person: Build[Person]) -> None:
    """An address is where a new password goes: whoever may change an administrator's is one."""
    ana, dan = person(roles=[Role.MANAGER]), person("Dan")
    root = person("Root", roles=[Role.ADMINISTRATOR, Role.AGENT])

    colleagues.change_person(session, dan, {"name": "Dan Pop"}, by=ana)

    assert dan.name == "Dan Pop"
    for attempt in (
        lambda: colleagues.change_person(session, root, {"email": "ana@desk.example"}, by=ana),
        lambda: colleagues.set_roles(session, root, [Role.AGENT], by=ana),
        lambda: colleagues.set_teams(session, root, [], by=ana),
        lambda: colleagues.set_skills(session, root, {}, by=ana),
        lambda: colleagues.reset_password(session, root, HASHED, by=ana),
        lambda: service.deactivate(session, root, by=ana),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_a_manager_makes_no_administrator_of_anybody(session: Session, person: Build[Person]) -> None:
    ana, dan = person(roles=[Role.MANAGER]), person()

    for someone in (dan, ana):
        with pytest.raises(NotAllowed):
            colleagues.set_roles(session, someone, [Role.AGENT, Role.ADMINISTRATOR], by=ana)
    with pytest.raises(NotAllowed):
        colleagues.add_colleague(session, {"name": "Eve", "email": "eve@x.ro"}, ["administrator"], by=ana)

    assert Role.ADMINISTRATOR not in authority.roles_to_give(ana)
    assert not dan.has_role(Role.ADMINISTRATOR)


def test_an_agent_gives_nobody_anything(session: Session, person: Build[Person]) -> None:
    agent, dan = person(), person()

    with pytest.raises(NotAllowed):
        colleagues.set_roles(session, dan, [Role.AGENT, Role.APPROVER], by=agent)
    with pytest.raises(NotAllowed):
        colleagues.change_person(session, dan, {"name": "Nobody"}, by=agent)


def test_nobody_takes_the_administrators_role_from_themselves(session: Session, person: Build[Person]) -> None:
    """A slip of the mouse must not lock somebody out; another administrator may do it."""
    root, other = person(roles=[Role.ADMINISTRATOR]), person(roles=[Role.ADMINISTRATOR])

    with pytest.raises(InvalidInput) as refused:
        colleagues.set_roles(session, root, [Role.AGENT], by=root)
    colleagues.set_roles(session, root, [Role.ADMINISTRATOR, Role.AGENT], by=root)
    colleagues.set_roles(session, root, [Role.AGENT], by=other)

    assert list(refused.value.errors) == ["roles"]
    assert root.roles == {Role.AGENT}


def test_one_active_administrator_stays(session: Session, person: Build[Person]) -> None:
    """Not even the command line takes the last one away; one who is deactivated runs no desk."""
    root, gone = person(roles=[Role.ADMINISTRATOR]), person(roles=[Role.ADMINISTRATOR])
    service.deactivate(session, gone, by=root)

    with pytest.raises(Conflict, match="only administrator"):
        colleagues.set_roles(session, root, [Role.AGENT], by=None)
    with pytest.raises(Conflict, match="only administrator"):
        service.deactivate(session, root, by=None)

    assert root.is_active
    assert root.has_role(Role.ADMINISTRATOR)


def test_nobody_deactivates_themselves(session: Session, person: Build[Person]) -> None:
    root = person(roles=[Role.ADMINISTRATOR])
    person(roles=[Role.ADMINISTRATOR])

    with pytest.raises(Conflict):
        service.deactivate(session, root, by=root)


def test_setting_the_same_roles_is_no_change_and_a_contact_stays_one(
    session: Session, person: Build[Person], recorded: Recorded
) -> None:
    dan = person(roles=[Role.CUSTOMER, Role.AGENT])

    unchanged = colleagues.set_roles(session, dan, [Role.AGENT], by=None)
    changed = colleagues.set_roles(session, dan, [Role.APPROVER], by=None)

    assert (unchanged, changed) == (False, True)
    assert dan.roles == {Role.CUSTOMER, Role.APPROVER}
    [event] = recorded("RolesChanged")
    assert (event.payload["given"], event.payload["taken"]) == (["approver"], ["agent"])
    assert event.about == f"person:{dan.id}"


def test_somebody_keeps_at_least_one_role(session: Session, person: Build[Person]) -> None:
    """Who may do nothing is deactivated, not left with an empty page."""
    with pytest.raises(InvalidInput) as refused:
        colleagues.set_roles(session, person(), [], by=None)

    assert list(refused.value.errors) == ["roles"]
