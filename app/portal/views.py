"""The customers' pages. Every one works without JavaScript."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.config import Settings
from app.contracts import queries as contracts
from app.contracts.days import today
from app.db import db
from app.documents import queries as documents
from app.documents import service as documents_service
from app.errors import InvalidInput
from app.people.current import current_person
from app.portal import progress, queries
from app.portal.schemas import HINDRANCE, Answer, Cancellation, NewRequest, loaded
from app.sla import queries as sla
from app.tickets import lines, reopening
from app.tickets import service as tickets
from app.tickets.models import Channel, MessageKind, Ticket
from app.uploads import takes_files
from app.web.diagrams import diagram_of
from app.web.language import reader_language

blueprint = Blueprint("portal", __name__, url_prefix="/portal", template_folder="templates")

MEGABYTE = 1024 * 1024
LONGEST_SEARCH = 200


@blueprint.get("/")
def index() -> str:
    """My requests and my colleagues', newest change first."""
    filters = queries.Filters(
        closed=request.args.get("show") == "all",
        mine=request.args.get("whose") == "mine",
        words=request.args.get("q", "").strip()[:LONGEST_SEARCH],
    )
    person = current_person()
    page = queries.page(db.session(), person, filters, request.args.get("before"))
    return render_template("portal/index.html", page=page, filters=filters, me=person)


@blueprint.get("/new")
def new() -> str:
    """The form of a new request."""
    return _new_page({"type": request.args.get("type", ""), "hindrance": "little"}, {})


@blueprint.post("/new")
@takes_files
def add() -> ResponseReturnValue:
    """Open the request, or show the form again with what is missing."""
    session, person = db.session(), current_person()
    uploads = _uploads()
    problems: dict[str, list[str]] = {}
    values: dict[str, str] = {}
    try:
        values = loaded(NewRequest, request.form)
    except InvalidInput as error:
        problems.update(error.errors)
    if request.form.get("type") not in {kind.key for kind in queries.request_types(session)}:
        problems["type"] = [_("Choose what it is about.")]
    problems.update(_problems_of(uploads))
    if problems:
        return _new_page(request.form.to_dict(), problems), 422
    try:
        ticket = tickets.open_ticket(
            session,
            subject=values["subject"],
            text=values["text"],
            requester=person,
            channel=Channel.PORTAL,
            type_key=values["type"],
            priority=HINDRANCE[values["hindrance"]],
        )
    except InvalidInput as error:
        # What the form could not know: a type whose process is gone. What was typed stays on the page.
        session.rollback()
        return _new_page(request.form.to_dict(), error.errors or {"type": [error.message]}), 422
    first = queries.first_message(session, ticket)
    documents_service.attach_uploads(session, parent=first, uploads=uploads, by=person)
    flash(_("We have your request: %(number)s.", number=ticket.number))
    return redirect(url_for(".show", number=ticket.number))


@blueprint.get("/requests/<number>")
def show(number: str) -> str:
    """One request: how far it is, what was said, what is still open."""
    return _request_page(_request(number))


@blueprint.post("/requests/<number>/reply")
@takes_files
def reply(number: str) -> ResponseReturnValue:
    """Add a message to a request."""
    session, person, ticket = db.session(), current_person(), _request(number)
    uploads = _uploads()
    problems, text = _problems_of(uploads), ""
    try:
        text = loaded(Answer, request.form)["text"]
    except InvalidInput as error:
        problems.update(error.errors)
    if problems:
        return _request_page(ticket, typed=request.form.to_dict(), problems=problems), 422
    message = tickets.add_customer_message(session, ticket, author=person, text=text, channel=Channel.PORTAL)
    documents_service.attach_uploads(session, parent=message, uploads=uploads, by=person)
    if message.ticket_id != ticket.id:
        # The old request was closed long ago: the message opened one that follows it.
        following = message.ticket.number
        flash(_("%(old)s was closed some time ago, so this is a new request: %(new)s.", old=number, new=following))
        return redirect(url_for(".show", number=following))
    flash(_("Sent. We have your message."))
    return redirect(url_for(".show", number=ticket.number, _anchor=f"message-{message.id}"))


@blueprint.post("/requests/<number>/confirm")
def confirm(number: str) -> ResponseReturnValue:
    """Say that everything works now."""
    ticket = _request(number)
    tickets.confirm(db.session(), ticket, by=current_person())
    flash(_("Thank you. We close %(number)s.", number=ticket.number))
    return redirect(url_for(".show", number=ticket.number))


