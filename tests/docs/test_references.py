"""The references of operations and expressions against the registries of the code."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy.orm import Session

from app.engine import builtin_functions, dmn, facts
from app.engine.expressions import compile_expression
from app.engine.subject import Subject
from tests.docs import expressions_reference
from tests.docs.reference import PAGE, page_text

EXPRESSIONS = expressions_reference.PAGE.read_text()


def test_the_reference_of_operations_is_what_the_registry_says() -> None:
    assert PAGE.read_text() == page_text(PAGE.read_text()), "write it again: .venv/bin/python -m tests.docs.reference"


def test_the_reference_of_expressions_is_what_the_code_says() -> None:
    assert expressions_reference.page_text(EXPRESSIONS) == EXPRESSIONS, (
        "write it again: .venv/bin/python -m tests.docs.expressions_reference"
    )


def test_every_function_of_the_language_is_explained(session: Session) -> None:
    provided = facts.FactScope(session, Subject("ticket", 0)).functions.items()
    ours = {name for name, function in provided if is_ours(function)}

    assert set(builtin_functions.EXPLAINED) == set(builtin_functions.BUILTINS)
    assert set(facts.explained_functions()) == ours


def is_ours(function: Callable[..., object]) -> bool:
    """Tests of the engine provide functions of their own."""
    return getattr(function, "func", function).__module__.startswith("app.")


def test_the_examples_of_the_page_can_be_compiled() -> None:
    examples = re.search(r"```python\n(.*?)```", EXPRESSIONS, re.DOTALL)

    assert examples
    for line in examples[1].splitlines():
        compile_expression(line)


def test_the_hit_policies_are_explained() -> None:
    assert all(policy in EXPRESSIONS for policy in dmn.HIT_POLICIES)
