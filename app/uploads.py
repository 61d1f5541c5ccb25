"""Which views take files. Features below the web mark their own; the request boundary asks."""

from collections.abc import Callable
from typing import Any, TypeVar

_MARK = "_takes_files"

F = TypeVar("F", bound=Callable[..., Any])


def takes_files(view: F) -> F:
    """Mark a view whose form brings documents: only it, and only from people who are signed in, takes large bodies."""
    setattr(view, _MARK, True)
    return view


def is_for_files(view: object) -> bool:
    """Whether a view was marked so."""
    return bool(getattr(view, _MARK, False))
