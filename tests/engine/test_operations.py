"""Operations check what diagrams hand them and what they hand back."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields
from sqlalchemy.orm import Session

from app.engine import operations
from app.engine.operations import Call, UnknownOperation, operation
from app.engine.subject import Subject
from app.errors import InvalidInput


class _Parameters(Schema):
    color = fields.String(required=True)
    until = fields.AwareDateTime(load_default=None)


class _Result(Schema):
    coats = fields.Integer(required=True)


@pytest.fixture
def painted() -> Iterator[list[dict[str, Any]]]:
    """An operation of the tests' own, and the parameters it was called with."""
    calls: list[dict[str, Any]] = []

    @operation("test.coat", _Parameters, result=_Result)
    def coat(call: Call, **parameters: Any) -> dict[str, Any]:
        """Give it a coat of paint.

        Returns `coats`: how many it has now.
        """
        calls.append(parameters)
        return {"coats": len(calls)} if parameters["color"] != "odd" else {"shine": True}

    yield calls
    del operations.REGISTRY["test.coat"]


@pytest.fixture
def call(session: Session) -> Call:
    """A call on some subject."""
    return Call(session, Subject("lamp", 7), 1, "paint", datetime(2026, 11, 18, tzinfo=UTC), None)


def test_parameters_are_read_by_the_schema(call: Call, painted: list[dict[str, Any]]) -> None:
    """Facts hold moments; schemas read text, as from a request."""
    moment = datetime(2026, 11, 18, 10, tzinfo=UTC)

    result = operations.get("test.coat").call(call, {"color": "red", "until": moment})

    assert painted == [{"color": "red", "until": moment}]
    assert result == {"coats": 1}


@pytest.mark.parametrize("parameters", [{}, {"color": None}, {"color": "red", "size": 3}, {"color": [1]}])
def test_wrong_parameters_are_refused_by_name(
    call: Call, painted: list[dict[str, Any]], parameters: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput) as raised:
        operations.get("test.coat").call(call, parameters)

    assert set(raised.value.errors) & {"color", "size"}
    assert painted == []


def test_a_result_that_breaks_its_promise_is_a_bug(call: Call, painted: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        operations.get("test.coat").call(call, {"color": "odd"})


def test_an_unknown_operation_suggests_a_known_one(painted: list[dict[str, Any]]) -> None:
    with pytest.raises(UnknownOperation, match=r"did you mean `test\.coat`"):
        operations.get("test.caot")


def test_the_palette_lists_operations_with_their_description(painted: list[dict[str, Any]]) -> None:
    described = {each.name: each.description for each in operations.all_operations()}

    assert described["test.coat"].startswith("Give it a coat of paint.")


@pytest.mark.parametrize("name", ["coat", "Test.coat", "test.coat.twice", "test coat"])
def test_an_operation_has_a_permanent_kind_of_name(name: str) -> None:
    with pytest.raises(ValueError, match="looks like"):
        operation(name, _Parameters)


def test_an_operation_says_what_it_does() -> None:
    with pytest.raises(ValueError, match="docstring"):

        @operation("test.silent", _Parameters)
        def silent(call: Call) -> None:
            return None


def test_every_operation_of_the_desk_is_described() -> None:
    for each in operations.all_operations():
        assert each.description[0].isupper(), each.name
