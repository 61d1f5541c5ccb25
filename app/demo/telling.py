"""How the demo's stories are told: who wrote what, and what was done about it, and when.

Moments are written as seen from the day the demo is loaded: `"-3 09:12"` is 9:12 in the desk's zone three working days
ago, `"-25m"` twenty-five minutes before now. What would lie in the future is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """One thing that happens to a request: a verb of `loading.VERBS`, who does it, and what it takes."""

    at: str
    verb: str
    who: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Story:
    """A request and what became of it."""

    subject: str
    text: str
    requester: str
    at: str
    channel: str = "email"
    kind: str = "incident"
    priority: str | None = None
    steps: tuple[Step, ...] = ()


def take(at: str, who: str) -> Step:
    """Somebody of the team takes the request over."""
    return Step(at, "take_over", who, {"outcome": "mine"})


def work(at: str, who: str, outcome: str, reply: str, minutes: int = 15, **more: Any) -> Step:
    """The assignee completes the work task: answer, ask or solved."""
    values = {"outcome": outcome, "reply": reply, "minutes": minutes, "kind": "remote", "billable": True, **more}
    return Step(at, "work", who, values)


def escalate(at: str, who: str, reason: str, skill: str | None = None) -> Step:
    """The assignee asks for an escalation."""
    values = {"outcome": "escalate", "escalation_reason": reason, "escalation_skill": skill, "minutes": 20}
    return Step(at, "work", who, {**values, "kind": "remote", "billable": True})


def writes(at: str, who: str, text: str) -> Step:
    """The customer writes."""
    return Step(at, "customer_writes", who, {"text": text})


def mails(at: str, who: str, text: str, quoted: str, files: dict[str, bytes]) -> Step:
    """The customer answers by mail, quoting what was written before, with files."""
    return Step(at, "mails", who, {"text": text, "quoted": quoted, "files": files})


def copies(at: str, who: str, address: str) -> Step:
    """A colleague lets somebody else get the replies too."""
    return Step(at, "copies", who, {"address": address})


def note(at: str, who: str, text: str) -> Step:
    """A colleague leaves an internal note."""
    return Step(at, "note", who, {"text": text})


def task(at: str, element: str, who: str, **values: Any) -> Step:
    """Somebody completes another user task of the request, its escalation or its work entries."""
    return Step(at, element, who, values)
