"""Where the next page of a list begins, as an address says it."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import gettext as _

from app.errors import InvalidInput
from app.sla.compliance import Cursor
from app.tickets.address import read_day

# No id is larger; a database would refuse the number.
LARGEST = 2**31


def write(place: tuple[date, int] | None) -> str | None:
    """A day or a moment, and an id; None at the end of a list."""
    return f"{place[0].isoformat()}~{place[1]}" if place else None


def read_moment(written: str | None) -> Cursor | None:
    """A moment and an id; None for the first page.

    Raises:
        InvalidInput: it is not one of ours.
    """
    if not written:
        return None
    try:
        moment, number = written.split("~")
        place = datetime.fromisoformat(moment), int(number)
        if place[0].tzinfo is None or not 0 < place[1] < LARGEST:
            raise ValueError(written)
    except ValueError as error:
        raise _not_ours() from error
    return place


def read_place(written: str | None) -> tuple[date, int] | None:
    """A day and an id; None for the first page.

    Raises:
        InvalidInput: it is not one of ours.
    """
    if not written:
        return None
    day, _mark, number = written.partition("~")
    found, key = read_day(day), read_id(number)
    if found is None or key is None:
        raise _not_ours()
    return found, key


def read_id(written: str | None) -> int | None:
    """An id alone; None for the first page.

    Raises:
        InvalidInput: it is not one of ours.
    """
    if not written:
        return None
    if not written.isdecimal() or len(written) > len(str(LARGEST)) or int(written) >= LARGEST:
        raise _not_ours()
    return int(written)


def _not_ours() -> InvalidInput:
    return InvalidInput(_("This list cannot be continued; open it again."))
