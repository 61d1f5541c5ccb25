"""From the stored calendar to the one that counts."""

from __future__ import annotations

import json
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.sla.calendar import WorkingCalendar, read_calendar
from app.sla.clocks import FindCalendar
from app.sla.models import Calendar
from app.texts import gettext as _

DEFAULT_KEY = "office"


def finder(session: Session) -> FindCalendar:
    """A function from a calendar's key to the calendar; each row is read once in a session."""
    # The rows, not what was made of them: one that this session changes counts as it is then.
    rows: dict[str, Calendar] = session.info.setdefault("calendars", {})
    found: dict[str, WorkingCalendar] = {}

    def find(key: str) -> WorkingCalendar:
        if key not in found:
            row = rows.get(key)
            if row is None or row not in session:
                row = session.scalar(select(Calendar).where(Calendar.key == key))
            if row is None:
                raise NotFound(_("There is no calendar “%(key)s”.", key=key))
            rows[key] = row
            found[key] = working_calendar(row)
        return found[key]

    return find


def working_calendar(row: Calendar) -> WorkingCalendar:
    """The calendar of a row; equal rows give the same object, so that its opening hours are worked out once."""
    return _built(row.key, row.name, row.zone, json.dumps(row.hours), row.holidays_country, json.dumps(row.extra))


@lru_cache(maxsize=256)
def _built(key: str, name: str, zone: str, hours: str, country: str, extra: str) -> WorkingCalendar:
    return read_calendar(key, name, zone, json.loads(hours), country, json.loads(extra))
