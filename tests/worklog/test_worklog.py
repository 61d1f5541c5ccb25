"""Work entries: what may be logged, who decides, what is counted, and that corrections stay visible."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.contracts.models import Contract, Customer, HoursEntry
from app.engine import queries as engine
from app.engine.facts import FactScope
from app.engine.operations import Call, get
from app.engine.subject import Subject
from app.errors import Conflict, InvalidInput, NotAllowed
from app.people.models import Person, Role, Team
from app.sla import service as sla
from app.tickets.models import Ticket
from app.worklog import queries, service
from app.worklog.models import WorkEntry, WorkState
from tests.world import Build, Recorded

TODAY = date(2026, 11, 18)


def operate(session: Session, subject: Subject, name: str, **parameters: object) -> Any:
    return get(name).call(Call(session, subject, 1, "element", datetime.now(UTC), None), parameters)


@pytest.fixture
def covered(
    customer: Build[Customer], contract: Build[Contract], contact: Build[Any], ticket: Build[Ticket]
) -> Build[Ticket]:
    """A ticket of a customer with a contract: `covered(included_minutes=600, rounding_minutes=15)`."""

    def build(**details: Any) -> Ticket:
        owner = customer()
        contract(owner, **details)
        return ticket(requester=contact(owner).person)

    return build


def test_logged_work_starts_its_validation(
    session: Session, ticket: Build[Ticket], person: Build[Person], recorded: Recorded
) -> None:
    entry = service.log_work(session, ticket(), author=person(), minutes=45, note="Changed the toner")

    assert (entry.state, entry.worked_on, entry.billed_minutes) == (WorkState.SUBMITTED, TODAY, 45)
    (instance,) = engine.instances_of(session, Subject("work_entry", entry.id))
    assert instance.definition.key == "work_validation"
    assert len(recorded("WorkSubmitted")) == 1


@pytest.mark.parametrize(
    ("work", "field"),
    [
        ({"minutes": 0}, "minutes"),
        ({"minutes": -5}, "minutes"),
        ({"minutes": 1441}, "minutes"),
        ({"minutes": 800, "travel_minutes": 700}, "travel_minutes"),
        ({"minutes": 5, "travel_minutes": -1}, "travel_minutes"),
        ({"minutes": 5, "travel_km": -1}, "travel_km"),
        ({"minutes": 5, "travel_km": 40_000}, "travel_km"),
        ({"minutes": 5, "kind": "telepathy"}, "kind"),
        ({"minutes": 5, "worked_on": TODAY + timedelta(days=1)}, "worked_on"),
        ({"minutes": 5, "worked_on": TODAY - timedelta(days=31)}, "worked_on"),
        ({"minutes": 5, "started_at": datetime(2026, 11, 18, 8, 1, tzinfo=UTC)}, "started_at"),
        (
            {"minutes": 5, "worked_on": TODAY, "started_at": datetime(2026, 11, 17, 8, 0, tzinfo=UTC)},
            "started_at",
        ),
    ],
)
def test_work_that_cannot_be_is_refused_at_its_field(
    session: Session, ticket: Build[Ticket], person: Build[Person], work: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.log_work(session, ticket(), author=person(), **work)

    assert set(refused.value.errors) == {field}


@pytest.mark.parametrize(
    "work",
    [
        {"minutes": 1440},
        {"minutes": 0, "travel_minutes": 40, "travel_km": 62},
        {"minutes": 30, "worked_on": TODAY - timedelta(days=30)},
    ],
)
def test_work_at_the_edges_is_accepted(
    session: Session, ticket: Build[Ticket], person: Build[Person], work: dict[str, Any]
) -> None:
    assert service.log_work(session, ticket(), author=person(), **work).state == WorkState.SUBMITTED


def test_the_day_of_work_is_the_desks_day_not_utcs(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    """Half past midnight in Bucharest is the evening before in UTC."""
    started = datetime(2026, 11, 16, 22, 30, tzinfo=UTC)

    assert service.log_work(session, ticket(), author=person(), minutes=5, started_at=started).worked_on == date(
        2026, 11, 17
    )


def test_customers_log_no_work(session: Session, ticket: Build[Ticket]) -> None:
    opened = ticket()

    with pytest.raises(InvalidInput):
        service.log_work(session, opened, author=opened.requester, minutes=5)


def test_approved_work_is_counted_once_as_the_contract_rounds_it(
    session: Session, covered: Build[Ticket], person: Build[Person], recorded: Recorded
) -> None:
    entry = service.log_work(session, covered(rounding_minutes=15), author=person(), minutes=50)
    approver = person(roles=[Role.APPROVER])

    for _ in range(2):
        service.approve(session, entry, by=approver, reason="Fine")

    (hours,) = session.scalars(select(HoursEntry)).all()
    assert (hours.minutes, hours.source, hours.on_date) == (60, f"work_entry:{entry.id}", TODAY)
    assert (entry.minutes, entry.billed_minutes, entry.decided_by_id) == (50, 60, approver.id)
    assert len(recorded("WorkApproved")) == 1


def test_work_that_is_not_billable_takes_no_hours(
    session: Session, covered: Build[Ticket], person: Build[Person]
) -> None:
    entry = service.log_work(session, covered(included_minutes=600), author=person(), minutes=50, billable=False)

    service.approve(session, entry, by=None)

    assert session.scalars(select(HoursEntry)).all() == []
    assert entry.state == WorkState.APPROVED


def test_nobody_approves_or_rejects_their_own_work(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    boss = person(roles=[Role.AGENT, Role.APPROVER, Role.MANAGER])
    entry = service.log_work(session, ticket(), author=boss, minutes=50)

    with pytest.raises(NotAllowed):
        service.approve(session, entry, by=boss)
    with pytest.raises(NotAllowed):
        service.reject(session, entry, by=boss, reason="Hm")
    assert entry.state == WorkState.SUBMITTED


def test_rejected_work_needs_a_reason_and_a_correction(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    author, approver = person(), person(roles=[Role.APPROVER])
    entry = service.log_work(session, ticket(), author=author, minutes=500)
    with pytest.raises(InvalidInput):
        service.reject(session, entry, by=approver, reason="  ")

    service.reject(session, entry, by=approver, reason="Were you there all day?")
    with pytest.raises(Conflict):
        service.approve(session, entry, by=approver)
    service.correct(session, entry, by=author, minutes=50, reason="One zero too many")
    service.approve(session, entry, by=approver)

    assert (entry.state, entry.minutes) == (WorkState.APPROVED, 50)
    (change,) = entry.changes
    assert (change.previous, change.by_id, change.reason) == ({"minutes": 500}, author.id, "One zero too many")


def test_every_correction_stays_readable(session: Session, ticket: Build[Ticket], person: Build[Person]) -> None:
    author = person()
    entry = service.log_work(session, ticket(), author=author, minutes=30, note="Toner")

    service.correct(session, entry, by=author, worked_on=TODAY - timedelta(days=1), note="Toner and drum")
    service.correct(session, entry, by=author, minutes=30)
    service.correct(session, entry, by=author, minutes=40, billable=False)

    assert [change.previous for change in entry.changes] == [
        {"worked_on": "2026-11-18", "note": "Toner"},
        {"minutes": 30, "billable": True},
    ]


def test_only_the_author_corrects(session: Session, ticket: Build[Ticket], person: Build[Person]) -> None:
    entry = service.log_work(session, ticket(), author=person(), minutes=30)

    with pytest.raises(NotAllowed):
        service.correct(session, entry, by=person(), minutes=10)


def test_a_correction_keeps_to_the_rules_but_may_keep_an_old_day(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    author = person()
    entry = service.log_work(session, ticket(), author=author, minutes=30)
    entry.worked_on = TODAY - timedelta(days=90)

    service.correct(session, entry, by=author, minutes=20)
    with pytest.raises(InvalidInput):
        service.correct(session, entry, by=author, worked_on=TODAY - timedelta(days=120))
    with pytest.raises(InvalidInput):
        service.correct(session, entry, by=author, minutes=0)

    assert entry.minutes == 20


def test_approved_work_is_locked(session: Session, ticket: Build[Ticket], person: Build[Person]) -> None:
    author = person()
    entry = service.log_work(session, ticket(), author=author, minutes=30)
    service.approve(session, entry, by=None, reason="below the limit")

    with pytest.raises(Conflict):
        service.correct(session, entry, by=author, minutes=10)
    with pytest.raises(Conflict):
        service.withdraw(session, entry, by=author)
    with pytest.raises(Conflict):
        service.reject(session, entry, by=None, reason="Too late")


def test_withdrawn_work_counts_for_nothing(session: Session, ticket: Build[Ticket], person: Build[Person]) -> None:
    opened, author = ticket(), person()
    kept = service.log_work(session, opened, author=author, minutes=30, travel_minutes=20, travel_km=18)
    entry = service.log_work(session, opened, author=author, minutes=60)

    service.withdraw(session, entry, by=author)

    assert queries.totals(session, opened) == queries.Totals(30, 30, 20, 18)
    assert [each.id for each in queries.of_ticket(session, opened)] == [kept.id, entry.id]
    with pytest.raises(Conflict):
        service.approve(session, entry, by=None)


def test_the_database_refuses_an_empty_entry(session: Session, ticket: Build[Ticket], person: Build[Person]) -> None:
    entry = service.log_work(session, ticket(), author=person(), minutes=30)

    entry.minutes = 0

    with pytest.raises(IntegrityError), session.begin_nested():
        session.flush()


def test_facts_tell_the_table_what_it_asks(
    session: Session, covered: Build[Ticket], person: Build[Person], team: Build[Team]
) -> None:
    field = team("field")
    author = person(teams=[field])
    opened = covered(included_minutes=60, rounding_minutes=30)
    entry = service.log_work(
        session, opened, author=author, minutes=61, travel_minutes=90, worked_on=TODAY - timedelta(days=4)
    )

    facts = FactScope(session, Subject("work_entry", entry.id))

    told = facts["work"]
    assert (told["author"], told["minutes"], told["billed_minutes"]) == (author.id, 61, 90)
    assert (told["days_back"], told["over_budget"], told["team"]) == (4, True, "field")
    assert facts["ticket"]["number"] == opened.number
    sla.ensure_calendar(session)
    assert facts["sla"]["resolution_state"] is None


def test_work_within_the_contract_is_not_over_budget(
    session: Session, covered: Build[Ticket], person: Build[Person]
) -> None:
    entry = service.log_work(session, covered(included_minutes=60), author=person(), minutes=60)

    assert FactScope(session, Subject("work_entry", entry.id))["work"]["over_budget"] is False


def test_the_form_of_an_agent_logs_work_only_when_it_took_time(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    opened, author = ticket(), person()
    empty = operate(session, opened.process_subject, "work.log", author=author.id, minutes=0, kind=None, note=None)
    assert empty == {"work_entry": None}

    form = {"minutes": 25, "kind": "phone", "billable": True, "travel_minutes": None, "travel_km": None, "note": "Call"}
    logged = operate(session, opened.process_subject, "work.log", author=author.id, **form)

    entry = queries.get(session, logged["work_entry"])
    assert (entry.minutes, entry.kind, entry.note, entry.author_id) == (25, "phone", "Call", author.id)


def test_operations_take_an_entry_through_rejection_to_approval(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    author, approver = person(), person(roles=[Role.APPROVER])
    entry = service.log_work(session, ticket(), author=author, minutes=500)
    subject = Subject("work_entry", entry.id)

    operate(session, subject, "work.reject", by=approver.id, reason="Too long")
    correction = {"minutes": 50, "travel_minutes": 0, "travel_km": 0, "note": None}
    operate(session, subject, "work.correct", by=author.id, **correction)
    operate(session, subject, "work.approve", by=approver.id, reason="")

    assert _row(entry) == (WorkState.APPROVED, 50, None)


def _row(entry: WorkEntry) -> tuple[str, int, str | None]:
    return entry.state, entry.minutes, entry.decision_reason
