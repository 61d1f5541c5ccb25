"""What several parts of a page need is asked of the database once.

A page is put together by features that know nothing of each other, and some of them ask the same: who the reader's
teams are, what the clocks of a ticket say.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from app.db import Session, is_reading

P = ParamSpec("P")
T = TypeVar("T")


def read_once(read: Callable[Concatenate[Session, P], T]) -> Callable[Concatenate[Session, P], T]:
    """Let a query run once for the same arguments in a reading transaction; whoever asks gets the same answer.

    In such a transaction nothing is written, so an answer stays true until its end. In a writing one the query runs
    each time. The arguments must be hashable, and nobody may change the answer.
    """

    @wraps(read)
    def once(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if not is_reading():
            return read(session, *args, **kwargs)
        known: dict[Any, T] = session.info.setdefault("read_once", {})
        asked = (read, args, tuple(sorted(kwargs.items())))
        if asked not in known:
            known[asked] = read(session, *args, **kwargs)
        return known[asked]

    return once
