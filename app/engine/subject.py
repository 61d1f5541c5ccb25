"""What a process instance is about: a ticket, a work entry or an escalation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Subject:
    """The kind and the id of the thing an instance works on; written `ticket:12`."""

    kind: str
    id: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Subject:
        """Read `ticket:12` back.

        Raises:
            ValueError: the text is not a kind, a colon and a whole number.
        """
        kind, colon, number = text.partition(":")
        if not kind or not colon or not number.isdecimal():
            raise ValueError(f"{text!r} is not a subject; it looks like ticket:12.")
        return cls(kind, int(number))
