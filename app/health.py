"""Whether the desk works: what `/health` and `./run db state` say, and the clock's sign of life."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app import clock, jobs
from app.db import Model
from app.engine import timers
from app.events import Delivery, DeliveryState

# A clock ticks every second; one that has been silent for so long is gone or stuck.
CLOCK_SILENCE = timedelta(seconds=15)
# Due work waits this long at most while workers and clock are well.
LATEST = timedelta(minutes=5)
FORGET_AFTER = timedelta(days=1)


class ClockBeat(Model):
    """When a clock process was last alive, in real time."""

    __tablename__ = "clock_beat"

    name: Mapped[str] = mapped_column(primary_key=True)
    beaten_at: Mapped[datetime]


@dataclass(frozen=True)
class Health:
    """The state of the desk's parts; ages in seconds, None when there is nothing to measure."""

    database: bool
    queue: bool
    clock_age_seconds: float | None
    oldest_due_timer_seconds: float | None
    # How many timers wait, are due, and how late those are; None without a database.
    timers: timers.TimerCounts | None
    pending_deliveries: int
    oldest_pending_delivery_seconds: float | None
    dead_deliveries: int

    @property
    def is_well(self) -> bool:
        """Whether the desk does its work. Without a queue it still answers, but nothing happens by itself."""
        return (
            self.database
            and self.queue
            and self.clock_age_seconds is not None
            and self.clock_age_seconds <= CLOCK_SILENCE.total_seconds()
            and (self.oldest_due_timer_seconds or 0) <= LATEST.total_seconds()
        )


def beat(session: Session) -> None:
    """Note that this process's clock is alive; clocks that have been silent for a day are forgotten."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    moment = clock.real_now()
    row = session.get(ClockBeat, name)
    if row is None:
        session.execute(delete(ClockBeat).where(ClockBeat.beaten_at < moment - FORGET_AFTER))
        session.add(ClockBeat(name=name, beaten_at=moment))
    else:
        row.beaten_at = moment


def look(session: Session) -> Health:
    """Measure every part; the database is known to answer once this returns."""
    real, desk = clock.real_now(), clock.now()
    counted = timers.count(session, desk)
    pending = Delivery.state == DeliveryState.PENDING
    return Health(
        database=True,
        queue=queue_answers(),
        clock_age_seconds=_age(real, session.scalar(select(func.max(ClockBeat.beaten_at)))),
        oldest_due_timer_seconds=counted.oldest_due_seconds,
        timers=counted,
        pending_deliveries=session.scalar(select(func.count()).select_from(Delivery).where(pending)) or 0,
        oldest_pending_delivery_seconds=_age(
            real, session.scalar(select(func.min(Delivery.next_attempt_at)).where(pending))
        ),
        dead_deliveries=session.scalar(
            select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.DEAD)
        )
        or 0,
    )


def without_database() -> Health:
    """What is left to say when the database does not answer."""
    return Health(
        database=False,
        queue=queue_answers(),
        clock_age_seconds=None,
        oldest_due_timer_seconds=None,
        timers=None,
        pending_deliveries=0,
        oldest_pending_delivery_seconds=None,
        dead_deliveries=0,
    )


def queue_answers() -> bool:
    """Whether the queue server answers within its short time-out."""
    desk = jobs.queue()
    return desk is not None and desk.answers()


def _age(now: datetime, moment: datetime | None) -> float | None:
    return None if moment is None else round(max(0.0, (now - moment).total_seconds()), 1)
