"""Who is asking: the signed-in person of the present request."""

from __future__ import annotations

from typing import cast

from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.db import db
from app.errors import NotAllowed
from app.people.models import Person
from app.texts import gettext as _


def current_person() -> Person:
    """The signed-in person.

    Raises:
        NotAllowed: nobody is signed in; the access table should have asked for it.
    """
    person = person_or_none()
    if person is None:
        raise NotAllowed(_("Sign in first."))
    return person


def person_or_none() -> Person | None:
    """The signed-in person, or None for a visitor."""
    return cast(Person, current_user._get_current_object()) if current_user.is_authenticated else None


def load_person(cookie_id: str) -> Person | None:
    """Flask-Login's user loader: whom a session cookie names, if its stamp still holds and the account is active."""
    person_id, _dot, stamp = cookie_id.partition(".")
    if not person_id.isdecimal():
        return None
    session = cast(Session, db.session())
    person = session.scalar(select(Person).where(Person.id == int(person_id)).options(selectinload(Person.role_rows)))
    if person is None or not person.is_active or person.session_stamp != stamp:
        return None
    return person
