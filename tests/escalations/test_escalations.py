"""Escalations: one at a time, to whoever is best and least busy, decided by somebody else, with a way back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.engine import queries as engine
from app.engine.facts import FactScope
from app.engine.operations import Call, get
from app.engine.subject import Subject
from app.errors import Conflict, InvalidInput, NotAllowed
from app.escalations import queries, service
from app.escalations.models import Escalation, EscalationState
from app.people import service as people
from app.people.models import Person, Role, Team
from app.tickets import queries as ticket_queries
from app.tickets import service as tickets
from app.tickets.models import Message, MessageKind, Ticket
from tests.world import Build, Recorded

Ask = Callable[..., Escalation]


def operate(session: Session, subject: Subject, name: str, by_id: int | None = None, **parameters: object) -> Any:
    return get(name).call(Call(session, subject, 1, "element", datetime.now(UTC), by_id), parameters)


@pytest.fixture
def opened(ticket: Build[Ticket], team: Build[Team], person: Build[Person]) -> Ticket:
    """A ticket of the first line, in somebody's hands."""
    first_line = team("first_line")
    holder = person("Radu", teams=[first_line])
    return ticket(team=first_line, assignee=holder)


@pytest.fixture
def ask(session: Session, opened: Ticket) -> Ask:
    """The holder of the ticket asks for an escalation."""

    def build(**details: Any) -> Escalation:
        details.setdefault("reason", "It needs a network engineer")
        return service.request(session, opened, by=opened.assignee, **details)

    return build


@pytest.fixture
def skilled(session: Session, person: Build[Person]) -> Callable[..., Person]:
    """Somebody with a level of the skill "network"."""
    people.add_skill(session, key="network", name="Networks")

    def build(name: str, level: int, **details: Any) -> Person:
        someone = person(name, **details)
        people.give_skill(session, someone, "network", level)
        return someone

    return build


@pytest.fixture
def approver(person: Build[Person]) -> Person:
    return person("Elena", roles=[Role.APPROVER, Role.TEAM_LEAD])


def notes(session: Session, ticket: Ticket) -> list[str]:
    told = ticket_queries.conversation(session, ticket, for_customer=False)
    return [message.text for message in told if message.kind == MessageKind.NOTE]


def test_asking_starts_the_diagram_and_marks_the_ticket(
    session: Session, opened: Ticket, ask: Ask, recorded: Recorded
) -> None:
    asked = ask()

    (instance,) = engine.instances_of(session, Subject("escalation", asked.id))
    assert instance.definition.key == "escalation"
    assert opened.state_key == "escalated"
    assert (asked.from_team_id, asked.from_person_id) == (opened.team_id, opened.assignee_id)
    assert len(recorded("EscalationRequested")) == 1


def test_customers_never_read_of_an_escalation(session: Session, opened: Ticket, ask: Ask) -> None:
    ask(reason="The customer is difficult")

    told = ticket_queries.conversation(session, opened, for_customer=True)
    assert not any("difficult" in message.text for message in told)


def test_a_second_request_is_told_that_one_is_open(ask: Ask) -> None:
    ask()

    with pytest.raises(Conflict):
        ask()


def test_a_deadline_that_asks_again_gets_the_open_escalation(session: Session, opened: Ticket, ask: Ask) -> None:
    asked = ask()

    assert service.request(session, opened, reason="overdue", kind="overdue") is asked


def test_an_overdue_ticket_goes_on_being_worked_on_meanwhile(session: Session, opened: Ticket) -> None:
    before = opened.state_key

    service.request(session, opened, reason="overdue", kind="overdue")

    assert opened.state_key == before


def test_the_database_holds_one_open_escalation_per_ticket(session: Session, ask: Ask) -> None:
    asked = ask()
    columns = {each.key: getattr(asked, each.key) for each in Escalation.__table__.columns if each.key != "id"}

    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(Escalation(**columns))


