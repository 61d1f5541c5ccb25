"""What the browser lays over a diagram: where the tokens are, what is done, what is stalled, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from app import clock
from app.engine.models import InstanceState, ProcessInstance
from app.web.formats import duration, when

# How a mark of the engine looks (a marker class and an icon of the sprite).
LOOKS = {"active": "waiting", "stalled": "stalled", "done": "done", "cancelled": "left"}
ICONS = {"waiting": "hourglass", "stalled": "plug-connected-x", "done": "check"}


def drawing(instance: ProcessInstance, diagram: str, marks: Mapping[str, Mapping[str, Any]]) -> dict[str, object]:
    """The instance's own version of the diagram with its marks, ready to be drawn, in the reader's language."""
    drawn = [_mark(element, mark, instance) for element, mark in marks.items()]
    return {
        "xml": diagram,
        "marks": drawn,
        "focus": _focus(instance, drawn),
    }


def _mark(element: str, mark: Mapping[str, Any], instance: ProcessInstance) -> dict[str, object]:
    look, count, minutes = LOOKS[str(mark["state"])], int(mark["count"]), int(mark["minutes"])
    time = f"{count}× {duration(minutes)}" if count > 1 else duration(minutes)
    if look == "stalled":
        stalled_for = clock.now() - (instance.stalled_at or clock.now())
        label = _("Stalled %(time)s", time=duration(int(stalled_for.total_seconds() // 60)))
    elif look == "waiting":
        label = time
    elif look == "done" and (minutes or count > 1):
        label = time if minutes else f"{count}×"
    else:
        # What took no time needs no tag: its green edge says that it is done.
        label = ""
    return {
        "element": element,
        "state": look,
        "label": label,
        "icon": "repeat" if count > 1 and look == "done" else ICONS.get(look, ""),
        "title": "" if look == "done" else _("since %(moment)s", moment=_since(mark)),
        "was_left": look == "done" or count > 1,
    }


def _since(mark: Mapping[str, Any]) -> str:
    return when(datetime.fromisoformat(str(mark["entered_at"])))


def _focus(instance: ProcessInstance, drawn: list[dict[str, object]]) -> str | None:
    """The element a narrow screen is centred on: the stalled one, else one that waits, else the last."""
    if instance.state == InstanceState.STALLED.value and instance.stalled_element:
        return instance.stalled_element
    waiting = [mark for mark in drawn if mark["state"] == "waiting"]
    chosen = waiting or drawn
    return str(chosen[-1]["element"]) if chosen else None
