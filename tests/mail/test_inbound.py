"""What becomes of received mail: tickets, messages on them, or a visible reason (G7, G8)."""

from __future__ import annotations

from hashlib import sha256

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.documents import queries as documents
from app.errors import Conflict
from app.mail import jobs, queries, service
from app.mail.desk import desk_settings
from app.mail.models import ReceivedMail
from app.mail.threading import message_id_for, ticket_id_in
from app.people.models import Person
from app.tickets import service as tickets
from app.tickets.models import Message, Participant, Ticket
from tests.mail.conftest import CORPUS, Desk
from tests.world import add_contact, add_customer, add_person, add_plain_processes, add_team, add_ticket

IOANA = "ioana.radu@medis.example"


def only_ticket(session: Session) -> Ticket:
    return session.scalars(select(Ticket)).one()


def messages(session: Session, ticket: Ticket) -> list[Message]:
    found = select(Message).where(Message.ticket_id == ticket.id, Message.kind != "system").order_by(Message.id)
    return list(session.scalars(found))


def mail(subject: str, *, sender: str = IOANA, headers: str = "", text: str = "Un mesaj.") -> bytes:
    head = f"From: <{sender}>\r\nTo: suport@desk.example\r\nSubject: {subject}\r\n{headers}"
    return f"{head}\r\n{text}\r\n".encode()


def a_reply_of_ours(session: Session, ticket: Ticket) -> str:
    """The Message-ID of a mail the desk sent about a ticket."""
    return message_id_for("ab" * 16, ticket.id, desk_settings().secret_key, "desk.example")


def test_a_strangers_mail_becomes_a_ticket_of_the_unknown_customer(desk: Desk) -> None:
    received = desk.received(desk.receive("ordinary"))

    def check(session: Session) -> None:
        ticket = only_ticket(session)
        assert (received.state, received.ticket_id) == ("done", ticket.id)
        assert ticket.subject == "Imprimanta de la recepție nu mai printează"
        assert ticket.customer.is_unknown
        assert (ticket.requester.name, ticket.requester.email) == ("Ioana Radu", IOANA)
        (message,) = messages(session, ticket)
        assert message.mail_message_id == "<ordinary.1@medis.example>"
        assert message.text.startswith("Bună ziua,")

    desk.write(check)


def test_a_stranger_from_a_known_domain_belongs_to_its_customer(desk: Desk) -> None:
    desk.write(lambda session: add_customer(session, "Medis", domains=("medis.example",)))

    desk.receive("ordinary")

    assert desk.write(lambda session: only_ticket(session).customer.name) == "Medis"


def test_the_same_bytes_to_the_same_mailbox_are_one_mail(desk: Desk) -> None:
    first = desk.receive("ordinary")
    second = desk.receive("ordinary")

    assert first == second
    assert desk.write(lambda session: len(session.scalars(select(Ticket)).all())) == 1


def test_one_mail_to_two_of_our_mailboxes_is_one_request(desk: Desk) -> None:
    desk.receive("ordinary")
    other = desk.received(desk.receive("ordinary", mailbox="network@desk.example"))

    assert other.state == "ignored"
    assert "suport@desk.example" in other.reason
    assert other.ticket_id == desk.write(lambda session: only_ticket(session).id)


def test_one_message_id_with_other_bytes_is_another_mail(desk: Desk) -> None:
    """A Message-ID is the sender's choice: it never makes a mail disappear."""
    desk.receive(mail("Primul", headers="Message-ID: <same@x.example>\r\n"))
    desk.receive(mail("Al doilea", headers="Message-ID: <same@x.example>\r\n"))

    assert desk.write(lambda session: len(session.scalars(select(Ticket)).all())) == 2


def test_an_answer_to_a_mail_of_ours_lands_on_its_ticket(desk: Desk) -> None:
    desk.receive("ordinary")
    reference = desk.write(lambda session: a_reply_of_ours(session, only_ticket(session)))

    desk.receive(mail("Fără număr", headers=f"References: <x@y> {reference}\r\n", text="Acum merge."))

    assert desk.write(lambda session: [one.text for one in messages(session, only_ticket(session))])[1] == "Acum merge."


