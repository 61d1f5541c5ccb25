"""The list of instances: pages found by their place in the order, counts per state that look at so many rows only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.orm import Session, contains_eager, defer

from app.engine.models import (
    HistoryEntry,
    InstanceState,
    ProcessDefinition,
    ProcessInstance,
    TaskState,
    UserTask,
)
from app.errors import InvalidInput
from app.monitor.filters import LIVE, STATES, Filters, conditions, in_state
from app.monitor.subjects import tickets_of
from app.people.models import Person
from app.sql import at_most
from app.texts import gettext as _
from app.tickets.models import Ticket

PAGE_SIZE = 50
# Nobody counts further by eye; the page says "1,000+".
MOST_COUNTED = 1000
NEWEST_FIRST, OLDEST_FIRST, STALLED_FIRST = "newest", "oldest", "stalled"
SORTS = (NEWEST_FIRST, OLDEST_FIRST, STALLED_FIRST)


@dataclass(frozen=True)
class Row:
    """One instance of the list, with the ticket it belongs to, the tasks it waits for and the elements it stands at."""

    instance: ProcessInstance
    ticket: Ticket | None
    waiting: list[UserTask] = field(default_factory=list)
    places: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """A page of rows; `after` is the cursor of the next one, None at the end."""

    rows: list[Row]
    after: str | None


def page(
    session: Session,
    reader: Person,
    filters: Filters,
    after: str | None = None,
    *,
    sort: str = NEWEST_FIRST,
    size: int = PAGE_SIZE,
) -> Page:
    """Instances that match, in one of `SORTS`.

    Raises:
        InvalidInput: the cursor is not one of ours.
    """
    every = without_state_blob(select(ProcessInstance)).where(*conditions(session, reader, filters))
    if filters.state:
        every = every.where(in_state(filters.state))
    groups = _groups(sort)
    start = _read(after, len(groups)) if after else None
    found: list[tuple[ProcessInstance, int]] = []
    for number, where in enumerate(groups):
        if start is not None and number < start[0]:
            continue
        place = start[1:] if start is not None and number == start[0] else None
        query = _ordered(every.where(*where), place, descending=sort != OLDEST_FIRST)
        found += [(each, number) for each in session.scalars(query.limit(at_most(size + 1 - len(found))))]
        if len(found) > size:
            break
    shown = found[:size]
    cursor = _write(*shown[-1]) if len(found) > size else None
    return Page(rows_of(session, [instance for instance, _group in shown]), cursor)


def rows_of(session: Session, instances: list[ProcessInstance]) -> list[Row]:
    """What the list shows of instances, each kind of thing read in one query."""
    tickets = tickets_of(session, (instance.subject for instance in instances))
    live = [instance.id for instance in instances if instance.state in LIVE]
    waiting, places = open_tasks(session, live), _places(session, live)
    return [
        Row(each, tickets.get(each.subject), waiting.get(each.id, []), places.get(each.id, [])) for each in instances
    ]


def count(session: Session, reader: Person, filters: Filters) -> int:
    """How many instances `page` would list in all."""
    query = select(func.count()).select_from(ProcessInstance).where(*conditions(session, reader, filters))
    if filters.state:
        query = query.where(in_state(filters.state))
    return session.scalar(query) or 0


def counts_by_state(session: Session, reader: Person, filters: Filters) -> dict[str, int]:
    """How many instances there are in each of `STATES` under the other filters, up to one more than `MOST_COUNTED`."""
    asked = conditions(session, reader, filters)
    counted = []
    for state in STATES:
        in_it = in_state(state, of_few=bool(filters.text))
        some = select(ProcessInstance.id).where(*asked, in_it).limit(at_most(MOST_COUNTED + 1)).subquery()
        counted.append(select(func.count()).select_from(some).scalar_subquery())
    return dict(zip(STATES, session.execute(select(*counted)).one(), strict=True))


def first_stalled(session: Session, reader: Person, filters: Filters) -> Row | None:
    """The instance that is stalled for the longest time."""
    query = without_state_blob(select(ProcessInstance)).where(
        *conditions(session, reader, filters), ProcessInstance.state == InstanceState.STALLED
    )
    instance = session.scalar(query.order_by(ProcessInstance.stalled_at, ProcessInstance.id).limit(at_most(1)))
    return rows_of(session, [instance])[0] if instance is not None else None


def processes(session: Session) -> list[ProcessDefinition]:
    """The newest version of each process that was ever deployed, by name."""
    newest = select(func.max(ProcessDefinition.id)).group_by(ProcessDefinition.key)
    query = select(ProcessDefinition).where(ProcessDefinition.id.in_(newest))
    return list(session.scalars(query.order_by(ProcessDefinition.name)))


def versions(session: Session, key: str) -> list[int]:
    """The versions of a process, newest first."""
    query = select(ProcessDefinition.version).where(ProcessDefinition.key == key)
    return list(session.scalars(query.order_by(ProcessDefinition.version.desc())))


def standing_at(session: Session, key: str) -> dict[str, int]:
    """At which elements live instances of a process stand now, and how many at each."""
    ids = session.scalars(select(ProcessDefinition.id).where(ProcessDefinition.key == key)).all()
    query = (
        select(HistoryEntry.element, func.count(HistoryEntry.instance_id.distinct()))
        .join(ProcessInstance, ProcessInstance.id == HistoryEntry.instance_id)
        .where(ProcessInstance.definition_id.in_(ids), ProcessInstance.state.in_(LIVE), HistoryEntry.left_at.is_(None))
        .group_by(HistoryEntry.element)
    )
    return dict(session.execute(query).all())


def without_state_blob(query: Select[ProcessInstance]) -> Select[ProcessInstance]:
    """The same instances with their definitions, the state left unread: it is large, and only the engine reads it."""
    return query.join(ProcessInstance.definition).options(
        defer(ProcessInstance.blob), contains_eager(ProcessInstance.definition)
    )


def open_tasks(session: Session, instance_ids: list[int]) -> dict[int, list[UserTask]]:
    """The open user tasks of instances, oldest first."""
    query = select(UserTask).where(UserTask.instance_id.in_(instance_ids), UserTask.state == TaskState.OPEN.value)
    tasks: dict[int, list[UserTask]] = {}
    for task in session.scalars(query.order_by(UserTask.id)):
        tasks.setdefault(task.instance_id, []).append(task)
    return tasks


def _places(session: Session, instance_ids: list[int]) -> dict[int, list[str]]:
    query = select(HistoryEntry.instance_id, HistoryEntry.element, HistoryEntry.element_type).where(
        HistoryEntry.instance_id.in_(instance_ids), HistoryEntry.left_at.is_(None)
    )
    places: dict[int, list[str]] = {}
    for instance_id, element, kind in session.execute(query.order_by(HistoryEntry.id)):
        # Being inside a sub-process says less than what it waits for in there.
        if "subprocess" not in kind.lower():
            places.setdefault(instance_id, []).append(element)
    return places


def _groups(sort: str) -> list[list[ColumnElement[bool]]]:
    if sort != STALLED_FIRST:
        return [[]]
    stalled = ProcessInstance.state == InstanceState.STALLED.value
    return [[stalled], [ProcessInstance.state != InstanceState.STALLED.value]]


def _ordered(
    query: Select[ProcessInstance], after: tuple[datetime, int] | None, *, descending: bool
) -> Select[ProcessInstance]:
    started, key = ProcessInstance.started_at, ProcessInstance.id
    if after is not None:
        here = tuple_(literal(after[0], started.type), literal(after[1]))
        place = tuple_(started, key)
        query = query.where(place < here if descending else place > here)
    return query.order_by(started.desc(), key.desc()) if descending else query.order_by(started, key)


def _write(instance: ProcessInstance, group: int) -> str:
    return f"{group}~{instance.started_at.isoformat()}~{instance.id}"


def _read(cursor: str, groups: int) -> tuple[int, datetime, int]:
    try:
        group, moment, key = cursor.split("~")
        place = int(group), datetime.fromisoformat(moment), int(key)
        if not 0 <= place[0] < groups or place[1].tzinfo is None or abs(place[2]) >= 2**31:
            raise ValueError(cursor)
    except ValueError as error:
        raise InvalidInput(_("This list cannot be continued; open it again.")) from error
    return place
