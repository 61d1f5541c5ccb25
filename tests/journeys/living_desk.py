"""A whole desk that runs, with the world around it: its mail server, its customers, and time that can be moved."""

from __future__ import annotations

import os
import signal
import smtplib
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

from flask import Flask
from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from app import clock, create_app
from app import db as database
from app.config import Settings
from app.engine.models import HistoryEntry, ProcessInstance, Timer, UserTask
from app.events import Delivery, DeliveryState
from app.mail.models import OutgoingMail, OutgoingState, ReceivedMail, ReceivedState
from app.notifications.models import Notification
from app.people.models import Person
from app.tickets.models import Ticket
from tests.journeys import company
from tests.journeys.mail_host import MailHost
from tests.running.desk import ROOT, StartedDesk, until

T = TypeVar("T")

DESK = "suport@desk.example"
# Real processes on a busy machine: a limit that only a failure reaches.
PATIENCE = 90.0


class LivingDesk:
    """One `./run` and what stands around it."""

    def __init__(self, started: StartedDesk, mail_host: MailHost, app: Flask, environment: dict[str, str]) -> None:
        self.started, self.mail_host, self.app, self.environment = started, mail_host, app, environment
        self.url = started.url

    # Looking into the database, from outside.

    def read(self, body: Callable[[Session], T]) -> T:
        """What `body(session)` finds now."""
        with self.app.app_context():
            return database.run_in_transaction(body, writing=False)

    def write(self, body: Callable[[Session], T]) -> T:
        """Change something in a transaction of our own."""
        with self.app.app_context():
            return database.run_in_transaction(body)

    def eventually(self, body: Callable[[Session], T | None], what: str, seconds: float = PATIENCE) -> T:
        """Ask again and again until `body(session)` finds something; what it found."""
        found: list[T] = []

        def look() -> bool:
            value = self.read(body)
            if value:
                found.append(value)
            return bool(value)

        until(look, what, seconds)
        return found[0]

    # What the world does.

    def sends_mail(self, sender: str, subject: str, text: str, *, answering: EmailMessage | None = None) -> str:
        """A customer's mail, by SMTP; its Message-ID."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, DESK, subject
        mail["Message-ID"] = f"<{time.monotonic_ns()}@medis.example>"
        if answering is not None:
            mail["In-Reply-To"] = mail["References"] = str(answering["Message-ID"])
        mail.set_content(text)
        # Lines of any length: Python would fold a long Message-ID into an encoded word, as no mail program does.
        self.sends_bytes(sender, mail.as_bytes(policy=policy.SMTP.clone(max_line_length=0)))
        return str(mail["Message-ID"])

    def sends_bytes(self, sender: str, raw: bytes) -> None:
        """Whatever somebody's mail program sends."""
        with smtplib.SMTP("127.0.0.1", self.started.receiver_port, timeout=30) as connection:
            connection.sendmail(sender, [DESK], raw)

    def ticket_about(self, subject: str) -> str:
        """The number of the ticket with a subject, once it is there and its process has come to its first task."""

        def look(session: Session) -> str | None:
            numbers = list(session.scalars(select(Ticket.number).where(Ticket.subject == subject)))
            assert len(numbers) <= 1, f"{subject} became {numbers}"
            return numbers[0] if numbers and self._task(session, numbers[0], "take_over") else None

        return self.eventually(look, f"the mail {subject!r} becomes a ticket")

    def mail_to(self, address: str, about: str, words: str) -> EmailMessage:
        """The mail to somebody about a ticket whose subject or text has these words, once it has arrived."""
        found: list[EmailMessage] = []

        def look() -> bool:
            found[:] = [
                mail
                for mail in self.mail_host.mails_to(address, about)
                if words in mail["Subject"] or words in text_of(mail)
            ]
            return bool(found)

        until(look, f"{address} gets a mail about {about} that says {words!r}", PATIENCE)
        assert len(found) == 1, [str(mail["Subject"]) for mail in found]
        return found[0]

    # How time passes.

    def moves_to(self, moment: datetime) -> None:
        """Move the desk's time; a moment that has passed needs no move."""

        def move(session: Session) -> None:
            ahead = moment - clock.now() + timedelta(seconds=1)
            if ahead > timedelta(0):
                database.move_clock(session, ahead)

        self.write(move)

    def passes_timer(self, number: str, element: str) -> None:
        """Let the desk's time reach a timer of a ticket's process, and wait until workers have fired it."""

        def due(session: Session) -> datetime | None:
            return session.scalar(self._timers(number, element))

        self.moves_to(self.eventually(due, f"{number} waits for {element}"))
        self.eventually(lambda session: due(session) is None, f"{element} of {number} fires")

    def leases_end(self) -> None:
        """Whoever died at some work is given up by now: nobody waits minutes of real time for that in a test."""

        def end(session: Session) -> None:
            moment = clock.real_now()
            later = [
                (Timer, Timer.lease_until),
                (OutgoingMail, OutgoingMail.next_attempt_at),
                (ReceivedMail, ReceivedMail.not_before),
                (Delivery, Delivery.next_attempt_at),
            ]
            for model, column in later:
                session.execute(update(model).where(column > moment).values({column.key: moment}))

        self.write(end)

    # Breaking it.

    def kills(self, *roles: str) -> None:
        """`kill -9`, and wait until each has a new process."""
        before = self.started.roles()
        for role in roles:
            # A worker that lost its queue may be gone by itself, and its successor on the way (it has no number yet).
            with suppress(ProcessLookupError):
                if (number := before[role]) is not None:
                    os.kill(number, signal.SIGKILL)
        until(
            lambda: all(self.started.roles()[role] not in (before[role], None) for role in roles),
            f"{', '.join(roles)} run again",
            PATIENCE,
        )

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`./run WORD …` on this desk's data."""
        return subprocess.run(
            [ROOT / "run", *words],
            env=os.environ | self.environment | {"SUPORT_DATA": str(self.started.data)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    # What there is to see.

    def task(self, number: str, element: str) -> str:
        """The address of a ticket's open task, once there is one."""
        return self.eventually(lambda session: self._task(session, number, element), f"{number} comes to {element}")

    def task_of(self, subject_kind: str, subject_id: int, element: str) -> str:
        """The address of another subject's open task, once there is one."""
        found = select(UserTask.uuid).where(
            UserTask.subject_kind == subject_kind,
            UserTask.subject_id == subject_id,
            UserTask.element == element,
            UserTask.state == "open",
        )
        return self.eventually(lambda session: session.scalar(found), f"{subject_kind} comes to {element}")

    def _task(self, session: Session, number: str, element: str) -> str | None:
        found = (
            select(UserTask.uuid)
            .join(Ticket, Ticket.id == UserTask.subject_id)
            .where(UserTask.subject_kind == "ticket", UserTask.state == "open")
            .where(Ticket.number == number, UserTask.element == element)
        )
        return session.scalar(found)

    def _timers(self, number: str, element: str) -> Select[datetime]:
        return (
            select(Timer.due_at)
            .join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
            .join(Ticket, Ticket.id == ProcessInstance.subject_id)
            .where(ProcessInstance.subject_kind == "ticket", Ticket.number == number, Timer.element == element)
        )

    def ticket(self, number: str) -> Ticket:
        """A ticket as it is now."""
        return self.read(lambda session: session.scalars(select(Ticket).where(Ticket.number == number)).one())

    def becomes(self, number: str, state: str) -> None:
        """Wait until a ticket is in a state."""
        found = select(Ticket.id).where(Ticket.number == number, Ticket.state_key == state)
        self.eventually(lambda session: session.scalar(found), f"{number} is {state}")

    def passed(self, number: str) -> Counter[str]:
        """How often each element of a ticket's processes was passed."""
        found = (
            select(HistoryEntry.element)
            .join(ProcessInstance, ProcessInstance.id == HistoryEntry.instance_id)
            .join(Ticket, Ticket.id == ProcessInstance.subject_id)
            .where(ProcessInstance.subject_kind == "ticket", Ticket.number == number)
            .where(HistoryEntry.left_at.is_not(None))
        )
        return Counter(self.read(lambda session: list(session.scalars(found))))

    def told(self, number: str) -> Counter[tuple[str, str]]:
        """How often each person was told each thing about a ticket."""
        found = (
            select(Notification.kind, Person.email)
            .join(Person, Person.id == Notification.person_id)
            .join(Ticket, Ticket.id == Notification.ticket_id)
            .where(Ticket.number == number)
        )
        return Counter(self.read(lambda session: [(kind, email) for kind, email in session.execute(found)]))

    def is_quiet(self, session: Session) -> bool:
        """Whether nothing is left to be done by anybody but people."""
        left = [
            select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.PENDING),
            select(func.count()).select_from(OutgoingMail).where(OutgoingMail.state == OutgoingState.QUEUED),
            select(func.count()).select_from(ReceivedMail).where(ReceivedMail.state == ReceivedState.NEW),
            select(func.count()).select_from(Timer).where(Timer.due_at <= clock.now()),
        ]
        return not any(session.scalar(each) for each in left)

    def comes_to_rest(self) -> None:
        """Wait until only people can go on."""
        self.eventually(self.is_quiet, "all work that waits is done")

    def nothing_was_doubled(self, number: str) -> None:
        """Each notice went to each person once, and each mail the desk wrote about a ticket arrived as one mail."""

        def written(session: Session) -> list[tuple[str, str]]:
            found = select(OutgoingMail.message_id_header, OutgoingMail.state).join(
                Ticket, Ticket.id == OutgoingMail.ticket_id
            )
            return [(header, state) for header, state in session.execute(found.where(Ticket.number == number))]

        mails = self.read(written)
        assert {state for _header, state in mails} == {"sent"}
        arrived = {str(mail["Message-ID"]) for _rcpt, mail in self.mail_host.taken if number in mail["Subject"]}
        assert arrived == {header for header, _state in mails}


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    body = mail.get_body(("plain",))
    content = body.get_content() if body is not None else ""
    return str(content)


@contextmanager
def living_desk(data: Path, database_url: str = "") -> Iterator[LivingDesk]:
    """A desk with the company of the journeys, on SQLite or on another database; all of it ends with the context."""
    mail_host = MailHost()
    mail_host.switch_on()
    environment = {
        "SUPORT_SMTP_HOST": "127.0.0.1",
        "SUPORT_SMTP_PORT": str(mail_host.port),
        "SUPORT_SMTP_SECURITY": "none",
        "SUPORT_SMTP_TIMEOUT_SECONDS": "10",
    } | ({"DATABASE_URL": database_url} if database_url else {})
    started = StartedDesk(data, "--no-demo", environment=environment)
    try:
        started.wait_until_ready(PATIENCE)
        # Settings of our own for looking in; the costs of passwords are those the desk was started with.
        settings = Settings(data=data, database_url=database_url, argon2_time_cost=1, argon2_memory_kib=64)
        desk = LivingDesk(started, mail_host, create_app(settings, web=False), environment)
        desk.write(company.found_company)
        yield desk
        assert started.stop() == 0
    finally:
        started.end()
        mail_host.switch_off()
        clock.use_offset(timedelta(0))
