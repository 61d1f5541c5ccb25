"""Hints: sent after the commit only, and never the reason for a failure."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.orm import Session

from app import jobs
from app.config import Settings
from app.db import run_in_transaction, transaction
from app.desk_queue import RegisteredJob
from app.jobs import job, offer, offer_after_commit

_ran: list[int] = []


@job("tests.run")
def _run(number: int) -> None:
    _ran.append(number)


def _noting(sent: list[tuple[object, ...]]) -> Callable[..., bool]:
    def offered(*hint: object) -> bool:
        sent.append(hint)
        return True

    return offered


def test_only_registered_functions_run(desk: Flask) -> None:
    """Whoever can write to Redis must not be able to choose what a worker runs."""
    foreign = RegisteredJob.create("os.system", args=("true",), connection=Redis())

    with pytest.raises(LookupError, match=r"os\.system"):
        _ = foreign.func


def test_an_unknown_job_cannot_be_offered(desk: Flask) -> None:
    with pytest.raises(LookupError):
        offer("tests.nothing_of_the_kind")


def test_a_queue_that_is_away_is_no_failure(desk: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database has the work; the clock will offer it again."""
    monkeypatch.setattr(jobs, "_redis_url", "")
    jobs.connect(Settings(data=tmp_path, secret_key="x", redis_url=f"unix://{tmp_path}/nobody.sock"))

    assert offer("tests.run", 1) is False


def test_hints_of_a_savepoint_wait_for_the_commit_of_the_whole(desk: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is hinted too early looks for rows nobody can see yet."""
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(jobs, "offer", _noting(sent))

    with transaction() as session:
        with session.begin_nested():
            offer_after_commit(session, "tests.run", 1)
        assert sent == []

    assert sent == [("tests.run", 1)]


def test_a_rollback_forgets_its_hints(desk: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(jobs, "offer", _noting(sent))

    def body(session: Session) -> None:
        offer_after_commit(session, "tests.run", 1)
        raise KeyError

    with pytest.raises(KeyError):
        run_in_transaction(body)
    with transaction():
        pass

    assert sent == []


def test_after_a_hint_was_lost_the_others_of_its_transaction_are_not_tried(
    desk: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Redis that is away costs one time-out, not one for each of a hundred hints."""
    tried: list[tuple[object, ...]] = []

    def lose(*hint: object) -> bool:
        tried.append(hint)
        return False

    monkeypatch.setattr(jobs, "offer", lose)

    with transaction() as session:
        for number in range(3):
            offer_after_commit(session, "tests.run", number)

    assert tried == [("tests.run", 0)]
