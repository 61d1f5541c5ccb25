"""A new request: its form by type, kept while it is written, and sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.contracts import queries as contracts
from app.contracts.days import today
from app.contracts.models import Contact
from app.db import db
from app.documents.service import Upload
from app.errors import InvalidInput
from app.people import queries as people
from app.people.current import current_person
from app.people.models import Person
from app.portal import asking, drafts, queries, sent, twice
from app.portal.asking import Asked
from app.portal.blueprint import blueprint
from app.portal.schemas import HINDRANCE, NewRequest, loaded
from app.tickets import service as tickets
from app.tickets.models import Channel, RequestType, Ticket
from app.uploads import takes_files
from app.web import kept
from app.web.boundary import rescue
from app.web.language import reader_language

Problems = Mapping[str, list[str]]
NOT_SENT = 422


@blueprint.get("/new")
def new() -> str:
    """The form of a new request, with what was typed into it before."""
    return _page(None, {})


@blueprint.post("/new")
@takes_files
def add() -> ResponseReturnValue:
    """Open the request, or show the form again with what is missing."""
    session, person = db.session(), current_person()
    typed, uploads, removed = sent.typed(), sent.uploads(), sent.removed()
    person_id = person.id
    # A failed step or a lost race rolls back: what was typed stays as a draft.
    rescue(lambda saving: drafts.save(saving, people.get_person(saving, person_id), None, typed))
    draft = drafts.find(session, person, None)
    fitting, too_much = drafts.fitting(draft, uploads, removed)
    if "_show" in request.form:
        # Without scripts: another type was chosen, whose questions are to be seen first.
        _keep(session, person, typed, fitting, removed)
        return _page(typed, {})
    problems: dict[str, list[str]] = {"files": too_much} if too_much else {}
    try:
        asked = _checked(session, person, typed, problems)
        before = twice.request_of(session, person, asked, [upload.filename for upload in fitting])
        ticket = before or _open(session, person, asked)
    except InvalidInput as error:
        # What the form could not know comes from deeper down (a type whose process is gone) and has written something.
        session.rollback()
        person = current_person()
        _keep(session, person, typed, fitting, removed)
        return _page(typed, error.errors or {"_type": [error.message]}), NOT_SENT
    if before is None:
        first = queries.first_message(session, ticket)
        drafts.attach_files(session, draft, first, fitting, removed, by=person)
    drafts.forget(session, person, None)
    flash(_("We have your request: %(number)s.", number=ticket.number))
    return redirect(url_for(".show", number=ticket.number))


@blueprint.post("/new/questions")
def questions() -> str:
    """The questions of the chosen type drawn anew, and what may be expected; nothing is checked or stored."""
    typed = sent.typed()
    whole = "request-questions" in request.headers.get("HX-Target", "request-questions")
    contact = contracts.contact_of(db.session(), current_person())
    return render_template("portal/questions.html", whole=whole, **_shown(contact, typed, {}))


@blueprint.post("/new/draft")
@takes_files
def keep_draft() -> ResponseReturnValue:
    """Keep what was typed so far; the answer says when."""
    session, person = db.session(), current_person()
    typed, removed = sent.typed(), sent.removed()
    if request.headers.get("HX-Request"):
        draft = drafts.save(session, person, None, typed)
        return render_template("portal/draft_saved.html", saved_at=draft.saved_at)
    fitting, _too_much = drafts.fitting(drafts.find(session, person, None), sent.uploads(), removed)
    _keep(session, person, typed, fitting, removed)
    flash(_("Your draft is kept."))
    return redirect(url_for(".new"))


@blueprint.post("/new/forget")
def forget_draft() -> ResponseReturnValue:
    """Begin anew: the draft and its files are thrown away."""
    drafts.forget(db.session(), current_person(), None)
    return redirect(url_for(".new"))


@kept.takes_up("portal.add")
@kept.takes_up("portal.keep_draft")
def take_up_request(
    session: Session, person: Person, _arguments: Mapping[str, Any], fields: MultiDict[str, str]
) -> str:
    """A request that was sent after its sender's session had ended: it waits in the form."""
    drafts.save(session, person, None, {name: values[0] for name, values in fields.lists() if name != sent.REMOVED})
    flash(_("You are signed in again. What you wrote is below."))
    return url_for("portal.new")


