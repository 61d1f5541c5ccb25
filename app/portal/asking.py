"""A new request: the form of its type, what it will say of the ticket, and what is promised before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.contracts import queries as contracts
from app.contracts.days import today
from app.contracts.models import Contact, Contract
from app.engine import definitions
from app.errors import InvalidInput, NotFound
from app.forms.fields import Field, Form, parse_form
from app.forms.rendering import FormView, initial_values, render, written_duration
from app.forms.schema import answer_schema, hidden_keys
from app.people.models import Person
from app.portal import drawn, progress
from app.portal.schemas import HINDRANCE
from app.sla.models import ClockKind
from app.sla.promises import Promise, promises
from app.texts import LANGUAGES, gettext_in, translated
from app.texts import gettext as _
from app.tickets.details import Detail
from app.tickets.models import RequestType, Ticket, TicketDetail
from app.web.diagrams import diagram_of

# Where somebody is with what they ask: the desk's own question, kept with the answers of the form.
WHERE: Final = "where"
# Of the places that colleagues named before, so many are offered.
PLACES: Final = 12
# What a customer cannot fill in: lists of the desk's own people, and what belongs to the desk's side of a conversation.
NOT_FOR_CUSTOMERS: Final = frozenset({"outcome", "reply", "person", "team", "skill"})


@dataclass(frozen=True)
class Asked:
    """A new request, checked: what its form says of the ticket that it opens.

    Args:
        requester: who needs it.
        priority: None leaves it to the type.
    """

    kind: RequestType
    subject: str
    text: str
    requester: Person
    priority: str | None
    details: list[Detail]


@dataclass(frozen=True)
class Expectation:
    """What a customer may expect of a request of some urgency: promises by kind of clock."""

    hindrance: str
    response: Promise | None
    resolution: Promise | None


def form_of(session: Session, kind: RequestType) -> Form | None:
    """The form that requests of a type begin with; None when the process of the type draws none."""
    definition = definitions.current(session, kind.process_key)
    if definition is None:
        return None
    forms = drawn.start_forms(diagram_of(session, definition), definition.key)
    name = forms.get(kind.key) or forms.get("")
    if name is None:
        return None
    try:
        return _for_customers(parse_form(definitions.form_schema(session, definition.id, name)))
    except NotFound:
        return None


def drawn_form(
    form: Form | None, typed: Mapping[str, Any], errors: Mapping[str, list[str]], reader: Person
) -> FormView | None:
    """The form with what was typed into it."""
    if form is None:
        return None
    touched = any(each.key in typed for each in form.inputs)
    values = typed if touched else {**initial_values(form), **typed}
    known = {each.key for each in form.inputs}
    shown = {key: messages for key, messages in errors.items() if key in known}
    return render(form, values, shown, language=str(reader.language), zone=reader.zone)


def answers(form: Form | None, typed: Mapping[str, Any], reader: Person) -> dict[str, Any]:
    """What a form makes of what was typed.

    Raises:
        InvalidInput: the form has errors, by field key.
    """
    if form is None:
        return {}
    try:
        return dict(answer_schema(form, language=str(reader.language), zone=reader.zone).load(typed))
    except ValidationError as error:
        found = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        problems = {str(key): [str(each) for each in messages] for key, messages in found.items()}
        raise InvalidInput(_("Something is missing below. What you wrote is kept."), problems) from None


def details_of(
    form: Form | None, typed: Mapping[str, Any], answer: Mapping[str, Any], *, where: str, zone: str
) -> list[Detail]:
    """The answers in words, in every language, without those that nobody gave.

    Args:
        where: where somebody is with what they ask; empty when they did not say.
        zone: in which moments are told.
    """
    found = []
    if where:
        found.append(Detail(WHERE, _say("Where"), {"en": where}))
    hidden = hidden_keys(form, typed) if form is not None else frozenset()
    for each in form.inputs if form is not None else ():
        value = _in_words(each, answer.get(each.key), zone)
        if value and each.id not in hidden:
            found.append(Detail(each.key, each.labels, value))
    return found


def expectations(
    session: Session, person: Person, contact: Contact | None, contract: Contract | None, kind: RequestType
) -> list[Expectation]:
    """What is promised for a type, for each answer to how much it hinders."""
    customer = contact.customer if contact is not None else contracts.unknown_customer(session)
    promised = promises(
        session,
        requester=person,
        customer=customer,
        contract=contract,
        kind=kind,
        priorities=list(HINDRANCE.values()),
    )
    return [
        Expectation(hindrance, each.get(ClockKind.RESPONSE), each.get(ClockKind.RESOLUTION))
        for hindrance, each in zip(HINDRANCE, promised, strict=True)
    ]


def contract_of(session: Session, contact: Contact | None) -> Contract | None:
    """The contract that would cover a request asked today."""
    return contracts.contract_for(session, contact.customer_id, today()) if contact is not None else None


def next_steps(session: Session, kind: RequestType, language: str) -> list[str]:
    """What happens to a request of a type, in the customer's words, from its arrival to its end."""
    definition = definitions.current(session, kind.process_key)
    steps = progress.steps_of(diagram_of(session, definition)) if definition is not None else ()
    words = [translated(dict(step.texts), language) for step in steps]
    if any(step.is_end for step in steps):
        return words
    return [*(words or [_("We received your request")]), _("Check the solution"), _("Closed")]


