"""What a timer's expression may give, and when it is due then."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.engine import definitions, service
from app.engine.due import NEVER, cycle_value, due_moment
from app.engine.iso_times import Cycle, Span, read_cycle
from app.engine.models import InstanceState, ProcessInstance, Timer
from app.engine.subject import Subject
from app.engine.values import ExpressionError
from app.tickets.models import Ticket
from tests.world import Build

from .conftest import Desk, Thing
from .drawing import FORM, diagram, element, flow, line, path, service_task, timer, user_task

Later = Callable[..., datetime]
BUCHAREST = ZoneInfo("Europe/Bucharest")
NOW = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def start(session: Session, subject: Subject, kind: str, text: str) -> ProcessInstance:
    """A process that waits for one timer."""
    waiting = element("intermediateCatchEvent", "x", timer(kind, text))
    return begun(session, subject, *line(waiting))


def begun(session: Session, subject: Subject, *body: str) -> ProcessInstance:
    definitions.deploy(session, [diagram(*body, top=""), FORM])
    return service.start(session, "p", subject)


def due(session: Session, instance: ProcessInstance) -> dict[str, datetime]:
    rows = session.scalars(select(Timer).where(Timer.instance_id == instance.id))
    return {row.element: row.due_at for row in rows}


def repeating() -> tuple[str, ...]:
    """A task beside which a cycle notes each round; the thing says how often."""
    text = "thing.patience"
    boundary = element("boundaryEvent", "x", timer("timeCycle", text), attachedToRef="work", cancelActivity="false")
    return (
        element("startEvent", "s"),
        user_task("work"),
        boundary,
        service_task("note", "testing.note", text="&quot;round&quot;"),
        element("endEvent", "e"),
        element("endEvent", "noted"),
        path("s", "work", "e"),
        path("x", "note", "noted"),
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T09:00:00+02:00", "2026-11-23T09:00:00+02:00"),
        ("2026-11-23T09:00:00Z", "2026-11-23T09:00:00+00:00"),
        ("2026-11-23T09:00-05:30", "2026-11-23T09:00:00-05:30"),
        # Without an offset: the desk's zone, in winter and in summer.
        ("2026-11-23", "2026-11-23T00:00:00+02:00"),
        ("2026-11-23T09:00", "2026-11-23T09:00:00+02:00"),
        ("2027-07-01T09:00", "2027-07-01T09:00:00+03:00"),
        ("2026-W48-1", "2026-11-23T00:00:00+02:00"),
        ("PT4H", "2026-11-18T12:00:00+00:00"),
        ("+PT4H", "2026-11-18T12:00:00+00:00"),
        ("P1DT0.5H", "2026-11-19T08:30:00+00:00"),
        ("PT0,5H", "2026-11-18T08:30:00+00:00"),
        ("P2W", "2026-12-02T08:00:00+00:00"),
        # Months are the calendar's, at the same time of day on the desk's clock.
        ("P1M", "2026-12-18T10:00:00+02:00"),
        ("P5M", "2027-04-18T10:00:00+03:00"),
        ("P1Y2M3D", "2028-01-21T10:00:00+02:00"),
        # What is over is due at once.
        ("2020-01-01", "2020-01-01T00:00:00+02:00"),
        ("PT0S", "2026-11-18T08:00:00+00:00"),
    ],
)
def test_dates_and_durations_give_a_moment(session: Session, text: str, moment: str) -> None:
    assert due_moment(text, NOW) == at(moment)


def test_the_last_day_of_a_month_stays_one(session: Session) -> None:
    assert due_moment("P1M", at("2027-01-31T09:00:00+02:00")) == at("2027-02-28T09:00:00+02:00")
    assert due_moment("P1Y", at("2028-02-29T09:00:00+02:00")) == at("2029-02-28T09:00:00+02:00")


@pytest.mark.parametrize(
    "text",
    ["-PT1H", "P", "PT", "P1", "1H", "PT1H30", "P1.5DT1H", "P-1D", "P99999999999D", "P9999Y9999M", "P9999999W",
     "PT1H PT1H", "2026-13-01", "2026-11-23T25:00", "tomorrow", "", "R3/PT1H", "0001-01-01", "P1S", "PT1D", "P\u0661D"],
)  # fmt: skip
def test_anything_else_is_refused_with_an_explanation(session: Session, text: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        assert due_moment(text, NOW) is None

    assert len(refused.value.message) < 200


@pytest.mark.parametrize("value", [None, 4, True, ["PT1H"], timedelta(hours=-1), datetime(2026, 11, 23)])  # noqa: DTZ001
def test_a_value_of_another_kind_is_refused(session: Session, value: object) -> None:
    with pytest.raises(ExpressionError):
        due_moment(value, NOW)


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("timeDuration", "-PT1H", "minus sign"),
        ("timeDate", "next monday", "is not a moment"),
        ("timeDuration", 5, "not a number"),
    ],
)
def test_a_wrong_time_stalls_the_instance_at_its_element(
    session: Session, subject: Subject, thing: Thing, kind: str, text: str, reason: str
) -> None:
    thing.patience = text

    instance = start(session, subject, kind, "thing.patience")

    assert (instance.state, instance.stalled_element) == (InstanceState.STALLED, "x")
    assert reason in (instance.stalled_reason or "")


@pytest.mark.parametrize("text", ["R0/PT1H", "R3", "R/PT10S", "R3/PT0S", "R-1/PT1H", "PT1H", 3, "R3/PT1H/PT1H",
                                  "R3/-PT1H", "R3/2026-11-23/2026-11-24", "R3/P1M/2027-01-01"])  # fmt: skip
def test_a_wrong_cycle_stalls_the_instance_at_its_element(
    session: Session, subject: Subject, thing: Thing, text: str
) -> None:
    thing.patience = text

    instance = begun(session, subject, *repeating())

    assert (instance.state, instance.stalled_element) == (InstanceState.STALLED, "x")


def rounds(text: str, *, most: int = 6) -> list[datetime]:
    """When a cycle that begins at NOW fires, each round on time."""
    with clock.frozen(NOW):
        value = cycle_value(text)
    found: list[datetime] = []
    zone = BUCHAREST
    cycle = Cycle(
        value["cycles"],
        datetime.fromisoformat(value.get("first", value["next"])),
        Span(value.get("months", 0), timedelta(seconds=value["duration"])),
        zone,
        value.get("round", 0),
    )
    while cycle.left and len(found) < most:
        found.append(cycle.next_at.astimezone(UTC))
        cycle = cycle.later(1)
    return found


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("R3/PT1H", ["2026-11-18T09:00Z", "2026-11-18T10:00Z", "2026-11-18T11:00Z"]),
        ("R3/2026-11-23T09:00:00+02:00/PT1H", ["2026-11-23T07:00Z", "2026-11-23T08:00Z", "2026-11-23T09:00Z"]),
        ("R2/2026-11-23/P1D", ["2026-11-23T00:00+02:00", "2026-11-24T00:00+02:00"]),
        # Two of the five rounds were over when it began.
        ("R5/2026-11-17T07:00:00Z/P1D", ["2026-11-19T07:00Z", "2026-11-20T07:00Z", "2026-11-21T07:00Z"]),
        ("R2/2020-01-01T07:00:00Z/P1D", []),
        ("R3/PT1H/2026-11-23T18:00:00+02:00", ["2026-11-23T14:00Z", "2026-11-23T15:00Z", "2026-11-23T16:00Z"]),
        ("R/P2D/2026-11-23T10:00:00+02:00", ["2026-11-19T08:00Z", "2026-11-21T08:00Z", "2026-11-23T08:00Z"]),
        ("R4/2027-01-31T09:00:00+02:00/P1M", ["2027-01-31T09:00+02:00", "2027-02-28T09:00+02:00",
                                              "2027-03-31T09:00+03:00", "2027-04-30T09:00+03:00"]),
    ],
)  # fmt: skip
def test_cycles_keep_their_rhythm(session: Session, text: str, moments: list[str]) -> None:
    assert rounds(text) == [at(moment) for moment in moments]


def test_a_cycle_without_a_number_has_no_end(session: Session) -> None:
    assert rounds("R/P1D", most=3) == [NOW + timedelta(days=day) for day in (1, 2, 3)]


def test_a_monthly_cycle_is_kept_and_read_back(desk: Desk, thing: Thing, later: Later) -> None:
    thing.patience = "R3/2027-01-31T09:00:00+02:00/P1M"
    instance = begun(desk.session, desk.subject, *repeating())
    assert desk.timers() == {"x": at("2027-01-31T09:00:00+02:00")}

    later(days=120)
    desk.fire_due()

    # January and February were missed and fire as one; March is due as it always was.
    assert thing.notes == ["round"]
    assert due(desk.session, instance) == {"x": at("2027-03-31T09:00:00+03:00")}


@pytest.mark.parametrize("late_by", [timedelta(0), timedelta(minutes=1), timedelta(hours=3, minutes=20)])
def test_a_late_cycle_fires_once_and_goes_on_in_its_rhythm(
    desk: Desk, thing: Thing, later: Later, late_by: timedelta
) -> None:
    thing.patience = "R/2026-11-18T10:00:00Z/PT1H"
    instance = begun(desk.session, desk.subject, *repeating())
    first = desk.timers()["x"]

    later(hours=2, seconds=late_by.total_seconds())
    desk.fire_due()

    missed = late_by // timedelta(hours=1)
    assert thing.notes == ["round"]
    assert due(desk.session, instance) == {"x": first + timedelta(hours=1 + missed)}


@given(
    minutes=st.integers(1, 100_000),
    months=st.integers(0, 30),
    passed=st.integers(0, 400),
    extra=st.integers(0, 59),
    strictly=st.booleans(),
)
def test_missed_rounds_are_counted_as_if_one_by_one(
    minutes: int, months: int, passed: int, extra: int, strictly: bool
) -> None:
    cycle = Cycle(-1, NOW, Span(months, timedelta(minutes=minutes)), BUCHAREST)
    now = cycle.length.after(NOW, BUCHAREST, passed) + timedelta(seconds=extra)

    counted = cycle.rounds_until(now, strictly=strictly)

    after = cycle.later(counted).next_at
    assert after >= now if strictly else after > now
    if counted:
        before = cycle.later(counted - 1).next_at
        assert before < now if strictly else before <= now


@given(text=st.text(max_size=60) | st.from_regex(r"R\d*/[-+PTYMWDHS0-9:.,Z/]{0,40}", fullmatch=True))
def test_any_text_is_a_cycle_or_refused(text: str) -> None:
    try:
        cycle = read_cycle(text, NOW, BUCHAREST)
    except ExpressionError:
        return
    # Its rounds may go beyond the calendar.
    with suppress(ExpressionError):
        cycle.later(cycle.rounds_until(NOW + timedelta(days=400)))


@given(text=st.text(max_size=60) | st.from_regex(r"[-+P0-9][-+PTYMWDHS0-9:.,Z]{0,40}", fullmatch=True))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    with suppress(ExpressionError):
        assert due_moment(text, NOW) <= NEVER


def test_each_of_several_timers_behind_an_event_gateway_keeps_its_own_time(desk: Desk, later: Later) -> None:
    times = {
        "a": ("timeDuration", '"PT3H"'),
        "b": ("timeDate", '"2026-11-18T09:00:00Z"'),
        "c": ("timeDate", "thing.due"),
    }
    body = [element("startEvent", "s"), element("eventBasedGateway", "g"), path("s", "g")]
    for name, (kind, text) in times.items():
        body += [element("intermediateCatchEvent", name, timer(kind, text)), user_task(f"after_{name}")]
        body += [element("endEvent", f"e_{name}"), path("g", name, f"after_{name}", f"e_{name}")]
    instance = begun(desk.session, desk.subject, *body)
    assert due(desk.session, instance) == {"a": NOW + timedelta(hours=3), "b": NOW + timedelta(hours=1), "c": NEVER}

    later(minutes=90)
    desk.fire_due()

    assert desk.open() == ["after_b"]
    assert desk.timers() == {}


def test_a_moved_deadline_behind_an_event_gateway_leaves_the_other_timers(desk: Desk, thing: Thing) -> None:
    body = [element("startEvent", "s"), element("eventBasedGateway", "g"), path("s", "g")]
    for name, kind, text in (("a", "timeDuration", '"PT3H"'), ("c", "timeDate", "thing.due")):
        body += [element("intermediateCatchEvent", name, timer(kind, text)), element("endEvent", f"e_{name}")]
        body.append(path("g", name, f"e_{name}"))
    begun(desk.session, desk.subject, *body)

    thing.due = NOW + timedelta(hours=1)
    service.refresh(desk.session, desk.subject)

    assert desk.timers() == {"a": NOW + timedelta(hours=3), "c": thing.due}


def test_working_time_and_working_days_are_timers_on_a_ticket(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]
) -> None:
    subject = ticket().process_subject
    # A Friday, two and a half hours before the office closes.
    at(datetime(2026, 11, 20, 15, 30, tzinfo=BUCHAREST))
    body = (
        element("startEvent", "s"),
        element("parallelGateway", "both"),
        *(element("intermediateCatchEvent", name, timer("timeDate", text)) for name, text in WORKING.items()),
        *(element("endEvent", f"e_{name}") for name in WORKING),
        path("s", "both"),
        *(flow("both", name) + flow(name, f"e_{name}") for name in WORKING),
    )

    instance = begun(session, subject, *body)

    found = {name: f"{moment.astimezone(BUCHAREST):%a %H:%M}" for name, moment in due(session, instance).items()}
    assert found == {"hours": "Mon 10:30", "days": "Wed 15:30"}

    at(datetime(2026, 11, 23, 12, 0, tzinfo=BUCHAREST))
    service.wake(session, session.scalars(select(Timer.id).where(Timer.element == "hours")).one())
    assert set(due(session, instance)) == {"days"}


WORKING = {"hours": "working_time(&quot;PT4H&quot;)", "days": "working_days(3)"}
