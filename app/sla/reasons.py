"""Why a clock changed, kept as a key and values and said in each reader's language.

Free words (what somebody typed, what a diagram passes on) stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.contracts.models import Customer
from app.texts import gettext_in, translated
from app.tickets.models import RequestType, TicketState


def _(message: str) -> str:
    """Mark a sentence for the catalogues; it is translated when somebody reads it."""
    return message


SENTENCES = {
    "priority": _("Priority went from %(before)s to %(after)s"),
    "type": _("The type went from %(before)s to %(after)s"),
    "customer": _("The customer changed from %(before)s to %(after)s"),
}
PRIORITIES = {"low": _("Low"), "normal": _("Normal"), "high": _("High"), "urgent": _("Urgent")}


def of_state(state_key: str) -> str:
    """The reason of a change that a ticket's new state caused."""
    return f"state:{state_key}"


def of_change(what: str, before: object, after: object) -> str:
    """The reason of a change that another priority, type or customer caused: `priority`, `type` or `customer`."""
    return f"{what}:{before}:{after}"


@dataclass(frozen=True)
class Reader:
    """Says reasons in one language, with the names that the lists have for what they mention."""

    language: str
    names: Mapping[tuple[str, str], str]

    def say(self, reason: str | None) -> str | None:
        """A reason in words."""
        what, *values = (reason or "").split(":")
        if what == "state" and len(values) == 1:
            return self._name("state", values[0])
        if what in SENTENCES and len(values) == 2:
            before, after = (self._name(what, value) for value in values)
            return gettext_in(self.language, SENTENCES[what], before=before, after=after)
        return reason

    def _name(self, what: str, key: str) -> str:
        if what == "priority" and key in PRIORITIES:
            return gettext_in(self.language, PRIORITIES[key])
        return self.names.get((what, key), key)


def reader(session: Session, language: str, reasons: list[str | None]) -> Reader:
    """A reader for these reasons: it looks up only what they mention."""
    kinds = {(reason or "").partition(":")[0] for reason in reasons}
    names: dict[tuple[str, str], str] = {}
    if "state" in kinds:
        states = session.execute(select(TicketState.key, TicketState.labels))
        names |= {("state", key): translated(labels, language) for key, labels in states}
    if "type" in kinds:
        types = session.execute(select(RequestType.key, RequestType.labels))
        names |= {("type", key): translated(labels, language) for key, labels in types}
    if "customer" in kinds:
        ids = {int(key) for reason in reasons for key in (reason or "").split(":")[1:] if key.isdecimal()}
        customers = session.execute(select(Customer.id, Customer.name).where(Customer.id.in_(ids)))
        names |= {("customer", str(key)): name for key, name in customers}
    return Reader(language, names)
