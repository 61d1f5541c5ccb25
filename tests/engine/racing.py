"""Two at the same moment, again and again: what must never happen is returned as text, one line for each violation.

The tests run a few rounds of each race, `./run bench barriers` runs many.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import run_in_transaction
from app.engine import service
from app.engine.jobs import wake
from app.engine.models import HistoryEntry, InstanceState, ProcessInstance, TaskState, Timer, UserTask
from app.engine.subject import Subject
from app.engine.timers import offer_due

from .conftest import THINGS, Thing, put_in

T = TypeVar("T")
# A day and a bit: the silence of the event gateway is over.
LATER = timedelta(hours=25)
TIMERS_A_ROUND = 3
CLAIMED_A_ROUND = 12


def at_once(app: Flask, *bodies: Callable[[], T]) -> list[T | Exception]:
    """Run these at the same moment, each in a thread of its own; what each gave or raised."""
    barrier = threading.Barrier(len(bodies))
    results: list[Any] = [None] * len(bodies)

    def run(place: int, body: Callable[[], T]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                results[place] = body()
            except Exception as error:  # noqa: BLE001  # whoever started the race looks at whatever it is
                results[place] = error

    threads = [threading.Thread(target=run, args=(place, body)) for place, body in enumerate(bodies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def two_clocks_claiming(app: Flask, rounds: int) -> list[str]:
    """Two clocks look for due timers: each timer is taken by one of them, once."""
    started("event_gateway", CLAIMED_A_ROUND)
    broken = []

    def take() -> list[int]:
        moment = clock.real_now() + LATER
        first = run_in_transaction(lambda session: offer_due(session, moment, limit=CLAIMED_A_ROUND // 2))
        return first + run_in_transaction(lambda session: offer_due(session, moment, limit=CLAIMED_A_ROUND))

    for number in range(rounds):
        results = at_once(app, take, take)
        taken = [timer_id for each in results if isinstance(each, list) for timer_id in each]
        # Whatever a claim passed over because the other one held it is taken next time.
        taken += take()
        if len(taken) != CLAIMED_A_ROUND or len(set(taken)) != CLAIMED_A_ROUND:
            broken.append(f"round {number}: {len(taken)} claims of {CLAIMED_A_ROUND} timers: {results}")
        run_in_transaction(lambda session: session.execute(update(Timer).values(lease_until=None)))
    return broken


def two_workers_on_the_same_timers(app: Flask, rounds: int) -> list[str]:
    """Two workers have the same timers, in opposite order: each fires once, and nobody fails."""
    broken = []
    for number in range(rounds):
        instances = started("event_gateway", TIMERS_A_ROUND)
        ids = run_in_transaction(lambda session, wanted=instances: _timers(session, wanted), writing=False)  # type: ignore[misc]

        results = at_once(app, partial(_fire_late, *ids), partial(_fire_late, *reversed(ids)))
        # One that met the other at every try is put back; the clock offers it again.
        _fire_late(*ids)
        found = run_in_transaction(lambda session, ids=instances: _silences(session, ids), writing=False)  # type: ignore[misc]
        if results != [None, None] or found != [(InstanceState.COMPLETED, 1, 0)] * TIMERS_A_ROUND:
            broken.append(f"round {number}: {results} {found}")
    return broken


def two_people_completing_one_task(app: Flask, rounds: int) -> list[str]:
    """Two people complete a task: one wins, the other is told that it is closed, by whom."""
    broken = []
    for number in range(rounds):
        (instance_id,) = started("one_task", 1)
        results = at_once(app, *(partial(_complete, "approve", instance_id, by_id) for by_id in (1, 2)))
        lost = [each for each in results if each is not None]
        winner = results.index(None) + 1 if None in results else 0
        told = len(lost) == 1 and isinstance(lost[0], service.TaskClosed) and lost[0].by_id == winner
        task = _task(instance_id, "approve")
        kept = (task.state, task.completed_by_id, task.outcome) == (TaskState.COMPLETED, winner, str(winner))
        if not told or not kept or _passages(instance_id, "approve") != 1:
            broken.append(f"round {number}: {results}, completed by {task.completed_by_id}")
    return broken


def a_person_and_a_boundary_timer(app: Flask, rounds: int) -> list[str]:
    """A person completes a task while the timer that takes it away fires: one of the two happens."""
    broken = []
    for number in range(rounds):
        (instance_id,) = started("boundary_timers", 1)
        _complete("first_step", instance_id, 1)
        (timer_id,) = run_in_transaction(
            lambda session, wanted=instance_id: _timers(session, [wanted], "give_up"),  # type: ignore[misc]
            writing=False,
        )

        completed, fired = at_once(
            app, partial(_complete, "second_step", instance_id, 2), partial(_fire_late, timer_id)
        )
        task = _task(instance_id, "second_step")
        explained = _passages(instance_id, "explain")
        person_won = completed is None and task.state == TaskState.COMPLETED and not explained
        timer_won = isinstance(completed, service.TaskClosed) and task.state == TaskState.CANCELLED and explained == 1
        if fired is not None or person_won == timer_won:
            broken.append(f"round {number}: {completed!r} {fired!r} {task.state}, explained {explained} times")
    return broken


RACES: dict[str, Callable[[Flask, int], list[str]]] = {
    "two clocks, the same due timers": two_clocks_claiming,
    "two workers, the same timers": two_workers_on_the_same_timers,
    "two people, one task": two_people_completing_one_task,
    "a person and a boundary timer": a_person_and_a_boundary_timer,
}


def started(key: str, count: int) -> list[int]:
    """Instances of a process of the tests, each on a thing of its own; their ids."""

    def body(session: Session) -> list[int]:
        put_in(session, key)
        THINGS.update({number: Thing() for number in range(1, count + 1)})
        return [service.start(session, key, Subject("thing", number)).id for number in range(1, count + 1)]

    return run_in_transaction(body)


def _fire_late(*timer_ids: int) -> None:
    with clock.frozen(clock.real_now() + LATER):
        wake(*timer_ids)


def _complete(element: str, instance_id: int, by_id: int) -> None:
    def body(session: Session) -> None:
        task = _find(session, instance_id, element)
        service.complete_task(session, task, {"outcome": str(by_id)}, by_id=by_id)

    run_in_transaction(body)


def _find(session: Session, instance_id: int, element: str) -> UserTask:
    query = select(UserTask).where(UserTask.instance_id == instance_id, UserTask.element == element)
    return session.scalars(query).one()


def _task(instance_id: int, element: str) -> UserTask:
    return run_in_transaction(lambda session: _find(session, instance_id, element), writing=False)


def _timers(session: Session, instance_ids: Sequence[int], element: str | None = None) -> list[int]:
    query = select(Timer.id).where(Timer.instance_id.in_(instance_ids)).order_by(Timer.id)
    return list(session.scalars(query if element is None else query.where(Timer.element == element)))


def _silences(session: Session, instance_ids: Sequence[int]) -> list[tuple[str, int, int]]:
    """Of each instance: its state, how often its timer fired, how many timers it still has."""
    return [
        (
            session.get_one(ProcessInstance, each).state,
            _count(session, each, "note_silence"),
            len(_timers(session, [each])),
        )
        for each in instance_ids
    ]


def _passages(instance_id: int, element: str) -> int:
    return run_in_transaction(lambda session: _count(session, instance_id, element), writing=False)


def _count(session: Session, instance_id: int, element: str) -> int:
    query = select(func.count()).where(HistoryEntry.instance_id == instance_id, HistoryEntry.element == element)
    return session.scalar(query) or 0
