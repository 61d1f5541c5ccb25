"""The reader's timers, at the foot of the rail on every page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask, g
from flask_login import current_user
from sqlalchemy.orm import Session

from app import clock
from app.db import db
from app.people.models import Person
from app.web.access import may_open
from app.web.counts import Counted, counts
from app.web.navigation import number_at
from app.worklog import timers

# The timers are no place of the rail, but are counted with them.
KEY = "timers"


@dataclass(frozen=True)
class Shown:
    """A timer as the rail shows it: `since_ms` is when a running one would have begun without pauses."""

    number: str
    is_running: bool
    seconds: int
    since_ms: int


@counts(KEY)
def count_timers(_session: Session, _reader: Person) -> Counted:
    """How many timers the reader has."""
    return timers.TIMERS


def my_timers() -> Sequence[Shown]:
    """The reader's timers, the one that runs first; asked once per page."""
    if "my_timers" not in g:
        g.my_timers = _read() if may_open("worklog.start_timer") and number_at(KEY) else []
    found: Sequence[Shown] = g.my_timers
    return found


def clock_words(seconds: int) -> str:
    """Seconds as a timer shows them: `00:18:24`."""
    hours, rest = divmod(seconds, 3600)
    return f"{hours:02}:{rest // 60:02}:{rest % 60:02}"


def _read() -> list[Shown]:
    now = clock.now()
    shown = []
    for timer in timers.all_of(db.session(), current_user):
        seconds = timers.seconds_of(timer, now)
        began = int(now.timestamp() * 1000) - seconds * 1000
        shown.append(Shown(timer.ticket.number, timer.is_running, seconds, began))
    return shown


def init(app: Flask) -> None:
    """Offer the timers to the layout."""
    app.jinja_env.globals.update(my_timers=my_timers)
    app.jinja_env.filters.update(clock_words=clock_words)
