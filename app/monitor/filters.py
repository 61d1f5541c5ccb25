"""Which instances a list shows: filters as an address has them, and the conditions they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, false, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.engine.models import HistoryEntry, InstanceState, ProcessDefinition, ProcessInstance
from app.escalations.around import about, subjects_around
from app.escalations.models import Escalation
from app.people.models import Person, Team
from app.tickets import numbers, search
from app.tickets import queries as tickets
from app.tickets.address import read_day
from app.tickets.models import Ticket
from app.worklog.models import WorkEntry

# Held is no state of the engine's: somebody suspended an instance that runs or is stalled.
HELD = "held"
STATES = (*(state.value for state in (InstanceState.RUNNING, InstanceState.STALLED)), HELD, "completed", "cancelled")
LIVE = (InstanceState.RUNNING.value, InstanceState.STALLED.value)
# Stretches of days up to today, and how long something has run, as an address names them.
STARTED = {"today": 0, "7d": 6, "30d": 29}
# So many tickets are looked up one by one; for more, the instances are gone through instead.
FEW = 500
LONGER = {"1d": 1, "3d": 3, "7d": 7, "30d": 30, "90d": 90}


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; empty means everything.

    Args:
        element: where the instance stands now, or is stalled.
        text: the number of a ticket, or words of it.
        longer: for how long it has run at least and runs still: a key of `LONGER`.
    """

    process: str = ""
    version: str = ""
    state: str = ""
    element: str = ""
    text: str = ""
    teams: Sequence[str] = field(default_factory=tuple)
    customer: str = ""
    started: str = ""
    started_from: str = ""
    started_to: str = ""
    longer: str = ""

    @classmethod
    def of(cls, args: Any) -> Filters:
        """Read an address (`request.args`); what means nothing is passed over."""
        given = {name: args.get(name, "").replace("\x00", "").strip()[:200] for name in _NAMES}
        given["text"] = (args.get("q") or args.get("number") or "").replace("\x00", "").strip()[:200]
        for name, known in (("state", STATES), ("started", STARTED), ("longer", LONGER)):
            given[name] = given[name] if given[name] in known else ""
        for name in ("started_from", "started_to"):
            given[name] = given[name] if read_day(given[name]) else ""
        given["version"] = given["version"] if given["version"].isdecimal() and len(given["version"]) < 9 else ""
        if not given["process"]:
            # Without its process a version or an element is none.
            given["version"] = given["element"] = ""
        teams = tuple(dict.fromkeys(key.strip()[:50] for key in args.getlist("team") if key.strip()))[:20]
        return cls(teams=teams, **given)

    def as_args(self, **changes: Any) -> dict[str, Any]:
        """The filters as arguments of an address, without the empty ones; `changes` win, None takes one away."""
        given: Mapping[str, Any] = {
            **{name: getattr(self, name) for name in _NAMES},
            "q": self.text,
            "team": list(self.teams),
            **changes,
        }
        return {name: value for name, value in given.items() if value}

    def without(self, *names: str) -> dict[str, Any]:
        """The same address without some of them."""
        return self.as_args(**dict.fromkeys(names))


_NAMES = tuple(each.name for each in fields(Filters) if each.name not in ("text", "teams"))


def conditions(session: Session, reader: Person, filters: Filters) -> list[ColumnElement[bool]]:
    """The conditions on `ProcessInstance`, the state left out."""
    found: list[ColumnElement[bool]] = []
    if filters.process:
        found.append(_of_versions(session, filters))
    if filters.element:
        found.append(_stands_at(filters.element))
    if filters.text:
        found.append(_about_found(session, filters.text))
    if filters.teams:
        of_teams = select(Team.id).where(Team.key.in_(filters.teams))
        found.append(_whose_ticket(Ticket.team_id.in_(session.scalars(of_teams).all())))
    if filters.customer:
        found.append(_whose_ticket(Ticket.customer_id == tickets.customer_named(session, filters.customer)))
    return [*found, *_when(filters, ZoneInfo(reader.zone))]


