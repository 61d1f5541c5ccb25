"""The ticket page: what it shows, older messages, its history, and internal notes with their drafts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from flask import flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone
from flask_babel import gettext as _
from markupsafe import Markup
from marshmallow import Schema, ValidationError

from app.db import db
from app.errors import InvalidInput
from app.people import queries as people
from app.people.current import current_person
from app.tickets import (
    conversation,
    customer_panels,
    history,
    lines,
    note_drafts,
    page_panels,
    panels,
    queries,
    schemas,
    service,
    side_panels,
    tag_views,
    trail,
    wording,
)
from app.tickets.blueprint import blueprint
from app.tickets.models import Message, MessageKind, Priority, Ticket
from app.tickets.panels import Content, Panel, Slot
from app.uploads import takes_files

# Importing them registers them.
OWN_PANELS = (page_panels.hours, side_panels.details, tag_views.tags, customer_panels.answers, customer_panels.rating)
OWN_FILTERS = (wording.said,)
# A page that looks again names its oldest message here, so that what the reader has loaded stays.
LIVE_FROM = "X-Live-From"
HISTORY_PAGE = 50
HISTORY_IN_PANEL = 12
Errors = Mapping[str, list[str]]
Block = tuple[str, list[tuple[Message, str]]]


@blueprint.get("/<number>")
def show(number: str) -> ResponseReturnValue:
    """The ticket: both clocks, the conversation, the tasks that wait, and what every feature knows about it."""
    ticket = ticket_named(number)
    trail.remember(db.session(), session, current_person(), request.host, request.referrer or "")
    return ticket_page(ticket)


@blueprint.get("/<number>/messages")
def messages(number: str) -> ResponseReturnValue:
    """The messages before one, to be put on top of those that are shown."""
    ticket = ticket_named(number)
    talk = queries.conversation_page(db.session(), ticket, before=request.args.get("before", ""))
    return render_template("tickets/messages.html", ticket=ticket, **_conversation(ticket, talk))


@blueprint.get("/<number>/history")
def show_history(number: str) -> ResponseReturnValue:
    """Who did what and when, newest first: a page of it, or the beginning of it for the panel."""
    ticket, in_panel = ticket_named(number), bool(request.headers.get("HX-Request"))
    page = history.read(
        db.session(),
        ticket,
        current_person(),
        size=HISTORY_IN_PANEL if in_panel else HISTORY_PAGE,
        cursor=request.args.get("before"),
    )
    template = "tickets/history_rows.html" if in_panel else "tickets/history.html"
    return render_template(template, ticket=ticket, page=page, in_panel=in_panel)


@blueprint.post("/<number>/note")
@takes_files
def note(number: str) -> ResponseReturnValue:
    """Write an internal note, with files if there are any."""
    transaction, person, ticket = db.session(), current_person(), ticket_named(number)
    try:
        written = conversation.add_note(transaction, ticket, loaded(schemas.Note())["text"], author=person)
        panels.attach_files(transaction, written, request.files.getlist("files"), person)
        note_drafts.forget(transaction, ticket, person)
    except InvalidInput as error:
        transaction.rollback()
        return ticket_page(ticket_named(number), request.form.to_dict(), {"note": error.errors}), 422
    flash(_("Note added. Only staff read it."))
    return back_to(ticket)


@blueprint.post("/<number>/note/draft")
def save_note_draft(number: str) -> ResponseReturnValue:
    """Keep the note as it is now; the answer says when."""
    ticket = ticket_named(number)
    draft = note_drafts.save(db.session(), ticket, current_person(), request.form.get("text", ""))
    if not request.headers.get("HX-Request"):
        return back_to(ticket)
    return render_template("tasklist/draft_saved.html", saved_at=draft.saved_at) if draft is not None else ""


def ticket_page(
    ticket: Ticket, typed: Mapping[str, str] | None = None, problems: Mapping[str, Errors] | None = None
) -> str:
    """The page of a ticket.

    Args:
        typed: what was sent by a form of the page that has to be looked at again, by field.
        problems: what is wrong with it: errors by field, under the name of the form (`note`, `documents`).
    """
    transaction, person = db.session(), current_person()
    before, since = request.args.get("before"), request.headers.get(LIVE_FROM)
    talk = queries.conversation_page(transaction, ticket, before=before, since=since)
    slots = panels.drawn(transaction, ticket, person)
    may_change = person.has_role(*side_panels.CHANGING)
    draft = note_drafts.of(transaction, ticket, person)
    # Mails as their senders laid them out, and text files, are shown in frames of their own.
    g.shows_frames = True
    return render_template(
        "tickets/show.html",
        ticket=ticket,
        **_conversation(ticket, talk),
        is_open=_is_open(problems or {}, draft is not None, slots[Slot.WORK]),
        longest_subject=service.LONGEST_SUBJECT,
        trail=trail.through(transaction, session, person, ticket),
        draft=draft,
        clocks=slots[Slot.CLOCKS],
        work=slots[Slot.WORK],
        side=slots[Slot.SIDE],
        may_change=may_change,
        choices=choices() if may_change else None,
        typed=typed or {},
        problems=problems or {},
    )


def choices() -> dict[str, Any]:
    """What the menus of the ticket page and the new form offer."""
    transaction = db.session()
    return {
        "teams": people.teams(transaction),
        "staff": people.everybody(transaction, staff_only=True),
        "types": queries.request_types(transaction),
        "priorities": list(Priority),
    }


def ticket_named(number: str) -> Ticket:
    """The ticket of an address, if the reader may know of it.

    Raises:
        NotFound: there is none for them.
    """
    return queries.by_number(db.session(), number, seen_by=current_person())


def loaded(schema: Schema) -> dict[str, Any]:
    """What a form sent.

    Raises:
        InvalidInput: with errors by field.
    """
    try:
        return dict(schema.load(request.form.to_dict()))
    except ValidationError as error:
        found = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        first = next((text for texts in found.values() for text in texts), "")
        raise InvalidInput(_("Some fields need another look: %(first)s", first=first), found) from error


def back_to(ticket: Ticket, said: str | Markup = "") -> ResponseReturnValue:
    """Go on to the page of a ticket after a change, and say what was done."""
    if said:
        flash(said)
    return redirect(url_for("tickets.show", number=ticket.number))


def _conversation(ticket: Ticket, talk: queries.Talk) -> dict[str, Any]:
    transaction, ids = db.session(), [message.id for message in talk.messages]
    return {
        "talk": talk,
        "blocks": _blocks(talk.messages, str(current_person().language)),
        "waiting": None if ticket.is_closed else queries.oldest_unanswered(transaction, ticket.id),
        "attachments": panels.attachments_of(transaction, ids),
        "below": panels.below(transaction, ids),
        "line_icons": history.LINE_ICONS,
    }


def _is_open(problems: Mapping[str, Errors], has_draft: bool, docked: Sequence[tuple[Panel, Content]]) -> bool:
    """Whether the dock shows its forms at once: something was typed into one of them, or has to be looked at again."""
    return "note" in problems or has_draft or any(content.values.get("is_open") for _panel, content in docked)


def _blocks(found: Sequence[Message], language: str) -> list[Block]:
    """The conversation as blocks: single messages, and runs of system lines of one day, each with its words."""
    zone = get_timezone()
    blocks: list[Block] = []
    for message in found:
        is_line = message.kind == MessageKind.SYSTEM
        words = lines.text_in(language, message)
        last = blocks[-1] if blocks else None
        if is_line and last and last[0] == "lines" and _same_day(last[1][0][0], message, zone):
            last[1].append((message, words))
        else:
            blocks.append(("lines" if is_line else "message", [(message, words)]))
    return blocks


def _same_day(one: Message, other: Message, zone: tzinfo) -> bool:
    return one.sent_at.astimezone(zone).date() == other.sent_at.astimezone(zone).date()
