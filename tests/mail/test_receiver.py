"""The SMTP door: 250 means committed, anything else leaves the mail with its sender (G6)."""

from __future__ import annotations

import smtplib
import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.mail import receiver
from app.mail.models import ReceivedMail
from tests.mail.conftest import CORPUS, Desk
from tests.running.desk import free_port
from tests.world import add_team

ORDINARY = (CORPUS / "ordinary.eml").read_bytes()


@pytest.fixture
def door(desk: Desk) -> Iterator[int]:
    """The port of a running receiver."""
    port, stop = free_port(), threading.Event()
    thread = threading.Thread(target=receiver.serve, args=(desk.app, "127.0.0.1", port, stop))
    thread.start()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            smtplib.SMTP("127.0.0.1", port, timeout=1).quit()
            break
        except OSError:
            time.sleep(0.02)
    yield port
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def stored(desk: Desk) -> list[ReceivedMail]:
    return desk.write(lambda session: list(session.scalars(select(ReceivedMail).order_by(ReceivedMail.id))))


def deliver(port: int, raw: bytes, to: list[str], sender: str = "ioana@medis.example") -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.sendmail(sender, to, raw)


def test_an_accepted_mail_exists_as_the_bytes_that_came(desk: Desk, door: int) -> None:
    deliver(door, ORDINARY, ["suport@desk.example"])

    (mail,) = stored(desk)
    raw = desk.write(lambda session: session.get_one(ReceivedMail, mail.id).raw)
    assert raw == ORDINARY
    assert (mail.mailbox, mail.envelope_from, mail.state) == ("suport@desk.example", "ioana@medis.example", "new")


def test_a_mail_to_two_mailboxes_is_stored_for_each(desk: Desk, door: int) -> None:
    desk.write(lambda session: add_team(session, "network"))

    deliver(door, ORDINARY, ["Suport+abc@desk.example", "network@desk.example"])

    assert [mail.mailbox for mail in stored(desk)] == ["suport@desk.example", "network@desk.example"]


def test_the_null_sender_is_kept_as_such(desk: Desk, door: int) -> None:
    deliver(door, (CORPUS / "bounce.eml").read_bytes(), ["suport@desk.example"], sender="")

    assert stored(desk)[0].envelope_from == ""


def test_the_desk_passes_no_mail_on(desk: Desk, door: int) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        deliver(door, ORDINARY, ["somebody@elsewhere.example"])

    assert next(iter(refused.value.recipients.values()))[0] == 550
    assert stored(desk) == []


def test_when_the_mail_cannot_be_stored_the_sender_keeps_it(desk: Desk, door: int) -> None:
    """The database is there to check the recipient, and fails when the bytes are to be written."""
    desk.write(lambda session: session.connection().exec_driver_sql("ALTER TABLE received_mail RENAME TO gone"))

    with pytest.raises(smtplib.SMTPDataError) as refused:
        deliver(door, ORDINARY, ["suport@desk.example"])

    assert refused.value.smtp_code == 451
    desk.write(lambda session: session.connection().exec_driver_sql("ALTER TABLE gone RENAME TO received_mail"))
    assert stored(desk) == []
    deliver(door, ORDINARY, ["suport@desk.example"])
    assert len(stored(desk)) == 1


def test_a_commit_that_fails_is_not_acknowledged(desk: Desk, door: int) -> None:
    def fail(session: Session) -> None:
        if session.info.get("wrote"):
            raise OSError("the disk is full")

    def note(session: Session, *_: object) -> None:
        session.info["wrote"] = True

    event.listen(Session, "after_flush", note)
    event.listen(Session, "before_commit", fail)
    try:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            deliver(door, ORDINARY, ["suport@desk.example"])
    finally:
        event.remove(Session, "after_flush", note)
        event.remove(Session, "before_commit", fail)

    assert refused.value.smtp_code == 451
    assert stored(desk) == []


def test_a_mail_that_is_too_large_is_refused_for_good(desk: Desk, door: int) -> None:
    lines = desk.app.config["SETTINGS"].mail_max_bytes // 80 + 1
    with pytest.raises(smtplib.SMTPException):
        deliver(door, b"From: a@b.example\r\n\r\n" + (b"y" * 78 + b"\r\n") * lines, ["suport@desk.example"])

    assert stored(desk) == []


def test_the_same_delivery_twice_is_one_mail(desk: Desk, door: int) -> None:
    """A sender that did not hear our 250 sends again."""
    deliver(door, ORDINARY, ["suport@desk.example"])
    deliver(door, ORDINARY, ["suport@desk.example"])

    assert len(stored(desk)) == 1


def test_lines_that_begin_with_a_dot_arrive_whole(desk: Desk, door: int) -> None:
    raw = b"From: a@b.example\r\nSubject: puncte\r\n\r\n.\r\n..doi\r\n"

    deliver(door, raw, ["suport@desk.example"])

    assert desk.write(lambda session: session.get_one(ReceivedMail, stored_id(session)).raw) == raw


def stored_id(session: Session) -> int:
    return session.scalars(select(ReceivedMail.id)).one()
