"""A mail through the shipped lifecycle: what the customer and the team get without anybody acting."""

from __future__ import annotations

from email.header import decode_header, make_header

import pytest
from sqlalchemy.orm import Session

from app.engine import definitions
from app.people.models import Role
from app.tickets.models import Ticket
from tests.mail.conftest import Desk
from tests.world import add_customer, add_person, add_team


@pytest.fixture
def shipped(bare_desk: Desk) -> Desk:
    def prepare(session: Session) -> None:
        definitions.deploy_shipped(session)
        add_customer(session, "Medis", domains=("medis.example",))
        elena = add_person(session, "Elena", email="elena@staff.example", roles=[Role.AGENT])
        for key in ("helpdesk", "support", "network", "desk", "first_line"):
            add_team(session, key, members=[elena])

    bare_desk.write(prepare)
    return bare_desk


def test_a_customers_mail_is_acknowledged_once_in_their_thread(shipped: Desk) -> None:
    received = shipped.received(shipped.receive("ordinary"))
    assert received.state == "done", received.reason
    shipped.send_all()
    shipped.receive("ordinary")
    shipped.send_all()

    to_customer = [sent for sent in shipped.server.mails if "ioana.radu@medis.example" in str(sent["To"])]
    assert len(to_customer) == 1
    (ack,) = to_customer
    assert ack["In-Reply-To"] == "<ordinary.1@medis.example>"
    assert ack["Auto-Submitted"] == "auto-generated"
    assert "Am primit cererea dumneavoastră" in str(make_header(decode_header(str(ack["Subject"]))))


def test_an_out_of_office_reply_moves_no_clock_and_is_not_answered(shipped: Desk) -> None:
    shipped.receive("ordinary")
    shipped.send_all()
    before = len(shipped.server.mails)
    reference = next(one["Message-ID"] for one in shipped.server.mails if "ioana" in str(one["To"]))
    head = f"From: <ioana.radu@medis.example>\r\nAuto-Submitted: auto-replied\r\nIn-Reply-To: {reference}\r\n"

    received = shipped.received(shipped.receive(f"{head}\r\nPlec.\r\n".encode()))
    shipped.send_all()

    assert received.state == "ignored"
    assert received.message_id_created is not None
    assert len(shipped.server.mails) == before
    assert shipped.write(lambda session: session.get_one(Ticket, received.ticket_id).reopened_count) == 0
