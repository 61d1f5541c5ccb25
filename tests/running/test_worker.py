"""The background roles: which jobs run, what the clock offers, how they stop."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from rq import Queue
from rq.job import JobStatus
from sqlalchemy.orm import Session

import worker
from app import clock, create_app, desk_queue, health, jobs
from app.config import Settings
from app.db import db, move_clock, run_in_transaction
from app.events import Delivery, DeliveryState, RecordedEvent
from app.supervision import queue_server
from tests.conftest import cheap_settings
from tests.running.desk import ROOT, until

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def queue_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A queue server as `./run` starts it."""
    server = queue_server.find_server()
    assert server is not None
    folder = queue_server.make_socket_folder()
    socket = folder / "queue.sock"
    program = "import sys; from pathlib import Path; from app.supervision.queue_server import become_server as b; "
    program += "b(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))"
    data = tmp_path_factory.mktemp("queue")
    process = subprocess.Popen(
        [sys.executable, "-c", program, server, str(socket), str(data)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        until(socket.exists, "the queue server listens")
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait()
        folder.rmdir()


@pytest.fixture
def settings(tmp_path: Path, queue_url: str) -> Iterator[Settings]:
    connection = desk_queue.connection_to(queue_url)
    connection.flushall()
    yield cheap_settings(tmp_path, redis_url=queue_url)
    jobs.connect(cheap_settings(tmp_path))


@pytest.fixture
def desk(settings: Settings) -> Flask:
    """An application on tables of its own, with the queue."""
    app = create_app(settings, web=False)
    with app.app_context():
        db.create_all()
    return app


def run_worker_until_idle(settings: Settings) -> None:
    """One real worker process; it ends by SIGTERM once the queue is empty."""
    environment = os.environ | {
        "SUPORT_DATA": str(settings.data),
        "SUPORT_SECRET_KEY": settings.secret_key,
        "REDIS_URL": settings.redis_url,
    }
    process = subprocess.Popen([sys.executable, "worker.py"], cwd=ROOT, env=environment)
    connection = Redis.from_url(settings.redis_url)
    queue = Queue(desk_queue.NAME, connection=connection)
    try:
        until(lambda: queue.count == 0 and queue.started_job_registry.count == 0, "the worker has emptied the queue")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0


def test_a_worker_runs_registered_jobs_only(desk: Flask, settings: Settings, tmp_path: Path) -> None:
    """Whoever can write to Redis must not be able to run any function of any module."""
    target = tmp_path / "made-by-a-stranger"
    queue = desk_queue.open_queue(settings.redis_url)
    strange = queue.enqueue("os.mkdir", str(target), failure_ttl=60)
    pickled = Queue(desk_queue.NAME, connection=queue.connection).enqueue("events.deliver", 999, failure_ttl=60)
    ours = queue.enqueue("events.deliver", 999, result_ttl=60)

    run_worker_until_idle(settings)

    assert strange.get_status(refresh=True) == JobStatus.FAILED
    assert pickled.get_status(refresh=True) == JobStatus.FAILED
    assert ours.get_status(refresh=True) == JobStatus.FINISHED
    assert not target.exists()


def test_a_hint_that_redis_cannot_take_is_only_logged(tmp_path: Path) -> None:
    """Without Redis the desk answers; the clock offers the work again later."""
    jobs.connect(cheap_settings(tmp_path, redis_url=f"unix://{tmp_path}/nobody-listens.sock"))
    try:
        assert jobs.offer("events.deliver", 1) is False
    finally:
        jobs.connect(cheap_settings(tmp_path))


def test_a_tick_of_the_clock_says_that_it_is_alive(desk: Flask) -> None:
    with desk.app_context():
        worker.tick()

        found = run_in_transaction(health.look, writing=False)

    assert found.clock_age_seconds is not None
    assert found.clock_age_seconds < health.CLOCK_SILENCE.total_seconds()
    assert found.is_well


def test_a_delivery_whose_hint_was_lost_is_offered_again(desk: Flask, settings: Settings) -> None:
    """A crash between commit and enqueue, or an emptied Redis, only delays the work."""
    with desk.app_context():
        due = run_in_transaction(lambda session: _pending_delivery(session, timedelta(seconds=-1)))
        run_in_transaction(lambda session: _pending_delivery(session, timedelta(minutes=5)))

        worker.tick()

    offered = desk_queue.open_queue(settings.redis_url).jobs
    assert [(job.func_name, tuple(job.args)) for job in offered] == [("events.deliver", (due,))]


def test_a_backlog_does_not_fill_the_queue_without_bound(
    desk: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due is offered each second until a worker takes it; with all workers busy the queue must not grow."""
    monkeypatch.setattr(worker, "BATCH", 3)
    queue = Queue(desk_queue.NAME, connection=Redis.from_url(settings.redis_url))
    with desk.app_context():
        for _ in range(5):
            run_in_transaction(lambda session: _pending_delivery(session, timedelta(seconds=-1)))

        lengths = []
        for _ in range(4):
            worker.tick()
            lengths.append(queue.count)
        queue.connection.flushall()
        worker.tick()

    assert lengths == [3, 6, 6, 6]
    assert queue.count == 3, "it goes on when workers are there again"


def test_a_clock_part_that_fails_does_not_keep_the_others_from_being_looked_at(desk: Flask, settings: Settings) -> None:
    """One broken table must not stop every deadline of the desk."""
    with desk.app_context():
        due = run_in_transaction(lambda session: _pending_delivery(session, timedelta(seconds=-1)))
        run_in_transaction(lambda session: session.connection().exec_driver_sql("DROP TABLE clock_beat"))

        worker.tick()

    offered = desk_queue.open_queue(settings.redis_url).jobs
    assert [job.args for job in offered] == [[due]]


def test_moving_the_desk_time_does_not_make_the_clock_look_silent(desk: Flask) -> None:
    """Supervision runs on real time, which nothing moves."""
    with desk.app_context():
        worker.tick()
        run_in_transaction(lambda session: move_clock(session, timedelta(days=3)))

        found = run_in_transaction(health.look, writing=False)

        run_in_transaction(lambda session: None, writing=False)
    clock.use_offset(timedelta(0))

    assert found.is_well


def _pending_delivery(session: Session, ahead: timedelta) -> int:
    event = RecordedEvent(kind="Anything", payload={}, recorded_at=clock.real_now())
    delivery = Delivery(
        event=event, subscriber="nobody", state=DeliveryState.PENDING, next_attempt_at=clock.real_now() + ahead
    )
    session.add_all([event, delivery])
    session.flush()
    return delivery.id
