"""Where somebody is signed in: begun, looked up with each request, and ended here or from another browser.

A browser's cookie holds a random token; the table has its hash, so that who reads the database can sign in as nobody.
Times are the machine's (`clock.real_now`).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.errors import NotFound
from app.people.models import Person, SignIn, SignInWay
from app.texts import gettext as _

# Without "stay signed in" the browser forgets its cookie when it closes; one that never closes has this long.
UNUSED_AT_MOST = timedelta(hours=12)
KEPT_UNUSED_AT_MOST = timedelta(days=30)
# However much it is used, sooner or later somebody proves again who they are.
LONGEST = timedelta(days=90)
# How exact "last seen" is: each request would be a write otherwise.
SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class Here:
    """The sign-in of the browser that asks, as it was found: good after its transaction is over, too."""

    id: int
    way: SignInWay
    is_kept: bool
    created_at: datetime
    last_seen_at: datetime

    @classmethod
    def of(cls, row: SignIn) -> Here:
        """What is to be known of a row."""
        return cls(row.id, SignInWay(row.way), row.is_kept, row.created_at, row.last_seen_at)


def begin(
    session: Session, person: Person, *, way: SignInWay | str, keep: bool, user_agent: str = "", address: str = ""
) -> str:
    """Sign somebody in; what is returned belongs into the browser's cookie and nowhere else.

    Args:
        keep: they want to stay signed in when the browser closes.
    """
    moment, token = clock.real_now(), secrets.token_urlsafe(32)
    # Whoever comes tidies up behind those who never signed out.
    session.execute(delete(SignIn).where(SignIn.expires_at < moment))
    session.add(
        SignIn(
            person_id=person.id,
            token_hash=hashed(token),
            way=SignInWay(way),
            is_kept=keep,
            user_agent=user_agent.replace("\x00", "")[:300],
            address=address[:45],
            created_at=moment,
            last_seen_at=moment,
            expires_at=moment + _unused_at_most(keep),
        )
    )
    session.flush()
    return token


def find(session: Session, token: str) -> SignIn | None:
    """The sign-in of a cookie's token with its person and their roles, in one query; None when it holds no more."""
    found = (
        select(SignIn)
        .where(SignIn.token_hash == hashed(token))
        .options(joinedload(SignIn.person, innerjoin=True).joinedload(Person.role_rows))
    )
    sign_in = session.scalars(found).unique().one_or_none()
    if sign_in is None or sign_in.expires_at <= clock.real_now() or not sign_in.person.is_active:
        return None
    return sign_in


def is_worth_noting(sign_in: Here) -> bool:
    """Whether it was last seen so long ago that another look is written down."""
    return clock.real_now() - sign_in.last_seen_at >= SEEN_EVERY


def note_seen(session: Session, sign_in: Here, address: str) -> None:
    """Write down that a sign-in was used just now, and from where; with that it holds on."""
    moment = clock.real_now()
    ends_at = min(moment + _unused_at_most(sign_in.is_kept), sign_in.created_at + LONGEST)
    session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in.id, SignIn.last_seen_at <= moment - SEEN_EVERY)
        .values(last_seen_at=moment, expires_at=ends_at, address=address[:45])
        .execution_options(synchronize_session=False)
    )


def of_person(session: Session, person: Person) -> Sequence[SignIn]:
    """Where somebody is signed in, last seen first."""
    found = select(SignIn).where(SignIn.person_id == person.id, SignIn.expires_at > clock.real_now())
    return session.scalars(found.order_by(SignIn.last_seen_at.desc(), SignIn.id.desc())).all()


def own(session: Session, person: Person, sign_in_id: int) -> SignIn:
    """One of somebody's sign-ins.

    Raises:
        NotFound: there is none, it ended, or it is somebody else's.
    """
    found = session.scalar(select(SignIn).where(SignIn.id == sign_in_id, SignIn.person_id == person.id))
    if found is None:
        raise NotFound(_("You are not signed in there any more."))
    return found


def end(session: Session, sign_in: SignIn) -> None:
    """Sign one browser out: its cookie and every copy of it are worth nothing from now on."""
    session.delete(sign_in)
    session.flush()


def end_by_token(session: Session, token: str) -> None:
    """Sign out the browser that has this token in its cookie; a token that holds no more changes nothing."""
    session.execute(delete(SignIn).where(SignIn.token_hash == hashed(token)))


def end_all(session: Session, person: Person, *, but: int | None = None) -> int:
    """Sign somebody out everywhere, or everywhere but in one browser; how many that were.

    Args:
        but: the id of the sign-in that goes on.
    """
    theirs = delete(SignIn).where(SignIn.person_id == person.id)
    if but is not None:
        theirs = theirs.where(SignIn.id != but)
    return len(session.execute(theirs.returning(SignIn.id)).all())


def hashed(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def shown_time(moment: datetime) -> datetime:
    """A moment of a sign-in as the desk's clock has it, for people to read: a demo may be days ahead."""
    return moment + clock.offset()


def _unused_at_most(keep: bool) -> timedelta:
    return KEPT_UNUSED_AT_MOST if keep else UNUSED_AT_MOST
