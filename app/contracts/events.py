"""What happens to customers and contracts."""

from __future__ import annotations

from dataclasses import dataclass

from app.events import Event
from app.people.events import OfPerson


def live_subject(customer_id: int) -> str:
    """What open pages of a customer's people are told of when something they can see has changed."""
    return f"customer:{customer_id}"


@dataclass(frozen=True)
class ContactMoved(OfPerson):
    """A contact now speaks for another customer."""

    from_customer_id: int
    to_customer_id: int
    by_id: int | None = None


@dataclass(frozen=True)
class HoursCounted(Event):
    """Minutes were counted against a contract; `minutes_left` is None when its hours are not limited."""

    contract_id: int
    source: str
    minutes: int
    minutes_left: int | None
