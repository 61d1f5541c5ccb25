"""What stands in the rail: only screens that exist and that the reader's roles open, with counts where they matter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request, url_for
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from app.db import db
from app.notifications import queries as notifications
from app.people.current import current_person
from app.people.models import Person
from app.web.access import ACCESS, may_open
from app.web.counts import Count, Counted, counts, counts_at


@dataclass(frozen=True)
class Place:
    """One entry of the rail."""

    key: str
    endpoint: str
    icon: str
    title: str
    keys: str
    parameters: tuple[tuple[str, str], ...] = ()
    group: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        values: dict[str, Any] = dict(self.parameters)
        return url_for(self.endpoint, **values)

    @property
    def is_here(self) -> bool:
        """Whether the present page belongs to this place."""
        if not request.endpoint or request.endpoint.split(".")[0] != self.endpoint.split(".")[0]:
            return False
        wanted = dict(self.parameters)
        if wanted:
            return all(request.args.get(name) == value for name, value in wanted.items())
        return not any(
            other.endpoint == self.endpoint
            and other.parameters
            and all(request.args.get(name) == value for name, value in other.parameters)
            for other in PLACES
        )


PLACES = (
    Place("work", "tasklist.my_work", "inbox", lazy_gettext("My work"), "g w"),
    Place("tickets", "tickets.index", "ticket", lazy_gettext("Tickets"), "g t"),
    Place("unassigned", "unassigned.index", "user-question", lazy_gettext("Unassigned"), "g u"),
    Place("overview", "overview.index", "layout-dashboard", lazy_gettext("Overview"), "g o", group=1),
    Place("instances", "monitor.index", "route", lazy_gettext("Instances"), "g i", group=1),
    Place("settings", "settings.index", "settings", lazy_gettext("Settings"), "g ,", group=2),
)

# The bell is no place, but counts with them.
BELL = "notices"
# What else the frame of a colleague's page shows.
ELSEWHERE = ("timers",)


def places() -> list[tuple[Place, Count]]:
    """The places the reader may open, with what waits there."""
    counted = _counted()
    return [(place, counted.get(place.key, Count())) for place in _open_to_reader()]


def bar_of_five(everything: list[tuple[Place, Count]]) -> tuple[list[tuple[Place, Count]], list[tuple[Place, Count]]]:
    """What stands in the bar of a small screen, and what its last entry unfolds.

    The first two places, then a new request for whoever may write one (the layout's own), then as much as fits.
    """
    room = 4 if may_open("tickets.new") else 5
    if len(everything) <= room:
        return everything, []
    return everything[: room - 1], everything[room - 1 :]


@counts(BELL)
def count_unread(_session: Session, _reader: Person) -> Counted:
    """How many notices the reader has not read yet."""
    return notifications.UNREAD


def unread_notices() -> int:
    """How many notices the reader has not read yet."""
    return number_at(BELL)


def number_at(key: str) -> int:
    """How much there is at a place, or of something else that every page of the reader shows."""
    return _counted().get(key, Count()).number


def _open_to_reader() -> list[Place]:
    return [place for place in PLACES if place.endpoint in ACCESS and may_open(place.endpoint)]


def _counted() -> Mapping[str, Count]:
    """What waits for the reader, asked once for each page."""
    if "counted" not in g:
        reader = current_person()
        # The portal has a bell and no rail.
        keys = [BELL, *ELSEWHERE, *(place.key for place in _open_to_reader())] if reader.is_staff else [BELL]
        g.counted = counts_at(db.session(), reader, keys)
    counted: Mapping[str, Count] = g.counted
    return counted


def init(app: Flask) -> None:
    """Offer the rail and the bell to the layouts."""
    app.jinja_env.globals.update(
        places=places, bar_of_five=bar_of_five, may_open=may_open, unread_notices=unread_notices
    )
