"""People: addresses, roles, signing in."""

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy.orm import Session

from app.errors import Conflict, InvalidInput
from app.people import passwords, queries, service
from app.people.models import Person, Role
from tests.world import Build


def test_an_address_is_found_however_it_is_written(session: Session, person: Build[Person]) -> None:
    ana = person("Ana Pop", email="Ana.Pop@Example.RO")

    assert ana.email == "ana.pop@example.ro"
    assert queries.person_by_email(session, "  ANA.pop@example.ro ") is ana


def test_an_address_belongs_to_one_person(session: Session, person: Build[Person]) -> None:
    person(email="ana@example.ro")

    with pytest.raises(Conflict, match=r"ana@example\.ro"):
        service.add_person(session, name="Another Ana", email="ANA@example.ro")


@pytest.mark.parametrize("address", ["", "ana", "ana@", "a b@example.ro", "ana@example.ro\nBcc: x@y.ro", "<a@b.ro>"])
def test_what_could_never_receive_mail_is_no_address(session: Session, address: str) -> None:
    with pytest.raises(InvalidInput):
        service.add_person(session, name="Ana", email=address)


def test_a_password_lets_only_its_owner_in(session: Session, person: Build[Person]) -> None:
    ana = person(email="ana@example.ro", password="the right horse")

    assert service.check_password(session, "Ana@example.ro", "the right horse") is ana
    assert service.check_password(session, "ana@example.ro", "the wrong horse") is None
    assert service.check_password(session, "nobody@example.ro", "the right horse") is None


def test_nobody_signs_in_without_a_password_or_once_deactivated(session: Session, person: Build[Person]) -> None:
    """A contact known from mail has no password; an empty one must not be it."""
    mailer, leaver = person(email="mailer@example.ro"), person(email="leaver@example.ro", password="the right horse")

    service.deactivate(session, leaver, by=None)

    assert service.check_password(session, mailer.email, "") is None
    assert service.check_password(session, leaver.email, "the right horse") is None


def test_an_unknown_account_costs_one_hash_like_a_known_one(
    session: Session, person: Build[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of the answer must not tell which addresses the desk knows."""
    known = person(email="ana@example.ro", password="the right horse")
    checked: list[str] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, stored: str, given: str) -> bool:
        checked.append(stored)
        return verify(hasher, stored, given)

    monkeypatch.setattr(PasswordHasher, "verify", counted)

    for address in (known.email, "nobody@example.ro"):
        service.check_password(session, address, "wrong")

    costs = [stored.rsplit("$", 2)[0] for stored in checked]
    assert len(costs) == 2
    assert costs[0] == costs[1]


def test_roles_say_who_is_staff(session: Session, person: Build[Person]) -> None:
    contact, lead = person(roles=[Role.CUSTOMER]), person(roles=[Role.CUSTOMER, Role.TEAM_LEAD])

    assert not contact.is_staff
    assert lead.is_staff
    service.take_role(session, lead, Role.TEAM_LEAD)
    assert not lead.is_staff


def test_a_short_password_is_refused_under_its_field(app: Flask) -> None:
    with app.app_context(), pytest.raises(InvalidInput) as refused:
        passwords.check_strength("short")

    assert list(refused.value.errors) == ["password"]