def _checked(session: Session, person: Person, typed: Mapping[str, Any], problems: dict[str, list[str]]) -> Asked:
    """What a form asks, when everything in it holds.

    Raises:
        InvalidInput: with all problems by field, those given included.
    """
    values: dict[str, str] = {}
    try:
        values = loaded(NewRequest, typed)
    except InvalidInput as error:
        problems |= error.errors
    contact = contracts.contact_of(session, person)
    kind = _type_of(queries.request_types(session), typed)
    answer: dict[str, Any] = {}
    form = None
    if kind is None:
        problems["_type"] = [_("Choose what it is about.")]
    else:
        form = asking.form_of(session, kind)
        try:
            answer = asking.answers(form, typed, person)
        except InvalidInput as error:
            problems |= error.errors
    requester = _asked_for(session, person, contact, str(typed.get("_for") or ""))
    if requester is None:
        problems["_for"] = [_("Choose somebody of your organisation.")]
    if problems or kind is None or requester is None:
        raise InvalidInput(_("Something is missing below. What you wrote is kept."), problems)
    found = asking.details_of(form, typed, answer, where=values["where"], zone=person.zone)
    return Asked(kind, values["subject"], values["text"], requester, HINDRANCE[values["hindrance"]], found)


def _open(session: Session, person: Person, asked: Asked) -> Ticket:
    """Open the ticket.

    Raises:
        InvalidInput: it cannot be opened, by the names of the form's fields.
    """
    try:
        return tickets.open_ticket(
            session,
            subject=asked.subject,
            text=asked.text,
            requester=asked.requester,
            author=person,
            participants=[person] if asked.requester is not person else [],
            channel=Channel.PORTAL,
            type_key=asked.kind.key,
            priority=asked.priority,
            details=asked.details,
        )
    except InvalidInput as error:
        # Its fields are called otherwise here.
        raise InvalidInput(error.message, {f"_{name}": found for name, found in error.errors.items()}) from error


def _asked_for(session: Session, person: Person, contact: Contact | None, chosen: str) -> Person | None:
    """Who needs it: the one who asks, or a colleague; None when that is nobody they may ask for."""
    if not chosen or chosen == str(person.id):
        return person
    return next((each for each in queries.colleagues(session, person, contact) if str(each.id) == chosen), None)


def _keep(
    session: Session, person: Person, typed: Mapping[str, Any], uploads: list[Upload], removed: frozenset[str]
) -> None:
    drafts.keep_files(session, drafts.save(session, person, None, typed), uploads, removed)


def _type_of(types: list[RequestType], typed: Mapping[str, Any]) -> RequestType | None:
    return next((kind for kind in types if kind.key == typed.get("_type")), None)


def _page(typed: dict[str, Any] | None, problems: Problems) -> str:
    """The page with the form: with what was just sent, or with the draft."""
    session, person = db.session(), current_person()
    contact = contracts.contact_of(session, person)
    draft = drafts.find(session, person, None)
    if typed is None:
        typed = dict(draft.values) if draft is not None else {}
        typed |= {"_type": request.args["type"]} if "type" in request.args else {}
    return render_template(
        "portal/new.html",
        draft=draft,
        colleagues=queries.colleagues(session, person, contact),
        places=asking.places_of(session, contact),
        limits=sent.limits(),
        **_shown(contact, typed, problems),
    )


def _shown(contact: Contact | None, typed: dict[str, Any], problems: Problems) -> dict[str, Any]:
    """What the questions of a type and the expectations beside them are drawn from."""
    session, person = db.session(), current_person()
    types = queries.request_types(session)
    contract = asking.contract_of(session, contact)
    kind = _type_of(types, typed) or (types[0] if types else None)
    shows_hours = contract is not None and contract.shows_hours and queries.sees_company(contact)
    return {
        "types": types,
        "chosen": kind,
        "typed": typed,
        "problems": problems,
        "form": asking.drawn_form(asking.form_of(session, kind), typed, problems, person) if kind else None,
        "expectations": asking.expectations(session, person, contact, contract, kind) if kind else [],
        "steps": asking.next_steps(session, kind, reader_language()) if kind else [],
        "contract": contract,
        "minutes_left": contracts.minutes_left(session, contract, today()) if contract and shows_hours else None,
    }