def test_a_forged_message_id_attaches_nothing(desk: Desk) -> None:
    desk.receive("ordinary")
    real = desk.write(lambda session: a_reply_of_ours(session, only_ticket(session)))
    forged = real.replace(".1.", ".2.") if ".1." in real else real
    secret = desk.write(lambda session: desk_settings().secret_key)

    assert ticket_id_in(real, secret) is not None
    assert ticket_id_in(forged, secret) is None
    assert ticket_id_in(real, "another secret") is None
    assert ticket_id_in("<anything@desk.example>", secret) is None


def test_an_answer_to_a_copy_finds_the_ticket_by_the_customers_own_message_id(desk: Desk) -> None:
    """Dan was in copy of Ioana's mail and answers her, not us."""
    desk.receive("copies")
    headers = "In-Reply-To: <copies.1@medis.example>\r\n"

    desk.receive(mail("Re: Acces", sender="dan.pop@medis.example", headers=headers))
    desk.receive(mail("Re: Acces", sender="stranger@elsewhere.example", headers=headers))

    counts = desk.write(lambda session: [len(messages(session, one)) for one in session.scalars(select(Ticket))])
    assert counts == [2, 1], "a stranger who knows a Message-ID opens a ticket of their own"


@pytest.mark.parametrize(
    ("sender", "joins"),
    [(IOANA, True), ("coleg@medis.example", True), ("coleg@altul.example", False), ("nimeni@x.example", False)],
)
def test_a_number_in_the_subject_counts_only_for_those_who_take_part(desk: Desk, sender: str, joins: bool) -> None:
    def prepare(session: Session) -> str:
        medis, other = add_customer(session, "Medis"), add_customer(session, "Altul")
        ioana = add_contact(session, medis, "Ioana", email=IOANA).person
        add_contact(session, medis, "Coleg", email="coleg@medis.example")
        add_contact(session, other, "Străin", email="coleg@altul.example")
        return add_ticket(session, requester=ioana).number

    number = desk.write(prepare)

    desk.receive(mail(f"Re: [{number}] Imprimanta", sender=sender))

    tickets_now = desk.write(lambda session: len(session.scalars(select(Ticket)).all()))
    assert tickets_now == (1 if joins else 2)


def test_strangers_of_the_unknown_customer_cannot_join_each_others_tickets(desk: Desk) -> None:
    desk.receive("ordinary")
    desk.receive(mail("Altceva", sender="alt@strain.example"))
    number = desk.write(lambda session: session.scalars(select(Ticket.number).order_by(Ticket.id)).first())

    desk.receive(mail(f"Re: [{number}]", sender="alt@strain.example"))

    assert desk.write(lambda session: len(session.scalars(select(Ticket)).all())) == 3


def test_people_in_copy_stay_in_the_conversation_but_never_our_own_mailboxes(desk: Desk) -> None:
    desk.write(lambda session: add_team(session, "network"))

    desk.receive("copies")

    def check(session: Session) -> None:
        rows = session.scalars(select(Participant).where(Participant.ticket_id == only_ticket(session).id))
        emails = {row.person.email for row in rows}
        assert emails == {"mihai.serban@furnizor.example", "dan.pop@medis.example"}

    desk.write(check)


def test_a_forged_sender_cannot_copy_a_stranger_into_a_conversation(desk: Desk) -> None:
    """Who knows an address and a number could read every later reply; proof is a Message-ID of ours."""

    def open_one(session: Session) -> tuple[str, str]:
        customer = add_customer(session, "Medis")
        asker = add_contact(session, customer, email=IOANA).person
        add_contact(session, customer, email="coleg@medis.example")
        ticket = add_ticket(session, "Imprimanta", requester=asker)
        return ticket.number, a_reply_of_ours(session, ticket)

    number, ours = desk.write(open_one)
    copies = "Cc: spion@elsewhere.example, coleg@medis.example\r\n"

    def participants() -> set[str]:
        return desk.write(
            lambda session: {
                session.get_one(Person, row.person_id).email for row in session.scalars(select(Participant))
            }
        )

    desk.receive(mail(f"Re: [{number}] Imprimanta", headers=copies))
    assert participants() == {"coleg@medis.example"}

    desk.receive(mail("Re: Imprimanta", headers=f"In-Reply-To: {ours}\r\n{copies}"))
    assert participants() == {"coleg@medis.example", "spion@elsewhere.example"}


