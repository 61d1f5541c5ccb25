"""Words that nobody wrote: enough different ones that a full-text index is as large as a real desk's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Final


def listed(words: str) -> list[str]:
    """The words of a line."""
    return words.split()


_BEGINNINGS: Final = listed(
    "ba be ca co da de fa fi ga gi la li ma mo na ne pa pe ra ri sa se șo ta te ța va vo za împ într"
)
_MIDDLES: Final = listed("ba cu di fe go ji lă mi nu pâ ro si ște tu ți va ză")
_ENDS: Final = listed("re ră t ție tor nță l m na șă rul lui")
DIFFERENT: Final = 4_000
# In a sentence of its own that every copied request begins with.
IN_A_SENTENCE: Final = 12


def vocabulary() -> list[str]:
    """The same words each time, with and without diacritics, the frequent ones first."""
    chance = random.Random(7)
    found: dict[str, None] = {}
    while len(found) < DIFFERENT:
        middle = "".join(chance.choices(_MIDDLES, k=chance.randint(1, 2)))
        found[chance.choice(_BEGINNINGS) + middle + chance.choice(_ENDS)] = None
    return list(found)


def sentences() -> Iterator[str]:
    """Sentences without an end; as in any language, few words are frequent and most are rare."""
    chance, words = random.Random(11), vocabulary()
    weights = list(accumulate(1 / place for place in range(1, len(words) + 1)))
    while True:
        yield " ".join(chance.choices(words, cum_weights=weights, k=IN_A_SENTENCE)).capitalize() + "."
