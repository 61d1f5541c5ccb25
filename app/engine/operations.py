"""Operations: what a service task in a diagram may call.

An operation lives in `app/<feature>/operations.py`, calls one service function and returns plain JSON values. Its name
is permanent: running instances hold it. Its schemas and docstring feed the studio's palette and lint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from inspect import cleandoc
from typing import Any, Final

from marshmallow import Schema, ValidationError

from app.db import Session
from app.engine.expression_calls import similar
from app.engine.subject import Subject
from app.engine.values import plain
from app.errors import DeskError, InvalidInput


@dataclass(frozen=True)
class Call:
    """The circumstances of one call: who asks, about what, when."""

    session: Session
    subject: Subject
    instance_id: int
    element: str
    now: datetime
    by_id: int | None
    # This visit of the element: another one when a loop comes back to it.
    visit: str = ""


class UnknownOperation(DeskError):
    """A diagram names an operation that no feature offers."""


Handler = Callable[..., dict[str, Any] | None]


@dataclass(frozen=True)
class Operation:
    """A registered operation."""

    name: str
    parameters: type[Schema]
    result: type[Schema] | None
    description: str
    handler: Handler

    def call(self, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """Check the parameters, run the operation, check what it returns.

        Raises:
            InvalidInput: a parameter is missing, wrong, or unknown to the operation.
        """
        try:
            # Moments become ISO text first: schemas read text, as they do from a request.
            checked = self.parameters().load({name: plain(value) for name, value in parameters.items()})
        except ValidationError as error:
            raise InvalidInput(f"{self.name} refused its parameters: {error}", _flat(error)) from error
        returned = self.handler(call, **checked)
        if returned is None or self.result is None:
            return None
        result: dict[str, Any] = plain(self.result().load(plain(returned)))
        return result


REGISTRY: Final[dict[str, Operation]] = {}


def operation(
    name: str, parameters: type[Schema], *, result: type[Schema] | None = None
) -> Callable[[Handler], Handler]:
    """Register an operation under its permanent name, such as "ticket.assign_to_team"."""
    if re.fullmatch(r"[a-z_]+\.[a-z_]+", name) is None:
        raise ValueError(f"{name!r} is no operation name; it looks like ticket.assign_to_team.")

    def register(handler: Handler) -> Handler:
        present = REGISTRY.get(name)
        place = f"{handler.__module__}.{handler.__qualname__}"
        if present is not None and f"{present.handler.__module__}.{present.handler.__qualname__}" != place:
            raise ValueError(f"Operation {name} is defined twice.")
        if not handler.__doc__:
            raise ValueError(f"Operation {name} needs a docstring: it is what an analyst reads.")
        REGISTRY[name] = Operation(name, parameters, result, cleandoc(handler.__doc__), handler)
        return handler

    return register


def get(name: str) -> Operation:
    """The operation with this name.

    Raises:
        UnknownOperation: no feature offers it.
    """
    found = REGISTRY.get(name)
    if found is None:
        raise UnknownOperation(f"there is no operation `{name}`{similar(name, REGISTRY)}")
    return found


def all_operations() -> list[Operation]:
    """Every operation, by name (for the palette and lint)."""
    return [REGISTRY[name] for name in sorted(REGISTRY)]


def _flat(error: ValidationError) -> dict[str, list[str]]:
    messages = error.messages
    if not isinstance(messages, dict):
        return {"": [str(message) for message in messages]}
    return {
        str(name): [str(each) for each in found] if isinstance(found, list) else [str(found)]
        for name, found in messages.items()
    }
