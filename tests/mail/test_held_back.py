"""Mail that is held back: what would start a loop, and too much to one address (G9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.mail import service
from app.mail.models import OutgoingKind
from app.tickets.models import Ticket
from tests.mail.conftest import Desk, queue
from tests.world import add_team, add_ticket


@pytest.mark.parametrize("address", ["suport@desk.example", "network@desk.example", "noreply@x.example"])
def test_notices_to_ourselves_and_to_machines_are_held_back(desk: Desk, address: str) -> None:
    desk.write(lambda session: add_team(session, "network"))

    outgoing_id = queue(desk, to_address=address)

    assert desk.outgoing(outgoing_id).state == "suppressed"
    assert desk.outgoing(outgoing_id).last_error


def test_too_many_notices_to_one_address_are_held_back_until_the_window_has_passed(
    desk: Desk, at: Callable[[object], None]
) -> None:
    def notice(session: Session) -> str:
        ticket = session.scalars(select(Ticket)).one()
        return service.queue_mail(
            session, to_address="ana@x.example", subject="Din nou", text="x", language="ro", ticket=ticket
        ).state

    started = clock.now()
    at(started)
    desk.write(add_ticket)

    assert [desk.write(notice) for _ in range(7)] == ["queued"] * 5 + ["suppressed"] * 2
    at(started + timedelta(minutes=61))
    assert desk.write(notice) == "queued"


def test_what_a_person_wrote_is_never_held_back_for_its_number(desk: Desk) -> None:
    states = [desk.outgoing(queue(desk, kind=OutgoingKind.REPLY)).state for _ in range(12)]

    assert set(states) == {"queued"}
