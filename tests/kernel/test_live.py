"""Hints to open pages: after the commit, to whom they concern, and never at the price of the work itself."""

from __future__ import annotations

from queue import SimpleQueue

from flask import Flask

from app import db as database
from app import live
from app.live import Change


def heard(waiting: SimpleQueue[Change]) -> Change | None:
    return live.take(waiting, 0.01)


def test_a_change_is_told_after_the_commit_and_forgotten_by_a_rollback(app: Flask) -> None:
    with app.app_context(), live.hub.stream() as waiting:
        with database.transaction() as session:
            live.touch(session, "ticket:12", teams=["network"], people=[3, None])
            assert heard(waiting) is None
        told = heard(waiting)
        assert told is not None
        assert told.about == {"ticket:12"}
        assert told.people == {3}

        try:
            with database.transaction() as session:
                live.touch(session, "ticket:13")
                raise LookupError
        except LookupError:
            pass
        assert heard(waiting) is None


def test_many_changes_of_a_moment_are_told_at_once(app: Flask) -> None:
    with app.app_context(), live.hub.stream() as waiting:
        for number in range(5):
            with database.transaction() as session:
                live.touch(session, f"ticket:{number}")

        told = heard(waiting)

        assert told is not None
        assert len(told.about) == 5
        assert heard(waiting) is None


def test_a_change_concerns_the_teams_and_people_it_names() -> None:
    change = Change(teams={"network"}, people={3})

    assert change.concerns(3, [])
    assert change.concerns(9, ["network"])
    assert not change.concerns(9, ["desk"])
    assert Change(everybody=True).concerns(9, [])


def test_a_stream_that_nobody_reads_stops_growing() -> None:
    hub = live.Hub()
    with hub.stream() as waiting:
        for number in range(3 * live.MOST_WAITING):
            hub.tell(Change(about={f"ticket:{number}"}))

        assert waiting.qsize() == live.MOST_WAITING
    assert hub.count() == 0


def test_a_stream_that_opens_later_is_told_what_it_has_missed() -> None:
    hub = live.Hub()
    start = live.moment()
    for number in range(4):
        hub.tell(Change(about={f"ticket:{number}"}, at=start + number))

    with hub.stream(start + 2) as waiting:
        missed = heard(waiting)
    with hub.stream() as waiting:
        assert heard(waiting) is None

    assert missed == Change(about={"ticket:2", "ticket:3"})


def test_who_has_missed_more_than_is_remembered_looks_at_everything() -> None:
    hub = live.Hub()
    start = live.moment()
    with hub.stream(start - 60_000) as waiting:
        assert heard(waiting) == Change(everybody=True)

    for number in range(live.REMEMBERED + 10):
        hub.tell(Change(about={f"ticket:{number}"}, at=start + number))

    with hub.stream(start + 5) as waiting:
        assert heard(waiting) == Change(everybody=True)
    with hub.stream(start + live.REMEMBERED) as waiting:
        assert heard(waiting) == Change(about={f"ticket:{live.REMEMBERED + each}" for each in range(10)})


def test_a_written_change_is_read_back_and_nonsense_is_dropped() -> None:
    change = Change({"ticket:1"}, {"network"}, {3})

    read = live._read(live._written(change))
    assert read == change
    assert read is not None
    assert read.at == change.at
    assert live._read(b"\xff") is None
    assert live._read('{"about": 3}') is None