def test_attachments_become_documents_of_the_message(desk: Desk) -> None:
    desk.receive("attachments")

    def check(session: Session) -> None:
        (message,) = messages(session, only_ticket(session))
        kept = documents.of_message(session, message)
        assert [one.name for one in kept] == ["file-1.png", "factură și deviz.pdf", "log.txt", "Mesaj inaintat.eml"]
        assert documents.content(kept[1]) == b"%PDF-1.4 not much"

    desk.write(check)


def test_mail_claiming_to_come_from_staff_becomes_a_note(desk: Desk) -> None:
    """A From line is anybody's choice; the customer must never read something a stranger wrote in an agent's name."""
    desk.receive("ordinary")
    desk.write(lambda session: add_person(session, "Elena", email="elena@desk.example"))
    reference = desk.write(lambda session: a_reply_of_ours(session, only_ticket(session)))

    desk.receive(mail("Re", sender="elena@desk.example", headers=f"In-Reply-To: {reference}\r\n"))

    note = desk.write(lambda session: messages(session, only_ticket(session))[1])
    assert (note.kind, note.is_public) == ("note", False)


def test_a_note_in_a_colleagues_name_needs_more_than_their_address(desk: Desk) -> None:
    """Staff believe what a colleague notes down; who forges one is shown as an address."""

    def copy_in(session: Session) -> str:
        elena = add_person(session, "Elena", email="elena@desk.example")
        ticket = add_ticket(session, "Imprimanta")
        tickets.add_participant(session, ticket, elena)
        return ticket.number

    number = desk.write(copy_in)

    desk.receive(mail(f"[{number}] Parola nouă", sender="elena@desk.example", text="Dați-i parola."))

    note = desk.write(lambda session: messages(session, only_ticket(session))[1])
    assert (note.kind, note.author_id) == ("note", None)
    assert "<elena@desk.example>" in note.text


@pytest.mark.parametrize("name", ["auto_reply", "bulk_list", "no_sender", "own_address", "suppressed_only"])
def test_automatic_mail_is_recorded_and_opens_nothing(desk: Desk, name: str) -> None:
    received = desk.received(desk.receive(name))

    assert received.state == "ignored"
    assert received.reason
    assert desk.write(lambda session: session.scalars(select(Ticket)).all()) == []


def test_a_bounce_is_a_note_on_the_ticket_whose_mail_did_not_arrive(desk: Desk) -> None:
    desk.receive("ordinary")
    ours = desk.write(lambda session: a_reply_of_ours(session, only_ticket(session)))
    bounce = (CORPUS / "bounce.eml").read_bytes().replace(b"<@OURS@>", ours.encode())

    received = desk.received(desk.receive(bounce, sender=""))

    (_, note) = desk.write(lambda session: messages(session, only_ticket(session)))
    assert received.state == "ignored"
    assert received.message_id_created == note.id
    assert note.kind == "note"
    assert "mailbox is full" in note.text


def test_an_ignored_mail_becomes_a_request_when_a_person_says_so(desk: Desk) -> None:
    received_id = desk.receive("suppressed_only")

    desk.write(lambda session: service.retry_received(session, queries.received(session, received_id), by=None))
    jobs.process(received_id)

    assert desk.received(received_id).state == "done"
    assert desk.write(only_ticket).subject == "Alerta: disc plin"


def test_a_taken_mail_cannot_be_taken_again(desk: Desk) -> None:
    received_id = desk.receive("ordinary")

    with pytest.raises(Conflict):
        desk.write(lambda session: service.retry_received(session, queries.received(session, received_id), by=None))


