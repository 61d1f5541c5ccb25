"""The page My work: whose tasks, filters, saved filters, what is to be approved, and the open task beside the list."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone
from sqlalchemy.orm import Session

from app.db import db
from app.errors import NotFound
from app.people import queries as people
from app.people.current import current_person
from app.people.models import Person
from app.tasklist import bulk, saved_filters, worklist
from app.tasklist.address import WorkAddress
from app.tasklist.blueprint import blueprint
from app.tasklist.choices import chips, read_choices
from app.tasklist.details import task_details
from app.tasklist.models import BulkDeed, SavedFilter
from app.tasklist.queries import Row


@blueprint.get("/")
def my_work() -> ResponseReturnValue:
    """The open tasks of the reader or of their teams; customers are at home in the portal."""
    session, person = db.session(), current_person()
    if not person.is_staff:
        return redirect(url_for("portal.index"))
    if not request.args:
        first = saved_filters.first_of(session, person)
        if first is not None:
            return redirect(link(WorkAddress.read(first.query), saved=first))
    address = WorkAddress.of(request.args.items(multi=True))
    if any(not value for value in request.args.values()):
        # Forms send their empty fields too; an address that one keeps has none.
        return redirect(link(address, saved=request.args.get("saved")))
    filters, zone, most = worklist.filters_of(session, address), get_timezone(), _most()
    work = worklist.my_work(
        session, person, whole_team=address.is_of_teams, zone=zone, filters=filters, most=most
    )  # fmt: skip
    rows = work.rows
    chosen = _open_row(rows, request.args.get("task"))
    choices = read_choices(session, person, work.who)
    saved = saved_filters.of_person(session, person)
    current = next((each for each in saved if str(each.id) == request.args.get("saved")), None)
    back = link(address, saved=current, rows=most, task=chosen.task.uuid if chosen is not None else None)
    missing = {} if rows else worklist.without_each(
        session, work.who, filters, whole_team=address.is_of_teams, zone=zone
    )  # fmt: skip
    return render_template(
        "tasklist/my_work.html",
        work=work,
        address=address,
        link=link,
        plain=link(address, saved=current, rows=most),
        most=most,
        step=worklist.ROWS,
        most_rows=worklist.MOST_ROWS,
        chosen=chosen,
        pane=task_details(session, chosen.task, person, back=back, row=chosen) if chosen is not None else None,
        choices=choices,
        chips=chips(session, address, choices, filters.customer_id),
        without=missing,
        saved=saved,
        current=current,
        is_changed=current is not None and current.query != _full(address).query,
        done=_done(session, person),
    )


def link(
    address: WorkAddress,
    *,
    saved: SavedFilter | int | str | None = None,
    rows: int | None = None,
    task: str | None = None,
    done: int | None = None,
) -> str:
    """The address of My work: filtered, with one task open, with the result of what was done to many."""
    saved_id = saved.id if isinstance(saved, SavedFilter) else saved
    more = rows if rows and rows > worklist.ROWS else None
    wanted: dict[str, list[str]] = {}
    for name, value in address.pairs:
        wanted.setdefault(name, []).append(value)
    return url_for("tasklist.my_work", **wanted, saved=saved_id or None, rows=more, task=task, done=done)  # type: ignore[arg-type]  # Flask takes any number of values


def here(*, task: str | None = None) -> str:
    """My work as the address of the present page names it: where somebody came from, and goes back to."""
    address = WorkAddress.of(request.args.items(multi=True))
    return link(address, saved=request.args.get("saved"), rows=_most(), task=task)


def _open_row(rows: list[Row], task_uuid: str | None) -> Row | None:
    """The row whose task is open beside the list: the one asked for, the first that the reader may complete, any."""
    asked = next((row for row in rows if row.task.uuid == task_uuid), None)
    return asked or next((row for row in rows if row.may_complete), rows[0] if rows else None)


def _full(address: WorkAddress) -> WorkAddress:
    """The address with what goes without saying, as saved filters keep it."""
    return address if address.one("of") else address.whose("teams")


def _most() -> int:
    asked = request.args.get("rows", "")
    number = int(asked) if asked.isdecimal() and len(asked) < 6 else worklist.ROWS
    return min(max(number, worklist.ROWS), worklist.MOST_ROWS)


def _done(session: Session, person: Person) -> dict[str, object] | None:
    """What became of the tasks that somebody did together: it stays on the page until they go on."""
    number = request.args.get("done", "")
    if not (number.isdecimal() and len(number) < 10):
        return None
    try:
        deed: BulkDeed = bulk.get(session, int(number), by=person)
    except NotFound:
        return None
    good = [result for result in deed.results if not result.why]
    bad = [result for result in deed.results if result.why]
    return {
        "deed": deed,
        "good": len(good),
        "bad": bad,
        "winners": people.people_by_ids(session, [result.winner_id for result in bad]),
        "may_undo": deed.undone_at is None and any(result.is_undoable for result in good),
    }