def in_state(state: str, *, of_few: bool = False) -> ColumnElement[bool]:
    """The condition on `ProcessInstance` for one of `STATES`.

    Args:
        of_few: other conditions leave few instances; the index of states is not worth a look then.
    """
    column = ProcessInstance.state.concat("") if of_few else ProcessInstance.state
    if state == HELD:
        return and_(column.in_(LIVE), ProcessInstance.suspended_at.is_not(None))
    if state == InstanceState.RUNNING:
        return and_(column == state, ProcessInstance.suspended_at.is_(None))
    return column == state


def _stands_at(element: str) -> ColumnElement[bool]:
    passage = select(HistoryEntry.id).where(
        HistoryEntry.instance_id == ProcessInstance.id, HistoryEntry.left_at.is_(None), HistoryEntry.element == element
    )
    stands = or_(passage.correlate(ProcessInstance).exists(), ProcessInstance.stalled_element == element)
    return and_(ProcessInstance.state.in_(LIVE), stands)


def _of_versions(session: Session, filters: Filters) -> ColumnElement[bool]:
    versions = select(ProcessDefinition.id).where(ProcessDefinition.key == filters.process)
    if filters.version:
        versions = versions.where(ProcessDefinition.version == int(filters.version))
    # Plain numbers: the database then knows how few versions there are.
    ids = session.scalars(versions).all()
    if len(ids) > 1 and not filters.state and session.get_bind().dialect.name == "sqlite":
        # SQLite would read all instances of all versions and sort them; so it follows the order they are listed in.
        return (ProcessInstance.definition_id + 0).in_(ids)
    return ProcessInstance.definition_id == ids[0] if len(ids) == 1 else ProcessInstance.definition_id.in_(ids)


def _about_found(session: Session, text: str) -> ColumnElement[bool]:
    """Instances about the tickets that a search finds."""
    found = search.found_by_staff(session, text)
    if any(each.isdigit() for each in text) and " " not in text:
        # Something like a number of ours; other words with digits are looked for as words too.
        spelled = Ticket.number.in_(numbers.spellings(text))
        if session.scalar(select(Ticket.id).where(spelled).limit(1)) is not None:
            found = spelled
    ids = session.scalars(select(Ticket.id).where(found).limit(FEW + 1)).all()
    if len(ids) > FEW:
        return _whose_ticket(found)
    if not ids:
        return false()
    return about(ProcessInstance.subject_kind, ProcessInstance.subject_id, subjects_around(session, ids))


def _whose_ticket(meets: ColumnElement[bool]) -> ColumnElement[bool]:
    """Instances about tickets that meet a condition which many meet: each instance is asked for its own.

    A case, not an *or*: nobody should gather the instances of each kind first.
    """
    kind, key = ProcessInstance.subject_kind, ProcessInstance.subject_id
    direct = select(Ticket.id).where(Ticket.id == key, meets)
    kinds = [(kind == "ticket", direct.correlate(ProcessInstance).exists())]
    for name, model in (("work_entry", WorkEntry), ("escalation", Escalation)):
        behind = select(model.id).join(Ticket, Ticket.id == model.ticket_id).where(model.id == key, meets)
        kinds.append((kind == name, behind.correlate(ProcessInstance).exists()))
    return case(*kinds, else_=false())


def _when(filters: Filters, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    today = clock.now().astimezone(zone).date()
    first, last = read_day(filters.started_from), read_day(filters.started_to)
    if filters.started:
        first, last = today - timedelta(days=STARTED[filters.started]), None
    if first is not None:
        found.append(ProcessInstance.started_at >= _midnight(first, zone))
    if last is not None:
        found.append(ProcessInstance.started_at < _midnight(last + timedelta(days=1), zone))
    if filters.longer:
        begun = clock.now() - timedelta(days=LONGER[filters.longer])
        found.append(and_(ProcessInstance.state.in_(LIVE), ProcessInstance.started_at < begun))
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
