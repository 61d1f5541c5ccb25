"""Whole ways through the running desk, from a mail to a closed ticket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.contracts.models import HoursEntry
from app.engine.models import ProcessInstance
from app.escalations.models import Escalation
from app.mail.models import ReceivedMail
from app.tickets.models import Message, Ticket
from app.worklog.models import WorkEntry
from tests.chromium import executable
from tests.journeys.company import ANA, DAN, LIA, MARA, RITA, VERA
from tests.journeys.hands import BrowserHands, Hands, HttpHands
from tests.journeys.living_desk import LivingDesk

pytestmark = pytest.mark.processes

RECEIVED = "We have your request"


@contextmanager
def in_browsers(desk: LivingDesk, *emails: str) -> Iterator[list[BrowserHands]]:
    """Everybody in a browser window of their own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        people = [BrowserHands(desk, browser, email) for email in emails]
        yield people
        browser.close()
    for person in people:
        assert person.complaints == []


def entry_of(desk: LivingDesk, number: str) -> WorkEntry:
    """The only work entry of a ticket."""
    found = select(WorkEntry).join(Ticket, Ticket.id == WorkEntry.ticket_id).where(Ticket.number == number)
    return desk.read(lambda session: session.scalars(found).one())


def from_mail_to_approved_work(desk: LivingDesk, customer: str, agent: Hands, approver: Hands, contact: Hands) -> None:
    """The whole way of one request, whoever's hands do it."""
    subject = f"No network in hall B, says {customer}"
    first = desk.sends_mail(customer, subject, "Since this morning.")
    number = desk.ticket_about(subject)
    received = desk.mail_to(customer, number, RECEIVED)
    assert received["In-Reply-To"] == first
    assert received["Auto-Submitted"] == "auto-generated"

    agent.takes_over(number)
    agent.works(number, outcome="answer", reply="Which switch is it?", minutes="1:20")
    reply = desk.mail_to(customer, number, "Which switch is it?")
    assert reply["Auto-Submitted"] is None
    assert reply["In-Reply-To"] == first
    assert str(reply["From"]).endswith("<suport@desk.example>")

    desk.sends_mail(customer, f"Re: {subject}", "The grey one.", answering=reply)
    desk.eventually(lambda session: "The grey one." in said(session, number), "the answer is on the ticket")
    assert desk.read(lambda session: session.scalar(select(func.count()).where(Ticket.subject.contains(customer)))) == 1

    agent.works(number, outcome="solved", reply="It is plugged in again.")
    solved = desk.mail_to(customer, number, "is solved")
    assert solved["Auto-Submitted"] == "auto-generated"
    assert str(reply["Message-ID"]) in str(solved["References"])

    contact.confirms(number)
    desk.becomes(number, "closed")

    entry = entry_of(desk, number)
    assert entry.state == "submitted"
    approver.approves_work(entry.id)
    desk.eventually(lambda session: session.get_one(WorkEntry, entry.id).state == "approved", "the work is approved")
    assert desk.read(lambda session: counted(session, entry)) == [90]

    desk.comes_to_rest()
    desk.nothing_was_doubled(number)
    told = desk.told(number)
    assert {each for each in told if each[1] == customer} == {("received", customer), ("solved", customer)}
    assert set(told.values()) == {1}
    # Two notices and two replies.
    assert len(desk.mail_host.mails_to(customer, number)) == 4


def counted(session: Session, entry: WorkEntry) -> list[int]:
    """The minutes an entry was counted with against its contract."""
    found = select(HoursEntry.minutes).where(HoursEntry.source == f"work_entry:{entry.id}")
    return list(session.scalars(found))


def said(session: Session, number: str) -> list[str]:
    found = select(Message.text).join(Ticket, Ticket.id == Message.ticket_id).where(Ticket.number == number)
    return [text.strip() for text in session.scalars(found)]


@pytest.mark.browser
@pytest.mark.parametrize("desk", ["sqlite"], indirect=True)
def test_from_a_mail_to_approved_work_in_the_browser(desk: LivingDesk, customer: str) -> None:
    with in_browsers(desk, ANA, VERA, customer) as (agent, approver, contact):
        from_mail_to_approved_work(desk, customer, agent, approver, contact)


