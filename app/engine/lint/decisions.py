"""Lint rules on decision tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from app.engine.dmn import HIT_POLICIES, compile_cell
from app.engine.expressions import Expression, ExpressionError, compile_expression
from app.engine.facts import known_facts, known_functions
from app.engine.lint.bundle import Bundle, DecisionFile, Element, Report, id_of, tag_of, text_of
from app.engine.lint.expressions import check_attributes, check_names, known_attributes, known_variables

DMN_SPACES: Final = frozenset(
    {
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
    }
)


@dataclass(frozen=True)
class _Known:
    """What cells may read: names, and the attributes of facts."""

    names: frozenset[str]
    attributes: dict[str, frozenset[str]]


def check(file: DecisionFile, bundle: Bundle, report: Report) -> None:
    """All rules on one decision file."""
    space = file.root.tag[1:].partition("}")[0]
    if space not in DMN_SPACES:
        report.error("", "dmn-version", "This version of DMN cannot be read; save the table as DMN 1.1, 1.2 or 1.3.")
    if len(file.decisions) != 1:
        message = f"The file has {len(file.decisions)} decisions; put one decision in one file."
        report.error("", "one-decision", message)
        return
    decision = file.decisions[0]
    key = id_of(decision)
    if not decision.get("id"):
        report.error(key, "missing-id", "The decision has no id; give it one.")
    if sum(1 for other in bundle.decision_files for each in other.decisions if id_of(each) == key) > 1:
        report.error(key, "duplicate-decision", f"Another decision has the key `{key}` too; rename one of them.")
    tables = [child for child in decision if tag_of(child) == "decisionTable"]
    if len(tables) != 1:
        report.error(key, "one-table", "A decision is one table here; remove what else decides.")
        return
    _check_table(tables[0], bundle, report)


def _check_table(table: Element, bundle: Bundle, report: Report) -> None:
    name = id_of(table)
    policy = table.get("hitPolicy", "UNIQUE").upper()
    if policy not in HIT_POLICIES:
        message = f"Hit policy {policy} would silently act as FIRST; use {', '.join(HIT_POLICIES)}."
        report.error(name, "hit-policy", message)
    if table.get("aggregation"):
        report.error(name, "hit-policy", "Aggregation is ignored; collect a list and use sum(), min() or max() on it.")
    inputs = [child for child in table if tag_of(child) == "input"]
    outputs = [child for child in table if tag_of(child) == "output"]
    rules = [child for child in table if tag_of(child) == "rule"]
    for child in table:
        if tag_of(child) not in ("input", "output", "rule", "description", "extensionElements"):
            report.error(name, "unsupported", f"The table has a part that cannot be read ({tag_of(child)}); remove it.")
        elif tag_of(child) in ("description", "extensionElements"):
            report.error(name, "unsupported", "Describe the decision, not the table: this text breaks the table.")
    for element in (table, *inputs, *outputs, *rules):
        if not element.get("id"):
            report.error(name, "missing-id", f"A part of the table ({tag_of(element)}) has no id; give it one.")
    _check_outputs(name, outputs, report)
    if not rules:
        report.warning(name, "no-rules", "The table has no rules, so it never answers; add one.")
    known = _Known(known_facts() | known_variables(bundle), known_attributes(bundle))
    texts = [_input_text(each, report) for each in inputs]
    for number, rule in enumerate(rules, start=1):
        _check_rule(number, rule, texts, outputs, known, report)
    if policy == "UNIQUE":
        _check_unique(rules, report)


def _check_outputs(name: str, outputs: list[Element], report: Report) -> None:
    if not outputs:
        report.error(name, "no-output", "The table answers nothing; add an output.")
    names = [each.get("name") or each.get("label") or "" for each in outputs]
    for each, count in Counter(names).items():
        if not each.isidentifier():
            message = f"The output name `{each}` is no variable name (letters, digits, underscores); rename it."
            report.error(name, "output-name", message)
        if count > 1:
            report.error(name, "output-name", f"Two outputs are called `{each}`; rename one of them.")


def _input_text(element: Element, report: Report) -> str:
    expression = next((child for child in element if tag_of(child) == "inputExpression"), None)
    inner = next((child for child in expression if tag_of(child) == "text"), None) if expression is not None else None
    text = text_of(inner)
    if not text:
        report.error(id_of(element), "no-input", "The column does not say what it looks at; write an expression.")
    return text


def _check_rule(
    number: int, rule: Element, inputs: list[str], outputs: list[Element], known: _Known, report: Report
) -> None:
    name = id_of(rule)
    tests = [child for child in rule if tag_of(child) == "inputEntry"]
    answers = [child for child in rule if tag_of(child) == "outputEntry"]
    if len(tests) != len(inputs) or len(answers) != len(outputs):
        report.error(name, "row-width", f"Row {number} has not as many cells as the table has columns; mend it.")
        return
    for cell in (*tests, *answers):
        if not cell.get("id"):
            report.error(name, "missing-id", f"A cell of row {number} has no id; give it one.")
        if all(tag_of(child) != "text" for child in cell):
            report.error(name, "no-text", f"A cell of row {number} has no text element; write one, empty for “any”.")
    for column, (cell, text) in enumerate(zip(tests, inputs, strict=True), start=1):
        if not text:
            continue
        try:
            test = compile_cell(text, _cell_text(cell))
        except ExpressionError as error:
            report.error(id_of(cell), "expression", f"Row {number}, column {column}: {error}")
        else:
            _check_cell_names(cell, test, known, report)
    for cell, output in zip(answers, outputs, strict=True):
        written = _cell_text(cell)
        if not written:
            continue
        try:
            answer = compile_expression(written)
        except ExpressionError as error:
            column_name = output.get("label") or output.get("name")
            report.error(id_of(cell), "expression", f"Row {number}, {column_name}: {error}")
        else:
            _check_cell_names(cell, answer, known, report)


def _check_cell_names(cell: Element, expression: Expression | None, known: _Known, report: Report) -> None:
    if expression is not None:
        check_names(id_of(cell), expression, known.names, known_functions(), report)
        check_attributes(id_of(cell), expression, known.attributes, report)


def _cell_text(cell: Element) -> str:
    return text_of(next((child for child in cell if tag_of(child) == "text"), None))


def _check_unique(rules: list[Element], report: Report) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for number, rule in enumerate(rules, start=1):
        written = [_cell_text(child) for child in rule if tag_of(child) == "inputEntry"]
        cells = tuple("" if cell == "-" else cell for cell in written)
        if cells in seen:
            message = f"Rows {seen[cells]} and {number} hold for the same inputs, but the table is UNIQUE; remove one."
            report.error(id_of(rule), "not-unique", message)
        elif not any(cells) and len(rules) > 1:
            message = f"Row {number} holds always, but the table is UNIQUE; make the table FIRST or fill in the row."
            report.error(id_of(rule), "not-unique", message)
        seen.setdefault(cells, number)
