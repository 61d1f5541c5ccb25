"""Work entries that people log by themselves, and their timers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from marshmallow import ValidationError

from app.db import db
from app.errors import InvalidInput, NotFound
from app.forms.rendering import written_duration
from app.people import queries as people
from app.people.current import current_person
from app.tickets import queries as tickets
from app.tickets.flashes import with_button
from app.tickets.models import Ticket
from app.tickets.page_views import ticket_page
from app.worklog import queries, rules, schemas, service, timers
from app.worklog.models import WorkEntry, WorkState

blueprint = Blueprint("worklog", __name__, url_prefix="/work", template_folder="templates")

PAGE_SIZE = 50
# What a form of work sends, so that the page can show it again.
FIELDS = tuple(schemas.Entry().fields)


@blueprint.get("/on/<number>")
def index(number: str) -> str:
    """Every work entry of a ticket."""
    session, ticket = db.session(), _ticket(number)
    page = queries.newest_of_ticket(session, ticket, most=PAGE_SIZE, before=request.args.get("before", type=int))
    return render_template(
        "worklog/index.html",
        ticket=ticket,
        page=page,
        totals=queries.totals(session, ticket),
        authors=people.people_by_ids(session, [entry.author_id for entry in page.entries]),
        may_revise=service.may_revise,
    )


@blueprint.post("/on/<number>")
def log(number: str) -> ResponseReturnValue:
    """Log work on a ticket: what the reader's timer took, or anything else they did."""
    session, person, ticket = db.session(), current_person(), _ticket(number)
    of_timer = request.form.get("timer") == "1"
    try:
        sent = _loaded()
        if of_timer:
            entry = timers.log(session, timers.get(session, ticket, person), person=person, **sent)
        else:
            entry = service.log_work(session, ticket, author=person, **sent)
    except InvalidInput as error:
        session.rollback()
        form = "timer" if of_timer else "worklog"
        return ticket_page(_ticket(number), request.form.to_dict(), {form: error.errors}), 422
    flash(_said(entry))
    return _back(ticket)


@blueprint.get("/<int:entry_id>")
def edit(entry_id: int) -> str:
    """The form that changes an entry of one's own."""
    entry, ticket = _own(entry_id)
    return _edit_page(entry, ticket, _values(entry), {})


@blueprint.post("/<int:entry_id>")
def revise(entry_id: int) -> ResponseReturnValue:
    """Change an entry of one's own that nobody has decided about."""
    entry, ticket = _own(entry_id)
    try:
        service.revise(db.session(), entry, by=current_person(), **_loaded())
    except InvalidInput as error:
        db.session().rollback()
        entry, ticket = _own(entry_id)
        return _edit_page(entry, ticket, request.form.to_dict(), error.errors), 422
    flash(_("The work entry is changed. What it said before stays readable."))
    return _back(ticket)


@blueprint.post("/<int:entry_id>/withdraw")
def withdraw(entry_id: int) -> ResponseReturnValue:
    """Take an entry of one's own back."""
    entry, ticket = _own(entry_id)
    service.take_back(db.session(), entry, by=current_person())
    flash(_("The work entry is withdrawn and counts for nothing."))
    return _back(ticket)


@blueprint.post("/timer/<number>/start")
def start_timer(number: str) -> ResponseReturnValue:
    """Take time for a ticket; a timer on another one is paused, and the message leads back to it."""
    session, person, ticket = db.session(), current_person(), _ticket(number)
    started = timers.start(session, ticket, person)
    if started.paused is None:
        flash(_("The timer runs on %(number)s.", number=ticket.number))
    else:
        other, took = started.paused.ticket.number, written_duration(timers.worked_minutes(started.paused))
        said = _("The timer runs here. The one on %(number)s is paused at %(time)s.", number=other, time=took)
        back = url_for(".start_timer", number=other)
        flash(with_button(said, back, _("Go on with %(number)s", number=other), is_quiet=False))
    return _back(ticket)


@blueprint.post("/timer/<number>/pause")
def pause_timer(number: str) -> ResponseReturnValue:
    """Let the reader's timer on a ticket stand."""
    session, ticket = db.session(), _ticket(number)
    timers.pause(session, timers.get(session, ticket, current_person()))
    flash(_("The timer on %(number)s is paused.", number=ticket.number))
    return _back(ticket)


@blueprint.post("/timer/<number>/discard")
def discard_timer(number: str) -> ResponseReturnValue:
    """Forget the time of a timer; the message offers to bring it back."""
    session, ticket = db.session(), _ticket(number)
    timer = timers.get(session, ticket, current_person())
    seconds = timers.seconds_of(timer)
    timers.discard(session, timer)
    said = _("The time on %(number)s is discarded.", number=ticket.number)
    flash(with_button(said, url_for(".restore_timer", number=ticket.number), _("Undo"), {"seconds": str(seconds)}))
    return _back(ticket)


@blueprint.post("/timer/<number>/restore")
def restore_timer(number: str) -> ResponseReturnValue:
    """Bring the time of a discarded timer back; it stands until it is started."""
    session, ticket = db.session(), _ticket(number)
    seconds = min(request.form.get("seconds", 0, type=int), rules.MINUTES_PER_DAY * 60)
    timers.restore(session, ticket, current_person(), seconds)
    flash(_("The time on %(number)s is back.", number=ticket.number))
    return _back(ticket)


def _ticket(number: str) -> Ticket:
    return tickets.by_number(db.session(), number, seen_by=current_person())


def _own(entry_id: int) -> tuple[WorkEntry, Ticket]:
    """An entry of the reader's, and its ticket.

    Raises:
        NotFound: there is none, or somebody else wrote it.
    """
    entry = queries.get(db.session(), entry_id)
    if entry.author_id != current_person().id:
        raise NotFound(_("There is no such work entry of yours."))
    return entry, tickets.get(db.session(), entry.ticket_id, seen_by=current_person())


def _loaded() -> dict[str, Any]:
    """What the form of a work entry sent.

    Raises:
        InvalidInput: with errors by field.
    """
    try:
        return dict(schemas.Entry().load(request.form.to_dict()))
    except ValidationError as error:
        found = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        raise InvalidInput(_("This work cannot be logged as it is."), found) from error


def _edit_page(entry: WorkEntry, ticket: Ticket, values: dict[str, Any], errors: dict[str, list[str]]) -> str:
    return render_template(
        "worklog/edit.html",
        entry=entry,
        ticket=ticket,
        values=values,
        errors=errors,
        may_revise=service.may_revise(entry, current_person()),
    )


def _values(entry: WorkEntry) -> dict[str, str]:
    """An entry as its form shows it."""
    return {
        "minutes": written_duration(entry.minutes),
        "kind": entry.kind,
        "billable": "1" if entry.billable else "",
        "note": entry.note,
        "worked_on": entry.worked_on.isoformat(),
        "travel_minutes": written_duration(entry.travel_minutes) if entry.travel_minutes else "",
        "travel_km": str(entry.travel_km or ""),
    }


def _said(entry: WorkEntry) -> str | Markup:
    took = written_duration(entry.minutes + entry.travel_minutes)
    if entry.state == WorkState.APPROVED:
        return str(_("Logged and counted: %(time)s.", time=took))
    said = _("Logged: %(time)s. Somebody has to approve it; until then you can change it.", time=took)
    return with_button(said, url_for(".withdraw", entry_id=entry.id), _("Undo"))


def _back(ticket: Ticket) -> ResponseReturnValue:
    return redirect(url_for("tickets.show", number=ticket.number))
