"""The reference diagram and its walk: what is done to it, for the library alone and for the desk's engine."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.engine import definitions
from app.engine.xml import SourceFile

FOLDER: Final = Path(__file__).resolve().parents[1] / "diagrams"
KEY: Final = "bench_request"
MESSAGE: Final = "customer_reply"
PERSON: Final = 7

REQUEST: Final[dict[str, Any]] = {
    "id": 4711,
    "subject": "The printer on the second floor does not print",
    "priority": "high",
    "level": "gold",
    "customer": {"id": 9, "name": "Alba Logistic", "email": "office@albalogistic.example"},
    "tags": ["printer", "hardware", "second floor"],
    "description": "Since this morning every page comes out empty. " * 10,
}
ENTRY: Final = {"kind": "phone", "spent": 15, "note": "Called the customer, who looks up the serial number."}
REPLY: Final = {"text": "The serial number is 4711-0815."}


@dataclass(frozen=True)
class Interaction:
    """Something that happens to a request from outside: a user task completed, or (no element) a reply."""

    element: str | None
    variable: str = ""
    answer: Any = None


TRIAGE: Final = Interaction("triage", "triage_answer", {"outcome": "request"})
WAIT: Final = Interaction("work", "activity", {**ENTRY, "next_step": "ask"})
REPLIED: Final = Interaction(None, answer=REPLY)
RESOLVE: Final = Interaction("work", "activity", {**ENTRY, "next_step": "resolve"})
CONFIRM: Final = Interaction("confirm", "confirmation", {"outcome": "confirmed"})
ONE_ROUND: Final = (WAIT, REPLIED)
# A request's whole life: thirteen interactions.
LIFE: Final[Sequence[Interaction]] = (TRIAGE, *(ONE_ROUND * 5), RESOLVE, CONFIRM)


def request() -> dict[str, Any]:
    """The variables an instance starts with, as values of its own."""
    return {"request": copy.deepcopy(REQUEST)}


def files() -> list[SourceFile]:
    """Every file of the reference diagram."""
    return [definitions.source_file(path) for path in sorted(FOLDER.iterdir()) if path.suffix in definitions.KINDS]


def paths(suffix: str) -> list[str]:
    """The diagrams (".bpmn") or tables (".dmn") of the reference, as the library wants them."""
    return [str(path) for path in sorted(FOLDER.glob(f"*{suffix}"))]
