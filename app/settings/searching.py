"""Looking for something in the settings: pages by their words, and people, teams, types and states by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.contracts import directory as contacts
from app.people import directory
from app.people.models import Person, Team
from app.settings.places import groups
from app.texts import folded
from app.tickets import queries as tickets
from app.web.access import may_open

MOST_OF_A_KIND = 6
LONGEST = 100


@dataclass(frozen=True)
class Hit:
    """Something that was found."""

    icon: str
    title: str
    about: str
    url: str


def search(session: Session, written: str) -> list[Hit]:
    """What a few words find, pages first; nothing for no words."""
    words = folded(written[:LONGEST].replace("\x00", "")).split()
    if not words:
        return []
    text = " ".join(words)
    return [*_pages(words), *_people(session, text), *_teams(session, words), *_lists(session, words)]


def _pages(words: list[str]) -> Iterator[Hit]:
    for group in groups():
        for place in group.places:
            if place.is_found_by(words):
                yield Hit(place.icon, str(place.title), str(place.hint), place.url)


def _people(session: Session, text: str) -> Iterator[Hit]:
    for row in directory.colleagues(session, words=text, active=None, size=MOST_OF_A_KIND).rows:
        yield Hit("user", row.person.name, _about(row.person), url_for(".person", person_id=row.person.id))
    for contact in contacts.contacts(session, words=text, active=None, size=MOST_OF_A_KIND).rows:
        address = url_for(".contact", person_id=contact.person_id)
        yield Hit("address-book", contact.person.name, contact.customer.name, address)


def _about(person: Person) -> str:
    return person.email if person.is_active else _("%(email)s, deactivated", email=person.email)


def _teams(session: Session, words: list[str]) -> Iterator[Hit]:
    found = [each for each in session.scalars(select(Team).order_by(Team.name, Team.id)) if _has(each.name, words)]
    for team in found[:MOST_OF_A_KIND]:
        yield Hit("users-group", team.name, _("Team"), url_for(".team", team_id=team.id))


def _lists(session: Session, words: list[str]) -> Iterator[Hit]:
    if not may_open("settings.type"):
        return
    for kind in tickets.request_types(session, all_of_them=True):
        if _has(" ".join(kind.labels.values()), words):
            yield Hit("forms", _named(kind.labels), _("Request type"), url_for(".type", key=kind.key))
    for state in tickets.states(session):
        if _has(" ".join(state.labels.values()), words):
            yield Hit("progress-check", _named(state.labels), _("State"), url_for(".state", key=state.key))


def _named(labels: dict[str, str]) -> str:
    return " · ".join(dict.fromkeys(labels.values()))


def _has(name: str, words: list[str]) -> bool:
    own = folded(name)
    return all(word in own for word in words)
