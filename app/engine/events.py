"""What happens to instances."""

from __future__ import annotations

from dataclasses import dataclass

from app.events import Event


@dataclass(frozen=True)
class InstanceStalled(Event):
    """A step of an instance failed; somebody has to repair and retry it."""

    instance_id: int
    process_key: str
    subject_kind: str
    subject_id: int
    element: str
    reason: str
