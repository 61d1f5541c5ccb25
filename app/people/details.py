"""A person's details as somebody types them: cleaned, or refused at their fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from app.errors import InvalidInput
from app.people.models import Language, Role
from app.texts import folded
from app.texts import gettext as _

LONGEST_NAME = 200
LONGEST_ADDRESS = 254
LONGEST_SIGNATURE = 1000
MINUTES_PER_WEEK = 7 * 24 * 60

# Only what could never be delivered is refused; whether an address exists, the mail server knows.
_ADDRESS = re.compile(r"[^@\s<>,;\"\x00-\x1f]+@[^@\s<>,;\"\x00-\x1f]+")
# 40, 37.5 or 37,5, and 37:30 as it is on a clock.
_HOURS = re.compile(r"(?P<hours>\d{1,3})(?:[.,](?P<fraction>\d{1,2})|:(?P<minutes>[0-5]\d))?\s*h?")


def clean_name(name: str) -> str:
    """A person's name, without superfluous spaces.

    Raises:
        InvalidInput: there is none, or it is longer than any.
    """
    line = " ".join(name.replace("\x00", "").split())
    if not line:
        raise InvalidInput(_("Write a name."))
    if len(line) > LONGEST_NAME:
        raise InvalidInput(_("Keep this to %(most)s characters.", most=LONGEST_NAME))
    return line


def clean_address(email: str) -> str:
    """An e-mail address the way it is stored: trimmed, lower case.

    Raises:
        InvalidInput: the address could not receive mail.
    """
    address = email.strip().lower()
    if len(address) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        message = _("“%(email)s” is not an e-mail address.", email=email[:LONGEST_ADDRESS])
        raise InvalidInput(message, {"email": [message]})
    return address


def clean_language(language: str) -> str:
    """A language the desk speaks.

    Raises:
        InvalidInput: it is none of them.
    """
    if language not in set(Language):
        raise InvalidInput(_("Choose one of the languages."))
    return str(Language(language))


def clean_zone(written: str) -> str:
    """A time zone by its name (`Europe/Bucharest`), however it is written, or by its city alone.

    Raises:
        InvalidInput: no zone is called so, or several are.
    """
    found = _zones_by_words().get(_words(written), ())
    if len(found) != 1:
        raise InvalidInput(_("Choose one of the time zones."))
    return found[0]


def clean_signature(written: str) -> str:
    """A signature: plain text of a few lines.

    Raises:
        InvalidInput: it is longer than a mail should carry each time.
    """
    text = written.replace("\x00", "").replace("\r\n", "\n")
    text = "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")
    if len(text) > LONGEST_SIGNATURE:
        raise InvalidInput(_("Keep this to %(most)s characters.", most=LONGEST_SIGNATURE))
    return text


def clean_weekly_hours(written: str) -> int | None:
    """The minutes of an ordinary week, from hours as people write them; None for nothing written.

    Raises:
        InvalidInput: no week has so many hours, or it is no number.
    """
    text = written.strip().lower()
    if not text:
        return None
    found = _HOURS.fullmatch(text)
    if found is None:
        raise InvalidInput(_("Write hours, such as 40, 37.5 or 37:30."))
    minutes = round(float(f"{found['hours']}.{found['fraction'] or 0}") * 60) + int(found["minutes"] or 0)
    check_weekly_minutes(minutes)
    return minutes


def check_weekly_minutes(minutes: int | None) -> None:
    """Let no week be longer than it is; None is as long as the desk is open.

    Raises:
        InvalidInput: with a message under `weekly_minutes`.
    """
    if minutes is not None and not 0 <= minutes <= MINUTES_PER_WEEK:
        message = _("A week has 0 to 168 hours.")
        raise InvalidInput(message, {"weekly_minutes": [message]})


def written_hours(minutes: int | None) -> str:
    """Minutes the way `clean_weekly_hours` reads them: `40`, `37:30`, nothing for None."""
    if minutes is None:
        return ""
    return f"{minutes // 60}:{minutes % 60:02}" if minutes % 60 else str(minutes // 60)


_CLEANERS: dict[str, Callable[[str], str | int | None]] = {
    "name": clean_name,
    "email": clean_address,
    "language": clean_language,
    "zone": clean_zone,
    "signature": clean_signature,
    "weekly_minutes": clean_weekly_hours,
}


def clean(sent: Mapping[str, str], problems: dict[str, list[str]]) -> dict[str, Any]:
    """Details by field as they are stored; what is wrong is added to `problems`, under its field."""
    cleaned: dict[str, Any] = {}
    for field, value in sent.items():
        try:
            cleaned[field] = _CLEANERS[field](value)
        except InvalidInput as error:
            problems.setdefault(field, []).append(error.message)
    return cleaned


def clean_roles(roles: Iterable[str], problems: dict[str, list[str]]) -> set[Role]:
    """The roles that were chosen; that there is none is added to `problems`."""
    known = {role for role in Role if str(role) in set(map(str, roles))}
    if not known:
        problems["roles"] = [_("Choose at least one role.")]
    return known


def refuse(problems: Mapping[str, list[str]]) -> None:
    """Raise what was found wrong, by field.

    Raises:
        InvalidInput: something was.
    """
    if problems:
        raise InvalidInput(_("Some fields need another look. Nothing was stored."), problems)


@lru_cache(maxsize=1)
def zones() -> tuple[str, ...]:
    """The time zones that are offered: those named by an area and a city."""
    return tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))


@lru_cache(maxsize=1)
def _zones_by_words() -> dict[str, tuple[str, ...]]:
    """Every zone by its whole name, and by its city unless that is the whole name of another."""
    whole = {_words(zone): (zone,) for zone in available_timezones()}
    cities: dict[str, tuple[str, ...]] = {}
    for zone in zones():
        city = _words(zone.rpartition("/")[2])
        cities[city] = (*cities.get(city, ()), zone)
    return cities | whole


def _words(written: str) -> str:
    return " ".join(folded(written).replace("_", " ").split())
