"""Doing the same to many tickets: each through the services that change a single one, each with its own result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app import clock
from app.errors import Conflict, DeskError, InvalidInput, NotFound
from app.people import queries as people
from app.people.models import Person, Team
from app.texts import gettext as _
from app.tickets import queries, service, tagging
from app.tickets.list_address import LONGEST
from app.tickets.list_models import BulkChange
from app.tickets.models import Ticket

MOST = 100
NOBODY = "nobody"
# What was done can be looked at and undone for so long.
KEPT = timedelta(days=30)

# The ids of the team and of the person a ticket was with.
Seen = tuple[int | None, int | None]


@dataclass(frozen=True)
class Wish:
    """What is to be done to each ticket; what is empty stays as it is. `person` is an id or `nobody`."""

    team: str = ""
    person: str = ""
    priority: str = ""
    add_tag: str = ""
    remove_tag: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.team or self.person or self.priority or self.add_tag.strip() or self.remove_tag)


@dataclass(frozen=True)
class _Read:
    """A wish with the team and the person it names."""

    wish: Wish
    team: Team | None
    person: Person | None
    seen: Mapping[str, Seen]


def change_many(
    session: Session,
    numbers: Sequence[str],
    wish: Wish,
    *,
    by: Person,
    query: str = "",
    seen: Mapping[str, Seen] = MappingProxyType({}),
) -> BulkChange:
    """Change tickets one by one; one that cannot be changed says why and stops no other.

    Args:
        query: of the list it was done in, to go back to.
        seen: with whom the tickets were when they were chosen: one that somebody took since is not taken from them.

    Raises:
        InvalidInput: no ticket or nothing to do was chosen, or too many were; or the wish makes no sense.
        NotFound: the team or the person does not exist.
    """
    chosen = list(dict.fromkeys(numbers))
    if not chosen:
        raise InvalidInput(_("Choose the requests first."))
    if len(chosen) > MOST:
        raise InvalidInput(_("At most %(most)s requests can be changed at once.", most=MOST))
    if wish.is_empty:
        raise InvalidInput(_("Choose what to change."))
    read = _Read(
        wish,
        people.get_team(session, wish.team) if wish.team else None,
        _person(session, wish.person) if wish.person not in ("", NOBODY) else None,
        seen,
    )
    results = [_one(session, number, by, lambda ticket: _apply(session, ticket, read, by)) for number in chosen]
    moment = clock.now()
    session.execute(delete(BulkChange).where(BulkChange.by_id == by.id, BulkChange.made_at < moment - KEPT))
    kept = query if len(query) <= LONGEST else ""
    change = BulkChange(by_id=by.id, made_at=moment, query=kept, results=results)
    session.add(change)
    session.flush()
    return change


def get(session: Session, change_id: int, *, by: Person) -> BulkChange:
    """What somebody did.

    Raises:
        NotFound: there is nothing, or somebody else did it.
    """
    change = session.get(BulkChange, change_id)
    if change is None or change.by_id != by.id:
        raise NotFound(_("There is nothing here, or it is not for you."))
    return change


def undo(session: Session, change: BulkChange, *, by: Person) -> BulkChange:
    """Put back what a change of many did; what somebody changed again since stays as they left it.

    Raises:
        Conflict: it was undone already.
    """
    if change.undone_at is not None:
        raise Conflict(_("This was undone already."))
    if change.undoes_id is not None:
        raise Conflict(_("This took something back; change it again if it was right."))
    results = [
        _one(session, done["number"], by, lambda ticket, done=done: _put_back(session, ticket, done, by))  # type: ignore[misc]  # bound at once
        for done in change.results
        if done["why"] is None
    ]
    change.undone_at = clock.now()
    undoing = BulkChange(
        by_id=by.id, made_at=clock.now(), query=change.query, results=results, undoes_id=change.id
    )  # fmt: skip
    session.add(undoing)
    session.flush()
    return undoing


def _one(session: Session, number: str, by: Person, act: Callable[[Ticket], None]) -> dict[str, Any]:
    result: dict[str, Any] = {"number": number, "subject": "", "why": None, "before": {}, "after": {}}
    try:
        # What fails half-way leaves nothing behind, and the others are not touched by it.
        with session.begin_nested():
            ticket = queries.by_number(session, number, seen_by=by)
            result["subject"], result["before"] = ticket.subject, _values(session, ticket)
            act(ticket)
            session.flush()
            result["after"] = _values(session, ticket)
    except DeskError as error:
        result["why"] = error.message
    return result


def _apply(session: Session, ticket: Ticket, read: _Read, by: Person) -> None:
    wish = read.wish
    if wish.team or wish.person:
        _refuse_taken(ticket, read)
    if read.team is not None:
        service.assign_to_team(session, ticket, read.team, by=by)
    if read.person is not None or wish.person == NOBODY:
        service.assign_to_person(session, ticket, read.person, by=by)
    if wish.priority:
        service.change_priority(session, ticket, wish.priority, by=by)
    if wish.add_tag.strip():
        tagging.add_tag(session, ticket, wish.add_tag, by=by)
    if wish.remove_tag:
        tagging.remove_tag(session, ticket, wish.remove_tag, by=by)


def _refuse_taken(ticket: Ticket, read: _Read) -> None:
    """Leave a ticket with whoever took it after it was chosen.

    Raises:
        Conflict: it went to somebody else, or to another team.
    """
    team_id, person_id = read.seen.get(ticket.number, (ticket.team_id, ticket.assignee_id))
    if ticket.assignee is not None and ticket.assignee_id != person_id and ticket.assignee is not read.person:
        raise Conflict(
            _("%(person)s has taken %(number)s meanwhile.", person=ticket.assignee.name, number=ticket.number)
        )
    if ticket.team is not None and ticket.team_id != team_id and ticket.team is not read.team:
        raise Conflict(
            _("%(number)s went to the team %(team)s meanwhile.", number=ticket.number, team=ticket.team.name)
        )


def _person(session: Session, written: str) -> Person:
    if not written.isdecimal() or len(written) > 9:
        raise NotFound(_("There is no such person."))
    return people.get_person(session, int(written))


def _values(session: Session, ticket: Ticket) -> dict[str, Any]:
    return {
        "team": ticket.team.key if ticket.team else None,
        "person": ticket.assignee_id,
        "priority": str(ticket.priority),
        "tags": tagging.tags_of(session, [ticket.id]).get(ticket.id, []),
    }


def _put_back(session: Session, ticket: Ticket, done: dict[str, Any], by: Person) -> None:
    before, after, now = done["before"], done["after"], _values(session, ticket)
    # Tags are put on and taken off one by one: another one that came since is in nobody's way.
    if any(now[key] != after[key] for key in ("team", "person", "priority") if before[key] != after[key]):
        raise Conflict(_("%(number)s was changed again since; it stays as it is.", number=ticket.number))
    if before["team"] != after["team"]:
        if before["team"] is None:
            raise Conflict(_("%(number)s had no team before, and cannot be without one again.", number=ticket.number))
        service.assign_to_team(session, ticket, people.get_team(session, before["team"]), by=by)
    if ticket.assignee_id != before["person"]:
        person = people.get_person(session, before["person"]) if before["person"] is not None else None
        service.assign_to_person(session, ticket, person, by=by)
    if before["priority"] != after["priority"]:
        service.change_priority(session, ticket, before["priority"], by=by)
    for name in set(after["tags"]) - set(before["tags"]):
        tagging.remove_tag(session, ticket, name, by=by)
    for name in set(before["tags"]) - set(after["tags"]):
        tagging.add_tag(session, ticket, name, by=by)
