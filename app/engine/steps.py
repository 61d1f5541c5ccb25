"""What an instance is asked to do next, in a form that can be kept and tried again."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class StepKind(StrEnum):
    """The kinds of step."""

    START = "start"
    TASK = "task"
    MESSAGE = "message"
    TIMER = "timer"
    REFRESH = "refresh"
    MOVE = "move"
    SET = "set"


@dataclass(frozen=True)
class Step:
    """One step: what to apply to an instance before it runs on to its next wait states.

    `data` by kind: start {variables}, task {task_id, answer}, message {name, payload, key?, keep_for? (seconds)}, timer
    {task_id, element}, move {cancel?, start?, task_id?}, set {name, value, task_id?}. People do the last two, see
    `interventions`.
    """

    kind: StepKind
    data: dict[str, Any] = field(default_factory=dict)
    by_id: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The form that is kept with a stalled instance."""
        return {"kind": self.kind.value, "data": self.data, "by_id": self.by_id}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Step:
        """Read a kept step back."""
        return cls(StepKind(kept["kind"]), kept["data"], kept["by_id"])

    def is_same_as(self, other: Step) -> bool:
        """Whether both try the same thing (an answer may differ); two messages never do, whatever they say."""
        if self.kind == StepKind.MESSAGE:
            return False
        ours, theirs = dict(self.data), dict(other.data)
        ours.pop("answer", None)
        theirs.pop("answer", None)
        return self.kind == other.kind and ours == theirs
