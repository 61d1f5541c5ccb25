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
        """Whether a round is due now; the first call arms the cycle."""
        value = my_task.internal_data.get("event_value")
        if value is None:
            scripts = my_task.workflow.script_engine
            value = scripts.cycle(my_task, scripts.evaluate(my_task, self.expression))
            my_task.internal_data["event_value"] = value
        next_at, length, now = datetime.fromisoformat(value["next"]), value["duration"], clock.now()
        if value["cycles"] == 0 or next_at > now:
            return False
        passed = 1 + int((now - next_at).total_seconds() // length)
        cycles = value["cycles"] if value["cycles"] < 0 else max(0, value["cycles"] - passed)
        next_at += timedelta(seconds=length * passed)
        my_task.internal_data["event_value"] = {**value, "cycles": cycles, "next": next_at.isoformat()}
        return True


def cycle_value(text: Any) -> dict[str, Any]:
    """An ISO 8601 repetition such as "R3/PT1H", as the library keeps it: {cycles, next, duration}.

    Raises:
        ExpressionError: it is none, or repeats more often than once a minute.
    """
    try:
        cycles, next_at, length = library.TimerEventDefinition.parse_iso_recurring_interval(text)
    except Exception as error:
        raise ExpressionError(f'{text!r} is not a repetition; write "R3/PT1H" or "R/P1D".') from error
    if length < timedelta(minutes=1):
        raise ExpressionError("A cycle repeats once a minute at most.")
    return {"cycles": cycles, "next": next_at.astimezone(UTC).isoformat(), "duration": length.total_seconds()}


TimerDefinition = DueTimerDefinition | CycleDefinition
