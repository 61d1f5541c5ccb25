"""What happened, and who is told.

`record()` runs the *reacting* subscribers at once, in the same transaction (database only: this is how a higher
feature keeps its own rows true), and writes one `Delivery` for each *delivering* subscriber. Deliveries are the
outbox: a worker runs each in a transaction of its own, at least once, with back-off and a visible dead state.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

import structlog
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app import clock
from app.db import Model, run_in_transaction
from app.jobs import job, offer_after_commit
from app.live import touch

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 10
# A delivery is claimed for this long; a worker that dies in it leaves it to the next one.
LEASE = timedelta(seconds=90)
BACKOFF_BASE = timedelta(seconds=15)
BACKOFF_MOST = timedelta(hours=2)
_IS_CHANGE = text("about IS NOT NULL")


@dataclass(frozen=True)
class Event:
    """Something that happened, past tense, in plain JSON values: ids, words, numbers."""


@dataclass(frozen=True)
class Change(Event):
    """Somebody changed the desk itself (its people, teams, lists): it stays readable in the list of changes."""

    @property
    def about(self) -> str | None:
        """What was changed, such as "person:12"; None keeps it out of the list."""
        raise NotImplementedError


class DeliveryState(StrEnum):
    """Where a delivery stands; `dead` waits for a person."""

    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"


class RecordedEvent(Model):
    """One event as it was recorded. `about` is set for changes of the desk itself only (see `Change`)."""

    __tablename__ = "event"
    # Changes are few among millions of events: both indexes hold them alone and cost the others nothing.
    __table_args__ = (
        Index("ix_event_changes", "id", sqlite_where=_IS_CHANGE, postgresql_where=_IS_CHANGE),
        Index("ix_event_about", "about", "id", sqlite_where=_IS_CHANGE, postgresql_where=_IS_CHANGE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    recorded_at: Mapped[datetime]
    about: Mapped[str | None] = mapped_column(String(60))


class Delivery(Model):
    """One subscriber's share of one event, still to be run or done."""

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'done', 'dead')", name="state"),
        Index("ix_delivery_state_next_attempt_at", "state", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    subscriber: Mapped[str]
    state: Mapped[str] = mapped_column(default=DeliveryState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    last_error: Mapped[str | None] = mapped_column(Text)

    event: Mapped[RecordedEvent] = relationship()


Reaction: TypeAlias = Callable[[Session, Any], None]
Delivering: TypeAlias = Callable[[Session, Any, Delivery], None]

_kinds: dict[str, type[Event]] = {}
_reactions: dict[type[Event], list[Reaction]] = defaultdict(list)
_deliverings: dict[type[Event], list[str]] = defaultdict(list)
_subscribers: dict[str, Delivering] = {}


class DeliverLater(Exception):
    """Raised by a delivering subscriber that cannot deliver now: the reason is kept and the delivery tried again."""


class Undeliverable(Exception):
    """Raised by a delivering subscriber when trying again is pointless: the delivery is dead at once."""


def reacts_to(kind: type[Event]) -> Callable[[Reaction], Reaction]:
    """Subscribe a function that runs inside the recording transaction."""

    def subscribe(reaction: Reaction) -> Reaction:
        _reactions[kind].append(reaction)
        return reaction

    return subscribe


def delivers(kind: type[Event], name: str) -> Callable[[Delivering], Delivering]:
    """Subscribe a function that a worker runs later; its name is permanent, stored deliveries hold it."""

    def subscribe(delivering: Delivering) -> Delivering:
        if _subscribers.setdefault(name, delivering) is not delivering:
            raise ValueError(f"two subscribers are called {name}")
        _kinds[kind.__name__] = kind
        _deliverings[kind].append(name)
        return delivering

    return subscribe


def record(session: Session, event: Event) -> RecordedEvent:
    """Record an event: reactions run now, deliveries are written and hinted at after the commit."""
    kind = type(event)
    about = event.about if isinstance(event, Change) else None
    recorded = RecordedEvent(kind=kind.__name__, payload=asdict(event), recorded_at=clock.now(), about=about)
    session.add(recorded)
    if (ticket_id := getattr(event, "ticket_id", None)) is not None:
        touch(session, f"ticket:{ticket_id}")
    for name in _deliverings[kind]:
        delivery = Delivery(event=recorded, subscriber=name, next_attempt_at=clock.real_now())
        session.add(delivery)
        session.flush()
        offer_after_commit(session, "events.deliver", delivery.id)
    for reaction in _reactions[kind]:
        reaction(session, event)
    return recorded


def change_fields(row: object, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Give a row new values; those that were others before, as {field: [before, after]} for a `Change`."""
    different = {name: [getattr(row, name), value] for name, value in values.items() if getattr(row, name) != value}
    for name, (_before, after) in different.items():
        setattr(row, name, after)
    return different


@job("events.deliver")
def deliver(delivery_id: int) -> bool:
    """Run one delivery; False when it is done already or somebody else has it.

    Claim and work are two transactions: the claim counts the attempt, so that a delivery that kills its worker
    ends as dead instead of killing workers for ever.
    """
    if not run_in_transaction(lambda session: _claim(session, delivery_id)):
        return False
    try:
        run_in_transaction(lambda session: _run(session, delivery_id))
    except Exception as error:
        log.warning("delivery_failed", delivery=delivery_id, error=str(error), exc_info=not _expected(error))
        reason, final = _reason(error), isinstance(error, Undeliverable)
        run_in_transaction(lambda session: _put_off(session, delivery_id, reason, final=final))
    return True


def relay(session: Session, limit: int = 200) -> list[int]:
    """Ids of deliveries that are due (a lost hint, a retry whose time has come), for the clock to offer."""
    due = select(Delivery.id).where(
        Delivery.state == DeliveryState.PENDING, Delivery.next_attempt_at <= clock.real_now()
    )
    return list(session.scalars(due.order_by(Delivery.next_attempt_at).limit(limit)))


def retry(session: Session, delivery: Delivery) -> None:
    """Let a dead or waiting delivery run again now, with its attempts counted anew."""
    delivery.state, delivery.attempts = DeliveryState.PENDING, 0
    delivery.next_attempt_at = clock.real_now()
    offer_after_commit(session, "events.deliver", delivery.id)


def _claim(session: Session, delivery_id: int) -> bool:
    """The guard in WHERE makes the claim safe on both databases: one row, one winner."""
    moment = clock.real_now()
    claimed = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.PENDING, Delivery.next_attempt_at <= moment)
        .values(attempts=Delivery.attempts + 1, next_attempt_at=moment + LEASE)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).first()
    if claimed is None:
        return False
    delivery = session.get_one(Delivery, delivery_id)
    if delivery.attempts > MAX_ATTEMPTS:
        # Whoever had it before never came back to say what went wrong.
        delivery.state = DeliveryState.DEAD
        delivery.last_error = delivery.last_error or "It broke off each time."
        return False
    return True


def _run(session: Session, delivery_id: int) -> None:
    delivery = session.get_one(Delivery, delivery_id)
    if delivery.state != DeliveryState.PENDING:
        return
    kind = _kinds[delivery.event.kind]
    known = {each.name for each in fields(kind)}
    event = kind(**{name: value for name, value in delivery.event.payload.items() if name in known})
    _subscribers[delivery.subscriber](session, event, delivery)
    delivery.state, delivery.last_error = DeliveryState.DONE, None


def _put_off(session: Session, delivery_id: int, reason: str, *, final: bool) -> None:
    delivery = session.get_one(Delivery, delivery_id)
    delivery.last_error = reason
    if final or delivery.attempts >= MAX_ATTEMPTS:
        delivery.state = DeliveryState.DEAD
        return
    wait = min(BACKOFF_BASE * 2 ** (delivery.attempts - 1), BACKOFF_MOST)
    # Jitter keeps a thousand mails from knocking together on a server that has just come back.
    delivery.next_attempt_at = clock.real_now() + wait * random.uniform(0.8, 1.2)


def _expected(error: Exception) -> bool:
    return isinstance(error, DeliverLater | Undeliverable)


def _reason(error: Exception) -> str:
    return str(error) if _expected(error) else f"{type(error).__name__}: {error}"
