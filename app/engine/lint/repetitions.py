"""Lint rules on elements that are done several times: loops and multi-instance."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from app.engine.budgets import MAX_PARALLEL_INSTANCES, MAX_ROUNDS
from app.engine.expression_calls import similar
from app.engine.expressions import ExpressionError, compile_expression
from app.engine.lint.bundle import BPMN, Bundle, Diagram, Element, Report, id_of, text_of
from app.engine.lint.expressions import known_variables
from app.engine.lint.tasks import constant

_LOOP: Final = f"{BPMN}standardLoopCharacteristics"
_SEVERAL: Final = f"{BPMN}multiInstanceLoopCharacteristics"


def check(diagram: Diagram, bundle: Bundle, report: Report) -> None:
    """All rules on repetitions of one diagram."""
    assigned = known_variables(bundle)
    for scope in diagram.scopes:
        for element in scope.nodes.values():
            loop, several = element.find(_LOOP), element.find(_SEVERAL)
            if loop is not None and several is not None:
                report.error(id_of(element), "repetition", "It is a loop and several at once; keep one of both.")
            if loop is not None:
                _check_loop(element, loop, report)
            if several is not None:
                _check_several(element, several, assigned, report)


def _check_loop(element: Element, loop: Element, report: Report) -> None:
    most = loop.get("loopMaximum")
    if not most and not text_of(loop.find(f"{BPMN}loopCondition")):
        report.error(id_of(element), "repetition", "Nothing ends this loop; give it a maximum or a condition.")
    if most and not (most.isascii() and most.isdigit() and 0 < int(most) <= MAX_ROUNDS):
        message = f"The maximum of a loop is a whole number from 1 to {MAX_ROUNDS}."
        report.error(id_of(element), "repetition", message)


def _check_several(element: Element, several: Element, assigned: Collection[str], report: Report) -> None:
    name = id_of(element)
    count, items = several.find(f"{BPMN}loopCardinality"), text_of(several.find(f"{BPMN}loopDataInputRef"))
    if not text_of(count) and not items:
        report.error(name, "repetition", "It does not say how often or for which list; give it one of both.")
    if text_of(count) and items:
        report.error(name, "repetition", "It says how often and for which list; keep one of both.")
    if count is not None:
        _check_count(name, count, several, report)
    if items and items not in assigned:
        message = f"Nothing assigns `{items}`, the list that it goes through{similar(items, assigned)}"
        report.error(name, "repetition", message)
    given = several.find(f"{BPMN}outputDataItem")
    if given is not None and id_of(given) not in assigned:
        message = f"Nothing assigns `{id_of(given)}`, which each of them should give{similar(id_of(given), assigned)}"
        report.error(name, "repetition", message)


def _check_count(name: str, count: Element, several: Element, report: Report) -> None:
    most = MAX_ROUNDS if several.get("isSequential") == "true" else MAX_PARALLEL_INSTANCES
    try:
        is_constant, value = constant(compile_expression(text_of(count)))
    except ExpressionError:
        return
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
    if is_constant and not is_count:
        report.error(name, "repetition", f"How many must be a whole number from 0 to {most}.")
