"""The company's own process: an offer of equipment, drawn by its analyst, with a slip that a later version mends.

Its question about the contract's hours has no answer for a customer without a contract. An instance that came so far on
the first version is stalled, as happens in real life: the new version is for new ones.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from app.engine import definitions, service
from app.engine.xml import SourceFile
from app.people.models import Person
from app.tickets.models import Ticket

KEY = "equipment_offer"
FOLDER = Path(__file__).parent
_SLIP = b"contract.hours_left &gt;= offer.hours"
_MENDED = b"contract.hours_left is None or contract.hours_left &gt;= offer.hours"


def draw(session: Session, *, by: Person) -> None:
    """Publish the first version."""
    definitions.deploy(session, _files(), by_id=by.id)


def mend(session: Session, *, by: Person) -> None:
    """Publish the version that knows customers without a contract."""
    diagram, *others = _files()
    mended = diagram.content.replace(_SLIP, _MENDED)
    definitions.deploy(session, [SourceFile(diagram.kind, diagram.name, mended), *others], by_id=by.id)


def begin(session: Session, ticket: Ticket, *, by: Person) -> None:
    """Let an offer run beside the request's own process."""
    service.start(session, KEY, ticket.process_subject, by_id=by.id)


def _files() -> list[SourceFile]:
    return [definitions.source_file(FOLDER / name) for name in ("equipment-offer.bpmn", "equipment_offer.form")]
