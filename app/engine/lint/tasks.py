"""Lint rules on what tasks refer to: operations and their parameters, forms, decisions, called processes."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema

from app.engine import operations
from app.engine.expression_calls import similar
from app.engine.expressions import Expression, ExpressionError, compile_expression
from app.engine.lint.bundle import (
    SPIFF,
    Bundle,
    Diagram,
    Element,
    Report,
    extension_text,
    extensions,
    id_of,
    properties,
)
from app.engine.lint.calling import called_from
from app.engine.values import plain

USER_TASK_PROPERTIES: Final = frozenset(
    {
        "form",
        "variableName",
        "assignee",
        "candidate_teams",
        "candidate_role",
        "excluded_person",
        "due",
        "customer_step",
        "customer_step:ro",
        "name:ro",
        "to_do",
    }
)


def check(diagram: Diagram, bundle: Bundle, report: Report) -> None:
    """All rules on what the tasks of one diagram refer to."""
    for task in diagram.nodes("serviceTask"):
        _check_service_task(task, report)
    for task in diagram.nodes("userTask"):
        _check_user_task(task, bundle, report)
    for start in diagram.nodes("startEvent"):
        _check_start_forms(start, bundle, report)
    for task in diagram.nodes("businessRuleTask"):
        _check_decision_task(task, bundle, report)
    for activity in diagram.nodes("callActivity"):
        _check_call(activity, bundle, report)
    for process in diagram.processes:
        if id_of(process) in called_from(process, bundle):
            message = "The process calls itself, directly or through others, and would never end; break the circle."
            report.error(id_of(process), "calls-itself", message)


def variable_name(task: Element) -> str:
    """The variable a user task's answer lands under; empty when it has none."""
    return (properties(task).get("variableName") or extension_text(task, "variableName") or "").strip()


def operator_of(task: Element) -> Element | None:
    """The operator of a service task."""
    return next((each for each in extensions(task) if each.tag == f"{SPIFF}serviceTaskOperator"), None)


def parameters_of(operator: Element) -> list[Element]:
    """The parameters of an operator."""
    return [each for holder in operator.findall(f"{SPIFF}parameters") for each in holder.findall(f"{SPIFF}parameter")]


def constant(expression: Expression) -> tuple[bool, Any]:
    """(True, its value) when an expression depends on nothing, else (False, None)."""
    if expression.names or expression.functions:
        return False, None
    try:
        return True, plain(expression.evaluate({}))
    except ExpressionError:
        return False, None


def _check_service_task(task: Element, report: Report) -> None:
    name = id_of(task)
    operator = operator_of(task)
    key = operator.get("id", "") if operator is not None else ""
    if operator is None or not key:
        report.error(name, "missing-operation", "It calls no operation; choose one.")
        return
    known = operations.REGISTRY.get(key)
    if known is None:
        message = f"There is no operation `{key}`{similar(key, operations.REGISTRY)} Choose one that exists."
        report.error(name, "unknown-operation", message)
        return
    _check_parameters(name, operator, known, report)
    result = operator.get("resultVariable")
    if result is not None and known.result is None:
        report.error(name, "no-result", f"`{key}` returns nothing, so `{result}` would stay empty; remove it.")
    if result is not None and not result.isidentifier():
        report.error(name, "variable-name", f"`{result}` is no name for a variable (letters, digits, underscores).")


def _check_parameters(name: str, operator: Element, known: operations.Operation, report: Report) -> None:
    schema = known.parameters()
    given: set[str] = set()
    for parameter in parameters_of(operator):
        key = parameter.get("id", "")
        if key in given:
            report.error(name, "parameter", f"The parameter `{key}` is given twice; keep one.")
        given.add(key)
        if parameter.get("type") is None or parameter.get("value") is None:
            report.error(name, "parameter", f"The parameter `{key}` needs a type and a value.")
            continue
        if key not in schema.load_fields:
            message = f"`{known.name}` has no parameter `{key}`{similar(key, schema.load_fields)}"
            report.error(name, "parameter", message)
            continue
        _check_value(name, key, parameter.get("value", ""), schema, report)
    for key, field in schema.load_fields.items():
        if field.required and key not in given:
            report.error(name, "parameter", f"`{known.name}` needs the parameter `{key}`; give it a value.")


