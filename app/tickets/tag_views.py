"""The tags on the ticket page."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.db import db
from app.errors import InvalidInput
from app.people.current import current_person
from app.people.models import Person, Role
from app.tickets import queries, tagging
from app.tickets.blueprint import blueprint
from app.tickets.models import Ticket
from app.tickets.panels import Content, panel


@panel("tags", order=58)
def tags(session: Session, ticket: Ticket, reader: Person) -> Content | None:
    """The tags of the ticket, each to be taken off, and a field for another one."""
    names = tagging.tags_of(session, [ticket.id]).get(ticket.id, [])
    may_change = reader.has_role(Role.AGENT, Role.TEAM_LEAD, Role.MANAGER)
    if not names and not may_change:
        return None
    values = {"names": names, "may_change": may_change, "longest": tagging.LONGEST_NAME}
    return Content("tickets/panels/tags.html", values, title=_("Tags"))


@blueprint.post("/<number>/tags")
def tag(number: str) -> ResponseReturnValue:
    """Put a tag on the ticket, or take one off."""
    session, person = db.session(), current_person()
    ticket = queries.by_number(session, number, seen_by=person)
    off = request.form.get("remove", "").strip()
    if off:
        tagging.remove_tag(session, ticket, off, by=person)
        return redirect(url_for(".show", number=ticket.number))
    try:
        tagging.add_tag(session, ticket, request.form.get("tag", ""), by=person)
    except InvalidInput as error:
        flash(error.message)
    return redirect(url_for(".show", number=ticket.number))
