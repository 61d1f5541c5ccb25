"""Facts are loaded when read, once, and dropped when they may have changed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.engine import facts
from app.engine.expressions import ExpressionError, compile_expression
from app.engine.facts import FactScope, provides_facts, provides_function
from app.engine.subject import Subject

LAMP = Subject("lamp", 7)


@pytest.fixture
def loads() -> Iterator[list[str]]:
    """Facts of the tests' own, and which subjects they were loaded for."""
    loaded: list[str] = []

    @provides_facts("lamp", for_subjects=("lamp",))
    def lamp(session: Session, subject: Subject) -> dict[str, Any]:
        loaded.append(str(subject))
        return {"color": "red", "times_read": len(loaded)}

    @provides_function("brighter")
    def brighter(session: Session, subject: Subject, by: int) -> int:
        return subject.id + by

    yield loaded
    del facts._FACTS["lamp"], facts._FUNCTIONS["brighter"]


def test_facts_are_loaded_when_first_read(session: Session, loads: list[str]) -> None:
    scope = FactScope(session, LAMP)

    assert "lamp" in scope
    assert "lamp" in list(scope)
    assert loads == []
    assert compile_expression("lamp.color + lamp.color").evaluate(scope, scope.functions) == "redred"
    assert loads == ["lamp:7"]


def test_facts_are_fresh_after_a_drop(session: Session, loads: list[str]) -> None:
    """An operation may have changed them."""
    scope = FactScope(session, LAMP)
    before = scope["lamp"]["times_read"]

    scope.drop()

    assert scope["lamp"]["times_read"] == before + 1


def test_a_subject_has_the_facts_of_its_kind_only(session: Session, loads: list[str]) -> None:
    scope = FactScope(session, Subject("mouse", 1))

    with pytest.raises(ExpressionError, match="there is no `lamp`"):
        compile_expression("lamp.color").evaluate(scope, scope.functions)


def test_functions_know_the_subject(session: Session, loads: list[str]) -> None:
    scope = FactScope(session, LAMP)

    assert compile_expression("brighter(3)").evaluate(scope, scope.functions) == 10


def test_a_function_called_wrongly_is_an_expression_error(session: Session, loads: list[str]) -> None:
    scope = FactScope(session, LAMP)

    with pytest.raises(ExpressionError, match=r"brighter\(\) failed"):
        compile_expression('brighter("much")').evaluate(scope, scope.functions)


def test_now_is_the_desks_time(session: Session, at: Callable[[datetime], None]) -> None:
    at(datetime(2027, 1, 1, tzinfo=UTC))
    scope = FactScope(session, LAMP)

    assert compile_expression("now()").evaluate(scope, scope.functions) == datetime(2027, 1, 1, tzinfo=UTC)


def test_two_features_cannot_provide_the_same_facts(loads: list[str]) -> None:
    with pytest.raises(ValueError, match="provided by"):

        @provides_facts("lamp", for_subjects=("lamp",))
        def other(session: Session, subject: Subject) -> dict[str, Any]:
            return {}
