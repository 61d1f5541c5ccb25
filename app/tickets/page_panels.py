"""The panels of the ticket page that come from below tickets: contract hours, and where the process stands."""

from __future__ import annotations

from lxml import etree
from sqlalchemy.orm import Session

from app.contracts import queries as contracts
from app.contracts.days import today
from app.contracts.models import Contract
from app.engine import queries as engine
from app.engine.models import FileKind, ProcessInstance
from app.people.models import Person
from app.texts import gettext as _
from app.tickets.excerpt import Excerpt, excerpt
from app.tickets.models import Ticket
from app.tickets.panels import Content, Slot, panel


@panel("hours", slot=Slot.CLOCKS, order=30)
def hours(session: Session, ticket: Ticket, _reader: Person) -> Content | None:
    """The contract's hours, beside the clocks."""
    if ticket.contract is None:
        return Content("tickets/panels/hours.html", {"contract": None})
    return Content("tickets/panels/hours.html", _budget(session, ticket.contract))


@panel("contract", order=40)
def contract(session: Session, ticket: Ticket, _reader: Person) -> Content | None:
    """What was agreed with the customer."""
    if ticket.contract is None:
        return None
    budget = _budget(session, ticket.contract)
    return Content("tickets/panels/contract.html", budget, title=_("Contract and hours"), note=ticket.contract.number)


@panel("where", order=10)
def where_it_is(session: Session, ticket: Ticket, reader: Person) -> Content | None:
    """A piece of the diagram around the step the process is at."""
    instance = _newest(session, ticket)
    if instance is None:
        return None
    marks = engine.marks(session, instance)
    here = [element for element, mark in marks.items() if mark["state"] in ("active", "waiting", "stalled")]
    values = {
        "instance": instance,
        "drawing": _drawn(instance, marks, here, str(reader.language)),
        "waiting": engine.open_tasks(session, ticket.process_subject),
    }
    return Content("tickets/panels/where.html", values, title=_("Where it is"))


def _budget(session: Session, agreed: Contract) -> dict[str, object]:
    used = contracts.counted_minutes(session, agreed, today())
    included = agreed.included_minutes
    percent = round(100 * used / included) if included else 0
    look = "is-late" if percent >= 100 else "is-soon" if percent >= 90 else ""
    left = None if included is None else included - used
    return {"contract": agreed, "used": used, "included": included, "left": left, "percent": percent, "look": look}


def _newest(session: Session, ticket: Ticket) -> ProcessInstance | None:
    """The instance that carries the ticket: other processes may run beside it."""
    instances = engine.instances_of(session, ticket.process_subject)
    carrying = [each for each in instances if each.definition.key == ticket.type.process_key] or instances
    return carrying[-1] if carrying else None


def _drawn(
    instance: ProcessInstance, marks: dict[str, dict[str, object]], here: list[str], language: str
) -> Excerpt | None:
    diagrams = [file for file in instance.definition.files if file.kind == FileKind.BPMN]
    own = next((file for file in diagrams if f'id="{instance.definition.key}"' in file.content), None)
    if own is None or not here:
        return None
    try:
        return excerpt(own.content, {name: str(mark["state"]) for name, mark in marks.items()}, here, language)
    except (etree.XMLSyntaxError, ValueError):
        return None
