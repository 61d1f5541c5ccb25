"""Telling open pages that something changed, so that they look again.

A change is a hint like any other: it says what to look at, never what is there now. The page asks the database. What
is said between the reading of a page and the opening of its stream, or while a connection is lost, is told afterwards:
each process remembers the last hints with the moments at which they were given (`moment`). A hint that is lost all the
same is made up for when the page looks again by itself.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session

from app import jobs

log = structlog.get_logger(__name__)

CHANNEL = "desk.live"
# After Redis did not answer, nobody waits for it again for this long.
SILENT_SECONDS = 10
LISTEN_SECONDS = 5.0
# What a reader has not taken yet; one who is further behind looks at everything again.
MOST_WAITING = 100
# So many of the last changes are told to streams that open later.
REMEMBERED = 200
_PENDING = "live_changes"


def moment() -> int:
    """Milliseconds since 1970 by the machine's clock: when a page was read, and when a change was told."""
    return time.time_ns() // 1_000_000


@dataclass
class Change:
    """What changed: the subjects, and for whom there is something else to do now.

    `everybody` says that nothing more precise is known; whoever hears it looks again. `at` is the `moment` at which it
    was told, after its commit: a page that was read later shows it.
    """

    about: set[str] = field(default_factory=set)
    teams: set[str] = field(default_factory=set)
    people: set[int] = field(default_factory=set)
    everybody: bool = False
    at: int = field(default_factory=moment, compare=False)

    def add(self, other: Change) -> None:
        """Take in what another one says."""
        self.about |= other.about
        self.teams |= other.teams
        self.people |= other.people
        self.everybody |= other.everybody
        self.at = max(self.at, other.at)

    def concerns(self, person_id: int, teams: Collection[str]) -> bool:
        """Whether this person may have something else to do now."""
        return self.everybody or person_id in self.people or not self.teams.isdisjoint(teams)


def touch(
    session: Session, subject: object = None, *, teams: Collection[str] = (), people: Collection[int | None] = ()
) -> None:
    """Say, once the transaction has committed, that a subject ("ticket:12") changed; a rollback forgets it."""
    change = session.info.setdefault(_PENDING, Change())
    if subject is not None:
        change.about.add(str(subject))
    change.teams.update(teams)
    change.people.update(each for each in people if each is not None)


class Hub:
    """The open streams of this process, what they have not sent yet, and what was told last."""

    def __init__(self) -> None:
        self._streams: set[SimpleQueue[Change]] = set()
        self._lock = threading.Lock()
        self._listener: threading.Thread | None = None
        self._told: deque[Change] = deque(maxlen=REMEMBERED)
        # Of what was told before, this process knows nothing; None while it hears nothing.
        self._knows_since: int | None = moment()

    @contextmanager
    def stream(self, since: int | None = None) -> Iterator[SimpleQueue[Change]]:
        """A queue of the changes from now on, and of those since a moment (`moment`) if one is given."""
        waiting: SimpleQueue[Change] = SimpleQueue()
        with self._lock:
            self._streams.add(waiting)
            self._listen()
            for change in self._since(since) if since is not None else ():
                waiting.put(change)
        try:
            yield waiting
        finally:
            with self._lock:
                self._streams.discard(waiting)

    def count(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    def tell(self, change: Change) -> None:
        """Hand a change to every open stream."""
        with self._lock:
            self._told.append(change)
            for waiting in self._streams:
                if waiting.qsize() < MOST_WAITING:
                    waiting.put(change)

    def _since(self, since: int) -> list[Change]:
        first = self._knows_since
        if first is not None and len(self._told) == self._told.maxlen:
            first = max(first, self._told[0].at)
        if first is None or since < first:
            return [Change(everybody=True)]
        return [change for change in self._told if change.at >= since]

    def _listen(self) -> None:
        if jobs.queue() is not None and (self._listener is None or not self._listener.is_alive()):
            self._knows_since = None
            self._listener = threading.Thread(target=self._hear, name="live", daemon=True)
            self._listener.start()

    def _hear(self) -> None:
        """Hear what other processes publish, until nobody here wants to know."""
        from redis.exceptions import RedisError

        while self._is_wanted():
            desk = jobs.queue()
            if desk is None:
                return
            try:
                with desk.connection.pubsub(ignore_subscribe_messages=True) as published:  # type: ignore[no-untyped-call]
                    published.subscribe(CHANNEL)
                    # Its confirmation: from here on everything is heard.
                    published.get_message(timeout=LISTEN_SECONDS)
                    # What was said while nobody listened is unknown.
                    self._knows_since = moment()
                    self.tell(Change(everybody=True))
                    while self.count():
                        message = published.get_message(timeout=LISTEN_SECONDS)
                        if message is not None and (change := _read(message["data"])) is not None:
                            self.tell(change)
            except (RedisError, OSError) as error:
                log.warning("live_listener_lost_redis", error=str(error))
                time.sleep(1)

    def _is_wanted(self) -> bool:
        """Whether somebody still wants to hear; if not, the next one starts a new listener."""
        with self._lock:
            self._knows_since = None
            if not self._streams:
                self._listener = None
            return bool(self._streams)


hub = Hub()
_silent_until = 0.0


def take(waiting: SimpleQueue[Change], seconds: float) -> Change | None:
    """What a stream has to say, all of it at once; None when nothing came within as many seconds."""
    try:
        change = waiting.get(timeout=seconds)
    except Empty:
        return None
    together = Change(at=change.at)
    together.add(change)
    with suppress(Empty):
        while True:
            together.add(waiting.get_nowait())
    return together


@event.listens_for(Session, "after_commit")
def _publish(session: Session) -> None:
    if session.in_nested_transaction():
        return
    change = session.info.pop(_PENDING, None)
    if change is not None:
        publish(change)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_PENDING, None)


def publish(change: Change) -> None:
    """Tell every process's open pages; without Redis, those of this process."""
    global _silent_until
    change.at = moment()
    desk = jobs.queue()
    if desk is None:
        hub.tell(change)
        return
    if time.monotonic() < _silent_until:
        return
    if error := desk.publish(CHANNEL, _written(change)):
        _silent_until = time.monotonic() + SILENT_SECONDS
        log.warning("live_hint_lost", error=error)


def _written(change: Change) -> str:
    lists = {"about": sorted(change.about), "teams": sorted(change.teams), "people": sorted(change.people)}
    return json.dumps({"at": change.at, **lists})


def _read(data: Any) -> Change | None:
    try:
        read = json.loads(data)
        return Change(set(read["about"]), set(read["teams"]), set(read["people"]), at=int(read["at"]))
    except (ValueError, KeyError, TypeError):
        log.warning("live_hint_unreadable", data=str(data)[:200])
        return None