@pytest.mark.parametrize("desk", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_from_a_mail_to_approved_work(desk: LivingDesk, customer: str) -> None:
    agent, approver, contact = (HttpHands(desk, email) for email in (ANA, VERA, customer))

    from_mail_to_approved_work(desk, customer, agent, approver, contact)


DEADLINES = {
    "unassigned_long": ("unassigned", {LIA, MARA}),
    "response_soon": ("response_soon", {ANA, DAN, LIA, VERA}),
    "response_late": ("response_overdue", {LIA, RITA, MARA}),
    "resolution_soon": ("resolution_soon", {ANA, DAN, LIA, VERA}),
    "resolution_late": ("resolution_overdue", {LIA, RITA, MARA}),
}


def test_with_nobody_acting_every_deadline_fires_once_and_an_escalation_waits(desk: LivingDesk, customer: str) -> None:
    subject = f"Nobody looks at this, says {customer}"
    desk.sends_mail(customer, subject, "Hello?")
    number = desk.ticket_about(subject)

    for timer, (notice, people) in DEADLINES.items():
        desk.passes_timer(number, timer)
        assert {email for kind, email in desk.told(number) if kind == notice} == people

    desk.comes_to_rest()
    passed = desk.passed(number)
    assert {timer: passed[timer] for timer in DEADLINES} == dict.fromkeys(DEADLINES, 1)
    assert set(desk.told(number).values()) == {1}
    desk.nothing_was_doubled(number)
    # The manager reads of it in the mailbox: nobody took it, no reply, no solution.
    assert len(desk.mail_host.mails_to(MARA, number)) == 3
    assert len(desk.mail_host.mails_to(customer, number)) == 1

    escalation = desk.read(lambda session: escalation_of(session, number))
    assert (escalation.kind, escalation.state) == ("overdue", "asked")
    task = desk.task_of("escalation", escalation.id, "decide")
    assert {email for kind, email in desk.told(number) if kind == "escalation_to_approve"} == {LIA, VERA}
    assert number in HttpHands(desk, VERA).get(f"/tasks/{task}").text


def escalation_of(session: Session, number: str) -> Escalation:
    return session.scalars(select(Escalation).join(Ticket).where(Ticket.number == number)).one()


def test_whatever_is_killed_the_journey_ends_and_nothing_is_doubled(desk: LivingDesk, customer: str) -> None:
    agent, manager = HttpHands(desk, ANA), HttpHands(desk, MARA)
    subject = f"The desk shakes, says {customer}"

    # Both workers, as the mail is being read.
    desk.sends_mail(customer, subject, "Earthquake.")
    desk.kills("worker-1", "worker-2")
    desk.leases_end()
    number = desk.ticket_about(subject)

    # The queue with everything on it, as the request is taken over and answered.
    agent.takes_over(number)
    agent.works(number, outcome="ask", reply="Is it over?", minutes="2:00")
    desk.kills("queue")
    desk.leases_end()
    reply = desk.mail_to(customer, number, "Is it over?")

    # The clock and a worker, as the customer's silence comes due.
    desk.kills("clock", "worker-1")
    desk.passes_timer(number, "two_days")
    reminder = desk.mail_to(customer, number, "wait")
    assert reminder["Message-ID"] != reply["Message-ID"]

    # The web process, as somebody works.
    desk.sends_mail(customer, f"Re: {subject}", "Yes.", answering=reply)
    desk.task(number, "work")
    desk.kills("web")
    agent.works(number, outcome="solved", reply="Good to hear.")
    desk.kills("web", "worker-1", "worker-2", "clock", "receiver", "queue")
    desk.leases_end()

    # Silence again closes it; meanwhile no approver looked at the work, so a manager does.
    desk.passes_timer(number, "silence_after")
    desk.becomes(number, "closed")
    entry = entry_of(desk, number)
    approved = manager.completes(desk.task_of("work_entry", entry.id, "approve_instead"), outcome="approve")
    assert approved.status == 200
    desk.comes_to_rest()
    assert desk.read(lambda session: counted(session, entry)) == [120]

    passed = desk.passed(number)
    once = ("received", "take_over", "wait_customer", "remind", "answered_2", "mark_solved", "tell_closed", "closed")
    assert {element: passed[element] for element in once} == dict.fromkeys(once, 1)
    assert passed["work"] == 2
    assert [text for text in desk.read(lambda session: said(session, number)) if text in ("Earthquake.", "Yes.")] == [
        "Earthquake.",
        "Yes.",
    ]
    customers = {kind: times for (kind, email), times in desk.told(number).items() if email == customer}
    assert customers == {"received": 1, "reminder": 1, "solved": 1, "closed_silent": 1}
    desk.nothing_was_doubled(number)
    assert desk.read(lambda session: len(received_from(session, customer))) == 2
    assert desk.read(lambda session: open_instances(session, number)) == []


def received_from(session: Session, sender: str) -> list[ReceivedMail]:
    return list(session.scalars(select(ReceivedMail).where(ReceivedMail.sender == sender)))


def open_instances(session: Session, number: str) -> list[str]:
    ended = ("completed", "cancelled")
    found = select(ProcessInstance).join(Ticket, Ticket.id == ProcessInstance.subject_id)
    mine = found.where(ProcessInstance.subject_kind == "ticket", Ticket.number == number)
    return [each.state for each in session.scalars(mine) if each.state not in ended]
