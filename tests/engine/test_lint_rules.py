"""The table of rules, the code of lint and the page about it say the same."""

import ast
from pathlib import Path

from app.config import ROOT
from app.engine.lint.rules import RULES, page

LINT = ROOT / "app" / "engine" / "lint"
SOURCES = [*LINT.glob("*.py"), ROOT / "app" / "forms" / "lint.py", ROOT / "app" / "engine" / "commands" / "checking.py"]


def reported(source: Path) -> set[tuple[str, str]]:
    """(rule, severity) of every report that a file of lint makes."""
    found: set[tuple[str, str]] = set()
    for call in ast.walk(ast.parse(source.read_text())):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in ("error", "warning") and len(call.args) == 3:
            found |= {(rule, name) for rule in rules_in(call.args[1])}
        elif name == "Problem" and len(call.args) == 5:
            severity = call.args[3]
            if isinstance(severity, ast.Constant):
                found |= {(rule, str(severity.value)) for rule in rules_in(call.args[2])}
    return found


def rules_in(written: ast.expr) -> set[str]:
    if isinstance(written, ast.Constant):
        return {str(written.value)}
    if isinstance(written, ast.Name):
        # The report itself, passing on what it was given.
        return set()
    # f"missing-{tag}" of the three things that a file defines.
    assert ast.unparse(written) == "f'missing-{tag}'"
    return {"missing-signal", "missing-error", "missing-escalation"}


def test_every_rule_of_the_code_is_in_the_table_and_no_other() -> None:
    found = set[tuple[str, str]]().union(*(reported(source) for source in SOURCES))

    assert {rule for rule, _ in found} == set(RULES)
    for rule in RULES.values():
        severities = {severity for name, severity in found if name == rule.name}
        assert severities == set(rule.severity.split(" or ")), rule.name


def test_the_page_of_checks_is_made_of_the_table() -> None:
    assert (ROOT / "docs" / "checks.md").read_text().endswith(page())
