"""Asking a decision table outside a running instance: what it would say on a subject's facts now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.engine import xml
from app.engine.dmn import DecisionEngine
from app.engine.expressions import Expression, ExpressionError
from app.engine.facts import FactScope
from app.engine.models import DefinitionFile, FileKind, ProcessDefinition
from app.engine.subject import Subject
from app.engine.values import plain
from app.errors import InvalidInput, NotFound
from app.texts import gettext as _


def decide(session: Session, decision_key: str, subject: Subject) -> dict[str, Any]:
    """What the current version of a decision table says on the facts of a subject: its outputs by name.

    Raises:
        NotFound: no deployed process uses such a table.
        InvalidInput: the table cannot be read, or a cell cannot be calculated on these facts.
    """
    facts = FactScope(session, subject)
    return _answer(_current_file(session, decision_key), decision_key, _Scripts(facts, facts.functions))


def decide_on(session: Session, decision_key: str, cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the current version of a decision table would say on facts of things that are not there yet.

    Args:
        cases: facts by name, with plain values: {"ticket": {"type": "incident", …}, …}. They have no functions on a
            subject.

    Raises:
        NotFound: no deployed process uses such a table.
        InvalidInput: the table cannot be read, or reads something that these facts do not have.
    """
    file = _current_file(session, decision_key)
    return [_answer(file, decision_key, _Scripts(facts, {})) for facts in cases]


def _answer(file: str, decision_key: str, scripts: _Scripts) -> dict[str, Any]:
    question = _Question(scripts)
    try:
        answer: dict[str, Any] = plain(_table(file, decision_key).result(question))
    except (ExpressionError, ValidationException) as error:
        message = _("The table “%(table)s” cannot be used: %(reason)s", table=decision_key, reason=str(error))
        raise InvalidInput(message, {decision_key: [str(error)]}) from error
    return answer


def _current_file(session: Session, decision_key: str) -> str:
    """The file of the table as the newest version that brings it has it.

    Deploying a shared table makes a new version of each process that uses it, so the newest file is the current one.
    """
    current = select(func.max(ProcessDefinition.id)).group_by(ProcessDefinition.key).scalar_subquery()
    files = session.scalars(
        select(DefinitionFile)
        .where(DefinitionFile.kind == FileKind.DMN, DefinitionFile.definition_id.in_(current))
        .where(DefinitionFile.content.contains(decision_key))
        .order_by(DefinitionFile.definition_id.desc())
    )
    for file in files:
        if _brings(file.content, decision_key):
            return file.content
    raise NotFound(_("No process uses a decision table “%(table)s”.", table=decision_key))


@lru_cache(maxsize=64)
def _brings(content: str, decision_key: str) -> bool:
    return decision_key in _parser(content).dmn_parsers


@lru_cache(maxsize=64)
def _table(content: str, decision_key: str) -> DecisionEngine:
    table = _parser(content).dmn_parsers[decision_key]
    table.parse()
    return DecisionEngine(table.decision.decisionTables[0], decision_key)


def _parser(content: str) -> Any:
    parser = SpiffBpmnParser()
    parser.add_dmn_xml(xml.parse(content.encode()))
    return parser


@dataclass(frozen=True)
class _Scripts:
    """What a decision engine calculates cells with: facts, no process variables."""

    facts: Mapping[str, Any]
    functions: Mapping[str, Callable[..., Any]]

    def evaluate(self, question: object, expression: Expression) -> Any:
        return expression.evaluate(self.facts, self.functions)


@dataclass(frozen=True)
class _Workflow:
    script_engine: _Scripts


@dataclass(frozen=True)
class _Question:
    """Stands where a decision engine expects the task of an instance."""

    scripts: _Scripts
    workflow: _Workflow = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "workflow", _Workflow(self.scripts))
