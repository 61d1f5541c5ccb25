"""Moves of many instances: batches, workers that die, and the command."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy.orm import Session

from app import clock, create_app, db
from app.db import run_in_transaction, transaction
from app.engine import definitions, service
from app.engine.commands.processes import group
from app.engine.models import InstanceState, ProcessDefinition, ProcessInstance
from app.engine.moving import instances, plan, work
from app.engine.moving.models import InstanceMove, MoveState
from app.engine.queries import open_tasks
from app.engine.subject import Subject
from app.errors import InvalidInput
from tests.conftest import MORNING, cheap_settings
from tests.engine.conftest import THINGS, Thing
from tests.engine.drawing import FORM, diagram, element, path, user_task

ENDS = (element("startEvent", "s"), element("endEvent", "e"))
FIRST = (*ENDS, user_task("a"), user_task("b"), path("s", "a", "b", "e"))
# In the second version b is gone.
SECOND = (*ENDS, user_task("a"), user_task("c"), path("s", "a", "c", "e"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """A desk of its own, with ten instances of the first version; every fifth waits at b."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    app = create_app(cheap_settings(tmp_path, database_url=url))
    with app.app_context(), clock.frozen(MORNING):
        db.db.create_all()
        THINGS.update({number: Thing() for number in range(1, 11)})
        run_in_transaction(lambda session: definitions.deploy(session, [diagram(*FIRST), FORM]))
        for number in range(1, 11):
            run_in_transaction(partial(begin, number=number))
        run_in_transaction(lambda session: definitions.deploy(session, [diagram(*SECOND), FORM]))
        yield app
        THINGS.clear()
        db.db.session.remove()
        db.db.engine.dispose()


def begin(session: Session, number: int) -> None:
    subject = Subject("thing", number)
    service.start(session, "p", subject)
    if number % 5 == 0:
        service.complete_task(session, open_tasks(session, subject)[0], {"outcome": "yes"}, by_id=1)


def version(session: Session, number: int) -> ProcessDefinition:
    return session.query(ProcessDefinition).filter_by(key="p", version=number).one()


def start(session: Session, **asked: Any) -> int:
    return work.start(session, version(session, 1), version(session, 2), **asked).id


def counts(move_id: int) -> dict[str, int]:
    return run_in_transaction(lambda session: work.progress(session, move_id), writing=False)


def versions() -> list[int]:
    def read(session: Session) -> list[int]:
        return [each.definition.version for each in session.query(ProcessInstance).order_by(ProcessInstance.id)]

    return run_in_transaction(read, writing=False)


def run_command(*words: str) -> Result:
    return CliRunner().invoke(group, ["migrate", *words])


def test_a_dry_run_says_it_for_each_instance_and_writes_nothing(desk: Flask) -> None:
    with transaction(writing=False) as session:
        found = list(plan.dry_run(session, version(session, 1), version(session, 2), batch=3))
    assert plan.counts(found) == {"ok": 8, "needs_mapping": 2, "impossible": 0, "left": 0}
    assert {each.element for each in found if each.outcome != "ok"} == {"b"}
    assert versions() == [1] * 10


def test_the_plan_says_what_is_gone_and_how_many_wait_there(desk: Flask) -> None:
    with transaction(writing=False) as session:
        made = plan.plan(session, version(session, 1), version(session, 2))
    assert made.mapping == {"s": "s", "a": "a", "b": None, "e": "e"}
    assert [(each.element, each.rule, each.waiting) for each in made.problems] == [("b", "gone", 2)]
    assert json.loads(json.dumps(made.as_json()))["problems"][0]["waiting"] == 2


def test_a_worker_moves_what_can_be_moved_and_keeps_the_reasons_of_the_rest(desk: Flask) -> None:
    move_id = run_in_transaction(start)
    assert work.run(move_id)
    assert counts(move_id) == {"waiting": 0, "moved": 8, "left": 0, "failed": 2}
    assert versions() == [2, 2, 2, 2, 1, 2, 2, 2, 2, 1]
    with transaction(writing=False) as session:
        assert work.get(session, move_id).state == MoveState.DONE
        assert {each.element for each in work.failures(session, move_id)} == {"b"}
        assert all(each.reason for each in work.failures(session, move_id))
    assert work.run(move_id) is False


