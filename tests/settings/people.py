"""What the tests of people and contacts share."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.people import queries
from app.people.models import Person
from tests.pages import Pages

NEW = {"name": "Dan Pop", "language": "ro", "zone": "Europe/Bucharest", "roles": "agent"}


def found(desk: Pages, email: str) -> Person:
    """Who has an address, with roles loaded."""

    def look(session: Session) -> Person:
        person = queries.person_by_email(session, email)
        assert person is not None
        return person

    return desk.write(look)


def look(desk: Pages, person_id: int) -> Person:
    def get(session: Session) -> Person:
        person = queries.get_person(session, person_id)
        assert person.roles is not None
        return person

    return desk.write(get)


def said(answer: TestResponse) -> str:
    """The message of the next page."""
    toast = re.search(r'class="s-toast"><span>(.*?)</span>', answer.text, re.DOTALL)
    return toast[1] if toast else ""