def test_unreadable_mail_is_listed_with_its_reason_and_can_be_retried(desk: Desk) -> None:
    received_id = desk.receive("deep_nesting")
    assert desk.received(received_id).state == "failed"
    assert "levels" in desk.received(received_id).reason

    desk.write(lambda session: service.retry_received(session, queries.received(session, received_id), by=None))
    jobs.process(received_id)

    assert desk.received(received_id).state == "failed"
    raw = desk.write(lambda session: queries.received(session, received_id).raw)
    assert raw == (CORPUS / "deep_nesting.eml").read_bytes()


def test_every_mail_of_the_corpus_is_taken_or_visibly_not(desk: Desk) -> None:
    for path in sorted(CORPUS.glob("*.eml")):
        received = desk.received(desk.receive(path.stem, sender=None))

        assert received.sha256 == sha256(path.read_bytes()).hexdigest()
        assert received.state == "done" or (received.state in ("ignored", "failed") and received.reason), path.stem


def test_a_sender_who_writes_too_often_is_only_recorded(desk: Desk) -> None:
    """Two machines that answer each other without any of the usual headers."""
    desk.receive("ordinary")
    reference = desk.write(lambda session: a_reply_of_ours(session, only_ticket(session)))
    states = [
        desk.received(desk.receive(mail("Re", headers=f"References: {reference}\r\n", text=f"Nr. {number}"))).state
        for number in range(8)
    ]

    assert states == ["done"] * 4 + ["ignored"] * 4
    assert desk.write(lambda session: len(messages(session, only_ticket(session)))) == 5


def test_a_process_that_cannot_start_leaves_the_mail_failed_and_retryable(bare_desk: Desk) -> None:
    received_id = bare_desk.receive("ordinary")
    assert bare_desk.received(received_id).state == "failed"
    assert "ticket_lifecycle" in bare_desk.received(received_id).reason
    assert bare_desk.write(lambda session: session.scalars(select(Ticket)).all()) == []

    bare_desk.write(add_plain_processes)
    bare_desk.write(lambda session: service.retry_received(session, queries.received(session, received_id), by=None))
    jobs.process(received_id)

    assert bare_desk.received(received_id).state == "done"


def test_mail_whose_hint_was_lost_is_offered_by_the_clock_until_somebody_reads_it(desk: Desk) -> None:
    raw = (CORPUS / "ordinary.eml").read_bytes()
    received_id = desk.write(lambda session: service.store_raw(session, raw, "suport@desk.example", None).id)
    assert desk.write(service.pending_ids) == [], "its hint is on the way"

    def time_passes(session: Session) -> None:
        session.get_one(ReceivedMail, received_id).not_before = clock.real_now()

    desk.write(time_passes)
    assert desk.write(service.pending_ids) == [received_id]
    jobs.process(received_id)
    jobs.process(received_id)

    assert desk.write(service.pending_ids) == []
    assert desk.write(lambda session: len(session.scalars(select(Ticket)).all())) == 1


def test_a_mail_that_kills_its_reader_each_time_ends_as_failed(desk: Desk) -> None:
    raw = (CORPUS / "ordinary.eml").read_bytes()
    received_id = desk.write(lambda session: service.store_raw(session, raw, "suport@desk.example", None).id)

    def killed_often(session: Session) -> None:
        row = session.get_one(ReceivedMail, received_id)
        row.attempts, row.not_before = jobs.READ_ATTEMPTS, clock.real_now()

    desk.write(killed_often)
    jobs.process(received_id)

    assert desk.received(received_id).state == "failed"


def test_a_reply_to_a_reply_keeps_one_thread_of_message_ids(desk: Desk) -> None:
    desk.receive("ordinary")

    def answer(session: Session) -> None:
        elena = add_person(session, "Elena")
        tickets.reply(session, only_ticket(session), "Încercați acum.", author=elena)

    desk.write(answer)
    desk.send_all()

    sent = desk.server.mails[0]
    assert sent["In-Reply-To"] == "<ordinary.1@medis.example>"
    desk.receive(mail("Re: alt subiect", headers=f"In-Reply-To: {sent['Message-ID']}\r\n"))
    assert desk.write(lambda session: len(messages(session, only_ticket(session)))) == 3
