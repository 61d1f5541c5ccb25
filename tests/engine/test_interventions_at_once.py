"""Interventions at the moment of an answer: one comes first, and the other one is told."""

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import run_in_transaction
from app.engine import interventions, service
from app.engine.models import HistoryEntry, InstanceState, ProcessInstance, UserTask
from app.errors import Conflict

from .racing import at_once
from .test_concurrency import own_desk, started

__all__ = ["own_desk"]


def test_holding_at_the_moment_of_an_answer_leaves_one_of_both_orders(own_desk: Flask) -> None:
    for instance_id in started("one_task"):

        def answer(instance_id: int = instance_id) -> None:
            def body(session: Session) -> None:
                task = session.scalars(select(UserTask).where(UserTask.instance_id == instance_id)).one()
                service.complete_task(session, task, {"outcome": "yes"}, by_id=7)

            run_in_transaction(body)

        def hold(instance_id: int = instance_id) -> None:
            run_in_transaction(
                lambda session: interventions.suspend(
                    session, session.get_one(ProcessInstance, instance_id), "Look", by_id=None
                )
            )

        results = at_once(own_desk, answer, hold)

        lost = [each for each in results if each is not None]
        assert len(lost) == 1, results
        assert isinstance(lost[0], Conflict), results
        state, is_held = run_in_transaction(
            lambda session, wanted=instance_id: (  # type: ignore[misc]
                (found := session.get_one(ProcessInstance, wanted)).state,
                found.suspended_at is not None,
            ),
            writing=False,
        )
        expected = (InstanceState.RUNNING, True) if results[0] is not None else (InstanceState.COMPLETED, False)
        assert (state, is_held) == expected


def test_moving_at_the_moment_of_an_answer_never_leaves_two_tokens(own_desk: Flask) -> None:
    for instance_id in started("waits_late"):

        def answer(instance_id: int = instance_id) -> None:
            def body(session: Session) -> None:
                task = session.scalars(select(UserTask).where(UserTask.instance_id == instance_id)).one()
                service.complete_task(session, task, {}, by_id=7)

            run_in_transaction(body)

        def move(instance_id: int = instance_id) -> None:
            run_in_transaction(
                lambda session: interventions.move(
                    session,
                    session.get_one(ProcessInstance, instance_id),
                    cancel="prepare",
                    start="greeted",
                    reason="Go on",
                    by_id=None,
                )
            )

        results = at_once(own_desk, answer, move)

        assert len([each for each in results if isinstance(each, Conflict)]) == 1, results

        def check(session: Session, instance_id: int = instance_id) -> None:
            open_entries = select(HistoryEntry.element).where(
                HistoryEntry.instance_id == instance_id, HistoryEntry.left_at.is_(None)
            )
            assert session.scalars(open_entries).all() == ["greeted"]

        run_in_transaction(check, writing=False)
