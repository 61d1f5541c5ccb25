"""Facts: what diagrams may read about their subject, and the functions that calculate on it.

Features provide them in `facts.py`; the engine knows only their names. Facts are plain data (JSON values and aware
datetimes), loaded when an expression first reads them and dropped after each operation that wrote anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property, partial
from typing import Any, Final

from app import clock
from app.db import Session
from app.engine.subject import Subject

FactProvider = Callable[[Session, Subject], dict[str, Any]]
FactFunction = Callable[..., Any]


class Kind(StrEnum):
    """What an attribute of a fact holds, in the analyst's words."""

    NUMBER = "number"
    TEXT = "text"
    TRUTH = "true or false"
    MOMENT = "moment"


@dataclass(frozen=True)
class Attribute:
    """One attribute of a fact: what it holds and what it means, in one line."""

    kind: Kind
    meaning: str
    # Whether it may be None instead.
    optional: bool = False


_FACTS: Final[dict[str, dict[str, FactProvider]]] = {}
_ATTRIBUTES: Final[dict[str, Mapping[str, Attribute]]] = {}
_FUNCTIONS: Final[dict[str, FactFunction]] = {}
_EXPLAINED: Final[dict[str, tuple[str, str]]] = {}


def provides_facts(
    name: str, *, for_subjects: Iterable[str], attributes: Mapping[str, Attribute] | None = None
) -> Callable[[FactProvider], FactProvider]:
    """Register the provider of one set of facts for these kinds of subject.

    The function gets the session and the subject and returns a plain dict, for instance the `ticket` of a work entry.

    Args:
        attributes: what the dict always holds, by name. Left out, nobody can say at deploy what may be read from it.
    """

    def register(provider: FactProvider) -> FactProvider:
        by_kind = _FACTS.setdefault(name, {})
        if attributes is not None:
            _ATTRIBUTES[name] = attributes
        for kind in for_subjects:
            present = by_kind.get(kind)
            if present is not None and _place(present) != _place(provider):
                raise ValueError(f"Facts {name!r} of a {kind} are provided by {_place(present)} already.")
            by_kind[kind] = provider
        return provider

    return register


def provides_function(name: str, *, usage: str = "", gives: str = "") -> Callable[[FactFunction], FactFunction]:
    """Register a function for expressions; it gets the session and the subject before its own arguments.

    Args:
        usage: how it is called, for the reference: `working_days(3)`.
        gives: what it gives, in one line.
    """

    def register(function: FactFunction) -> FactFunction:
        present = _FUNCTIONS.get(name)
        if present is not None and _place(present) != _place(function):
            raise ValueError(f"Function {name!r} is provided by {_place(present)} already.")
        _FUNCTIONS[name] = function
        if usage:
            _EXPLAINED[name] = (usage, gives)
        return function

    return register


def _place(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def known_facts(kind: str | None = None) -> frozenset[str]:
    """The names of all facts, or of those that a kind of subject has."""
    return frozenset(name for name, by_kind in _FACTS.items() if kind is None or kind in by_kind)


def shapes(kind: str | None = None) -> dict[str, Mapping[str, Attribute]]:
    """The attributes of all facts, or of those that a kind of subject has, by the fact's name.

    Facts whose provider declares no attributes are left out: anything may be read from them.
    """
    return {name: _ATTRIBUTES[name] for name in sorted(known_facts(kind)) if name in _ATTRIBUTES}


def attributes(kind: str | None = None) -> dict[str, dict[str, str]]:
    """What can be read from the facts: `{fact: {attribute: meaning}}`, as `shapes` has them."""
    return {
        name: {attribute: each.meaning for attribute, each in shape.items()} for name, shape in shapes(kind).items()
    }


def kinds() -> frozenset[str]:
    """The kinds of subject that have facts."""
    return frozenset(kind for by_kind in _FACTS.values() for kind in by_kind)


def known_functions() -> frozenset[str]:
    """The names of all provided functions (the built-in ones of the language not included)."""
    return frozenset(_FUNCTIONS)


def explained_functions() -> dict[str, tuple[str, str]]:
    """How each provided function is called and what it gives, by name; those that nobody explains are left out."""
    return dict(_EXPLAINED)


class FactScope(Mapping[str, Any]):
    """The facts of one subject, loaded when first read."""

    def __init__(self, session: Session, subject: Subject) -> None:
        self._session = session
        self._subject = subject
        self._loaded: dict[str, dict[str, Any]] = {}

    @cached_property
    def _providers(self) -> dict[str, Callable[[Session, Subject], dict[str, Any]]]:
        kind = self._subject.kind
        return {name: by_kind[kind] for name, by_kind in _FACTS.items() if kind in by_kind}

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """The provided functions, about this subject."""
        return {name: partial(function, self._session, self._subject) for name, function in _FUNCTIONS.items()}

    def __getitem__(self, name: str) -> dict[str, Any]:
        if name not in self._loaded:
            self._loaded[name] = self._providers[name](self._session, self._subject)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._providers)

    def __len__(self) -> int:
        return len(self._providers)

    def __contains__(self, name: object) -> bool:
        # Mapping's own would load the facts to find out.
        return name in self._providers

    def drop(self) -> None:
        """Forget what was loaded: an operation may have changed it."""
        self._loaded.clear()


@provides_function("now", usage="now()", gives="the desk's time")
def _now(session: Session, subject: Subject) -> datetime:
    return clock.now()