@pytest.mark.parametrize(
    ("details", "field"), [({"reason": " "}, "reason"), ({"skill": "juggling"}, "skill")], ids=["reason", "skill"]
)
def test_an_escalation_needs_a_reason_and_a_known_skill(ask: Ask, details: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask(**details)

    assert set(refused.value.errors) == {field}


def test_a_resolved_ticket_is_not_escalated(session: Session, opened: Ticket, ask: Ask) -> None:
    tickets.resolve(session, opened, by=None)

    with pytest.raises(Conflict):
        ask()


def test_the_best_level_wins_whatever_their_load(
    session: Session, ask: Ask, skilled: Callable[..., Person], team: Build[Team], ticket: Build[Ticket]
) -> None:
    network = team("network")
    best = skilled("Best", 5, teams=[network])
    skilled("Idle", 4, teams=[network])
    for _ in range(3):
        ticket(team=network, assignee=best)
    asked = ask()

    service.choose_target(session, asked, team=None, skill="network")

    assert (asked.to_person_id, asked.to_team_id) == (best.id, network.id)


def test_among_equals_the_fewest_open_tickets_win(
    session: Session, ask: Ask, skilled: Callable[..., Person], team: Build[Team], ticket: Build[Ticket]
) -> None:
    network = team("network")
    busy, idle = (skilled(name, 4, teams=[network]) for name in ("Busy", "Idle"))
    ticket(team=network, assignee=busy)
    for _ in range(3):
        tickets.resolve(session, ticket(team=network, assignee=idle), by=None)
    asked = ask()

    service.choose_target(session, asked, team=None, skill="network")

    assert asked.to_person_id == idle.id


def test_neither_the_asker_nor_somebody_inactive_nor_a_customer_is_chosen(
    session: Session, opened: Ticket, ask: Ask, skilled: Callable[..., Person], team: Build[Team]
) -> None:
    assert opened.assignee is not None
    network = team("network")
    gone = skilled("Gone", 5, teams=[network])
    people.deactivate(session, gone, by=None)
    skilled("Analyst", 5, roles=[Role.ANALYST])
    right = skilled("Right", 1, teams=[network])
    people.give_skill(session, opened.assignee, "network", 5)
    asked = ask()

    service.choose_target(session, asked, team=None, skill="network")

    assert asked.to_person_id == right.id


def test_the_named_team_stands_in_when_nobody_has_the_skill(
    session: Session, ask: Ask, skilled: Callable[..., Person], team: Build[Team]
) -> None:
    asked = ask()

    service.choose_target(session, asked, team=team("second_line"), skill="network")

    assert (asked.to_person_id, asked.to_team_id) == (None, team("second_line").id)


def test_without_skill_and_team_it_stays_in_the_team(session: Session, opened: Ticket, ask: Ask) -> None:
    asked = ask()

    service.choose_target(session, asked, team=None, skill=None)

    assert asked.to_team_id == opened.team_id


def test_accepting_moves_the_ticket_to_the_receiver(
    session: Session, opened: Ticket, ask: Ask, approver: Person, skilled: Callable[..., Person], team: Build[Team]
) -> None:
    network = team("network")
    receiver = skilled("Ioana", 4, teams=[network])
    asked = ask(skill="network")
    service.choose_target(session, asked, team=None, skill=None)
    service.approve(session, asked, by=approver, reason="Yes")

    service.accept(session, asked, by=receiver)

    assert (opened.team, opened.assignee, opened.state_key) == (network, receiver, "in_progress")
    assert (asked.state, asked.accepted_by_id, asked.ended_at is not None) == ("accepted", receiver.id, True)


def test_a_refusal_returns_the_ticket_with_the_reason_as_a_note(
    session: Session, opened: Ticket, ask: Ask, approver: Person
) -> None:
    holder, asked = opened.assignee, ask()

    service.refuse(session, asked, by=approver, reason="Restart it first.")

    assert (opened.assignee, opened.state_key) == (holder, "in_progress")
    assert notes(session, opened) == ["Restart it first."]
    assert queries.open_escalation(session, opened.id) is None


def test_a_receiver_may_decline_with_a_reason(
    session: Session, opened: Ticket, ask: Ask, approver: Person, person: Build[Person]
) -> None:
    asked = ask()
    service.approve(session, asked, by=approver)
    with pytest.raises(InvalidInput):
        service.decline(session, asked, by=person(), reason="")

    service.decline(session, asked, by=person(), reason="We have no spare part.")

    assert (asked.state, asked.decided_by_id) == (EscalationState.DECLINED, approver.id)
    assert notes(session, opened) == ["We have no spare part."]


def test_nobody_decides_on_their_own_escalation(session: Session, opened: Ticket, ask: Ask) -> None:
    asked = ask()

    for decide in (service.approve, service.refuse):
        with pytest.raises(NotAllowed):
            decide(session, asked, by=opened.assignee, reason="Because")
    assert asked.state == EscalationState.ASKED


def test_a_step_that_is_run_again_changes_nothing(
    session: Session, ask: Ask, approver: Person, recorded: Recorded
) -> None:
    asked = ask()

    for _ in range(2):
        service.approve(session, asked, by=approver)
    for _ in range(2):
        service.accept(session, asked, by=None)

    assert [each.payload["state"] for each in recorded("EscalationDecided")] == ["approved", "accepted"]


def test_an_escalation_that_is_over_cannot_be_decided(session: Session, ask: Ask, approver: Person) -> None:
    asked = ask()
    service.refuse(session, asked, by=approver, reason="No")

    with pytest.raises(Conflict):
        service.approve(session, asked, by=approver)
    with pytest.raises(Conflict):
        service.accept(session, asked, by=approver)


@pytest.mark.parametrize("end", [tickets.resolve, tickets.close])
def test_a_ticket_whose_work_is_over_ends_its_escalation_and_the_diagram(
    session: Session, opened: Ticket, ask: Ask, end: Callable[..., None]
) -> None:
    asked = ask()

    end(session, opened, by=None)

    assert asked.state == EscalationState.CANCELLED
    (instance,) = engine.instances_of(session, Subject("escalation", asked.id))
    assert instance.state == "cancelled"


def test_a_ticket_can_be_escalated_again_after_a_refusal(
    session: Session, opened: Ticket, ask: Ask, approver: Person
) -> None:
    service.refuse(session, ask(), by=approver, reason="Not yet")

    assert ask().is_open
    assert len(queries.of_ticket(session, opened)) == 2


def test_facts_name_teams_and_people(
    session: Session, opened: Ticket, ask: Ask, skilled: Callable[..., Person], team: Build[Team]
) -> None:
    receiver = skilled("Ioana", 4, teams=[team("network")])
    asked = ask(skill="network")
    service.choose_target(session, asked, team=None, skill=None)

    facts = FactScope(session, Subject("escalation", asked.id))

    told = facts["escalation"]
    assert (told["kind"], told["from_team"], told["to_team"]) == ("asked", "first_line", "network")
    assert (told["to_person"], told["asked_by"]) == (receiver.id, opened.assignee_id)
    assert told["ticket_id"] == opened.id == facts["ticket"]["id"]


def test_the_operations_carry_an_escalation_to_its_end(
    session: Session, opened: Ticket, approver: Person, team: Build[Team], person: Build[Person]
) -> None:
    holder, receiver = opened.assignee_id, person(teams=[team("second_line")])
    made = operate(session, opened.process_subject, "escalation.request", holder, reason="Help", kind="asked", skill="")
    subject = Subject("escalation", made["escalation"])

    operate(session, subject, "escalation.choose_target", team="second_line", skill=None)
    operate(session, subject, "escalation.approve", by=approver.id, reason="")
    operate(session, subject, "escalation.accept", by=receiver.id)
    operate(session, subject, "escalation.report_back")

    ended = queries.get(session, subject.id)
    assert (ended.state, ended.asked_by_id) == (EscalationState.ACCEPTED, holder)
    assert opened.assignee is receiver


def test_the_operation_joins_an_open_escalation_and_keeps_the_second_reason(
    session: Session, opened: Ticket, ask: Ask
) -> None:
    """A process must not stall because a deadline escalated a moment before the agent did."""
    asked = ask()

    made = operate(session, opened.process_subject, "escalation.request", opened.assignee_id, reason="And it smokes")

    assert made == {"escalation": asked.id}
    assert notes(session, opened) == ["And it smokes"]


def test_a_deadline_does_not_escalate_a_resolved_ticket(session: Session, opened: Ticket) -> None:
    tickets.resolve(session, opened, by=None)

    made = operate(session, opened.process_subject, "escalation.request", reason="overdue", kind="overdue")

    assert made == {"escalation": None}
    assert session.scalars(select(Escalation)).all() == []


def test_system_lines_are_written_for_staff_in_their_language(session: Session, opened: Ticket, ask: Ask) -> None:
    ask(reason="Fum")

    line = session.scalars(select(Message).where(Message.line_key == "escalation_asked")).one()
    assert (line.text, line.is_public) == ("Escalation asked for: Fum", False)
