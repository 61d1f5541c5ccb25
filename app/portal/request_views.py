"""The page of one request, and what its customer may do there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.contracts import queries as contracts
from app.db import db
from app.documents import queries as documents
from app.errors import InvalidInput
from app.people import queries as people
from app.people.current import current_person
from app.people.models import Person
from app.portal import drafts, drawn, progress, promised, queries, sent, twice
from app.portal.blueprint import blueprint
from app.portal.schemas import Answer, Cancellation, Rating, loaded
from app.tickets import details, lines, ratings, reopening
from app.tickets import service as tickets
from app.tickets.models import Channel, Message, MessageKind, Ticket
from app.uploads import takes_files
from app.web import kept
from app.web.boundary import rescue
from app.web.diagrams import diagram_of
from app.web.language import reader_language
from app.worklog import queries as worklog

# Of a long conversation the last messages are shown at once, the others on demand.
SHOWN_AT_ONCE = 6
NOT_SENT = 422


@dataclass(frozen=True)
class Sent:
    """What was sent by a form of the page that has to be looked at again: which form, its texts, and its problems."""

    form: str = ""
    typed: Mapping[str, Any] = field(default_factory=dict)
    problems: Mapping[str, list[str]] = field(default_factory=dict)


@blueprint.get("/requests/<number>")
def show(number: str) -> ResponseReturnValue:
    """One request: how far it is, what was said, what is still open."""
    return _page(_request(number))


@blueprint.post("/requests/<number>/reply")
@takes_files
def reply(number: str) -> ResponseReturnValue:
    """Add a message to a request."""
    session, person, ticket = db.session(), current_person(), _request(number)
    typed, removed = sent.typed(), sent.removed()
    person_id, ticket_id = person.id, ticket.id

    def save(saving: Session) -> None:
        drafts.save(saving, people.get_person(saving, person_id), saving.get_one(Ticket, ticket_id), typed)

    rescue(save)
    draft = drafts.find(session, person, ticket)
    fitting, too_much = drafts.fitting(draft, sent.uploads(), removed)
    problems, text = {"files": too_much} if too_much else {}, ""
    try:
        text = loaded(Answer, typed)["text"]
    except InvalidInput as error:
        problems |= error.errors
    if problems:
        drafts.keep_files(session, drafts.save(session, person, ticket, typed), fitting, removed)
        return _page(ticket, Sent("reply", typed, problems)), NOT_SENT
    message = twice.message_on(session, person, ticket, text, [upload.filename for upload in fitting])
    if message is None:
        message = tickets.add_customer_message(session, ticket, author=person, text=text, channel=Channel.PORTAL)
        drafts.attach_files(session, draft, message, fitting, removed, by=person)
    drafts.forget(session, person, ticket)
    return _after_message(number, message)


@blueprint.post("/requests/<number>/draft")
def keep_reply(number: str) -> ResponseReturnValue:
    """Keep what was typed so far into the box of messages."""
    draft = drafts.save(db.session(), current_person(), _request(number), sent.typed())
    if request.headers.get("HX-Request"):
        return render_template("portal/draft_saved.html", saved_at=draft.saved_at)
    flash(_("Your draft is kept."))
    return redirect(url_for(".show", number=number, _anchor="answer"))


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
        return _page(ticket, Sent("reopen", sent.typed(), error.errors)), NOT_SENT
    if (same := twice.message_on(session, person, ticket, text)) is not None:
        return _after_message(number, same)
    if not ticket.is_closed or reopening.may_reopen(session, ticket):
        tickets.reopen(session, ticket, by=person)
        tickets.add_customer_message(session, ticket, author=person, text=text, channel=Channel.PORTAL)
        flash(_("%(number)s is open again. We look into it.", number=ticket.number))
        return redirect(url_for(".show", number=ticket.number))
    return _after_message(
        number, tickets.add_customer_message(session, ticket, author=person, text=text, channel=Channel.PORTAL)
    )


@blueprint.post("/requests/<number>/cancel")
def cancel(number: str) -> ResponseReturnValue:
    """Say that the request is not needed any more."""
    ticket = _request(number)
    try:
        reason = loaded(Cancellation, request.form)["reason"]
    except InvalidInput as error:
        return _page(ticket, Sent("cancel", sent.typed(), error.errors)), NOT_SENT
    words = reason or _("The customer does not need it any more.")
    tickets.cancel(db.session(), ticket, words, by=current_person())
    flash(_("%(number)s is cancelled.", number=ticket.number))
    return redirect(url_for(".show", number=ticket.number))


@blueprint.post("/requests/<number>/rate")
def rate(number: str) -> ResponseReturnValue:
    """Say how content one is with what was done."""
    session, person, ticket = db.session(), current_person(), _request(number)
    try:
        values = loaded(Rating, request.form)
    except InvalidInput as error:
        return _page(ticket, Sent("rating", sent.typed(), error.errors)), NOT_SENT
    ratings.rate(session, ticket, int(values["score"]), values["comment"], by=person)
    flash(_("Thank you for telling us."))
    return redirect(url_for(".show", number=ticket.number))


@kept.takes_up("portal.reply")
@kept.takes_up("portal.keep_reply")
def take_up_reply(session: Session, person: Person, arguments: Mapping[str, Any], fields: MultiDict[str, str]) -> str:
    """A message that was sent after its author's session had ended: it waits in the box."""
    contact = contracts.contact_of(session, person)
    ticket = queries.request_by_number(session, person, contact, str(arguments["number"]))
    drafts.save(session, person, ticket, {"text": fields.get("text", "")})
    flash(_("You are signed in again. What you wrote is below."))
    return url_for("portal.show", number=ticket.number, _anchor="answer")


