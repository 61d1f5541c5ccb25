"""Sending: what leaves, and how often it is tried (G9)."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.db import run_in_transaction
from app.documents import service as documents
from app.errors import Conflict
from app.mail import jobs, queries, service
from app.mail.models import OutgoingMail, OutgoingState
from app.mail.parsing import addresses
from app.tickets import service as tickets
from tests.mail.conftest import Desk, interrupted, queue
from tests.mail.smtp_server import DROP, STALL
from tests.world import add_contact, add_person, add_ticket


def try_again_now(desk: Desk, outgoing_id: int) -> None:
    """Let the back-off pass."""

    def due(session: Session) -> None:
        queries.outgoing(session, outgoing_id).next_attempt_at = clock.real_now()

    desk.write(due)
    jobs.send(outgoing_id)


def change_settings(desk: Desk, **values: object) -> None:
    desk.app.config["SETTINGS"] = replace(desk.app.config["SETTINGS"], **values)


def test_a_notice_says_that_no_person_wrote_it(desk: Desk) -> None:
    outgoing_id = queue(desk)

    jobs.send(outgoing_id)

    (sent,) = desk.server.mails
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["Message-ID"] == desk.outgoing(outgoing_id).message_id_header
    assert sent["Reply-To"] == "suport@desk.example"
    assert addresses([sent["To"]]) == [("Ioana Radu", "ioana@medis.example")]
    parts = [part.get_content_type() for part in sent.walk() if not part.is_multipart()]
    assert parts == ["text/plain", "text/html"]
    assert (desk.outgoing(outgoing_id).state, desk.outgoing(outgoing_id).attempts) == ("sent", 1)


def test_a_reply_reaches_the_requester_and_those_in_copy_with_its_documents(desk: Desk) -> None:
    def reply(session: Session) -> str:
        ioana = add_contact(session, name="Ioana", email="ioana@medis.example").person
        dan = add_contact(session, name="Dan", email="dan@medis.example").person
        ticket = add_ticket(session, requester=ioana, participants=[dan], mail_message_id="<first@medis.example>")
        message = tickets.reply(session, ticket, "Vedeți atașat.", author=add_person(session, "Elena Marin"))
        pdf = BytesIO(b"%PDF")
        documents.attach(session, parent=message, name="Ghid ș.pdf", content_type="application/pdf", stream=pdf)
        return ticket.number

    number = desk.write(reply)
    desk.send_all()

    (envelope,) = desk.server.taken
    (sent,) = desk.server.mails
    assert sorted(envelope[1]) == ["dan@medis.example", "ioana@medis.example"]
    assert str(sent["Subject"]).startswith(f"[{number}]")
    assert sent["Auto-Submitted"] is None, "a person wrote this"
    assert (sent["In-Reply-To"], sent["References"]) == ("<first@medis.example>", "<first@medis.example>")
    assert "application/pdf" in [part.get_content_type() for part in sent.walk()]
    assert "Elena Marin" in str(sent.get_payload(0).get_payload(0).get_payload(decode=True), "utf-8")  # type: ignore[union-attr, arg-type]  # a multipart mail


def test_files_that_the_author_chose_go_with_the_reply_once(desk: Desk) -> None:
    """They lie on the ticket until the reply is written; a list that names one twice sends it once."""

    def reply(session: Session) -> None:
        ticket, elena = add_ticket(session), add_person(session, "Elena Marin")
        chosen = documents.attach(session, parent=ticket, name="guide.pdf", stream=BytesIO(b"%PDF"), by=elena)
        documents.attach(session, parent=ticket, name="inside.pdf", stream=BytesIO(b"%PDF"), by=elena)
        tickets.reply(session, ticket, "See the guide.", author=elena, files=[chosen.uuid, chosen.uuid])

    desk.write(reply)
    desk.send_all()

    (sent,) = desk.server.mails
    assert [part.get_filename() for part in sent.walk() if part.get_filename()] == ["guide.pdf"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [("451 4.7.1 Greylisted", "Greylisted"), (DROP, "did not answer"), (STALL, "did not answer")],
)
def test_a_server_that_cannot_now_is_tried_again_with_the_same_message_id(desk: Desk, answer: str, said: str) -> None:
    outgoing_id = queue(desk)
    desk.server.answers.append(answer)
    before = clock.real_now()

    jobs.send(outgoing_id)
    waiting = desk.outgoing(outgoing_id)
    assert (waiting.state, waiting.attempts) == ("queued", 1)
    assert said in waiting.last_error
    assert waiting.next_attempt_at is not None
    assert waiting.next_attempt_at > before + timedelta(seconds=20)
    try_again_now(desk, outgoing_id)

    assert desk.outgoing(outgoing_id).state == "sent"
    assert len({sent["Message-ID"] for sent in desk.server.mails}) == 1


def test_back_off_grows_and_ends(desk: Desk) -> None:
    outgoing_id = queue(desk)
    desk.server.answers.extend(["421 4.3.2 Later"] * (jobs.SEND_ATTEMPTS + 1))
    waits = []
    for _ in range(5):
        try_again_now(desk, outgoing_id)
        waits.append((desk.outgoing(outgoing_id).next_attempt_at or clock.real_now()) - clock.real_now())

    assert waits[4] > waits[2] > waits[0]

    def last_attempt(session: Session) -> None:
        queries.outgoing(session, outgoing_id).attempts = jobs.SEND_ATTEMPTS - 1

    desk.write(last_attempt)
    try_again_now(desk, outgoing_id)
    assert desk.outgoing(outgoing_id).state == "failed"


def test_a_mail_that_kills_its_sender_each_time_ends_as_failed(desk: Desk) -> None:
    outgoing_id = queue(desk)

    def killed_often(session: Session) -> None:
        queries.outgoing(session, outgoing_id).attempts = jobs.SEND_ATTEMPTS

    desk.write(killed_often)
    try_again_now(desk, outgoing_id)

    assert desk.outgoing(outgoing_id).state == "failed"
    assert desk.outgoing(outgoing_id).last_error
    assert desk.server.taken == []


def test_a_mail_that_takes_longer_than_its_job_may_says_so_and_is_tried_again(desk: Desk) -> None:
    """RQ ends a job by an exception at whatever line it is: here while the server says nothing."""
    change_settings(desk, smtp_timeout_seconds=30.0)
    desk.server.answers.append(STALL)
    outgoing_id = queue(desk)

    with interrupted() as interrupt:
        desk.server.meanwhile = interrupt
        jobs.send(outgoing_id)

    waiting = desk.outgoing(outgoing_id)
    assert (waiting.state, waiting.attempts) == ("queued", 1)
    assert "OutOfTimeError" in waiting.last_error


def test_a_mail_that_is_refused_fails_visibly_and_a_person_can_send_it_again(desk: Desk) -> None:
    outgoing_id = queue(desk)
    desk.server.answers.append("554 5.7.1 We do not like it")

    jobs.send(outgoing_id)
    assert desk.outgoing(outgoing_id).state == "failed"
    assert desk.outgoing(outgoing_id).last_error == "554 5.7.1 We do not like it"
    desk.write(lambda session: service.retry_outgoing(session, queries.outgoing(session, outgoing_id), by=None))
    desk.send_all()

    assert desk.outgoing(outgoing_id).state == "sent"


@pytest.mark.parametrize(("answer", "state"), [("550 5.1.1 Unknown", "failed"), ("452 4.2.2 Full", "queued")])
def test_a_refused_recipient_decides_about_a_mail_to_one(desk: Desk, answer: str, state: str) -> None:
    desk.server.refused["ioana@medis.example"] = answer
    outgoing_id = queue(desk)

    jobs.send(outgoing_id)

    assert desk.outgoing(outgoing_id).state == state
    assert answer in desk.outgoing(outgoing_id).last_error


def test_a_refused_copy_is_noted_and_the_others_get_the_mail_once(desk: Desk) -> None:
    desk.server.refused["dan@medis.example"] = "550 5.1.1 Unknown"
    outgoing_id = queue(desk, cc=[("Dan", "dan@medis.example")])

    jobs.send(outgoing_id)
    desk.send_all()

    assert desk.outgoing(outgoing_id).state == "sent"
    assert "dan@medis.example: 550" in desk.outgoing(outgoing_id).last_error
    assert len(desk.server.taken) == 1


def test_a_server_that_is_away_or_says_nothing_delays_only(desk: Desk) -> None:
    outgoing_id = queue(desk)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        change_settings(desk, smtp_port=silent.getsockname()[1])
        jobs.send(outgoing_id)
    assert desk.outgoing(outgoing_id).state == "queued"
    try_again_now(desk, outgoing_id)

    assert (desk.outgoing(outgoing_id).state, desk.outgoing(outgoing_id).attempts) == ("queued", 2)


def test_no_transaction_is_open_while_a_server_takes_its_time(desk: Desk) -> None:
    """A slow mail server must not keep the writers of a SQLite file waiting."""
    change_settings(desk, smtp_timeout_seconds=30.0)
    outgoing_id = queue(desk)

    def write_something() -> None:
        with desk.app.app_context():
            desk.write(lambda session: add_person(session, "Meanwhile"))

    desk.server.meanwhile = write_something
    jobs.send(outgoing_id)

    assert desk.outgoing(outgoing_id).state == "sent"


def test_workers_are_told_of_a_mail_only_when_it_is_committed(desk: Desk) -> None:
    def queued_then_failed(session: Session) -> None:
        service.queue_mail(session, to_address="a@b.example", subject="x", text="x", language="en")
        assert [name for name, _ in session.info["hints"]] == ["mail.send"]
        raise Conflict("and back")

    with pytest.raises(Conflict):
        desk.write(queued_then_failed)

    assert desk.write(lambda session: session.scalars(select(OutgoingMail)).all()) == []


def test_a_mail_whose_hint_was_lost_is_offered_by_the_clock(desk: Desk) -> None:
    outgoing_id = queue(desk)
    assert desk.write(service.due_ids) == [], "its hint is on the way"

    def time_passes(session: Session) -> None:
        queries.outgoing(session, outgoing_id).next_attempt_at = clock.real_now()

    desk.write(time_passes)
    assert desk.write(service.due_ids) == [outgoing_id]
    jobs.send(outgoing_id)

    assert desk.write(service.due_ids) == []


def test_two_workers_with_the_same_hint_send_once(desk: Desk) -> None:
    outgoing_id = queue(desk)

    jobs.send(outgoing_id)
    jobs.send(outgoing_id)

    assert len(desk.server.taken) == 1


def test_asking_for_a_mail_that_is_just_being_sent_makes_no_second_one(desk: Desk) -> None:
    outgoing_id = queue(desk)

    def ask_again_and_send() -> None:
        with desk.app.app_context():
            run_in_transaction(lambda s: service.retry_outgoing(s, queries.outgoing(s, outgoing_id), by=None))
            desk.server.meanwhile = None
            jobs.send(outgoing_id)

    desk.server.meanwhile = ask_again_and_send
    change_settings(desk, smtp_timeout_seconds=10.0)

    jobs.send(outgoing_id)

    assert len(desk.server.taken) == 1


def test_without_a_mail_server_mail_is_kept(desk: Desk) -> None:
    change_settings(desk, smtp_host="")
    outgoing_id = queue(desk)

    desk.send_all()

    assert desk.outgoing(outgoing_id).state == "kept"
    with pytest.raises(Conflict):
        desk.write(lambda session: service.retry_outgoing(session, queries.outgoing(session, outgoing_id), by=None))


def test_mail_kept_before_a_server_was_set_can_be_sent(desk: Desk) -> None:
    change_settings(desk, smtp_host="")
    outgoing_id = queue(desk)
    change_settings(desk, smtp_host="127.0.0.1")

    desk.write(lambda session: service.retry_outgoing(session, queries.outgoing(session, outgoing_id), by=None))
    desk.send_all()

    assert desk.outgoing(outgoing_id).state == "sent"


def test_long_lines_and_diacritics_travel_as_short_lines_of_ascii(desk: Desk) -> None:
    text = "Foarte lung și cu diacritice. " * 200

    jobs.send(queue(desk, text=text, html=None))

    ((_, _, raw),) = desk.server.taken
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) < 200
    body = desk.server.mails[0].get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().strip() == text.strip()


def test_documents_too_large_for_a_mail_are_named_in_it(desk: Desk) -> None:
    change_settings(desk, mail_max_bytes=1_000)

    def reply(session: Session) -> None:
        message = tickets.reply(session, add_ticket(session), "Atașat.", author=add_person(session))
        for name, size in (("mic.txt", 100), ("mare.bin", 5_000)):
            documents.attach(session, parent=message, name=name, stream=BytesIO(b"x" * size))

    desk.write(reply)
    desk.send_all()

    (sent,) = desk.server.mails
    names = [part.get_filename() for part in sent.walk() if part.get_filename()]
    assert names == ["mic.txt"]
    assert "mare.bin" in str(sent)


def test_header_injection_stays_in_its_header(desk: Desk) -> None:
    outgoing_id = queue(desk, subject="Salut\r\nBcc: victim@x.example", to_name="Ana\r\nBcc: victim@x.example")

    jobs.send(outgoing_id)

    (sent,) = desk.server.mails
    assert sent["Bcc"] is None
    assert desk.server.taken[0][1] == ["ioana@medis.example"]


def test_queueing_the_same_thing_again_is_the_same_mail(desk: Desk) -> None:
    assert queue(desk, source="reply:1") == queue(desk, source="reply:1")
    assert len(desk.write(lambda session: session.scalars(select(OutgoingMail)).all())) == 1


def test_a_mail_with_a_secret_is_sent_whole_and_then_forgotten(desk: Desk) -> None:
    """A password that works once must not lie in the database for whoever reads it later."""
    mail_id = queue(desk, text="Password: once-only", html="<p>once-only</p>", is_confidential=True)

    jobs.send(mail_id)

    assert b"once-only" in desk.server.taken[0][2]
    sent = desk.outgoing(mail_id)
    assert (sent.state, sent.text, sent.html) == ("sent", "", None)


def test_everything_that_failed_is_tried_again_at_once(desk: Desk) -> None:
    failed = [queue(desk) for _each in range(2)]

    def give_up(session: Session) -> None:
        for mail_id in failed:
            session.get_one(OutgoingMail, mail_id).state = OutgoingState.FAILED.value

    desk.write(give_up)

    again = desk.write(lambda session: service.retry_failed_outgoing(session, by=None))

    assert again == 2
    assert {desk.outgoing(mail_id).state for mail_id in failed} == {"queued"}
