"""What stands in the rail: only screens that exist and that the reader's roles open, with counts where they matter."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request, url_for
from flask_babel import lazy_gettext
from flask_login import current_user
from sqlalchemy.orm import Session

from app.db import db
from app.notifications import queries as notifications
from app.people.models import Person
from app.web.access import ACCESS, may_open


@dataclass(frozen=True)
class Count:
    """A number beside a place; `is_late` marks one that asks for attention."""

    number: int
    is_late: bool = False


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

Counting = Callable[[Session, Person], Count]
_counts: dict[str, Counting] = {}


def counts(key: str) -> Callable[[Counting], Counting]:
    """Register the function that counts what waits at a place ("work", "unassigned", "instances")."""

    def register(function: Counting) -> Counting:
        _counts[key] = function
        return function

    return register


def places() -> list[tuple[Place, Count]]:
    """The places the reader may open, with what waits there."""
    open_to_reader = [place for place in PLACES if place.endpoint in ACCESS and may_open(place.endpoint)]
    nothing = Count(0)
    return [
        (place, _counts[place.key](db.session(), current_user) if place.key in _counts else nothing)
        for place in open_to_reader
    ]


def bar_of_five(everything: list[tuple[Place, Count]]) -> tuple[list[tuple[Place, Count]], list[tuple[Place, Count]]]:
    """What stands in the bar of a small screen, and what its last entry unfolds.

    The first two places, then a new request for whoever may write one (the layout's own), then as much as fits.
    """
    room = 4 if may_open("tickets.new") else 5
    if len(everything) <= room:
        return everything, []
    return everything[: room - 1], everything[room - 1 :]


def unread_notices() -> int:
    """How many notices the reader has not read yet, asked once per page."""
    if "unread_notices" not in g:
        g.unread_notices = notifications.unread_count(db.session(), current_user)
    return int(g.unread_notices)


def init(app: Flask) -> None:
    """Offer the rail and the bell to the layouts."""
    app.jinja_env.globals.update(
        places=places, bar_of_five=bar_of_five, may_open=may_open, unread_notices=unread_notices
    )
