"""What somebody was told: the page behind the bell, for colleagues and customers alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.db import db
from app.notifications import queries, service
from app.notifications.queries import LARGEST_ID, Told
from app.people.current import current_person
from app.people.models import Person

ONLY_UNREAD = "unread"

blueprint = Blueprint("notifications", __name__, url_prefix="/notifications", template_folder="templates")


@blueprint.get("")
def index() -> str:
    """One's own notices by day: the latest day first, and of each day what is new."""
    person, before = current_person(), request.args.get("before", type=int)
    only_unread = request.args.get("show") == ONLY_UNREAD
    page = queries.page(db.session(), person, before, only_unread=only_unread)
    return render_template(
        "notifications/index.html",
        page=page,
        days=_by_day(page.rows, person),
        is_first=before is None,
        person=person,
        show=ONLY_UNREAD if only_unread else None,
    )


@blueprint.post(f"/<int(max={LARGEST_ID}):notification_id>/open")
def open_one(notification_id: int) -> ResponseReturnValue:
    """Mark a notice as read and go where it leads. A form, because reading a page must change nothing."""
    notice = queries.own(db.session(), current_person(), notification_id)
    service.mark_one_read(notice)
    return redirect(notice.link or url_for(".index"), 303)


@blueprint.post(f"/<int(max={LARGEST_ID}):notification_id>/read")
def mark_one(notification_id: int) -> ResponseReturnValue:
    """Mark a notice as read without going where it leads."""
    service.mark_one_read(queries.own(db.session(), current_person(), notification_id))
    return redirect(url_for(".index", **_shown()), 303)


@blueprint.post("/read")
def mark_read() -> ResponseReturnValue:
    """Mark everything as read that was told when the page was drawn: what came since stays new."""
    up_to = request.form.get("up_to", type=int)
    service.mark_read(db.session(), current_person(), up_to=None if up_to is None else min(up_to, LARGEST_ID))
    flash(_("All marked as read."))
    return redirect(url_for(".index"), 303)


def _by_day(rows: Iterable[Told], reader: Person) -> list[tuple[date, list[Told]]]:
    zone = ZoneInfo(reader.zone)
    days = groupby(rows, key=lambda row: row.notice.created_at.astimezone(zone).date())
    return [(day, sorted(told, key=lambda row: row.notice.read_at is not None)) for day, told in days]


def _shown() -> dict[str, Any]:
    """The list that the reader came from."""
    asked = {name: request.args.get(name, "") for name in ("show", "before")}
    return {name: value for name, value in asked.items() if value}
