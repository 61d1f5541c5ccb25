"""What a form of the settings sent: read once, with what is wrong kept beside its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from flask import request

from app.db import db
from app.errors import Conflict, InvalidInput

T = TypeVar("T")

# What the buttons beside a row of a list ask for.
STEPS = {"up": -1, "down": 1}


@dataclass
class Sent:
    """A form as it was typed, and what is wrong with it, by field; under the empty key what belongs to none."""

    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls) -> Sent:
        """The form of the present request; what has several values is read from the request itself."""
        return cls(request.form.to_dict())

    def keep(self, error: InvalidInput | Conflict) -> None:
        """Take over what a service found wrong."""
        found: Mapping[str, list[str]] = error.errors if isinstance(error, InvalidInput) else {}
        for name, messages in (found or {"": [error.message]}).items():
            self.problems.setdefault(name, []).extend(messages)

    def attempt(self, change: Callable[[], T]) -> T | None:
        """Do something of which all or nothing stays; None when it was refused, with what is wrong kept."""
        try:
            with db.session().begin_nested():
                return change()
        except (InvalidInput, Conflict) as error:
            self.keep(error)
            return None


def number(name: str) -> int | None:
    """A number that an address asks for; None when it asks for none that a row could have."""
    found = request.args.get(name, type=int)
    return found if found is not None and 0 < found < 2**31 else None
