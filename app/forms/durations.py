"""Durations as people write them."""

from __future__ import annotations

import re
from typing import Final

_CLOCK_TIME: Final = re.compile(r"(?P<hours>\d{1,4}):(?P<minutes>[0-5]\d)")
_HOURS_MINUTES: Final = re.compile(
    r"(?:(?P<hours>\d{1,4}(?:[.,]\d{1,2})?)\s*(?:h|ore|oră|ora|hours?))?\s*"
    r"(?:(?P<minutes>\d{1,6})\s*(?:m|min|minute|minutes?)?)?",
    re.IGNORECASE,
)


def typed_minutes(text: str) -> int | None:
    """Minutes of a duration as people write it: "80", "1:20", "1 h 20", "1,5 h", "20 min"; None when it is none."""
    written = text.strip()
    by_clock = _CLOCK_TIME.fullmatch(written)
    if by_clock is not None:
        return int(by_clock["hours"]) * 60 + int(by_clock["minutes"])
    in_words = _HOURS_MINUTES.fullmatch(written)
    if in_words is None or not written:
        return None
    hours = float((in_words["hours"] or "0").replace(",", "."))
    return round(hours * 60) + int(in_words["minutes"] or 0)
