"""The list of tickets: filters, search, saved views, columns, order, pages, and the same rows as a file."""

from __future__ import annotations

import re
import tempfile
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from app import clock
from app.db import db
from app.errors import InvalidInput, NotFound
from app.people.current import current_person
from app.people.models import Person, Role
from app.tickets import panels, queries, saved_views, snippets, tables
from app.tickets.address import Address
from app.tickets.blueprint import blueprint
from app.tickets.columns import COLUMNS, extras
from app.tickets.filters import Filters
from app.tickets.list_choices import CATEGORIES, DUE, OPENED, QUICK, chips, read_choices
from app.tickets.list_models import SavedView

# The address that opens the plain list for somebody whose list opens with a view.
EVERYTHING = "all"
LONGEST_TEXT = 200
NUMBER = re.compile(r"#?[A-Za-z]{0,8}-?\d{1,12}")

SORT_WORDS = {
    "-updated": lazy_gettext("Newest change first"),
    "-opened": lazy_gettext("Newest first"),
    "opened": lazy_gettext("Oldest first"),
    "due": lazy_gettext("First deadline first"),
    "priority": lazy_gettext("Most urgent first"),
    "state": lazy_gettext("By state"),
    "customer": lazy_gettext("By customer"),
    "updated": lazy_gettext("Longest without a change first"),
    "waiting": lazy_gettext("Longest without anybody first"),
}
MIME = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """Tickets as the address asks for them; a search for a number goes straight to its ticket."""
    session, person = db.session(), current_person()
    address, shown = Address.of(request.args.items(multi=True)), request.args.get("view", "")
    jump = _ticket_of_number(session, person, address.text)
    if jump:
        return redirect(url_for(".show", number=jump))
    if not request.args:
        first = saved_views.default_of(session, person)
        if first is not None:
            return redirect(link(Address.read(first.query), view=first.id))
    if any(not value for value in request.args.values()):
        # Forms send their empty fields too; an address that people share has none.
        return redirect(link(address, view=shown))
    filters, customer_id = filters_of(session, person, address)
    page = queries.page(
        session, person, filters, request.args.get("after"), before=request.args.get("before"), sort=address.sort
    )
    choices = read_choices(session, person)
    views = saved_views.visible(session, person)
    view = next((each for each in views if str(each.id) == shown), None)
    return render_template(
        "tickets/index.html",
        address=address,
        page=page,
        link=link,
        columns=[COLUMNS[key] for key in address.columns],
        every_column=COLUMNS.values(),
        cells=panels.columns(session, page.tickets, person, address.columns),
        more=extras(session, page.tickets, person, ["tags"]),
        found=snippets.snippets(session, page.tickets, address.text) if address.text else {},
        choices=choices,
        chips=chips(session, address, choices, customer_id),
        quick=QUICK,
        categories=CATEGORIES,
        opened=OPENED,
        due=DUE,
        sort_words=SORT_WORDS,
        views=views,
        view=view,
        shares=_shares(session, person) if address.query else [],
        view_is_changed=view is not None and view.query != address.query,
        may_change_view=view is not None and saved_views.may_change(view, person),
        is_first=view is not None and saved_views.opens_first(session, person) == view.id,
        may_change=person.has_role(Role.AGENT, Role.TEAM_LEAD, Role.MANAGER),
    )


@blueprint.get("/export.<any(csv, xlsx):kind>")
def export_rows(kind: str) -> ResponseReturnValue:
    """The rows and columns of the list as a file.

    It is written to the disk first: a slow reader then holds no transaction, and no list has to fit into memory.
    """
    session, person = db.session(), current_person()
    address = Address.of(request.args.items(multi=True))
    filters, _customer_id = filters_of(session, person, address)
    if queries.has_more_than(session, person, filters, tables.MOST_ROWS):
        raise InvalidInput(
            _("This list has more than %(most)s rows. Narrow it, for example by date.", most=tables.MOST_ROWS)
        )
    titles = [str(column.title) for column in tables.columns_of(address.columns)]
    found = tables.rows(session, person, filters, address.sort, address.columns)
    write = tables.write_csv if kind == "csv" else tables.write_xlsx
    # Closed by the answer when it has been sent.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        write(file, titles, found, ZoneInfo(person.zone))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = f"{_('tickets')}-{clock.now():%Y-%m-%d}.{kind}"
    return send_file(file, mimetype=MIME[kind], as_attachment=True, download_name=name)


def link(
    address: Address, *, view: SavedView | int | str | None = None, after: str | None = None, before: str | None = None
) -> str:
    """The address of a list, of one of its pages, or of what a saved view became."""
    view_id = view.id if isinstance(view, SavedView) else view
    place = {"view": view_id or None, "after": after, "before": before}
    wanted: dict[str, list[str]] = {}
    for name, value in address.pairs:
        wanted.setdefault(name, []).append(value)
    return url_for("tickets.index", **wanted, **place)  # type: ignore[arg-type]  # Flask takes any number of values


def filters_of(session: Session, person: Person, address: Address) -> tuple[Filters, int | None]:
    """The filters of an address, and whose tickets it asks for: a customer's id, 0 when it names none that exists."""
    named = address.one("customer")
    customer_id = queries.customer_named(session, named) if named else None
    return address.filters(person, customer_id), customer_id


def _ticket_of_number(session: Session, person: Person, text: str) -> str | None:
    if not NUMBER.fullmatch(text):
        return None
    try:
        return queries.by_number(session, text, seen_by=person).number
    except NotFound:
        return None  # not a number of ours: it is looked for as a word


def _shares(session: Session, person: Person) -> list[tuple[str, str]]:
    found = [
        (f"team:{team.key}", str(_("Team %(team)s", team=team.name))) for team in saved_views.shares(session, person)
    ]
    everybody = [("everybody", str(_("Everybody")))] if saved_views.may_share_with_all(person) else []
    return [("own", str(_("Only me"))), *found, *everybody]
