"""What diagrams read about deadlines, and the decision table asked outside a diagram."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from app.engine import decisions, definitions
from app.engine.facts import FactScope
from app.engine.operations import Call, get
from app.engine.values import ExpressionError
from app.errors import InvalidInput, NotFound
from app.sla import queries, service
from app.sla.models import ClockKind, ClockState
from app.tickets import service as tickets
from app.tickets.models import Ticket
from tests.sla.conftest import DIAGRAMS
from tests.world import Build

BUCHAREST = ZoneInfo("Europe/Bucharest")
pytestmark = pytest.mark.usefixtures("deadlines")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BUCHAREST).astimezone(UTC)


def operate(session: Session, ticket: Ticket, name: str, **parameters: object) -> object:
    call = Call(session, ticket.process_subject, 1, "element", datetime.now(UTC), None)
    return get(name).call(call, parameters)


def test_running_clocks_give_their_moments_and_all_others_never(session: Session, ticket: Build[Ticket]) -> None:
    opened = ticket()
    facts = FactScope(session, opened.process_subject)
    assert facts["sla"]["response_due"] == local("2026-11-18 12:00")
    assert facts["sla"]["resolution_warn"] == local("2026-11-19 13:00")

    service.pause(session, opened, "A part is ordered")
    facts.drop()

    assert facts["sla"]["resolution_due"].isoformat() == "9999-12-31T00:00:00+00:00"
    assert facts["sla"]["resolution_state"] == "paused"


def test_a_ticket_without_clocks_never_comes_due(session: Session, ticket: Build[Ticket]) -> None:
    facts = FactScope(session, ticket(priority="low").process_subject)

    assert {facts["sla"][name].year for name in ("response_due", "response_warn", "resolution_due")} == {9999}


def test_working_time_counts_on_the_calendar_of_the_ticket(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]
) -> None:
    functions = FactScope(session, ticket().process_subject).functions
    at(local("2026-11-27 16:00"))

    assert functions["working_time"]("PT4H") == local("2026-12-02 11:00")
    assert functions["working_time"](timedelta(hours=1)) == local("2026-11-27 17:00")
    assert functions["working_days"](1) == local("2026-12-02 16:00")


@pytest.mark.parametrize("days", [-1, "3", True, 10**9, 1.5])
def test_working_days_must_be_a_sensible_whole_number(session: Session, ticket: Build[Ticket], days: object) -> None:
    functions = FactScope(session, ticket().process_subject).functions

    with pytest.raises(ExpressionError):
        functions["working_days"](days)


def test_operations_pause_resume_and_record(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]
) -> None:
    opened = ticket()
    operate(session, opened, "sla.pause", reason="A part is ordered")
    assert queries.clocks(session, opened)[ClockKind.RESOLUTION].state is ClockState.PAUSED
    operate(session, opened, "sla.resume")
    assert queries.clocks(session, opened)[ClockKind.RESOLUTION].state is ClockState.RUNNING

    at(local("2026-11-18 12:00"))

    assert operate(session, opened, "sla.record_breach", kind="response") == {"recorded": True}
    assert operate(session, opened, "sla.record_breach", kind="response") == {"recorded": False}


def test_starting_the_clocks_again_changes_nothing(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]
) -> None:
    """A step that is retried calls the operation twice."""
    opened = ticket()
    before = queries.clocks(session, opened)
    at(local("2026-11-18 11:00"))

    operate(session, opened, "sla.start_clocks", response_minutes=120, resolution_minutes=960, warn_percent=75)

    after = queries.clocks(session, opened)
    assert {kind: (view.id, view.due_at) for kind, view in after.items()} == {
        kind: (view.id, view.due_at) for kind, view in before.items()
    }


@pytest.mark.parametrize(
    "parameters", [{"response_minutes": 0}, {"warn_percent": 101}, {"resolution_minutes": "soon"}, {"minutes": 5}]
)
def test_targets_that_make_no_sense_are_refused(
    session: Session, ticket: Build[Ticket], parameters: dict[str, object]
) -> None:
    with pytest.raises(InvalidInput):
        operate(session, ticket(), "sla.start_clocks", **parameters)


def test_a_decision_can_be_asked_outside_a_diagram(session: Session, ticket: Build[Ticket]) -> None:
    answer = decisions.decide(session, "service_level", ticket(priority="urgent").process_subject)

    assert answer == {"response_minutes": 60, "resolution_minutes": 480, "warn_percent": 75}


def test_the_newest_version_of_a_table_answers(session: Session, ticket: Build[Ticket]) -> None:
    opened = ticket()
    file = definitions.source_file(DIAGRAMS / "service-level.dmn")
    changed = definitions.SourceFile("dmn", file.name, file.content.replace(b">120<", b">90<"))

    definitions.deploy(session, [changed])

    assert decisions.decide(session, "service_level", opened.process_subject)["response_minutes"] == 90


def test_a_table_nobody_uses_is_not_found(session: Session, ticket: Build[Ticket]) -> None:
    with pytest.raises(NotFound, match="no_such_table"):
        decisions.decide(session, "no_such_table", ticket().process_subject)


def test_a_desk_without_the_table_has_no_deadlines_and_loses_no_mail(session: Session, ticket: Build[Ticket]) -> None:
    opened, definition = ticket(priority="low"), definitions.current(session, "ticket_lifecycle")
    assert definition is not None
    definition.files = [file for file in definition.files if file.kind != "dmn"]

    message = tickets.add_customer_message(
        session, opened, author=opened.requester, text="Anybody there?", channel="email"
    )

    assert message.ticket is opened
    assert queries.clocks(session, opened) == {}
