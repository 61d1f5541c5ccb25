"""Timer events that wait for an absolute moment, whatever their expression gives: a moment, a duration, a cycle.

All of it is ours, so that it follows the desk's clock: the library reads the machine's clock in its own timer events
only, and none of those is left in a process of ours.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition, TimerEventDefinition
from SpiffWorkflow.task import Task

from app import clock
from app.engine.iso_times import NEVER, Cycle, Span, desk_zone, read_cycle, read_moment, read_span
from app.engine.values import ExpressionError, kind_of

__all__ = ["NEVER", "CycleDefinition", "DueTimerDefinition", "TimerDefinition", "cycle_value", "due_moment"]

SHORTEST_ROUND = timedelta(minutes=1)


def due_moment(value: Any, now: datetime) -> datetime:
    """When a timer is due whose expression gave this value.

    A date, or a time without an offset, is meant in the desk's zone. A moment that is over is due at once.

    Raises:
        ExpressionError: the value is no moment, ISO 8601 date or ISO 8601 duration.
    """
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("R"):
            raise ExpressionError(f'"{text[:40]}" repeats; a date or a duration fires once.')
        if text.lstrip("+-").startswith("P"):
            value = read_span(text).after(now, desk_zone())
        else:
            value = read_moment(text, desk_zone())
    if isinstance(value, timedelta):
        if value < timedelta(0):
            raise ExpressionError("A timer cannot wait for a duration before now; its duration has a minus sign.")
        value = Span(0, value).after(now, desk_zone())
    if not isinstance(value, datetime):
        raise ExpressionError(f"A timer needs a moment or a duration, not {kind_of(value)}.")
    if value.tzinfo is None:
        raise ExpressionError("A timer's moment needs a time zone.")
    try:
        return min(value.astimezone(UTC), NEVER)
    except OverflowError:
        raise ExpressionError("The moment lies outside the calendar.") from None


class DueTimerDefinition(TimerEventDefinition):  # type: ignore[misc]  # the library has no types
    """A timeDate or timeDuration event. Each keeps its own due time, so several may stand behind one event gateway."""

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
    """A timeCycle event that, after the desk was down, fires once for all the rounds it missed, and keeps its rhythm.

    Its state is {cycles, next, duration} as the library keeps it (-1 cycles: without end), and where the length has
    months also {months, first, round}, because those are counted from the first round: the last day of each month.
    """

    def __init__(self, name: str, expression: str, element: str, **kwargs: Any) -> None:
        super().__init__(name, expression, **kwargs)
        self.element = element

    def due_at(self, my_task: Task) -> datetime | None:
        """When the next round is due; None when none is left."""
        value = my_task.internal_data.get("event_value")
        if not value or value["cycles"] == 0:
            return None
        return datetime.fromisoformat(value["next"]).astimezone(UTC)

    def cycle_complete(self, my_task: Task) -> bool:
        """Whether a round is due now; the first call arms the cycle."""
        value = my_task.internal_data.get("event_value")
        if value is None:
            scripts = my_task.workflow.script_engine
            value = scripts.cycle(my_task, scripts.evaluate(my_task, self.expression))
            my_task.internal_data["event_value"] = value
        now = clock.now()
        if value["cycles"] == 0 or datetime.fromisoformat(value["next"]) > now:
            return False
        cycle = _cycle_of(value)
        passed = cycle.rounds_until(now)
        my_task.internal_data["event_value"] = _kept(cycle.later(passed))
        return True


def cycle_value(value: Any) -> dict[str, Any]:
    """An ISO 8601 repetition such as "R3/PT1H", armed now: what `CycleDefinition` keeps.

    Rounds of a fixed start that are over already are left out; none may be left.

    Raises:
        ExpressionError: it is none, or repeats more often than once a minute.
    """
    if not isinstance(value, str):
        raise ExpressionError(f'A cycle needs a text such as "R3/PT1H", not {kind_of(value)}.')
    now = clock.now()
    cycle = read_cycle(value.strip(), now, desk_zone())
    if not cycle.length.months and cycle.length.rest < SHORTEST_ROUND:
        raise ExpressionError("A cycle repeats once a minute at most.")
    return _kept(cycle.later(cycle.rounds_until(now, strictly=True)))


def _cycle_of(value: dict[str, Any]) -> Cycle:
    length = Span(value.get("months", 0), timedelta(seconds=value["duration"]))
    first = datetime.fromisoformat(value.get("first", value["next"]))
    return Cycle(value["cycles"], first, length, desk_zone(), value.get("round", 0))


def _kept(cycle: Cycle) -> dict[str, Any]:
    kept = {
        "cycles": cycle.left,
        "next": cycle.next_at.astimezone(UTC).isoformat(),
        "duration": cycle.length.rest.total_seconds(),
    }
    if cycle.length.months:
        kept |= {"months": cycle.length.months, "first": cycle.first.isoformat(), "round": cycle.number}
    return kept


TimerDefinition = DueTimerDefinition | CycleDefinition
