"""What the ticket list offers to filter by, and how the filters of an address are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import format_date, lazy_gettext
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.contracts.models import Customer
from app.people import queries as people
from app.people.models import Person, PersonRole, Role
from app.texts import translated
from app.tickets import queries, tagging
from app.tickets.address import Address, read_day
from app.tickets.columns import CHANNELS
from app.tickets.filters import NO_TEAM
from app.tickets.lists import PRIORITY_LABELS
from app.tickets.models import Category, Channel, Priority

# A longer menu helps nobody; other customers are typed.
MOST_CUSTOMERS = 200

CATEGORIES = {
    "active": lazy_gettext("Not resolved"),
    Category.NEW: lazy_gettext("All new"),
    Category.OPEN: lazy_gettext("All open"),
    Category.PENDING: lazy_gettext("All waiting"),
    Category.RESOLVED: lazy_gettext("All resolved"),
    Category.CLOSED: lazy_gettext("All closed"),
}
OPENED = {
    "today": lazy_gettext("Opened today"),
    "7d": lazy_gettext("Opened in the last 7 days"),
    "30d": lazy_gettext("Opened in the last 30 days"),
}
DUE = {
    "hour": lazy_gettext("Late within the hour"),
    "risk": lazy_gettext("Late or close to it"),
    "today": lazy_gettext("Due by tonight"),
    "7d": lazy_gettext("Due in the next 7 days"),
}
# The ones people want many times a day stand beside the list at all times.
QUICK = (
    ("category", "active", lazy_gettext("Not resolved"), "inbox"),
    ("assignee", "me", lazy_gettext("Mine"), "user"),
    ("assignee", "none", lazy_gettext("Unassigned"), "user-question"),
    ("late", "1", lazy_gettext("Late"), "alert-triangle"),
)

# The filters whose values have names that stand elsewhere.
NAMED = frozenset({"state", "category", "type", "priority", "team", "channel", "assignee", "opened", "due"})

Named = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Chip:
    """A filter that is on: its words, and its place in the address."""

    words: str
    name: str
    value: str | None


@dataclass(frozen=True)
class Choices:
    """The keys and names of everything a list can be filtered by, in the reader's language."""

    states: Named = ()
    types: Named = ()
    priorities: Named = ()
    channels: Named = ()
    teams: Named = ()
    staff: Named = ()
    tags: Sequence[str] = ()


def read_choices(session: Session, reader: Person) -> Choices:
    """What there is to choose from, in one small query for each kind."""
    language = str(reader.language)
    at_work = select(PersonRole.person_id).where(PersonRole.role != Role.CUSTOMER)
    staff = select(Person.id, Person.name).where(Person.is_active, Person.id.in_(at_work))
    return Choices(
        states=[(each.key, translated(each.labels, language)) for each in queries.states(session)],
        types=[(each.key, translated(each.labels, language)) for each in queries.request_types(session)],
        priorities=[(str(each), translated(PRIORITY_LABELS[each], language)) for each in reversed(Priority)],
        channels=[(str(each), str(CHANNELS[each])) for each in Channel],
        teams=[(each.key, each.name) for each in people.teams(session)],
        staff=[(str(key), name) for key, name in session.execute(staff.order_by(Person.name, Person.id))],
        tags=tagging.offered(session),
    )


def customer_names(session: Session) -> Sequence[str]:
    """The names that a field for a customer offers while one types."""
    names = select(Customer.name).where(Customer.is_unknown.is_(False)).order_by(Customer.name)
    return session.scalars(names.limit(MOST_CUSTOMERS)).all()


def chips(session: Session, reader: Person, address: Address, customer_id: int | None) -> list[Chip]:
    """The filters that are on, but for those that stand beside the list at all times."""
    quick = {(name, value) for name, value, _words, _icon in QUICK}
    on = [(name, value) for name, value in address.filtered if (name, value) not in quick]
    named = _names(session, reader) if any(name in NAMED for name, _value in on) else {}
    found: list[Chip] = []
    for name, value in on:
        if name == "q":
            words = _("“%(text)s”", text=value)
        elif name == "tag":
            words = f"#{value}"
        elif name == "customer":
            customer = session.get(Customer, customer_id) if customer_id else None
            words = customer.name if customer else _("No customer “%(name)s”", name=value)
        elif name == "requester":
            asked_by = people.people_by_ids(session, [int(value)]) if value.isdecimal() and len(value) < 16 else {}
            words = next((person.name for person in asked_by.values()), value)
        elif name.endswith(("_from", "_to")):
            words = _day_words(name, read_day(value))
        else:
            words = named.get(name, {}).get(value, value)
        if words:
            found.append(Chip(words, name, value))
    return found


def _names(session: Session, reader: Person) -> dict[str, dict[str, str]]:
    """What the values of filters are called, by filter."""
    choices = read_choices(session, reader)
    return {
        "state": dict(choices.states),
        "category": {key: str(words) for key, words in CATEGORIES.items()},
        "type": dict(choices.types),
        "priority": dict(choices.priorities),
        "team": {**dict(choices.teams), NO_TEAM: str(_("Without a team"))},
        "channel": dict(choices.channels),
        "assignee": dict(choices.staff),
        "opened": {key: str(words) for key, words in OPENED.items()},
        "due": {key: str(words) for key, words in DUE.items()},
    }


def _day_words(name: str, day: date | None) -> str:
    if day is None:
        return ""
    said = format_date(day, "d MMM y")
    if name == "opened_from":
        return str(_("Opened from %(day)s", day=said))
    if name == "opened_to":
        return str(_("Opened until %(day)s", day=said))
    if name == "due_from":
        return str(_("Due from %(day)s", day=said))
    return str(_("Due until %(day)s", day=said))
