"""The stream that tells an open page to look again (server-sent events)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Flask, current_app, g, request, request_started
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from sqlalchemy.orm import Session

from app import live
from app.contracts import queries as contracts
from app.contracts.events import live_subject
from app.db import transaction
from app.people import queries as people
from app.people.current import current_person
from app.people.models import Person
from app.web.boundary import opens_own_transactions

blueprint = Blueprint("live", __name__)

# Proxies close what is silent for a minute.
BEAT_SECONDS = 15.0
# A stream ends after this; the browser comes back and is asked again who it is and which teams it is in.
LONGEST_SECONDS = 600.0
COME_BACK_MS = 3000
# Hints of other processes arrive a little after the moment at which they were given.
ARRIVE_WITHIN_MS = 1000
# Threads that streams may not take: somebody must answer the pages.
KEPT_THREADS = 32


# Of those that are left, customers together have at most this share: colleagues work in their pages all day.
CUSTOMERS_SHARE = 0.5


@dataclass(frozen=True)
class Listener:
    """Whoever holds a stream, and what they may hear.

    Args:
        teams: the teams of a colleague, whose tasks are theirs too.
        subjects: of a customer, what stands for all requests they see; None for staff, who hear of everything.
    """

    person_id: int
    teams: frozenset[str]
    subjects: frozenset[str] | None

    def hears(self, change: live.Change) -> dict[str, object] | None:
        """What to say of a change; None when it is not for them. Customers hear of no subjects: they have no ids."""
        mine = change.concerns(self.person_id, self.teams)
        if self.subjects is None:
            return {"at": change.at, "about": sorted(change.about), "mine": mine, "all": change.everybody}
        if not mine and self.subjects.isdisjoint(change.about):
            return None
        return {"at": change.at, "about": [], "mine": True, "all": change.everybody}


@blueprint.get("/live")
@opens_own_transactions
def stream() -> ResponseReturnValue:
    """Says which subjects change, and whether the reader may have something else to do; holds no transaction.

    A customer only hears that something of theirs changed. The stream begins with what changed since `since`, when the
    page was read, or since the last event that a browser got before its connection was lost.
    """
    with transaction(writing=False) as session:
        listener = listener_for(session, current_person())
    room = current_app.config["SETTINGS"].web_threads - KEPT_THREADS
    if live.hub.count() >= (room if listener.subjects is None else room * CUSTOMERS_SHARE):
        # The page looks again by itself each minute.
        return Response(status=503, headers={"Retry-After": "60"})
    since = request.headers.get("Last-Event-ID", type=int) or request.args.get("since", type=int)
    answer = Response(_events(listener, since), mimetype="text/event-stream")
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def listener_for(session: Session, person: Person) -> Listener:
    """What somebody may hear."""
    if person.is_staff:
        teams = frozenset(team.key for team in people.teams_of(session, person))
        return Listener(person.id, teams, None)
    contact = contracts.contact_of(session, person)
    sees_all = contact is not None and contact.sees_company and not contact.customer.is_unknown
    subjects = {live_subject(contact.customer_id)} if contact is not None and sees_all else set()
    return Listener(person.id, frozenset(), frozenset(subjects))


def _events(listener: Listener, since: int | None) -> Iterator[str]:
    ends_at = time.monotonic() + LONGEST_SECONDS
    beats_at = time.monotonic() + BEAT_SECONDS
    with live.hub.stream(since) as waiting:
        yield f"retry: {COME_BACK_MS}\n{_place()}\n"
        while (now := time.monotonic()) < ends_at:
            change = live.take(waiting, max(0.0, min(beats_at, ends_at) - now))
            said = listener.hears(change) if change is not None else None
            # What is not for this reader is passed over in silence: a beat at that moment would tell of it, too.
            if said is not None:
                yield f"{_place()}data: {json.dumps(said)}\n\n"
            elif time.monotonic() >= beats_at:
                yield f"{_place()}: beat\n\n"
            else:
                continue
            beats_at = time.monotonic() + BEAT_SECONDS


def _place() -> str:
    """From where a browser that loses its connection now goes on: it names this when it comes back."""
    return f"id: {live.moment() - ARRIVE_WITHIN_MS}\n"


def _before_reading(_app: Flask, **_rest: object) -> None:
    read_at()


def read_at() -> int:
    """The `live.moment` before anything of this page was read: what changes later, it may not show."""
    return int(g.setdefault("read_at", live.moment()))


def init(app: Flask) -> None:
    """Offer the stream, and tell layouts when their page was read."""
    app.register_blueprint(blueprint)
    request_started.connect(_before_reading, app)
    app.jinja_env.globals["read_at"] = read_at
