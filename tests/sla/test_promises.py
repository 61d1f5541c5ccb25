"""What would be promised for a request that nobody has sent yet."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from app.contracts.models import Contact
from app.engine import definitions
from app.sla import service as sla
from app.sla.models import ClockKind
from app.sla.promises import Promise, promises
from app.tickets.models import RequestType, Ticket
from tests.conftest import MORNING
from tests.world import Build

TABLE = definitions.ROOT / "processes" / "service-level.dmn"


def deploy(session: Session, **changed: str) -> None:
    """The shipped processes, with words of the table of service levels changed."""
    files = definitions.shipped_files()
    text = TABLE.read_text()
    for before, after in changed.items():
        assert before in text
        text = text.replace(before, after)
    table = definitions.SourceFile("dmn", TABLE.name, text.encode())
    definitions.deploy(session, [*(file for file in files if file.name != TABLE.name), table])


def promised(session: Session, asking: Contact, priorities: list[str | None]) -> list[dict[ClockKind, Promise]]:
    """What would be promised to somebody for an incident."""
    return promises(
        session,
        requester=asking.person,
        customer=asking.customer,
        contract=None,
        kind=session.get_one(RequestType, "incident"),
        priorities=priorities,
    )


def test_a_promise_counts_working_time_from_now(session: Session, contact: Build[Contact]) -> None:
    ana = contact()
    sla.ensure_calendar(session)
    deploy(session)

    (found,) = promised(session, ana, ["urgent"])

    assert found[ClockKind.RESPONSE].minutes == 120
    assert found[ClockKind.RESPONSE].due_at == MORNING + timedelta(hours=2)
    assert found[ClockKind.RESOLUTION].due_at > found[ClockKind.RESPONSE].due_at


def test_asking_for_a_promise_leaves_nothing_behind(session: Session, contact: Build[Contact]) -> None:
    """The ticket that it is asked for is never one."""
    ana = contact()
    sla.ensure_calendar(session)
    deploy(session)

    promised(session, ana, [None])
    session.flush()

    assert session.query(Ticket).count() == 0


def test_a_table_that_asks_what_only_a_request_has_promises_nothing(session: Session, contact: Build[Contact]) -> None:
    ana = contact()
    sla.ensure_calendar(session)
    deploy(session, **{"<text>ticket.priority</text>": "<text>str(working_days(1)) + ticket.priority</text>"})

    assert promised(session, ana, [None]) == [{}]
