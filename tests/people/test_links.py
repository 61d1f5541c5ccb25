"""Links by mail: single use, short-lived, and secret even to who reads the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.errors import InvalidInput, NotFound
from app.people import links, passwords, service
from app.people.models import LinkPurpose, Person, SignInLink
from tests.world import Build, Recorded

SIGN_IN, PASSWORD = LinkPurpose.SIGN_IN, LinkPurpose.PASSWORD


def test_a_link_leads_to_its_person_once(session: Session, person: Build[Person]) -> None:
    ana = person()
    token = links.token_of(links.make(session, ana, SIGN_IN))

    found = links.find(session, token, SIGN_IN)
    assert links.use(session, found) is ana

    session.expire_all()
    with pytest.raises(NotFound):
        links.find(session, token, SIGN_IN)


def test_of_two_who_press_at_once_one_comes_in(session: Session, person: Build[Person]) -> None:
    """Both have looked the link up before either used it."""
    link = links.make(session, person(), SIGN_IN)
    links.use(session, link)

    with pytest.raises(NotFound):
        links.use(session, link)


def test_looking_uses_nothing_up(session: Session, person: Build[Person]) -> None:
    """Programs that check mail open every link in it."""
    token = links.token_of(links.make(session, person(), SIGN_IN))

    for _look in range(3):
        links.find(session, token, SIGN_IN)

    assert links.holds(links.find(session, token, SIGN_IN))


def test_a_link_runs_out_after_a_quarter_of_an_hour(session: Session, person: Build[Person]) -> None:
    link = links.make(session, person(), SIGN_IN)
    token = links.token_of(link)
    link.expires_at -= timedelta(minutes=14, seconds=55)
    assert links.find(session, token, SIGN_IN) is link

    link.expires_at -= timedelta(seconds=10)
    session.flush()

    with pytest.raises(NotFound):
        links.find(session, token, SIGN_IN)


def test_nothing_in_the_table_is_the_token(session: Session, person: Build[Person]) -> None:
    link = links.make(session, person(), SIGN_IN)

    token = links.token_of(link)

    assert all(token not in str(getattr(link, column.key)) for column in SignInLink.__table__.columns)


def test_a_link_for_one_thing_does_not_do_the_other(session: Session, person: Build[Person]) -> None:
    token = links.token_of(links.make(session, person(), SIGN_IN))

    with pytest.raises(NotFound):
        links.find(session, token, PASSWORD)


def test_using_one_link_ends_the_others(session: Session, person: Build[Person]) -> None:
    ana, ion = person(), person()
    first, second, theirs = (links.make(session, someone, SIGN_IN) for someone in (ana, ana, ion))
    tokens = [links.token_of(each) for each in (first, theirs)]

    links.use(session, second)

    with pytest.raises(NotFound):
        links.find(session, tokens[0], SIGN_IN)
    assert links.find(session, tokens[1], SIGN_IN).person is ion


def test_a_new_password_ends_the_links(session: Session, person: Build[Person]) -> None:
    ana = person()
    token = links.token_of(links.make(session, ana, PASSWORD))

    service.set_password(session, ana, passwords.hash_password("a better horse"), by=None)

    with pytest.raises(NotFound):
        links.find(session, token, PASSWORD)


def test_who_may_not_sign_in_has_no_link(session: Session, person: Build[Person]) -> None:
    ana = person()
    token = links.token_of(links.make(session, ana, SIGN_IN))
    ana.is_active = False
    session.flush()

    with pytest.raises(NotFound):
        links.find(session, token, SIGN_IN)


def test_asking_is_written_down_alike_for_known_and_unknown_addresses(
    session: Session, person: Build[Person], recorded: Recorded
) -> None:
    """Whether there is somebody is seen later, so the answer takes as long for both."""
    known = person().email

    for address in (known, "Nobody@Example.ro "):
        service.ask_for_link(session, address, SIGN_IN)

    session.flush()
    assert [each.payload["address"] for each in recorded("SignInLinkAsked")] == [known, "nobody@example.ro"]
    assert session.query(SignInLink).count() == 0


def test_what_is_no_address_is_told_at_its_field(session: Session) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.ask_for_link(session, "ana at example", SIGN_IN)

    assert list(refused.value.errors) == ["email"]
