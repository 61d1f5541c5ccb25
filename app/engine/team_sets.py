"""The sets of teams that tasks are for.

Tasks are many and the sets few. A task carries the name of its set, in which its teams can be read; `TeamSet` says
which sets a team is in. So the open tasks of a team are found along one index, however many tasks there ever were.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Table
from sqlalchemy.orm import Session

from app.engine.models import LONGEST_SET, TEAM_SEPARATOR, TeamSet, UserTask
from app.statements import Batch, Insertion

_table = TeamSet.__table__
assert isinstance(_table, Table)
_KEEP: Final = Insertion(_table, unless_there=True)


def named(keys: Iterable[str]) -> str:
    """The name of the set that these teams make; empty when there are none.

    Raises:
        ValueError: a key cannot be one, or they are too many.
    """
    ordered = sorted(set(keys))
    wrong = next((key for key in ordered if not key or TEAM_SEPARATOR in key), None)
    if wrong is not None:
        raise ValueError(f"{wrong!r} is no key of a team")
    name = TEAM_SEPARATOR.join(ordered)
    if len(name) > LONGEST_SET:
        raise ValueError(f"the keys of {len(ordered)} teams are together longer than {LONGEST_SET} characters")
    return name


def keep(batch: Batch, team_set: str) -> None:
    """Let lists find a set by its teams, when the batch runs."""
    batch.add(_KEEP, [{"name": team_set, "team_key": key} for key in team_set.split(TEAM_SEPARATOR) if key])


def offer_to(session: Session, task: UserTask, team_set: str) -> None:
    """Let a task be for the members of a set of teams, instead of those it was for."""
    task.team_set = team_set
    batch = Batch()
    keep(batch, team_set)
    batch.run(session)