def places_of(session: Session, contact: Contact | None) -> list[str]:
    """Places that people of an organisation named in their last requests, newest first, each once."""
    if contact is None or contact.customer.is_unknown or not contact.sees_company:
        return []
    found = (
        select(TicketDetail.value)
        .join(Ticket, Ticket.id == TicketDetail.ticket_id)
        .where(Ticket.customer_id == contact.customer_id, TicketDetail.key == WHERE)
        .order_by(TicketDetail.ticket_id.desc())
        .limit(PLACES * 5)
    )
    return list(dict.fromkeys(translated(value, "en") for value in session.scalars(found)))[:PLACES]


@lru_cache(maxsize=128)
def _for_customers(form: Form) -> Form:
    """A form without the fields that customers could do nothing with; their documents have a place of their own."""

    def kept(fields: tuple[Field, ...]) -> tuple[Field, ...]:
        fitting = (each for each in fields if each.type != "filepicker" and each.display not in NOT_FOR_CUSTOMERS)
        return tuple(replace(each, fields=kept(each.fields)) for each in fitting)

    return replace(form, fields=kept(form.fields))


def _say(message: str) -> dict[str, str]:
    """A text of the catalogues in every language."""
    return {language: gettext_in(language, message) for language in LANGUAGES}


def _in_words(field: Field, value: Any, zone: str) -> dict[str, str]:
    """An answer as a text per language; nothing for one that nobody gave."""
    if value is None or value in ("", [], False):
        return {}
    if value is True:
        return _say("Yes")
    if field.choices:
        chosen = [str(each) for each in (value if isinstance(value, list) else [value])]
        picked = [choice for choice in field.choices if choice.value in chosen]
        return {language: ", ".join(translated(each.labels, language) for each in picked) for language in LANGUAGES}
    if field.display == "duration":
        return {"en": written_duration(value)}
    if field.type == "datetime":
        return {language: _moment_in_words(field, str(value), language, zone) for language in LANGUAGES}
    return {"en": str(value)}


def _moment_in_words(field: Field, value: str, language: str, zone: str) -> str:
    if field.subtype == "date":
        return str(format_date(date.fromisoformat(value), "EEEE d MMMM y", locale=language))
    if field.subtype == "datetime":
        moment = datetime.fromisoformat(value).astimezone(ZoneInfo(zone))
        return str(format_datetime(moment, "EEEE d MMMM y, HH:mm", locale=language))
    return value
