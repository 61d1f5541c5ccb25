"""Changing the list of states. Those that every desk has keep their meaning: diagrams and clocks rely on it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app import events
from app.engine import queries as engine_queries
from app.errors import Conflict, NotFound
from app.people.details import refuse
from app.people.models import Person
from app.texts import gettext as _
from app.tickets import queries, usage
from app.tickets.events import ListEntryAdded, ListEntryChanged, ListEntryRemoved
from app.tickets.list_entries import clean_key, clean_labels, put_in_place
from app.tickets.models import Category, State, Ticket, TicketState

LIST = "state"


def get_state(session: Session, key: str) -> TicketState:
    """A state by its key.

    Raises:
        NotFound: there is none.
    """
    state = session.get(TicketState, key)
    if state is None:
        raise NotFound(_("There is no state “%(key)s”.", key=key[:60]))
    return state


def is_built_in(state: TicketState) -> bool:
    """Whether every desk has this state, because the desk itself moves requests into it."""
    return state.key in set(State)


def add_state(session: Session, sent: Mapping[str, str], *, by: Person | None) -> TicketState:
    """Add a state at the end of the list.

    Args:
        sent: `label_en`, `label_ro`, `category`, and a key, which is made from the English name when it is empty.

    Raises:
        InvalidInput: with messages by field.
    """
    problems: dict[str, list[str]] = {}
    known = queries.states(session)
    labels, category = clean_labels(sent, problems), _category(sent, problems)
    key = clean_key(sent, [state.key for state in known], problems)
    refuse(problems)
    state = TicketState(key=key, category=category, labels=labels, position=len(known))
    session.add(state)
    session.flush()
    events.record(session, ListEntryAdded(LIST, key, labels=labels, by_id=_id(by)))
    return state


def edit_state(session: Session, state: TicketState, sent: Mapping[str, str], *, by: Person | None) -> list[str]:
    """Change a state's names, or what it means while no request was ever in it; the fields that are different.

    Raises:
        InvalidInput: with messages by field.
    """
    problems: dict[str, list[str]] = {}
    labels = clean_labels(sent, problems)
    category = _category(sent, problems) if "category" in sent else state.category
    if category != state.category and not may_mean_otherwise(session, state):
        problems["category"] = [_("Requests were in this state, so what it means cannot change. Add another one.")]
    refuse(problems)
    return _change(session, state, {"labels": labels, "category": category}, by)


def move_state(session: Session, state: TicketState, step: int, *, by: Person | None) -> None:
    """Move a state up (-1) or down (1) in the list."""
    entries = queries.states(session)
    before = [each.key for each in entries].index(state.key)
    if put_in_place(entries, before, step):
        session.flush()
        _record(session, state, {"position": [before + 1, before + step + 1]}, by)


def switch_state(session: Session, state: TicketState, on: bool, *, by: Person | None) -> None:
    """Let requests come into a state, or not any more; those that are in it stay there.

    Raises:
        Conflict: every desk needs it, or a diagram moves requests into it.
    """
    if not on:
        _refuse_needed(session, state)
    _change(session, state, {"is_active": on}, by)


def remove_state(session: Session, state: TicketState, *, by: Person | None) -> None:
    """Take a state off the list.

    Raises:
        Conflict: every desk needs it, a diagram moves requests into it, or a request is or was in it.
    """
    _refuse_needed(session, state)
    if usage.is_used(session, Ticket.state_key == state.key):
        raise Conflict(_("Requests are in this state. Switch it off instead."))
    session.delete(state)
    session.flush()
    events.record(session, ListEntryRemoved(LIST, state.key, labels=state.labels, by_id=_id(by)))


def may_mean_otherwise(session: Session, state: TicketState) -> bool:
    """Whether the category may change: the clocks of requests have counted by it."""
    return not is_built_in(state) and not usage.is_used(session, Ticket.state_key == state.key)


def _refuse_needed(session: Session, state: TicketState) -> None:
    if is_built_in(state):
        raise Conflict(_("The desk itself moves requests into this state; it cannot do without it."))
    naming = engine_queries.definitions_naming(session, state.key)
    if naming:
        names = ", ".join(sorted({each.name for each in naming}))
        raise Conflict(_("Diagrams move requests into this state: %(names)s.", names=names))


def _category(sent: Mapping[str, str], problems: dict[str, list[str]]) -> str:
    category = sent.get("category", "")
    if category not in set(Category):
        problems["category"] = [_("Choose what the state means.")]
    return category


def _change(session: Session, state: TicketState, values: Mapping[str, object], by: Person | None) -> list[str]:
    different = events.change_fields(state, values)
    if different:
        session.flush()
        _record(session, state, different, by)
    return list(different)


def _record(session: Session, state: TicketState, fields: Mapping[str, list[object]], by: Person | None) -> None:
    change = ListEntryChanged(LIST, state.key, labels=state.labels, fields=dict(fields), by_id=_id(by))
    events.record(session, change)


def _id(by: Person | None) -> int | None:
    return by.id if by else None