def _request(number: str) -> Ticket:
    session, person = db.session(), current_person()
    return queries.request_by_number(session, person, contracts.contact_of(session, person), number)


def _after_message(number: str, message: Message) -> ResponseReturnValue:
    """Where a message is to be read: on its request, or on the new one it became because that was closed long ago."""
    if message.ticket.number != number:
        following = message.ticket.number
        flash(_("%(old)s was closed some time ago, so this is a new request: %(new)s.", old=number, new=following))
        return redirect(url_for(".show", number=following))
    flash(_("Sent. We have your message."))
    return redirect(url_for(".show", number=number, _anchor=f"message-{message.id}"))


def _page(ticket: Ticket, back: Sent | None = None) -> str:
    session, person = db.session(), current_person()
    contact = contracts.contact_of(session, person)
    messages = queries.conversation(session, ticket)
    files = documents.of_messages(session, [message.id for message in messages])
    instance = queries.newest_instance(session, ticket)
    diagram = diagram_of(session, instance.definition) if instance is not None else None
    steps = progress.steps_of(diagram) if diagram is not None else ()
    visits = queries.visits(session, instance) if instance is not None else ()
    # Only a solved request says when it is closed by itself.
    is_solved = ticket.is_resolved and not ticket.is_closed
    closes = drawn.closing_timers(diagram) if diagram is not None and is_solved else ()
    shows_hours = ticket.contract is not None and ticket.contract.shows_hours and queries.sees_company(contact)
    return render_template(
        "portal/show.html",
        ticket=ticket,
        stages=progress.story(ticket, steps, visits, reader_language()),
        earlier=messages[:-SHOWN_AT_ONCE] if len(messages) > SHOWN_AT_ONCE + 1 else [],
        messages=messages[-SHOWN_AT_ONCE:] if len(messages) > SHOWN_AT_ONCE + 1 else messages,
        files=files,
        all_files=[document for each in files.values() for document in each],
        promises=promised.of_ticket(session, ticket),
        details=details.of_ticket(session, ticket),
        following=queries.following(session, person, contact, ticket),
        worked=worklog.counted_minutes(session, ticket) if shows_hours else None,
        closes_at=queries.timer_due(session, instance, closes) if instance is not None else None,
        me=person,
        text_of=lambda message: lines.text_in(reader_language(), message),
        may_reopen=ticket.is_closed and reopening.may_reopen(session, ticket),
        rating=ratings.rating_of(session, ticket),
        may_rate=ratings.may_be_rated(ticket),
        rated_until=ratings.may_be_rated_until(ticket),
        rating_words=ratings.WORDS,
        draft=drafts.find(session, person, ticket),
        kinds=MessageKind,
        back=back or Sent(),
        limits=sent.limits(),
    )
