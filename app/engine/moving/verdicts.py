"""What may become of an instance that is to be moved."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.errors import Conflict


class Outcome(StrEnum):
    """Whether an instance can be moved."""

    OK = "ok"
    NEEDS_MAPPING = "needs_mapping"
    IMPOSSIBLE = "impossible"
    # It has ended, or runs on the new version already: nothing to do.
    LEFT = "left"


@dataclass(frozen=True)
class Verdict:
    """What a dry run says about one instance."""

    instance_id: int
    outcome: Outcome
    element: str = ""
    reason: str = ""


class CannotMove(Conflict):
    """An instance cannot be moved as asked; it stays as it was."""

    def __init__(self, outcome: Outcome, element: str, reason: str) -> None:
        super().__init__(f"{element}: {reason}" if element else reason)
        self.outcome = outcome
        self.element = element
        self.reason = reason
