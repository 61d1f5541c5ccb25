"""Lint rules on timers: a time written as a constant is read as the engine reads it, before anybody waits for it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from app.engine.due import cycle_value, due_moment
from app.engine.expressions import ExpressionError, compile_expression
from app.engine.lint.bundle import BPMN, Bundle, Diagram, Element, Report, id_of, tag_of, text_of
from app.engine.lint.tasks import constant

# A time without its quotes, which looks like a name.
BARE_TIME: Final = re.compile(r"[+-]?(P[0-9TWDHMSY.,]+|R\d*/.*|\d{4}-\d\d-\d\d.*)")
KINDS: Final = ("timeDate", "timeDuration", "timeCycle")
# A duration is looked at from some day on: only whether the calendar ends before it matters.
_SOME_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)


def check(diagram: Diagram, bundle: Bundle, report: Report) -> None:
    """All rules on the timers of one diagram."""
    for definition in diagram.elements(f"{BPMN}timerEventDefinition"):
        _check_timer(definition, report)


def _check_timer(definition: Element, report: Report) -> None:
    event = definition.getparent()
    owner = id_of(event if event is not None else definition)
    values = [child for child in definition if tag_of(child) in KINDS]
    if len(values) != 1 or not text_of(values[0]):
        report.error(owner, "timer", "The timer needs one time: a date, a duration or a cycle.")
        return
    kind, text = tag_of(values[0]), text_of(values[0])
    if BARE_TIME.fullmatch(text):
        report.error(owner, "timer", f'Put the time in quotes, it is an expression: "{text}".')
        return
    try:
        is_constant, value = constant(compile_expression(text))
    except ExpressionError:
        # Said by the rule on expressions.
        return
    if kind == "timeCycle" and not _may_repeat(event):
        message = "Only a non-interrupting boundary event can repeat; use a duration, or a loop in the diagram."
        report.error(owner, "timer", message)
        return
    if is_constant:
        _check_constant(owner, kind, value, report)


def _may_repeat(event: Element | None) -> bool:
    return event is not None and tag_of(event) == "boundaryEvent" and event.get("cancelActivity") == "false"


def _check_constant(owner: str, kind: str, value: object, report: Report) -> None:
    if not isinstance(value, str):
        report.error(owner, "timer", "A timer's value is a text, a moment or a duration, not a number or a list.")
        return
    is_length = value.strip().lstrip("+-").startswith("P")
    try:
        if kind == "timeCycle":
            cycle_value(value)
            return
        due_moment(value, _SOME_DAY)
        if is_length and kind == "timeDate":
            report.error(owner, "timer", f'"{value[:40]}" is a duration; make the timer one that waits for a duration.')
        elif not is_length and kind == "timeDuration":
            report.error(owner, "timer", f'"{value[:40]}" is a date; make the timer one that waits for a date.')
    except ExpressionError as error:
        report.error(owner, "timer", str(error))
