"""Lint rules on every expression of a diagram: it compiles, and its names exist."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from app.engine import facts
from app.engine.builtin_functions import BUILTINS
from app.engine.expression_calls import similar
from app.engine.expressions import Expression, ExpressionError, Script, compile_expression, compile_script
from app.engine.lint.bundle import (
    BPMN,
    SPIFF,
    Bundle,
    Diagram,
    Element,
    Report,
    extension_text,
    id_of,
    owner_of,
    properties,
    tag_of,
    text_of,
)
from app.engine.lint.tasks import operator_of, parameters_of, variable_name
from app.engine.lint.timers import BARE_TIME, KINDS

# Properties of user tasks that are expressions.
EXPRESSION_PROPERTIES: Final = ("assignee", "candidate_teams", "excluded_person", "due")
# Properties of messages that are expressions.
MESSAGE_PROPERTIES: Final = ("correlation", "keep_for")
# What the engine puts beside a form's own fields.
ANSWER_EXTRAS: Final = frozenset({"by", "at"})
# The property of a process that names the variables it is started with: "priority, level".
STARTED_WITH: Final = "variables"
_REPETITIONS: Final = (
    f"{BPMN}standardLoopCharacteristics/{BPMN}loopCondition",
    f"{BPMN}multiInstanceLoopCharacteristics/{BPMN}loopCardinality",
    f"{BPMN}multiInstanceLoopCharacteristics/{BPMN}completionCondition",
)


@dataclass(frozen=True)
class Written:
    """An expression or script as it stands in a diagram."""

    element: str
    what: str
    text: str
    is_script: bool = False


def check(diagram: Diagram, bundle: Bundle, report: Report) -> None:
    """All rules on the expressions of one diagram."""
    known = facts.known_facts() | known_variables(bundle)
    functions = facts.known_functions()
    answers = _answer_fields(diagram, bundle)
    attributes = known_attributes(bundle)
    for written in _all_written(diagram):
        compiled = _compiled(written, report)
        if compiled is not None and not (written.what == "timer" and BARE_TIME.fullmatch(written.text.strip())):
            check_names(written.element, compiled, known, functions, report)
            _check_answer_fields(written.element, compiled, answers, report)
            check_attributes(written.element, compiled, attributes, report)
            if isinstance(compiled, Script):
                _check_assigned(written.element, compiled, report)


def known_variables(bundle: Bundle) -> frozenset[str]:
    """Every variable that something in these files assigns, or that a process says it is started with."""
    named = frozenset(name for diagram in bundle.diagrams for name in _assigned_in(diagram, bundle) if name)
    return named | frozenset(name for file in bundle.decision_files for name in file.outputs)


def known_attributes(bundle: Bundle) -> dict[str, frozenset[str]]:
    """What may be read from each fact; facts that something in these files assigns anew are left out.

    Which kind of subject an instance will be about is unknown here, so an attribute counts if any kind has it.
    """
    assigned = known_variables(bundle)
    return {name: frozenset(known) for name, known in facts.attributes().items() if name not in assigned}


def check_names(
    element: str, compiled: Expression | Script, known: Collection[str], functions: Collection[str], report: Report
) -> None:
    """Report names and functions that nothing provides."""
    for name in sorted(compiled.functions - set(functions) - set(BUILTINS)):
        message = (
            f"There is no function `{name}`{similar(name, [*BUILTINS, *functions])} (in `{_short(compiled.text)}`)"
        )
        report.error(element, "unknown-function", message)
    for name in sorted(compiled.names - set(known)):
        message = (
            f"Nothing provides or assigns `{name}`{similar(name, known)} (in `{_short(compiled.text)}`). "
            f"Text needs quotes; what the process is started with stands in its property `{STARTED_WITH}`."
        )
        report.error(element, "unknown-name", message)


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= 60 else f"{one_line[:57]}…"


def _all_written(diagram: Diagram) -> Iterator[Written]:
    for scope in diagram.scopes:
        for flow in scope.flows:
            if flow.condition is not None:
                yield Written(flow.id, "condition", flow.condition)
        for node in scope.nodes.values():
            yield from _of_node(node)
    for tag, what in (("messagePayload", "payload"), ("payloadExpression", "payload")):
        for element in diagram.elements(f"{SPIFF}{tag}"):
            yield Written(owner_of(element), what, text_of(element))
    # On events, and on the messages they refer to.
    for element in diagram.root.iter(f"{SPIFF}property"):
        if element.get("name") in MESSAGE_PROPERTIES and (element.get("value") or "").strip():
            yield Written(owner_of(element), element.get("name", ""), element.get("value", ""))


def _of_node(node: Element) -> Iterator[Written]:
    name = id_of(node)
    if tag_of(node) == "scriptTask" and text_of(node.find(f"{BPMN}script")):
        yield Written(name, "script", _raw_text(node.find(f"{BPMN}script")), is_script=True)
    for tag in ("preScript", "postScript"):
        if extension_text(node, tag):
            yield Written(name, tag, extension_text(node, tag) or "", is_script=True)
    if tag_of(node) == "userTask":
        given = properties(node)
        for key in EXPRESSION_PROPERTIES:
            if key in given:
                yield Written(name, key, given[key])
    operator = operator_of(node)
    if operator is not None:
        for parameter in parameters_of(operator):
            yield Written(name, f"parameter {parameter.get('id', '')}", parameter.get("value", ""))
    for loop in _REPETITIONS:
        found = node.find(loop)
        if found is not None:
            yield Written(name, "repetition", text_of(found))
    for definition in node:
        if tag_of(definition) == "timerEventDefinition":
            for value in definition:
                if tag_of(value) in KINDS:
                    yield Written(name, "timer", text_of(value))


def _raw_text(element: Element | None) -> str:
    return "".join(str(part) for part in element.itertext()) if element is not None else ""


def _compiled(written: Written, report: Report) -> Expression | Script | None:
    reader: Callable[[str], Expression | Script] = compile_script if written.is_script else compile_expression
    try:
        return reader(written.text)
    except ExpressionError as error:
        hint = ""
        if written.text.startswith("=") and not written.text.startswith("=="):
            hint = " Leave out the = in front: this is not FEEL."
        report.error(written.element, "expression", f"The {written.what} is wrong: {error}{hint}")
        return None


def _check_assigned(element: str, script: Script, report: Report) -> None:
    for name in sorted(script.assigned & facts.known_facts()):
        message = f"`{name}` is a fact; assigning it hides the fact from here on. Choose another name."
        report.warning(element, "hides-fact", message)


def _assigned_in(diagram: Diagram, bundle: Bundle) -> Iterator[str]:
    for process in diagram.processes:
        yield from (name.strip() for name in properties(process).get(STARTED_WITH, "").split(","))
    yield from _assigned_otherwise(diagram)
    for task in diagram.nodes("userTask"):
        variable = variable_name(task)
        # Without a variable the fields of the form stand by themselves.
        yield from [variable] if variable else bundle.forms.get(properties(task).get("form", "").strip()) or ()


def _assigned_otherwise(diagram: Diagram) -> Iterator[str]:
    """The names that something else than a form's answer assigns."""
    yield from diagram.messages.values()
    for element in diagram.root.iter(f"{SPIFF}messageVariable"):
        yield text_of(element)
    for element in diagram.root.iter(f"{SPIFF}variableName"):
        holder = element.getparent()
        task = holder.getparent() if holder is not None else None
        if task is not None and tag_of(task) != "userTask":
            yield text_of(element)
    # A repeated element reads its list, and each of its instances leaves an output item, under the name something else
    # must have given it.
    for tag in ("inputDataItem", "loopDataOutputRef", "dataObject"):
        for element in diagram.root.iter(f"{BPMN}{tag}"):
            yield from (element.get("id", ""), element.get("name", ""), text_of(element))
    for service_task in diagram.nodes("serviceTask"):
        operator = operator_of(service_task)
        if operator is not None:
            yield operator.get("resultVariable", "")
    for element in diagram.root.iter(f"{BPMN}script", f"{SPIFF}preScript", f"{SPIFF}postScript"):
        yield from _assigned_by(_raw_text(element))