@blueprint.post("/requests/<number>/reopen")
def reopen(number: str) -> ResponseReturnValue:
    """Say that something is still wrong, and what."""
    session, person, ticket = db.session(), current_person(), _request(number)
    try:
        text = loaded(Answer, request.form)["text"]
    except InvalidInput as error:
        return _request_page(ticket, typed=request.form.to_dict(), problems={"reopen": error.errors["text"]}), 422
    if ticket.is_closed and not reopening.may_reopen(session, ticket):
        message = tickets.add_customer_message(session, ticket, author=person, text=text, channel=Channel.PORTAL)
        return redirect(url_for(".show", number=message.ticket.number))
    tickets.reopen(session, ticket, by=person)
    tickets.add_customer_message(session, ticket, author=person, text=text, channel=Channel.PORTAL)
    flash(_("%(number)s is open again. We look into it.", number=ticket.number))
    return redirect(url_for(".show", number=ticket.number))


@blueprint.post("/requests/<number>/cancel")
def cancel(number: str) -> ResponseReturnValue:
    """Say that the request is not needed any more."""
    ticket = _request(number)
    try:
        reason = loaded(Cancellation, request.form)["reason"]
    except InvalidInput as error:
        return _request_page(ticket, typed=request.form.to_dict(), problems={"cancel": error.errors["reason"]}), 422
    words = reason or _("The customer does not need it any more.")
    tickets.cancel(db.session(), ticket, words, by=current_person())
    flash(_("%(number)s is cancelled.", number=ticket.number))
    return redirect(url_for(".show", number=ticket.number))


def _request(number: str) -> Ticket:
    return queries.request_by_number(db.session(), current_person(), number)


def _request_page(
    ticket: Ticket, typed: dict[str, str] | None = None, problems: dict[str, list[str]] | None = None
) -> str:
    session = db.session()
    messages = queries.conversation(session, ticket)
    files = documents.of_messages(session, [message.id for message in messages])
    return render_template(
        "portal/show.html",
        ticket=ticket,
        stages=_stages(ticket),
        messages=messages,
        files=files,
        all_files=[document for each in files.values() for document in each],
        clocks=sla.clocks(session, ticket),
        me=current_person(),
        text_of=lambda message: lines.text_in(reader_language(), message),
        may_reopen=ticket.is_closed and reopening.may_reopen(session, ticket),
        kinds=MessageKind,
        typed=typed or {},
        problems=problems or {},
        limits=_limits(),
    )


def _stages(ticket: Ticket) -> list[progress.Stage]:
    session = db.session()
    instance = queries.newest_instance(session, ticket)
    if instance is None:
        return progress.story(ticket, (), (), reader_language())
    steps = progress.steps_of(diagram_of(session, instance.definition))
    return progress.story(ticket, steps, queries.visits(session, instance), reader_language())


def _new_page(values: dict[str, str], problems: dict[str, list[str]]) -> str:
    session, person = db.session(), current_person()
    contact = contracts.contact_of(session, person)
    contract = contracts.contract_for(session, contact.customer_id, today()) if contact else None
    return render_template(
        "portal/new.html",
        types=queries.request_types(session),
        values=values,
        problems=problems,
        contract=contract,
        minutes_left=contracts.minutes_left(session, contract, today()) if contract else None,
        limits=_limits(),
    )


def _uploads() -> list[documents_service.Upload]:
    # Werkzeug types the stream of an upload more loosely than it is.
    return [cast(documents_service.Upload, upload) for upload in request.files.getlist("files") if upload.filename]


def _problems_of(uploads: list[documents_service.Upload]) -> dict[str, list[str]]:
    # Checked before anything is written: a page that shows errors commits like any other.
    limits = _limits()
    if len(uploads) > limits["count"]:
        return {"files": [_("Send at most %(count)s files at once.", count=limits["count"])]}
    large = [str(upload.filename) for upload in uploads if _size(upload) > limits["bytes"]]
    if large:
        names = ", ".join(large)
        return {"files": [_("%(names)s: larger than %(most)s MB.", names=names, most=limits["megabytes"])]}
    return {}


def _size(upload: documents_service.Upload) -> int:
    size = upload.stream.seek(0, 2)
    upload.stream.seek(0)
    return size


def _limits() -> dict[str, Any]:
    settings: Settings = current_app.config["SETTINGS"]
    return {
        "bytes": settings.document_max_bytes,
        "megabytes": settings.document_max_bytes // MEGABYTE,
        "count": settings.documents_per_message,
    }
