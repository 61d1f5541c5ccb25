"""The address of a list that can be filtered, whatever it lists: it holds all that is asked for, so it can be shared.

Each list names what may stand in its address: `tickets.address.Address` for tickets, `tasklist.address.WorkAddress` for
the tasks of My work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Self
from urllib.parse import parse_qsl, urlencode

LONGEST: Final = 2000
LONGEST_VALUE: Final = 200
MOST_VALUES: Final = 20
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ListAddress:
    """What an address asks for, in one order however it was typed."""

    pairs: Pairs = ()

    # The names that narrow the list, in their order in the address, and those that may stand there several times.
    narrowing: ClassVar[tuple[str, ...]] = ()
    repeated: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """Read pairs of names and values, such as `request.args.items(multi=True)`; what means nothing is left out."""
        given: dict[str, list[str]] = {}
        for name, value in pairs:
            value = value.replace("\x00", "").strip()[:LONGEST_VALUE]
            if value and value not in given.setdefault(name, []):
                given[name].append(value)
        narrowing = [
            (name, value)
            for name in cls.narrowing
            for value in given.get(name, [])[: MOST_VALUES if name in cls.repeated else 1]
        ]
        return cls((*narrowing, *cls.looks(given)))

    @classmethod
    def looks(cls, given: Mapping[str, list[str]]) -> Pairs:
        """Of the values in an address, those that say how the list looks; a list with looks overrides this."""
        return ()

    @classmethod
    def read(cls, query: str) -> Self:
        """Read the query of an address, such as a saved view keeps."""
        return cls.of(parse_qsl(query.lstrip("?")[:LONGEST]))

    @property
    def query(self) -> str:
        """The query of the address; empty for the plain list."""
        return urlencode(self.pairs)

    def one(self, name: str) -> str:
        """The value of a name, empty when it has none."""
        return next((value for key, value in self.pairs if key == name), "")

    def many(self, name: str) -> list[str]:
        """The values of a name."""
        return [value for key, value in self.pairs if key == name]

    def has(self, name: str, value: str) -> bool:
        """Whether a name has a value."""
        return (name, value) in self.pairs

    def without(self, name: str, value: str | None = None) -> Self:
        """The same list without one value of a name, or without all of them."""
        return self.of(pair for pair in self.pairs if pair[0] != name or value not in (None, pair[1]))

    def plus(self, name: str, value: str) -> Self:
        """The same list with one more value; a name that stands once takes the new one."""
        base = self if name in self.repeated else self.without(name)
        return self.of((*base.pairs, (name, value)))

    def toggled(self, name: str, value: str) -> Self:
        """The same list with a value, or without it when it has it."""
        return self.without(name, value) if self.has(name, value) else self.plus(name, value)

    @property
    def filtered(self) -> Pairs:
        """The pairs that narrow the list."""
        return tuple(pair for pair in self.pairs if pair[0] in self.narrowing)

    @property
    def laid_out(self) -> Pairs:
        """The pairs that say how the list looks."""
        return tuple(pair for pair in self.pairs if pair[0] not in self.narrowing)

    @property
    def text(self) -> str:
        """The words that are searched."""
        return self.one("q")