def _assigned_by(script: str) -> frozenset[str]:
    try:
        return compile_script(script).assigned
    except ExpressionError:
        return frozenset()


def check_attributes(
    element: str, compiled: Expression | Script, attributes: dict[str, frozenset[str]], report: Report
) -> None:
    """Report attributes that no fact of this name has."""
    for path in sorted(compiled.paths):
        if len(path) > 1 and path[0] in attributes and path[1] not in attributes[path[0]]:
            message = f"The facts `{path[0]}` have no `{path[1]}`{similar(path[1], attributes[path[0]])}"
            report.error(element, "unknown-attribute", message)


def _answer_fields(diagram: Diagram, bundle: Bundle) -> dict[str, frozenset[str]]:
    """What each variable that only forms fill may hold: {variable: field keys}."""
    fields: dict[str, frozenset[str]] = {}
    for task in diagram.nodes("userTask"):
        variable, form = variable_name(task), properties(task).get("form", "").strip()
        keys = bundle.forms.get(form)
        if variable and keys is not None:
            fields[variable] = fields.get(variable, ANSWER_EXTRAS) | keys
    # A name that something else assigns as well may hold anything.
    others = {name for other in bundle.diagrams for name in _assigned_otherwise(other)}
    others |= {name for file in bundle.decision_files for name in file.outputs}
    return {variable: keys for variable, keys in fields.items() if variable not in others}


def _check_answer_fields(
    element: str, compiled: Expression | Script, answers: dict[str, frozenset[str]], report: Report
) -> None:
    for path in sorted(compiled.paths):
        if len(path) > 1 and path[0] in answers and path[1] not in answers[path[0]]:
            message = f"No form behind `{path[0]}` has a field `{path[1]}`{similar(path[1], answers[path[0]])}"
            report.error(element, "unknown-field", message)
