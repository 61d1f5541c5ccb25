"""The references of operations and expressions against the registries of the code."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy.orm import Session

from app.engine import builtin_functions, dmn, expression_compiler, expression_source, facts, values
from app.engine.expressions import compile_expression
from app.engine.subject import Subject
from app.escalations import service as escalations
from app.people.models import Person, Team
from app.tickets.models import Ticket
from app.worklog import service as worklog
from tests.docs.pages import DOCS
from tests.docs.reference import PAGE, page_text

EXPRESSIONS = (DOCS / "expressions.md").read_text()


def test_the_reference_of_operations_is_what_the_registry_says() -> None:
    assert PAGE.read_text() == page_text(PAGE.read_text()), "write it again: .venv/bin/python -m tests.docs.reference"


def test_every_function_of_the_language_is_explained(session: Session) -> None:
    provided = facts.FactScope(session, Subject("ticket", 0)).functions.items()
    ours = {name for name, function in provided if is_ours(function)}
    table = EXPRESSIONS.partition("## Functions")[2].partition("## Facts")[0]

    explained = {name for cell in re.findall(r"^\| (.+?) \|", table, re.MULTILINE) for name in functions_in(cell)}

    assert explained == set(builtin_functions.BUILTINS) | ours


def is_ours(function: Callable[..., object]) -> bool:
    """Tests of the engine provide functions of their own."""
    return getattr(function, "func", function).__module__.startswith("app.")


def functions_in(cell: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)\(", cell))


def test_every_fact_is_explained_and_no_other(
    session: Session,
    ticket: Callable[..., Ticket],
    person: Callable[..., Person],
    team: Callable[..., Team],
) -> None:
    network = team("network")
    agent = person(teams=[network])
    asked = ticket(team=network, assignee=agent)
    entry = worklog.log_work(session, asked, author=agent, minutes=30)
    wish = escalations.request(session, asked, reason="Needs a switch", by=agent)
    subjects = (Subject("ticket", asked.id), Subject("work_entry", entry.id), Subject("escalation", wish.id))

    provided = {
        f"{name}.{key}"
        for subject in subjects
        for name in facts.known_facts(subject.kind)
        for key in facts.FactScope(session, subject)[name]
    }

    section = EXPRESSIONS.partition("## Facts")[2].partition("## Cells")[0]
    rows = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([a-z_]+\.[a-z_]+)`", row)} == provided


def test_the_examples_of_the_page_can_be_compiled() -> None:
    examples = re.search(r"```python\n(.*?)```", EXPRESSIONS, re.DOTALL)

    assert examples
    for line in examples[1].splitlines():
        compile_expression(line)


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    limits = re.findall(r"^\| [^|]+ \| ([0-9]+|10¹⁵)(?: characters)? \|$", EXPRESSIONS, re.MULTILINE)

    assert limits == [
        str(expression_source.MAX_SOURCE),
        str(expression_compiler.MAX_NODES),
        str(expression_source.MAX_DEPTH),
        str(values.MAX_TEXT),
        str(values.MAX_PARTS),
        "10¹⁵",
        str(values.MAX_EFFORT),
    ]
    assert values.MAX_NUMBER == 10**15
    assert all(policy in EXPRESSIONS for policy in dmn.HIT_POLICIES)
