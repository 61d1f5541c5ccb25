"""What My work offers to filter by, and how the filters of an address are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from app.contracts.models import Customer
from app.people.models import Person
from app.tasklist.address import WorkAddress
from app.tasklist.kinds import Kind
from app.tasklist.permissions import Standing
from app.texts import translated
from app.tickets import queries as tickets
from app.tickets.list_choices import Chip
from app.tickets.lists import PRIORITY_LABELS
from app.tickets.models import Priority

KINDS = {
    Kind.TAKE_OVER: lazy_gettext("Take over"),
    Kind.WORK: lazy_gettext("Work on requests"),
    Kind.ACCEPT: lazy_gettext("Accept escalations"),
    Kind.CORRECT: lazy_gettext("Correct work entries"),
    Kind.APPROVE: lazy_gettext("Approvals"),
    Kind.OTHER: lazy_gettext("Other tasks"),
}
DUE = {
    "late": lazy_gettext("Late"),
    "next_hour": lazy_gettext("Next hour"),
    "today": lazy_gettext("Today"),
    "later": lazy_gettext("Later and paused"),
}

Named = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Choices:
    """The keys and names of everything My work can be filtered by, in the reader's language."""

    teams: Named
    types: Named
    priorities: Named
    kinds: Named
    due: Named


def read_choices(session: Session, reader: Person, who: Standing) -> Choices:
    """What there is to choose from, in one small query."""
    language = str(reader.language)
    return Choices(
        teams=list(who.team_names.items()),
        types=[(each.key, translated(each.labels, language)) for each in tickets.request_types(session)],
        priorities=[(str(each), translated(PRIORITY_LABELS[each], language)) for each in reversed(Priority)],
        kinds=[(str(each), str(words)) for each, words in KINDS.items()],
        due=[(key, str(words)) for key, words in DUE.items()],
    )


def chips(session: Session, address: WorkAddress, choices: Choices, customer_id: int | None) -> list[Chip]:
    """The filters that are on."""
    named: Mapping[str, dict[str, str]] = {
        "team": dict(choices.teams),
        "type": dict(choices.types),
        "priority": dict(choices.priorities),
        "kind": dict(choices.kinds),
        "due": dict(choices.due),
    }
    found: list[Chip] = []
    for name, value in address.filtered:
        if name == "q":
            words = _("“%(text)s”", text=value)
        elif name == "customer":
            customer = session.get(Customer, customer_id) if customer_id else None
            words = customer.name if customer else _("No customer “%(name)s”", name=value)
        else:
            words = named[name].get(value, value)
        found.append(Chip(words, name, value))
    return found
