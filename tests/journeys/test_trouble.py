"""What goes wrong in a desk's life, and that nothing is lost by it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.engine.models import HistoryEntry, ProcessDefinition, ProcessInstance
from app.mail.models import OutgoingMail, ReceivedMail
from app.people.models import Person
from app.tasklist.models import Draft
from app.tickets.models import Ticket
from app.worklog.models import WorkEntry
from tests.journeys.company import ADMIN, ANA, DAN, LIA, VERA
from tests.journeys.hands import HttpHands
from tests.journeys.living_desk import LivingDesk
from tests.running.desk import ROOT, StartedDesk

pytestmark = [pytest.mark.processes, pytest.mark.parametrize("desk", ["sqlite"], indirect=True)]

MALFORMED = ROOT / "tests" / "mail" / "corpus" / "deep_nesting.eml"
LIFECYCLE = ROOT / "processes" / "ticket-lifecycle.bpmn"


def opened(desk: LivingDesk, customer: str, about: str) -> str:
    """The number of a request that came by mail."""
    subject = f"{about}, says {customer}"
    desk.sends_mail(customer, subject, "Please look.")
    return desk.ticket_about(subject)


def test_a_malformed_mail_is_kept_listed_and_can_be_read_again(desk: LivingDesk) -> None:
    desk.sends_bytes("somebody@elsewhere.example", MALFORMED.read_bytes())

    def failed(session: Session) -> ReceivedMail | None:
        return session.scalar(select(ReceivedMail).where(ReceivedMail.state == "failed"))

    mail = desk.eventually(failed, "the mail is found unreadable")
    admin = HttpHands(desk, ADMIN)
    listed = admin.get("/settings/received-mail?state=failed").text
    assert f"/settings/received-mail/{mail.id}" in listed
    assert "levels of parts" in listed
    source = admin.get(f"/settings/received-mail/{mail.id}/source").text
    assert source.splitlines() == MALFORMED.read_text().splitlines()

    admin.get(f"/settings/received-mail/{mail.id}")
    assert admin.post(f"/settings/received-mail/{mail.id}/retry").status == 200
    again = desk.eventually(failed, "the mail was read again")
    assert (again.id, again.ticket_id) == (mail.id, None)


def test_of_two_people_who_take_a_request_over_the_second_is_told_who_has_it(desk: LivingDesk, customer: str) -> None:
    number = opened(desk, customer, "Two hands for this")
    ana, dan = HttpHands(desk, ANA), HttpHands(desk, DAN)
    task = desk.task(number, "take_over")
    ana.get(f"/tasks/{task}")
    dan.get(f"/tasks/{task}")

    assert ana.post(f"/tasks/{task}/complete", outcome="mine").status == 200
    second = dan.post(f"/tasks/{task}/complete", outcome="mine", person="")

    assert second.status == 409
    assert "Ana completed" in second.text
    assert f"/tickets/{number}" in second.text
    assert desk.read(lambda session: holder(session, number)) == "Ana"


def test_of_two_people_who_decide_about_work_the_second_is_told_and_keeps_the_text(
    desk: LivingDesk, customer: str
) -> None:
    number = opened(desk, customer, "Two who approve this")
    ana, vera, lia = HttpHands(desk, ANA), HttpHands(desk, VERA), HttpHands(desk, LIA)
    ana.takes_over(number)
    ana.works(number, outcome="answer", reply="It was the cable.", minutes="1:20")
    entry_id = desk.eventually(lambda session: entry_of(session, number), "the work waits for approval")
    task = desk.task_of("work_entry", entry_id, "approve_work")
    vera.get(f"/tasks/{task}")
    lia.get(f"/tasks/{task}")

    assert vera.post(f"/tasks/{task}/complete", outcome="approve", reason="").status == 200
    second = lia.post(f"/tasks/{task}/complete", outcome="reject", reason="Which cable was it?")

    assert second.status == 409
    assert "Vera completed" in second.text
    assert f"/tickets/{number}" in second.text
    assert "kept as a draft" in second.text
    assert "Which cable was it?" in second.text
    kept = desk.read(lambda session: list(session.scalars(select(Draft))))
    assert "Which cable was it?" in [draft.values.get("reason") for draft in kept]
    assert desk.read(lambda session: session.get_one(WorkEntry, entry_id).state) == "approved"


def entry_of(session: Session, number: str) -> int | None:
    """The id of the work that was done on a ticket."""
    found = select(WorkEntry.id).join(Ticket, Ticket.id == WorkEntry.ticket_id)
    return session.scalar(found.where(Ticket.number == number))


def holder(session: Session, number: str) -> str | None:
    """The name of whoever has a ticket."""
    found = select(Person.name).join(Ticket, Ticket.assignee_id == Person.id).where(Ticket.number == number)
    return session.scalar(found)


def test_a_mail_server_that_is_away_delays_mail_and_loses_none(desk: LivingDesk, customer: str) -> None:
    desk.comes_to_rest()
    desk.mail_host.switch_off()
    number = opened(desk, customer, "The mail server sleeps")

    def waiting(session: Session) -> OutgoingMail | None:
        found = select(OutgoingMail).join(Ticket, Ticket.id == OutgoingMail.ticket_id)
        mine = found.where(Ticket.number == number, OutgoingMail.to_address == customer, OutgoingMail.attempts > 0)
        return session.scalar(mine.where(OutgoingMail.state == "queued", OutgoingMail.last_error != ""))

    mail = desk.eventually(waiting, "the notice could not be sent")
    assert mail.next_attempt_at is not None
    assert 15 < (mail.next_attempt_at - clock.real_now()).total_seconds() < 40
    shown = HttpHands(desk, ADMIN).get(f"/settings/outgoing-mail/{mail.id}").text
    assert "did not answer" in shown

    desk.mail_host.switch_on()
    desk.leases_end()
    desk.mail_to(customer, number, "We have your request")
    desk.comes_to_rest()
    desk.nothing_was_doubled(number)


@pytest.mark.parametrize("trouble", [signal.SIGSTOP, signal.SIGKILL], ids=["hangs", "dies"])
def test_without_the_queue_the_desk_answers_and_the_work_is_done_later(
    desk: LivingDesk, customer: str, trouble: signal.Signals
) -> None:
    """A queue that hangs is worse than one that is gone: everybody who speaks to it waits."""
    contact, agent = HttpHands(desk, customer), HttpHands(desk, ANA)
    subject = f"No queue ({trouble.name})"
    contact.get("/portal/new")
    queue = desk.started.roles()["queue"]
    os.kill(queue, trouble)
    try:
        asked = contact.post(
            "/portal/new", _type="incident", _subject=subject, _text="Still there?", _hindrance="little"
        )
        assert asked.status == 200
        number = desk.ticket_about(subject)
        agent.takes_over(number)
        agent.works(number, outcome="answer", reply="We are here.")
    finally:
        if trouble == signal.SIGSTOP:
            os.kill(queue, signal.SIGCONT)
    desk.leases_end()

    desk.mail_to(customer, number, "We are here.")
    desk.comes_to_rest()
    desk.nothing_was_doubled(number)


def test_an_edited_diagram_is_used_by_new_tickets_and_running_ones_finish_on_theirs(
    desk: LivingDesk, customer: str, tmp_path: Path
) -> None:
    agent, contact = HttpHands(desk, ANA), HttpHands(desk, customer)
    before = opened(desk, customer, "Begun on the old diagram")
    agent.takes_over(before)
    edited = tmp_path / "edited.bpmn"
    edited.write_text(LIFECYCLE.read_text().replace('name="Work on the request"', 'name="Look into the request"'))

    deployed = desk.command("processes", "deploy", str(edited))
    assert deployed.returncode == 0, deployed.stderr
    assert "ticket_lifecycle: version 2 is in use" in deployed.stdout

    after = opened(desk, customer, "Begun on the new diagram")
    agent.takes_over(after)
    assert "Look into the request" in agent.get(f"/tasks/{desk.task(after, 'work')}").text
    assert "Work on the request" in agent.get(f"/tasks/{desk.task(before, 'work')}").text

    for number in (before, after):
        agent.works(number, outcome="solved", reply="Done.")
        desk.becomes(number, "resolved")
        contact.confirms(number)
        desk.becomes(number, "closed")
    assert desk.read(lambda session: ran_on(session, before)) == (1, "completed", "Work on the request")
    assert desk.read(lambda session: ran_on(session, after)) == (2, "completed", "Look into the request")
    desk.comes_to_rest()
    desk.nothing_was_doubled(before)
    desk.nothing_was_doubled(after)


def ran_on(session: Session, number: str) -> tuple[int, str, str | None]:
    """The version a ticket's process ran on, how it ended, and what its step of work was called."""
    found = (
        select(ProcessDefinition.version, ProcessInstance.state, HistoryEntry.name)
        .join(ProcessInstance, ProcessInstance.definition_id == ProcessDefinition.id)
        .join(HistoryEntry, HistoryEntry.instance_id == ProcessInstance.id)
        .join(Ticket, Ticket.id == ProcessInstance.subject_id)
        .where(ProcessInstance.subject_kind == "ticket", Ticket.number == number, HistoryEntry.element == "work")
    )
    version, state, name = session.execute(found).one()
    return version, state, name


def test_a_diagram_with_an_error_is_refused_with_the_element(desk: LivingDesk, tmp_path: Path) -> None:
    def versions(session: Session) -> list[int]:
        return list(
            session.scalars(select(ProcessDefinition.version).where(ProcessDefinition.key == "ticket_lifecycle"))
        )

    before = desk.read(versions)
    broken = tmp_path / "broken.bpmn"
    broken.write_text(LIFECYCLE.read_text().replace('id="ticket.resolve"', 'id="ticket.resolv"'))

    refused = desk.command("processes", "deploy", str(broken))

    assert refused.returncode == 1
    assert "mark_solved" in refused.stderr
    assert "ticket.resolv" in refused.stderr
    assert desk.read(versions) == before


def test_a_second_desk_on_the_same_data_is_refused(desk: LivingDesk) -> None:
    second = StartedDesk(desk.started.data, "--no-demo")

    assert second.process.wait(timeout=60) == 1
    assert "is in use by a desk that is running already" in second.output
    assert desk.started.health()["database"]