def test_a_move_that_a_worker_left_is_taken_up_where_it_was(desk: Flask) -> None:
    move_id = run_in_transaction(lambda session: start(session, overrides={"b": "c"}))
    # The worker claimed it, moved one instance and wrote down nothing about a second before it was killed.
    assert run_in_transaction(lambda session: work._claim(session, move_id))
    work.move_one(move_id, 1)
    with transaction() as session:
        first, second = version(session, 1), version(session, 2)
        instances.move(session, 2, first, second, overrides={}, rearm=False, by_id=None)
    assert run_in_transaction(work.due_ids, writing=False) == []
    assert work.run(move_id) is False

    def forget(session: Session) -> None:
        session.get_one(InstanceMove, move_id).lease_until = clock.real_now() - timedelta(seconds=1)

    run_in_transaction(forget)
    assert run_in_transaction(work.due_ids, writing=False) == [move_id]
    assert work.run(move_id)
    assert counts(move_id) == {"waiting": 0, "moved": 9, "left": 1, "failed": 0}
    assert versions() == [2] * 10


def test_a_worker_hands_on_what_takes_too_long(desk: Flask) -> None:
    move_id = run_in_transaction(start)
    work.run(move_id, batch=4, longest_seconds=0)
    assert counts(move_id)["waiting"] == 6
    work.run(move_id)
    assert counts(move_id)["waiting"] == 0


def test_a_move_and_a_step_of_one_instance_take_turns(desk: Flask) -> None:
    """Whoever comes second works on what the first left."""
    together = threading.Barrier(2)

    def guarded(body: Callable[[], object]) -> None:
        with desk.app_context():
            together.wait(30)
            body()

    def complete(session: Session, subject: Subject) -> None:
        service.complete_task(session, open_tasks(session, subject)[0], {"outcome": "yes"}, by_id=1)

    for number in (1, 2, 3, 4):
        subject = Subject("thing", number)
        move_id = run_in_transaction(partial(start, overrides={"b": "c"}, only=[number]))
        with ThreadPoolExecutor(2) as threads:
            moving = threads.submit(guarded, partial(work.move_one, move_id, number))
            completing = threads.submit(guarded, partial(run_in_transaction, partial(complete, subject=subject)))
            moving.result(60)
            completing.result(60)
        with transaction(writing=False) as session:
            assert [each.element for each in open_tasks(session, subject)] == ["c"]
            assert session.get_one(ProcessInstance, number).state == InstanceState.RUNNING
        assert counts(move_id)["moved"] == 1


def test_the_command_looks_first_and_moves_when_told(desk: Flask) -> None:
    looked = run_command("p")
    assert looked.exit_code == 1
    assert "8 ok, 2 needs_mapping" in looked.output
    assert versions() == [1] * 10
    assert run_command("p", "--map", "b=c").exit_code == 0
    done = run_command("p", "--map", "b=c", "--apply", "--batch", "4")
    assert done.exit_code == 0, done.output
    assert "10 of 10: 10 moved, 0 failed" in done.output
    assert versions() == [2] * 10


def test_the_command_speaks_json_and_keeps_to_the_instances_it_is_given(desk: Flask, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.json"
    mapping.write_text('{"b": null}')
    done = run_command("p", "--map-file", str(mapping), "--apply", "--json", "--instance", "1", "--instance", "5")
    assert done.exit_code == 1
    said = json.loads(done.output)
    assert said["counts"] == {"waiting": 0, "moved": 1, "left": 0, "failed": 1}
    assert [each["instance"] for each in said["failed"]] == [5]
    assert versions() == [2, *[1] * 9]


def test_a_mapping_of_elements_that_are_not_there_is_refused(desk: Flask) -> None:
    refused = run_command("p", "--map", "nothing=c")
    assert isinstance(refused.exception, InvalidInput)
    assert refused.exception.errors == {"nothing": ["The old version has no such element."]}
    assert versions() == [1] * 10
