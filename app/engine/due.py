"""Timer events that wait for an absolute moment, whatever their expression gives: a moment, a date or a duration.

The library calls `datetime.now` in one module only; `use_desk_time` puts the desk's clock in there, for cycles.
"""

from __future__ import annotations

import datetime as real
from datetime import UTC, datetime, timedelta
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions import timer as library
from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition, TimerEventDefinition
from SpiffWorkflow.task import Task

from app import clock
from app.engine.values import ExpressionError, kind_of, parse_duration, parse_moment

# What a paused or absent deadline is due at: armed, but for ever away.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


class DeskDatetime(real.datetime):
    """`datetime` as the library's timer module sees it: `now` is the desk's."""

    @classmethod
    def now(cls, tz: real.tzinfo | None = None) -> DeskDatetime:
        moment = clock.now().astimezone(tz or UTC)
        return cls(*moment.timetuple()[:6], moment.microsecond, moment.tzinfo)


def use_desk_time() -> None:
    """Make the library's timers follow the desk's clock."""
    library.datetime = DeskDatetime


def due_moment(value: Any, now: datetime) -> datetime:
    """When a timer is due whose expression gave this value.

    Raises:
        ExpressionError: the value is no moment, ISO 8601 date or ISO 8601 duration.
    """
    if isinstance(value, str):
        value = parse_duration(value) if value.startswith("P") else parse_moment(value)
    if isinstance(value, timedelta):
        value = now + value
    if not isinstance(value, datetime):
        raise ExpressionError(f"A timer needs a moment or a duration, not {kind_of(value)}.")
    if value.tzinfo is None:
        raise ExpressionError("A timer's moment needs a time zone.")
    return value.astimezone(UTC)


class DueTimerDefinition(TimerEventDefinition):  # type: ignore[misc]  # the library has no types
    """A timeDate or timeDuration event. Each keeps its own due time, so two may stand behind one event gateway."""

    def __init__(self, name: str, expression: str, element: str, **kwargs: Any) -> None:
        super().__init__(name, expression, **kwargs)
        self.element = element

    def due_at(self, my_task: Task) -> datetime | None:
        """When the waiting task is due; None before it was armed."""
        moment = my_task.internal_data.get("due", {}).get(self.element)
        return datetime.fromisoformat(moment) if moment is not None else None

    def arm(self, my_task: Task, moment: datetime) -> None:
        """Let the waiting task be due at this moment."""
        my_task.internal_data["due"] = {**my_task.internal_data.get("due", {}), self.element: moment.isoformat()}

    def has_fired(self, my_task: Task) -> bool:
        """Whether the due time has come; the first call sets it."""
        moment = self.due_at(my_task)
        if moment is None:
            value = my_task.workflow.script_engine.evaluate(my_task, self.expression)
            moment = my_task.workflow.script_engine.due(my_task, value)
            self.arm(my_task, moment)
        return moment <= clock.now()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DueTimerDefinition) and self.element == other.element

    def __hash__(self) -> int:
        return hash(self.element)


class CycleDefinition(CycleTimerEventDefinition):  # type: ignore[misc]  # the library has no types
    """A timeCycle event that, after the desk was down, fires once for all the rounds it missed."""

    def __init__(self, name: str, expression: str, element: str, **kwargs: Any) -> None:
        super().__init__(name, expression, **kwargs)
        self.element = element

    def due_at(self, my_task: Task) -> datetime | None:
        """When the next round is due; None when none is left."""
        value = my_task.internal_data.get("event_value")
        if not value or value["cycles"] == 0:
            return None
        return datetime.fromisoformat(value["next"])

    def cycle_complete(self, my_task: Task) -> bool:
        """Whether a round is due now."""
        ready = bool(super().cycle_complete(my_task))
        value = my_task.internal_data.get("event_value")
        if ready and value:
            while value["cycles"] != 0 and value["duration"] > 0:
                next_at = datetime.fromisoformat(value["next"])
                if next_at > clock.now():
                    break
                missed = max(1, int((clock.now() - next_at).total_seconds() // value["duration"]))
                missed = missed if value["cycles"] < 0 else min(missed, value["cycles"])
                value["cycles"] -= 0 if value["cycles"] < 0 else missed
                value["next"] = (next_at + timedelta(seconds=value["duration"] * missed)).isoformat()
        return ready


TimerDefinition = DueTimerDefinition | CycleDefinition
