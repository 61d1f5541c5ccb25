"""Doing the same to many tasks of My work, what became of each, and taking it back.

Each task is a transaction of its own; a process that stalls at one of them leaves its note and the others go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from urllib.parse import parse_qsl

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.db import run_in_transaction, transaction
from app.errors import DeskError, InvalidInput
from app.people import queries as people
from app.people.current import current_person
from app.tasklist import bulk as many
from app.tasklist.address import WorkAddress
from app.tasklist.blueprint import blueprint
from app.tasklist.list_views import link
from app.tasklist.models import Deed
from app.web.boundary import opens_own_transactions


@blueprint.post("/work/bulk")
@opens_own_transactions
def bulk() -> ResponseReturnValue:
    """Claim, give back, approve or return the chosen tasks; a return without its reason is asked for it."""
    person_id, sent = current_person().id, request.form
    if sent.get("deed") not in set(Deed):
        raise InvalidInput(_("Choose what to do with the tasks."))
    deed, uuids = Deed(sent["deed"]), [uuid.strip()[:36] for uuid in sent.getlist("task")]

    def begin(session: Session) -> int:
        by = people.get_person(session, person_id)
        begun = many.begin(
            session, deed, uuids, by=by, reason=sent.get("reason", ""), query=sent.get("query", "")
        )  # fmt: skip
        return begun.id

    try:
        deed_id = run_in_transaction(begin)
    except InvalidInput as error:
        if "reason" not in error.errors:
            raise
        return _ask_for_reason(uuids, error)
    _carry_out(deed_id, dict.fromkeys(uuids), person_id)
    return redirect(_back(deed_id, sent.get("query", "")))


@blueprint.post("/work/bulk/<int:deed_id>/undo")
@opens_own_transactions
def undo_bulk(deed_id: int) -> ResponseReturnValue:
    """Take back what was done, as far as nobody has done anything with it since."""
    person_id = current_person().id

    def begin(session: Session) -> tuple[int, list[str], str]:
        by = people.get_person(session, person_id)
        undoing, uuids = many.begin_undo(session, many.get(session, deed_id, by=by), by=by)
        return undoing.id, uuids, undoing.query

    undoing_id, uuids, query = run_in_transaction(begin)
    _carry_out(undoing_id, uuids, person_id)
    return redirect(_back(undoing_id, query))


def _carry_out(deed_id: int, task_uuids: Iterable[str], person_id: int) -> None:
    for task_uuid in task_uuids:
        try:
            run_in_transaction(partial(many.carry_out, deed_id=deed_id, task_uuid=task_uuid, by_id=person_id))
        except DeskError as error:
            # A stalled process has written its own note by now.
            run_in_transaction(
                partial(many.note_failure, deed_id=deed_id, task_uuid=task_uuid, error=error, by_id=person_id)
            )


def _ask_for_reason(uuids: list[str], error: InvalidInput) -> ResponseReturnValue:
    sent = request.form
    with transaction(writing=False):
        page = render_template(
            "tasklist/bulk_reason.html",
            uuids=uuids,
            query=sent.get("query", ""),
            reason=sent.get("reason", ""),
            # Who has not been asked yet has made no mistake.
            errors=error.errors["reason"] if "asked" in sent or sent.get("reason", "").strip() else [],
            back=_back(None, sent.get("query", "")),
            longest=many.LONGEST_REASON,
        )
    return page, 422


def _back(deed_id: int | None, query: str) -> str:
    """My work as it was, with what became of each task."""
    named = dict(parse_qsl(query[:2000]))
    rows = named.get("rows", "")
    return link(
        WorkAddress.read(query),
        saved=named.get("saved"),
        rows=int(rows) if rows.isdecimal() and len(rows) < 6 else None,
        done=deed_id,
    )
