"""Messages that are sent while their receivers begin to wait: none is lost, none is received twice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import run_in_transaction
from app.engine import messages, service
from app.engine.models import (
    EarlyMessage,
    HistoryEntry,
    InstanceState,
    MessageState,
    ProcessInstance,
    UserTask,
)
from app.engine.subject import Subject

from .conftest import put_in
from .racing import at_once
from .test_concurrency import ROUNDS, own_desk, started

__all__ = ["own_desk"]

Later = Callable[..., datetime]
HOUR = timedelta(hours=1)


def test_one_kept_message_reaches_one_of_two_instances_that_begin_to_wait_at_once(own_desk: Flask) -> None:
    firsts = started("waits_late")
    seconds = started("waits_late")
    for number in range(1, ROUNDS + 1):
        subject = Subject("thing", number)
        run_in_transaction(
            lambda session, about=subject: service.send_message(  # type: ignore[misc]
                session, "hello", about, {"text": "early"}, keep_for=HOUR
            )
        )

        def prepare(instance_id: int) -> None:
            def body(session: Session) -> None:
                task = session.scalars(select(UserTask).where(UserTask.instance_id == instance_id)).one()
                service.complete_task(session, task, {}, by_id=7)

            run_in_transaction(body)

        pair = (firsts[number - 1], seconds[number - 1])
        assert at_once(own_desk, *(partial(prepare, each) for each in pair)) == [None, None]

        def check(session: Session, pair: tuple[int, int] = pair, number: int = number) -> None:
            states = sorted(session.get_one(ProcessInstance, each).state for each in pair)
            assert states == [InstanceState.COMPLETED, InstanceState.RUNNING]
            kept = session.scalars(select(EarlyMessage).where(EarlyMessage.subject_id == number)).one()
            assert kept.state == MessageState.DELIVERED
            assert session.get_one(ProcessInstance, kept.delivered_to_id).state == InstanceState.COMPLETED

        run_in_transaction(check, writing=False)


def test_a_message_sent_while_its_receiver_begins_to_wait_is_not_lost(own_desk: Flask) -> None:
    for number, instance_id in enumerate(started("waits_late"), start=1):

        def prepare(instance_id: int = instance_id) -> None:
            def body(session: Session) -> None:
                task = session.scalars(select(UserTask).where(UserTask.instance_id == instance_id)).one()
                service.complete_task(session, task, {}, by_id=7)

            run_in_transaction(body)

        def send(number: int = number) -> None:
            run_in_transaction(
                lambda session: service.send_message(session, "hello", Subject("thing", number), {}, keep_for=HOUR)
            )

        assert at_once(own_desk, prepare, send) == [None, None]

        def check(session: Session, instance_id: int = instance_id) -> None:
            assert session.get_one(ProcessInstance, instance_id).state == InstanceState.COMPLETED
            passed = select(HistoryEntry.id).where(
                HistoryEntry.instance_id == instance_id, HistoryEntry.element == "greeted"
            )
            assert len(session.scalars(passed).all()) == 1

        run_in_transaction(check, writing=False)


def test_a_message_sent_while_its_receiver_starts_is_delivered_by_the_clock(own_desk: Flask) -> None:
    """The sender cannot see an instance whose start has not committed: nobody holds anything in common."""
    run_in_transaction(lambda session: put_in(session, "hears_message"))
    for number in range(1, ROUNDS + 1):

        def start(number: int = number) -> None:
            run_in_transaction(lambda session: service.start(session, "hears_message", Subject("thing", number)).id)

        def send(number: int = number) -> None:
            run_in_transaction(
                lambda session: service.send_message(
                    session, "news", Subject("thing", number), {"what": "rain"}, keep_for=HOUR
                )
            )

        assert at_once(own_desk, start, send) == [None, None]

    for instance_id in run_in_transaction(messages.instances_to_serve, writing=False):
        run_in_transaction(lambda session, wanted=instance_id: service.serve_kept(session, wanted))  # type: ignore[misc]

    def check(session: Session) -> None:
        open_tasks = session.scalars(select(UserTask.element)).all()
        assert list(open_tasks) == ["read"] * ROUNDS

    run_in_transaction(check, writing=False)
