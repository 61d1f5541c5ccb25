"""What happens to instances."""

from __future__ import annotations

from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class InstanceMoved(Event):
    """An instance runs on another version of its definition from now on."""

    instance_id: int
    process_key: str
    from_version: int
    to_version: int
    # What is called otherwise now: {old element: new element}.
    elements: dict[str, str] = field(default_factory=dict)
    by_id: int | None = None
