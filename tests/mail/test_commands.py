"""`./run mail …`, as a mail server's pipe and an administrator use it."""

from __future__ import annotations

import json

from sqlalchemy import select

from app.mail.models import ReceivedMail
from app.tickets.models import Ticket
from tests.mail.conftest import CORPUS, Desk

ORDINARY = (CORPUS / "ordinary.eml").read_bytes()


def test_a_mail_from_a_pipe_becomes_a_ticket(desk: Desk) -> None:
    result = desk.app.test_cli_runner().invoke(args=["mail", "receive"], input=ORDINARY)

    number = desk.write(lambda session: session.scalars(select(Ticket.number)).one())
    assert result.exit_code == 0
    assert f"done on ticket {number}" in result.output


def test_a_mail_that_cannot_be_stored_is_left_with_the_mail_server(desk: Desk) -> None:
    """75 is what an MTA knows as "try again later"; any other failure bounces the customer's mail."""
    desk.write(lambda session: session.connection().exec_driver_sql("ALTER TABLE received_mail RENAME TO gone"))

    result = desk.app.test_cli_runner().invoke(args=["mail", "receive"], input=ORDINARY)

    assert result.exit_code == 75


def test_a_mail_nobody_can_read_is_taken_all_the_same(desk: Desk) -> None:
    raw = (CORPUS / "deep_nesting.eml").read_bytes()

    result = desk.app.test_cli_runner().invoke(args=["mail", "receive", "--mailbox", "x@desk.example"], input=raw)

    assert result.exit_code == 0
    assert "failed" in result.output
    assert desk.write(lambda session: session.scalars(select(ReceivedMail)).one().mailbox) == "x@desk.example"


def test_the_list_says_why_and_retry_reads_again(desk: Desk) -> None:
    received_id = desk.receive("deep_nesting")
    run = desk.app.test_cli_runner().invoke

    listed = json.loads(run(args=["mail", "list", "--state", "failed", "--json"]).output)
    again = run(args=["mail", "retry", str(received_id)])

    assert (listed["id"], listed["state"]) == (received_id, "failed")
    assert "levels" in listed["reason"]
    assert again.exit_code == 0
    assert "failed" in again.output


def test_retrying_what_is_not_there_says_so(desk: Desk) -> None:
    result = desk.app.test_cli_runner().invoke(args=["mail", "retry", "99"])

    assert result.exit_code == 1
    assert "no such mail" in result.output
