"""Links by mail: sign in without a password, or choose a new one. Good once, anywhere, for a quarter of an hour;
those in an invitation, which nobody waits for, for some days.

A link's token is made of a random seed and the desk's secret key when the mail leaves. The table has its hash: who
reads the database, or the list of outgoing mail, can use nobody's link.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta

from flask import current_app
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.config import Settings
from app.errors import NotFound
from app.people import sign_ins
from app.people.models import LinkPurpose, Person, SignInLink
from app.texts import gettext as _

MINUTES = 15
LIFETIME = timedelta(minutes=MINUTES)
INVITED_DAYS = 3
INVITED = timedelta(days=INVITED_DAYS)
LONGEST_TARGET = 500


def make(
    session: Session, person: Person, purpose: LinkPurpose | str, *, target: str = "", lifetime: timedelta = LIFETIME
) -> SignInLink:
    """A new link for somebody. Those mailed before hold until one of them is used or their time is over.

    Args:
        target: the page of the desk it leads to; too long a one leads to the first page.
    """
    moment = clock.real_now()
    session.execute(delete(SignInLink).where(SignInLink.person_id == person.id, SignInLink.expires_at < moment))
    link = SignInLink(
        person_id=person.id,
        purpose=LinkPurpose(purpose),
        seed=secrets.token_hex(32),
        target=target if len(target) <= LONGEST_TARGET else "",
        created_at=moment,
        expires_at=moment + lifetime,
    )
    link.token_hash = sign_ins.hashed(token_of(link))
    session.add(link)
    session.flush()
    return link


def token_of(link: SignInLink) -> str:
    """The secret word of a link; it leaves the desk in one mail and is written down nowhere."""
    settings: Settings = current_app.config["SETTINGS"]
    made_of = f"sign-in-link:{link.purpose}:{link.seed}".encode()
    return urlsafe_b64encode(hmac.digest(settings.secret_key.encode(), made_of, "sha256")).decode().rstrip("=")


def find(session: Session, token: str, purpose: LinkPurpose) -> SignInLink:
    """The link that a token belongs to, with its person. Looking uses nothing up.

    Raises:
        NotFound: there is none, or it was used or has run out.
    """
    found = (
        select(SignInLink)
        .where(SignInLink.token_hash == sign_ins.hashed(token), SignInLink.purpose == purpose)
        .options(joinedload(SignInLink.person, innerjoin=True).joinedload(Person.role_rows))
    )
    link = session.scalars(found).unique().one_or_none()
    if link is None or not holds(link) or not link.person.is_active:
        raise NotFound(_("This link does not work any more."))
    return link


def holds(link: SignInLink) -> bool:
    """Whether a link may still be used."""
    return link.used_at is None and link.expires_at > clock.real_now()


def use(session: Session, link: SignInLink) -> Person:
    """Use a link up, and with it every other one its person has; who it belongs to.

    Raises:
        NotFound: another browser was faster.
    """
    used = session.execute(
        update(SignInLink)
        .where(SignInLink.id == link.id, SignInLink.used_at.is_(None))
        .values(used_at=clock.real_now())
        .returning(SignInLink.id)
        .execution_options(synchronize_session=False)
    ).first()
    if used is None:
        raise NotFound(_("This link does not work any more."))
    forget_all(session, link.person, but=link.id)
    return link.person


def forget_all(session: Session, person: Person, *, but: int | None = None) -> None:
    """Make the links somebody has not used yet worthless."""
    unused = delete(SignInLink).where(SignInLink.person_id == person.id, SignInLink.used_at.is_(None))
    if but is not None:
        unused = unused.where(SignInLink.id != but)
    session.execute(unused)
