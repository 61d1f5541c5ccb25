"""How late a deadline is said to be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.sla import queries
from app.sla.chips import Chip, chip, chip_of_moment
from app.tickets.models import Ticket
from tests.sla.test_service import BUCHAREST, RESPONSE, on
from tests.world import Build


def reply_chip(session: Session, ticket: Ticket) -> Chip:
    return chip(queries.clocks(session, ticket)[RESPONSE], clock.now(), BUCHAREST)


@pytest.mark.usefixtures("deadlines")
def test_a_clock_is_late_by_working_time_as_it_was_running_by_working_time(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]
) -> None:
    opened = ticket()  # its reply is due on Wednesday at 12:00, and the desk closes at 18:00

    at(on("10:00", "2026-11-19"))
    late = reply_chip(session, opened)

    assert (late.look, late.late_minutes) == ("is-late", 7 * 60)
    assert late.ticks_until == on("18:00", "2026-11-19")
    assert late.late_since == on("03:00", "2026-11-19")


@pytest.mark.usefixtures("deadlines")
def test_lateness_stands_still_while_the_desk_is_closed(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]
) -> None:
    opened = ticket()

    at(on("23:00"))

    late = reply_chip(session, opened)
    assert late.late_minutes == 6 * 60
    assert late.ticks_until == on("23:00")


def test_a_task_of_its_own_due_time_is_late_by_plain_time() -> None:
    late = chip_of_moment(on("12:00"), on("12:00") + timedelta(days=2), BUCHAREST)

    assert (late.late_minutes, late.ticks_until) == (2 * 24 * 60, None)


@pytest.mark.usefixtures("deadlines")
def test_what_is_soon_but_not_today_is_said_by_its_moment(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]
) -> None:
    """Ten minutes of working time are two days when they begin on a Friday evening."""
    at(on("16:10", "2026-11-20"))
    opened = ticket()  # its reply is due after 120 minutes, and the desk closes at 18:00

    at(on("17:55", "2026-11-20"))
    before_closing = reply_chip(session, opened)
    at(on("11:00", "2026-11-21"))
    on_saturday = reply_chip(session, opened)
    at(on("08:00", "2026-11-23"))
    on_monday = reply_chip(session, opened)

    assert (before_closing.look, before_closing.on_other_day) == ("is-soon", True)
    assert (on_saturday.look, on_saturday.on_other_day, on_saturday.minutes_left) == ("is-soon", True, 10)
    assert (on_monday.look, on_monday.on_other_day, on_monday.minutes_left) == ("is-soon", False, 10)


@pytest.mark.usefixtures("deadlines")
def test_what_is_late_is_never_said_by_its_moment(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]
) -> None:
    opened = ticket()

    at(on("10:00", "2026-11-19"))

    assert not reply_chip(session, opened).on_other_day


@pytest.mark.parametrize(("hours", "is_other"), [(3, False), (30, True), (-30, False)])
def test_a_moment_of_its_own_is_said_when_it_is_still_to_come_on_another_day(hours: int, is_other: bool) -> None:
    assert chip_of_moment(on("12:00"), on("12:00") - timedelta(hours=hours), BUCHAREST).on_other_day is is_other
