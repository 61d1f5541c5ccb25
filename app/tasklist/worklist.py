"""My work: which tasks wait for somebody, in groups by deadline, with the counts beside them.

The database filters, sorts and counts; what is shown of the list is bounded, and costs the same number of queries
whatever there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from app.db import UTCDateTime
from app.engine.models import UserTask
from app.people.models import Person
from app.sql import at_most
from app.tasklist import decisions
from app.tasklist.address import WorkAddress
from app.tasklist.filters import TaskFilters, conditions
from app.tasklist.grouping import GROUPS, Stretches, due_at
from app.tasklist.permissions import Standing, assigned_to, for_approval, meant_for, standing, workable_by
from app.tasklist.queries import Row, rows_of
from app.tickets import queries as tickets

# How many rows a list shows, how many more each time, and how many at most: beyond that, filters help.
ROWS: Final = 100
MOST_ROWS: Final = 500
EVERYTHING: Final = TaskFilters()


@dataclass(frozen=True)
class Work:
    """Everything My work shows.

    Args:
        groups: the rows that are shown, by group.
        sizes: how many tasks each group has, shown or not.
        approvals: the approvals that are shown.
        to_approve: how many approvals there are.
        mine: how many of one's own tasks the filters leave; `teams` those of one's teams.
        decides: by task id, which decisions on an approval need no open form.
    """

    who: Standing
    groups: dict[str, list[Row]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    approvals: list[Row] = field(default_factory=list)
    to_approve: int = 0
    mine: int = 0
    teams: int = 0
    decides: Mapping[int, frozenset[str]] = field(default_factory=dict)

    @property
    def rows(self) -> list[Row]:
        """All rows that are shown, in their order."""
        return [row for name in GROUPS for row in self.groups.get(name, [])] + self.approvals

    @property
    def waiting(self) -> int:
        """How many tasks the groups have, shown or not."""
        return sum(self.sizes.values())

    @property
    def has_more(self) -> bool:
        """Whether there is more than is shown."""
        shown = sum(len(rows) for rows in self.groups.values())
        return shown < self.waiting or len(self.approvals) < self.to_approve


def my_work(
    session: Session,
    person: Person,
    *,
    whole_team: bool,
    zone: tzinfo,
    filters: TaskFilters = EVERYTHING,
    most: int = ROWS,
) -> Work:
    """The open tasks of somebody, or of their teams, grouped by the deadline that comes first.

    Args:
        most: how many rows of tasks, and of approvals, are read.
    """
    who, stretches = standing(session, person), Stretches.of(zone)
    narrowed = list(conditions(session, filters, stretches).values())
    counts = _counts(session, who, narrowed, stretches, whole_team=whole_team)
    tasks = _read(session, [_chosen(who, whole_team=whole_team), *narrowed], most)
    approvals = _read(session, [_to_decide(who), *narrowed], most)
    rows = rows_of(session, [*tasks, *approvals], who, zone)
    groups: dict[str, list[Row]] = {name: [] for name in GROUPS}
    for row in rows[: len(tasks)]:
        groups[stretches.group_of(row.runs_until)].append(row)
    forms = decisions.forms_of(session, approvals)
    return Work(
        who=who,
        groups=groups,
        sizes={name: counts[name] for name in GROUPS},
        approvals=rows[len(tasks) :],
        to_approve=counts["approvals"],
        mine=counts["mine"],
        teams=counts["teams"],
        decides={task_id: decisions.possible(form) for task_id, form in forms.items()},
    )


def filters_of(session: Session, address: WorkAddress) -> TaskFilters:
    """What an address of My work asks for, with the customer that it names."""
    named = address.one("customer")
    return address.filters(tickets.customer_named(session, named) if named else None)


def without_each(
    session: Session, who: Standing, filters: TaskFilters, *, whole_team: bool, zone: tzinfo
) -> dict[str, int]:
    """How many tasks there would be without each single filter, by its name in an address, in one query."""
    every = conditions(session, filters, Stretches.of(zone))
    if not every:
        return {}
    sums = [_number(and_(True, *(each for other, each in every.items() if other != name))) for name in every]
    seen = or_(_chosen(who, whole_team=whole_team), _to_decide(who))
    found = select(*sums).select_from(UserTask).where(seen)
    return dict(zip(every, session.execute(found).one(), strict=True))


@lru_cache(maxsize=1000)
def waiting_for(who: Standing) -> Select[int, int]:
    """How many tasks somebody may complete, and whether one of them is late: what the rail shows (`web.counts`)."""
    late = func.coalesce(due_at() <= bindparam("now", None, type_=UTCDateTime()), False)
    found = select(func.count().label("number"), _number(late).label("is_late")).select_from(UserTask)
    return found.where(workable_by(who))


def _read(session: Session, wanted: Sequence[ColumnElement[bool]], most: int) -> Sequence[UserTask]:
    found = select(UserTask).where(*wanted)
    return session.scalars(found.order_by(due_at().asc().nulls_last(), UserTask.id).limit(at_most(most))).all()


def _counts(
    session: Session, who: Standing, narrowed: Sequence[ColumnElement[bool]], stretches: Stretches, *, whole_team: bool
) -> dict[str, int]:
    mine, approval = UserTask.assignee_id == who.person_id, for_approval()
    found = (
        select(
            due_at().label("due_at"),
            func.coalesce(mine, False).label("mine"),
            approval.label("approval"),
            case((approval, workable_by(who)), else_=False).label("decides"),
        )
        .where(or_(assigned_to(who), meant_for(who)), *narrowed)
        .subquery()
    )
    working = ~found.c.approval
    own = and_(working, found.c.mine)
    chosen = working if whole_team else own
    sums = {name: and_(chosen, condition) for name, condition in stretches.conditions(found.c.due_at).items()} | {
        "mine": own,
        "teams": working,
        "approvals": found.c.decides,
    }
    numbers = session.execute(select(*(_number(each) for each in sums.values())).select_from(found)).one()
    return dict(zip(sums, numbers, strict=True))


def _chosen(who: Standing, *, whole_team: bool) -> ColumnElement[bool]:
    """The work of somebody's teams, their own with it, or only their own; approvals stand apart."""
    mine = assigned_to(who)
    return and_(~for_approval(), or_(mine, meant_for(who)) if whole_team else mine)


def _to_decide(who: Standing) -> ColumnElement[bool]:
    return and_(for_approval(), workable_by(who))


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows meet a condition; zero when there are no rows at all."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
