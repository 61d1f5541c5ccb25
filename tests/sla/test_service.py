"""The clocks of tickets in the database: they follow the conversation, the states and the service level."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.contracts.models import Customer
from app.db import db
from app.engine import service as engine
from app.engine.models import ProcessInstance, Timer
from app.people.models import Person
from app.sla import calendars, queries, service
from app.sla.clocks import reckon
from app.sla.models import ClockEntry, ClockKind, ClockState, SlaClock
from app.tickets import service as tickets
from app.tickets.models import Ticket
from tests.world import Build, Recorded

BUCHAREST = ZoneInfo("Europe/Bucharest")
RESPONSE, RESOLUTION = ClockKind.RESPONSE, ClockKind.RESOLUTION

pytestmark = pytest.mark.usefixtures("deadlines")


def on(clock: str, day: str = "2026-11-18") -> datetime:
    """A Bucharest time on the day of the tests, a Wednesday."""
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=BUCHAREST).astimezone(UTC)


def state_of(session: Session, ticket: Ticket, kind: ClockKind = RESOLUTION) -> ClockState:
    return queries.clocks(session, ticket)[kind].state


def due_of(session: Session, ticket: Ticket, kind: ClockKind = RESOLUTION) -> datetime | None:
    return queries.clocks(session, ticket)[kind].due_at


def test_a_new_ticket_has_both_deadlines_in_working_time(session: Session, ticket: Build[Ticket]) -> None:
    opened = ticket()

    assert due_of(session, opened, RESPONSE) == on("12:00")
    assert due_of(session, opened, RESOLUTION) == on("17:00", "2026-11-19")


def test_a_level_without_targets_has_no_clocks(session: Session, ticket: Build[Ticket]) -> None:
    assert queries.clocks(session, ticket(priority="low")) == {}


def test_a_reply_meets_the_response_clock_and_a_note_does_not(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: Callable[[datetime], None]
) -> None:
    opened, agent = ticket(), person()
    at(on("10:42"))
    tickets.add_note(session, opened, "Looks like the switch.", author=agent)
    assert state_of(session, opened, RESPONSE) is ClockState.RUNNING

    tickets.reply(session, opened, "We are looking into it.", author=agent)

    view = queries.clocks(session, opened)[RESPONSE]
    assert (view.state, view.mood, view.worked_minutes) == (ClockState.MET, "met", 42)


def test_a_reply_that_the_process_sends_by_itself_does_not_count(session: Session, ticket: Build[Ticket]) -> None:
    opened = ticket()

    tickets.reply(session, opened, "We have your request.", author=None)

    assert state_of(session, opened, RESPONSE) is ClockState.RUNNING


def test_the_response_clock_runs_from_the_oldest_message_without_an_answer(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: Callable[[datetime], None]
) -> None:
    opened = ticket()
    at(on("10:30"))
    tickets.reply(session, opened, "Since when?", author=person())
    for moment in ("11:00", "11:40"):
        at(on(moment))
        tickets.add_customer_message(session, opened, author=opened.requester, text="Since noon.", channel="email")

    assert due_of(session, opened, RESPONSE) == on("13:00")
    assert len(session.scalars(select(SlaClock).where(SlaClock.kind == RESPONSE)).all()) == 2


def test_waiting_for_the_customer_pauses_only_the_resolution_clock(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]
) -> None:
    opened = ticket()
    at(on("11:00"))
    tickets.change_state(session, opened, "waiting_customer", by=None)
    assert (state_of(session, opened), state_of(session, opened, RESPONSE)) == (ClockState.PAUSED, ClockState.RUNNING)
    assert due_of(session, opened) is None

    at(on("15:00"))
    tickets.change_state(session, opened, "in_progress", by=None)

    assert due_of(session, opened) == on("12:00", "2026-11-20")


def test_moving_between_states_of_work_does_not_end_a_pause_the_process_asked_for(
    session: Session, ticket: Build[Ticket]
) -> None:
    opened = ticket()
    service.pause(session, opened, "A part is ordered")

    tickets.change_state(session, opened, "assigned", by=None)

    assert state_of(session, opened) is ClockState.PAUSED


def test_resolving_meets_the_clock_and_reopening_goes_on_with_it(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]
) -> None:
    opened = ticket()
    at(on("12:00"))
    tickets.resolve(session, opened, by=None)
    assert (state_of(session, opened), state_of(session, opened, RESPONSE)) == (ClockState.MET, ClockState.STOPPED)

    at(on("09:00", "2026-11-20"))
    tickets.reopen(session, opened, by=None)

    assert due_of(session, opened) == on("14:00", "2026-11-23")
    assert len(session.scalars(select(SlaClock).where(SlaClock.kind == RESOLUTION)).all()) == 1


def test_a_cancelled_ticket_has_no_deadlines_left(session: Session, ticket: Build[Ticket]) -> None:
    opened = ticket()

    tickets.cancel(session, opened, "Not needed", by=None)

    assert {state_of(session, opened, kind) for kind in ClockKind} == {ClockState.STOPPED}


def test_another_priority_moves_the_deadlines_and_keeps_the_pause(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: Callable[[datetime], None]
) -> None:
    opened, agent = ticket(), person()
    at(on("11:00"))
    tickets.change_state(session, opened, "waiting_customer", by=None)
    at(on("13:00"))
    tickets.change_state(session, opened, "in_progress", by=None)

    tickets.change_priority(session, opened, "urgent", by=agent)

    assert due_of(session, opened, RESPONSE) == on("11:00")
    assert due_of(session, opened) == on("11:00", "2026-11-19")
    clock = queries.latest_clocks(session, opened.id)[RESOLUTION]
    told = queries.explain(session, clock, language="ro")
    assert [row.name for row in told.rows if row.kind == "paused"] == ["Așteaptă clientul"]
    assert [(move.target_before, move.target_after, move.actor_id) for move in told.moves] == [(960, 480, agent.id)]


def test_another_customer_brings_its_own_targets(
    session: Session, ticket: Build[Ticket], customer: Build[Customer]
) -> None:
    opened = ticket()

    tickets.change_customer(session, opened, customer(level="gold"), by=None)

    assert due_of(session, opened, RESPONSE) == on("10:30")


def test_what_moved_a_deadline_is_said_in_words(
    session: Session, ticket: Build[Ticket], customer: Build[Customer]
) -> None:
    opened = ticket(customer=customer("Medis Cluj"))
    tickets.change_priority(session, opened, "urgent", by=None)
    tickets.change_customer(session, opened, customer("Textil: Bihor", level="gold"), by=None)
    service.retarget(session, opened, response_minutes=5, resolution_minutes=50, reason="Agreed: by phone")

    told = queries.explain(session, queries.latest_clocks(session, opened.id)[RESOLUTION])

    assert [move.reason for move in told.moves] == [
        "Priority went from Normal to Urgent",
        "The customer changed from Medis Cluj to Textil: Bihor",
        "Agreed: by phone",
    ]


def test_a_priority_without_targets_stops_the_clocks(session: Session, ticket: Build[Ticket]) -> None:
    opened = ticket()

    tickets.change_priority(session, opened, "low", by=None)

    assert {state_of(session, opened, kind) for kind in ClockKind} == {ClockState.STOPPED}
    tickets.change_state(session, opened, "waiting_customer", by=None)
    tickets.change_state(session, opened, "in_progress", by=None)
    assert state_of(session, opened) is ClockState.STOPPED


def test_a_breach_is_recorded_once_and_only_when_the_deadline_passed(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None], recorded: Recorded
) -> None:
    opened = ticket()
    assert not service.record_breach(session, opened, RESPONSE)

    at(on("12:01"))
    answers = [service.record_breach(session, opened, RESPONSE) for _ in range(3)]

    assert answers == [True, False, False]
    assert len(recorded("DeadlineBreached")) == 1
    assert queries.clocks(session, opened)[RESPONSE].breached_at == on("12:00")


def test_a_late_reply_puts_the_breach_on_record_even_when_no_timer_did(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: Callable[[datetime], None], recorded: Recorded
) -> None:
    opened = ticket()
    at(on("12:25"))

    tickets.reply(session, opened, "Sorry for the wait.", author=person())

    view = queries.clocks(session, opened)[RESPONSE]
    assert (view.mood, view.breached_at, view.working_minutes_left) == ("met_late", on("12:00"), -25)
    assert len(recorded("DeadlineBreached")) == 1


def test_a_target_that_puts_the_deadline_ahead_again_takes_the_breach_back(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None], recorded: Recorded
) -> None:
    opened = ticket()
    at(on("12:01"))
    service.record_breach(session, opened, RESPONSE)

    service.retarget(session, opened, response_minutes=300, resolution_minutes=960)
    assert queries.clocks(session, opened)[RESPONSE].breached_at is None

    at(on("15:00"))
    assert service.record_breach(session, opened, RESPONSE)
    assert len(recorded("DeadlineBreached")) == 2


def test_the_timers_of_the_process_move_with_the_clock(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]
) -> None:
    opened = ticket()
    timer = select(Timer).join(ProcessInstance).where(ProcessInstance.subject_id == opened.id)
    assert session.scalars(timer).one().due_at == on("17:00", "2026-11-19")

    at(on("11:00"))
    tickets.change_state(session, opened, "waiting_customer", by=None)
    session.expire_all()
    assert session.scalars(timer).one().due_at.year == 9999

    at(on("12:00"))
    tickets.change_state(session, opened, "in_progress", by=None)
    tickets.change_priority(session, opened, "urgent", by=None)
    session.expire_all()
    assert session.scalars(timer).one().due_at == on("10:00", "2026-11-19")


def test_a_timer_at_the_deadline_records_the_breach(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None], recorded: Recorded
) -> None:
    opened = ticket()
    timer = session.scalars(select(Timer).join(ProcessInstance).where(ProcessInstance.subject_id == opened.id)).one()

    at(on("17:00", "2026-11-19"))
    engine.wake(session, timer.id)

    assert [each.payload["kind"] for each in recorded("DeadlineBreached")] == ["resolution"]
    assert queries.clocks(session, opened)[RESOLUTION].mood == "late"


@pytest.mark.parametrize(
    ("moment", "mood", "left"),
    [("10:00", "ok", 120), ("11:29", "ok", 31), ("11:30", "soon", 30), ("12:00", "late", 0), ("12:25", "late", -25)],
)
def test_the_chip_says_how_the_deadline_stands(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None], moment: str, mood: str, left: int
) -> None:
    opened = ticket()

    at(on(moment))

    view = queries.clocks(session, opened)[RESPONSE]
    assert (view.mood, view.working_minutes_left) == (mood, left)


def test_the_last_quarter_of_an_hour_is_soon_whatever_the_warning_share(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]
) -> None:
    opened = ticket()
    service.retarget(session, opened, response_minutes=120, resolution_minutes=960, warn_percent=100)

    at(on("11:50"))

    assert queries.clocks(session, opened)[RESPONSE].mood == "soon"


def test_a_list_of_tickets_asks_the_database_as_often_as_one(session: Session, ticket: Build[Ticket]) -> None:
    opened = [ticket() for _ in range(6)]

    def questions(count: int) -> int:
        session.expire_all()
        asked: list[str] = []

        def listen(*args: Any) -> None:
            asked.append(args[2])

        event.listen(db.engine, "before_cursor_execute", listen)
        queries.clocks_for(session, ids[:count])
        event.remove(db.engine, "before_cursor_execute", listen)
        return len(asked)

    ids = [each.id for each in opened]
    assert questions(1) == questions(6) <= 3
    assert len(queries.clocks_for(session, ids)) == 6


def test_one_ticket_cannot_have_two_live_clocks_of_a_kind(session: Session, ticket: Build[Ticket]) -> None:
    opened = ticket()
    first = queries.latest_clocks(session, opened.id)[RESOLUTION]
    columns = {each.key: getattr(first, each.key) for each in SlaClock.__table__.columns if each.key != "id"}

    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(SlaClock(**columns))


def test_the_stored_clock_equals_its_history_whatever_happens(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: Callable[[datetime], None]
) -> None:
    """Ten lives of forty random events each: the columns always say what the entries say."""
    for seed in range(10):
        chance = random.Random(seed)
        opened, agent, moment = ticket(), person(), on("10:00")
        for _ in range(40):
            moment += timedelta(minutes=chance.choice((0, 3, 50, 400, 2000)))
            at(moment)
            _something(session, opened, agent, chance)
            for clock in session.scalars(select(SlaClock).where(SlaClock.ticket_id == opened.id)):
                assert service.repair(session, clock) == {}


def _something(session: Session, opened: Ticket, agent: Person, chance: random.Random) -> None:
    actions: list[Callable[[], object]] = [
        lambda: tickets.change_state(session, opened, chance.choice(("in_progress", "waiting_customer")), by=agent),
        lambda: tickets.change_priority(session, opened, chance.choice(("low", "normal", "urgent")), by=agent),
        lambda: tickets.reply(session, opened, "Hello", author=agent),
        lambda: tickets.add_customer_message(
            session, opened, author=opened.requester, text="And now?", channel="email"
        ),
        lambda: tickets.resolve(session, opened, by=agent),
        lambda: tickets.reopen(session, opened, by=agent),
        lambda: service.pause(session, opened, "Waiting for a part", by=agent),
        lambda: service.resume(session, opened, by=agent),
        lambda: service.record_breach(session, opened, chance.choice(list(ClockKind))),
        lambda: service.retarget(
            session, opened, response_minutes=chance.randint(1, 600), resolution_minutes=chance.randint(1, 3000)
        ),
    ]
    chance.choice(actions)()


def test_a_clock_that_somebody_spoiled_is_repaired_from_its_history(session: Session, ticket: Build[Ticket]) -> None:
    clock = queries.latest_clocks(session, ticket().id)[RESOLUTION]
    right = clock.due_at
    clock.due_at, clock.counted_seconds = on("09:00"), 4242
    session.flush()

    wrong = service.repair(session, clock)

    assert set(wrong) == {"due_at", "counted_seconds"}
    assert clock.due_at == right
    assert service.repair(session, clock) == {}


def test_entries_are_only_ever_added(session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]) -> None:
    opened = ticket()
    at(on("11:00"))
    service.pause(session, opened, "A part is ordered")
    at(on("10:00"))  # a machine whose clock is behind
    service.resume(session, opened)

    rows = session.scalars(select(ClockEntry).join(SlaClock).where(SlaClock.kind == RESOLUTION).order_by(ClockEntry.id))
    moments = [row.at for row in rows]
    assert moments == sorted(moments)


def test_the_default_calendar_is_made_once(session: Session) -> None:
    assert service.ensure_calendar(session) is service.ensure_calendar(session)
    assert calendars.finder(session)("office").zone.key == "Europe/Bucharest"


def test_reckoning_the_stored_entries_needs_nothing_else(session: Session, ticket: Build[Ticket]) -> None:
    clock = queries.latest_clocks(session, ticket().id)[RESPONSE]

    assert reckon(service.entries_of(clock), calendars.finder(session)).due_at == clock.due_at
