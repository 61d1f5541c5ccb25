"""Where somebody is signed in: what a cookie's token is worth, for how long, and for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import NotFound
from app.people import current, passwords, service, sign_ins
from app.people.browsers import browser_and_system
from app.people.models import Person, Role, SignIn, SignInWay
from app.people.sign_ins import Here
from tests.world import Build

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0"


def begin(session: Session, someone: Person, *, keep: bool = False) -> str:
    return sign_ins.begin(
        session, someone, way=SignInWay.PASSWORD, keep=keep, user_agent=FIREFOX, address="203.0.113.9"
    )


def row_of(session: Session, token: str) -> SignIn:
    return session.scalars(select(SignIn).where(SignIn.token_hash == sign_ins.hashed(token))).one()


def test_a_token_names_its_person_and_is_nowhere_in_the_database(session: Session, person: Build[Person]) -> None:
    ana = person()

    token = begin(session, ana)

    assert current.load_person(token) is ana
    row = row_of(session, token)
    assert token not in [getattr(row, column.key) for column in SignIn.__table__.columns]


def test_who_asks_is_found_with_their_roles_in_one_query(session: Session, person: Build[Person]) -> None:
    """It is asked with every request."""
    token = begin(session, person(roles=[Role.AGENT, Role.APPROVER]))
    session.expire_all()
    asked: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", count)
    found = current.load_person(token)
    assert found is not None
    roles = found.roles
    event.remove(session.get_bind(), "before_cursor_execute", count)

    assert roles == {Role.AGENT, Role.APPROVER}
    assert len(asked) == 1


@pytest.mark.parametrize("cookie", ["", "1", "1.abc", "12.0123456789abcdef0123456789abcdef", "²", "\ud800"])
def test_a_forged_or_an_old_cookie_is_nobody(session: Session, person: Build[Person], cookie: str) -> None:
    """Cookies of versions that knew no rows hold a number and a stamp."""
    begin(session, person())

    assert current.load_person(cookie) is None


def test_a_new_password_ends_every_session(session: Session, person: Build[Person]) -> None:
    ana, ion = person(password="the right horse"), person()
    tokens, other = [begin(session, ana), begin(session, ana, keep=True)], begin(session, ion)

    service.set_password(session, ana, passwords.hash_password("a better horse"), by=None)

    assert [current.load_person(token) for token in tokens] == [None, None]
    assert current.load_person(other) is ion


def test_a_deactivated_person_is_signed_in_nowhere(session: Session, person: Build[Person]) -> None:
    ana = person()
    token = begin(session, ana)

    service.deactivate(session, ana, by=None)

    assert current.load_person(token) is None


@pytest.mark.parametrize(("keep", "holds"), [(False, False), (True, True)])
def test_what_is_not_used_for_half_a_day_holds_only_when_it_was_to_be_kept(
    session: Session, person: Build[Person], keep: bool, holds: bool
) -> None:
    token = begin(session, person(), keep=keep)
    row = row_of(session, token)

    row.expires_at -= sign_ins.UNUSED_AT_MOST + timedelta(seconds=1)

    assert (current.load_person(token) is not None) is holds


def test_using_it_makes_it_hold_on_but_not_for_ever(session: Session, person: Build[Person]) -> None:
    token = begin(session, person(), keep=True)
    row = row_of(session, token)
    row.created_at -= sign_ins.LONGEST - timedelta(days=1)
    row.last_seen_at -= timedelta(days=2)
    session.flush()

    sign_ins.note_seen(session, Here.of(row), "198.51.100.7")

    session.refresh(row)
    assert row.address == "198.51.100.7"
    assert clock.real_now() - row.last_seen_at < timedelta(minutes=1)
    assert row.expires_at == row.created_at + sign_ins.LONGEST


def test_being_seen_is_written_down_only_now_and_then(session: Session, person: Build[Person]) -> None:
    """Every request would be a write otherwise."""
    row = row_of(session, begin(session, person()))
    assert not sign_ins.is_worth_noting(Here.of(row))

    row.last_seen_at -= sign_ins.SEEN_EVERY

    assert sign_ins.is_worth_noting(Here.of(row))


def test_all_but_this_one_are_ended_together(session: Session, person: Build[Person]) -> None:
    ana = person()
    here, elsewhere = begin(session, ana), [begin(session, ana) for _each in range(2)]

    ended = sign_ins.end_all(session, ana, but=row_of(session, here).id)

    assert ended == 2
    assert current.load_person(here) is ana
    assert [current.load_person(token) for token in elsewhere] == [None, None]


def test_nobody_ends_what_is_somebody_elses(session: Session, person: Build[Person]) -> None:
    ana, ion = person(), person()
    theirs = row_of(session, begin(session, ion))

    with pytest.raises(NotFound):
        sign_ins.own(session, ana, theirs.id)


def test_who_signs_in_tidies_up_what_ran_out(session: Session, person: Build[Person]) -> None:
    token = begin(session, person())
    row_of(session, token).expires_at = clock.real_now() - timedelta(days=1)
    session.flush()

    begin(session, person())

    assert session.scalar(select(SignIn.id).where(SignIn.token_hash == sign_ins.hashed(token))) is None


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1 Version/18.1 Mobile Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "Chrome on Android"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1 Version/18.0 Safari/605.1",
            "Safari on macOS",
        ),
        ("curl/8.5.0", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_told_in_words(session: Session, user_agent: str, words: str) -> None:
    assert browser_and_system(user_agent) == words
