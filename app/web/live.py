"""The stream that tells an open page to look again (server-sent events)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from flask.wrappers import Response

from app import live
from app.db import transaction
from app.people import queries as people
from app.people.current import current_person
from app.web.boundary import opens_own_transactions

blueprint = Blueprint("live", __name__)

# Proxies close what is silent for a minute.
BEAT_SECONDS = 15.0
# A stream ends after this; the browser comes back and is asked again who it is and which teams it is in.
LONGEST_SECONDS = 600.0
COME_BACK_MS = 3000
# Threads that streams may not take: somebody must answer the pages.
KEPT_THREADS = 32


@blueprint.get("/live")
@opens_own_transactions
def stream() -> ResponseReturnValue:
    """Says which subjects change, and whether the reader may have something else to do; holds no transaction."""
    if live.hub.count() >= current_app.config["SETTINGS"].web_threads - KEPT_THREADS:
        # The page looks again by itself each minute.
        return Response(status=503, headers={"Retry-After": "60"})
    with transaction(writing=False) as session:
        person = current_person()
        person_id = person.id
        teams = frozenset(team.key for team in people.teams_of(session, person))
    answer = Response(_events(person_id, teams), mimetype="text/event-stream")
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _events(person_id: int, teams: frozenset[str]) -> Iterator[str]:
    ends_at = time.monotonic() + LONGEST_SECONDS
    with live.hub.stream() as waiting:
        yield f"retry: {COME_BACK_MS}\n: open\n\n"
        while (left := ends_at - time.monotonic()) > 0:
            change = live.take(waiting, min(BEAT_SECONDS, left))
            if change is None:
                yield ": beat\n\n"
                continue
            said = {"about": sorted(change.about), "mine": change.concerns(person_id, teams), "all": change.everybody}
            yield f"data: {json.dumps(said)}\n\n"