def _check_value(name: str, key: str, text: str, schema: Schema, report: Report) -> None:
    try:
        is_constant, value = constant(compile_expression(text))
    except ExpressionError:
        # Said by the rules on expressions.
        return
    if not is_constant:
        return
    errors: Any = schema.validate({key: value}, partial=True)
    found = errors.get(key) if isinstance(errors, dict) else None
    if found:
        words = " ".join(str(each) for each in found) if isinstance(found, list) else str(found)
        report.error(name, "parameter", f"The parameter `{key}` cannot be {text.strip()}: {words}")


def _check_user_task(task: Element, bundle: Bundle, report: Report) -> None:
    name, given = id_of(task), properties(task)
    form = given.get("form", "").strip()
    if not form:
        report.error(name, "missing-form", "The task has no form, so nobody could complete it; choose one.")
    elif form not in bundle.forms:
        message = f"There is no form `{form}`{similar(form, bundle.forms)} Add the file {form}.form or choose another."
        report.error(name, "missing-form", message)
    variable = variable_name(task)
    if not variable:
        message = "The answer has no place to go; set variableName to the variable it lands under."
        report.error(name, "missing-variable", message)
    elif not variable.isidentifier() or variable.startswith("_"):
        report.error(name, "variable-name", f"`{variable}` is no name for a variable (letters, digits, underscores).")
    if not any(given.get(key, "").strip() for key in ("assignee", "candidate_teams", "candidate_role")):
        message = "Nobody would see this task; set assignee, candidate_teams or candidate_role."
        report.error(name, "nobody", message)
    role = given.get("candidate_role")
    if role is not None and not role.strip().isidentifier():
        report.error(name, "candidate-role", "candidate_role is a plain word, such as agent or approver.")
    for key in sorted(set(given) - USER_TASK_PROPERTIES):
        message = f"The property `{key}` means nothing here{similar(key, USER_TASK_PROPERTIES)}"
        report.warning(name, "property", message)


def _check_start_forms(start: Element, bundle: Bundle, report: Report) -> None:
    """What customers fill in to start it: `form`, and `form:TYPE` for one type of request."""
    for key, form in properties(start).items():
        if key.partition(":")[0] == "form" and form.strip() not in bundle.forms:
            known = similar(form.strip(), bundle.forms)
            message = f"There is no form `{form.strip()}`{known} Add the file {form.strip()}.form or choose another."
            report.error(id_of(start), "missing-form", message)


def _check_decision_task(task: Element, bundle: Bundle, report: Report) -> None:
    name = id_of(task)
    decision = extension_text(task, "calledDecisionId") or ""
    if not decision:
        report.error(name, "missing-decision", "It asks no decision table; choose one.")
    elif decision not in bundle.decisions:
        message = (
            f"There is no decision `{decision}`{similar(decision, bundle.decisions)} Add its file or choose another."
        )
        report.error(name, "missing-decision", message)


def _check_call(activity: Element, bundle: Bundle, report: Report) -> None:
    name, called = id_of(activity), activity.get("calledElement", "")
    if not called:
        report.error(name, "missing-process", "It calls no process; choose one.")
    elif called in bundle.processes and bundle.processes[called].get("isExecutable") != "true":
        report.error(name, "missing-process", f"The process `{called}` is not executable; make it so or call another.")
    elif called not in bundle.processes:
        message = f"There is no process `{called}`{similar(called, bundle.processes)} Add its file or choose another."
        report.error(name, "missing-process", message)
