"""Who is asking: the signed-in person of the present request."""

from __future__ import annotations

from typing import cast

from flask import g
from flask_login import current_user
from sqlalchemy.orm import Session

from app.db import db
from app.errors import NotAllowed
from app.people import sign_ins
from app.people.models import Person
from app.people.sign_ins import Here
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


def current_sign_in() -> Here | None:
    """The sign-in of the browser that asks; None for a visitor."""
    return cast("Here | None", g.get("sign_in")) if current_user.is_authenticated else None


def load_person(token: str) -> Person | None:
    """Flask-Login's user loader: whom a session cookie's token names, if the sign-in still holds; one query."""
    found = sign_ins.find(cast(Session, db.session()), token)
    g.sign_in = Here.of(found) if found is not None else None
    return found.person if found is not None else None
