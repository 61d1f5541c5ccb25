"""The desk's background processes.

    python worker.py              run jobs from the queue
    python worker.py --clock      offer what is due, every second; any number of clocks may run
    python worker.py --receiver   take mail by SMTP

All three stop in order on SIGTERM, and each may be killed at any moment: the work stands in the database.
"""

import argparse
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import structlog
from flask import Flask

from app import clock, create_app, desk_queue, health, jobs, logs
from app.config import Settings
from app.db import Session, run_in_transaction
from app.engine import messages, timers
from app.engine.moving import work as moving
from app.events import relay
from app.garbage import keep_what_is_loaded
from app.mail import receiver
from app.mail import service as mail

TICK_SECONDS = 1.0
# How many due rows of a kind one tick offers, and how many hints may wait in the queue when it does.
BATCH = 500

log = structlog.get_logger("worker")


def run_worker(app: Flask) -> int:
    """Run jobs until told to stop, or until enough were run for a fresh process to take over; the exit status."""
    from rq.worker import SimpleWorker

    settings: Settings = app.config["SETTINGS"]
    jobs.connect(settings)
    queue = desk_queue.open_queue(settings.redis_url)
    with app.app_context():
        worker = SimpleWorker(
            [queue],
            connection=queue.connection,
            job_class=desk_queue.RegisteredJob,
            queue_class=desk_queue.DeskQueue,
            # Both short: a killed worker's job must not stay "started" for minutes.
            worker_ttl=30,
            maintenance_interval=10,
            log_job_description=False,
        )
        # Not all workers at the same moment.
        most = round(settings.worker_jobs * random.uniform(0.9, 1.1))
        worker.work(logging_level="WARNING", max_jobs=most)
    return 0


def run_clock(app: Flask) -> int:
    """Offer due work every second until told to stop; the exit status."""
    settings: Settings = app.config["SETTINGS"]
    jobs.connect(settings)
    stopping = _stop_on_signals()
    with app.app_context():
        while not stopping():
            began = time.monotonic()
            tick()
            _sleep(TICK_SECONDS - (time.monotonic() - began), stopping)
    return 0


def tick() -> None:
    """One look at everything that may be due; a part that fails does not keep the others from being looked at."""
    parts: list[Callable[[], None]] = [beat]
    # What is due is offered again each second until a worker takes it: that must not fill a queue nobody empties. A
    # queue that does not answer is asked again a second later.
    waiting = jobs.waiting()
    if waiting is not None and waiting <= BATCH:
        parts += [offer_timers, offer_deliveries, offer_mail, offer_moves, tend_messages]
    for part in parts:
        try:
            part()
        except Exception:
            # The clock must outlive a database that restarts; the next tick looks again.
            log.exception("clock_part_failed", part=part.__name__)


def beat() -> None:
    """Say that a clock is alive."""
    run_in_transaction(health.beat)


def offer_timers() -> None:
    """Take due timers in the order of their due times, and let workers fire them."""
    # Looked at first by reading: an idle clock must not make the writers of a SQLite file wait.
    if run_in_transaction(lambda session: timers.oldest_due(session, clock.now()), writing=False) is not None:
        run_in_transaction(lambda session: timers.offer_due(session, clock.now(), limit=BATCH))


def offer_deliveries() -> None:
    """Offer deliveries whose hint was lost or whose next attempt has come."""
    for delivery_id in run_in_transaction(lambda session: relay(session, limit=BATCH), writing=False):
        if not jobs.offer("events.deliver", delivery_id):
            return


def offer_mail() -> None:
    """Offer received mail that is not read yet, and outgoing mail whose next attempt has come."""
    for received_id in run_in_transaction(lambda session: mail.pending_ids(session, limit=BATCH), writing=False):
        if not jobs.offer("mail.process", received_id):
            return
    for outgoing_id in run_in_transaction(lambda session: mail.due_ids(session, limit=BATCH), writing=False):
        if not jobs.offer("mail.send", outgoing_id):
            return


def offer_moves() -> None:
    """Offer moves of instances to another version that nobody works on."""
    for move_id in run_in_transaction(moving.due_ids, writing=False):
        if not jobs.offer("engine.move", move_id):
            return


def tend_messages() -> None:
    """Offer kept messages whose receiver began to wait while they were being sent; close those nobody received."""

    def look(session: Session) -> tuple[list[int], bool]:
        return messages.instances_to_serve(session, limit=BATCH), messages.needs_tending(session)

    to_serve, over = run_in_transaction(look, writing=False)
    if over:
        run_in_transaction(lambda session: messages.tend(session, limit=BATCH))
    for instance_id in to_serve:
        if not jobs.offer("engine.serve_kept", instance_id):
            return


def run_receiver(app: Flask) -> int:
    """Take mail until told to stop; the exit status."""
    settings: Settings = app.config["SETTINGS"]
    jobs.connect(settings)
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    receiver.serve(app, settings.receiver_host, settings.receiver_port, stop)
    return 0


def _stop_on_signals() -> Callable[[], bool]:
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGINT, note)
    return lambda: bool(asked)


def _sleep(seconds: float, stopping: Callable[[], bool]) -> None:
    """Sleep in short pieces: a signal must not wait for the next tick."""
    until = time.monotonic() + seconds
    while not stopping() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.1))


def main(words: list[str]) -> int:
    """Run the role that the words name; the exit status."""
    parser = argparse.ArgumentParser(prog="worker.py", description="A background process of the desk.")
    role = parser.add_mutually_exclusive_group()
    role.add_argument("--clock", action="store_true", help="offer what is due, every second")
    role.add_argument("--receiver", action="store_true", help="take mail by SMTP")
    options = parser.parse_args(words)
    logs.configure()
    app = create_app(web=False)
    keep_what_is_loaded()
    if options.clock:
        return run_clock(app)
    if options.receiver:
        return run_receiver(app)
    return run_worker(app)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
