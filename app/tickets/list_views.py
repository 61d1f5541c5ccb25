"""The list of tickets: filters, search, saved views, columns, order, pages, and the same rows as a file."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from flask import g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, lazy_gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import clock
from app.contracts import queries as contracts
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
from app.tickets.paging import END

# What stands in the query of an address as it is.
PLAIN = "!$'()*,/:;?@"
# In an address, besides what is listed and how: the view that was opened, and the page.
PLACES = ("view", "after", "before")
# So many are counted; of a longer list it is said that it has more.
COUNTED = 1000
# The address that opens the plain list for somebody whose list opens with a view.
EVERYTHING = "all"
NUMBER = re.compile(r"#?[A-Za-z]{0,8}-?\d{1,12}")

SORT_WORDS = {
    "-updated": lazy_gettext("Newest change first"),
    "updated": lazy_gettext("Longest without a change first"),
    "-opened": lazy_gettext("Newest first"),
    "opened": lazy_gettext("Oldest first"),
    "due": lazy_gettext("First deadline first"),
    "-due": lazy_gettext("Last deadline first"),
    "priority": lazy_gettext("Most urgent first"),
    "-priority": lazy_gettext("Least urgent first"),
    "state": lazy_gettext("By state"),
    "-state": lazy_gettext("By state, the last ones first"),
    "customer": lazy_gettext("By customer"),
    "-customer": lazy_gettext("By customer, from Z to A"),
    "waiting": lazy_gettext("Longest without anybody first"),
    "-waiting": lazy_gettext("Shortest without anybody first"),
}
MIME = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """Tickets as the address asks for them; a search for a number goes straight to its ticket."""
    session, person = db.session(), current_person()
    address, place = Address.of(request.args.items(multi=True)), Place.asked_for()
    if not request.args:
        first = saved_views.default_of(session, person)
        if first is not None:
            return redirect(link(Address.read(first.query), view=first))
    jump = _ticket_of_number(session, person, address.text)
    if jump:
        return redirect(url_for(".show", number=jump))
    if _says_more_than(address):
        # Forms send their empty fields too; an address that people share has nothing that means nothing.
        return redirect(_link_to(address, place))
    filters, customer_id = filters_of(session, person, address)
    page = queries.rows(
        session, person, filters, place.after, before=place.before, sort=address.sort,
        with_requesters="requester" in address.columns,
    )  # fmt: skip
    if place.after and not page.tickets:
        # What stood there is gone: the list ends sooner now.
        return redirect(link(address, view=place.view, before=END))
    ids = [row.id for row in page.tickets]
    views = saved_views.visible(session, person)
    opened = next((each.id for each in views if str(each.id) == place.view), None)
    view = saved_views.get(session, opened, seen_by=person) if opened is not None else None
    return render_template(
        "tickets/index.html",
        address=address,
        page=page,
        number=queries.count_up_to(session, person, filters, COUNTED),
        counted=COUNTED,
        link=link,
        here=_link_to(address, place).partition("?")[2],
        columns=[COLUMNS[key] for key in address.columns],
        every_column=COLUMNS.values(),
        cells=panels.columns(session, ids, person, address.columns),
        more=extras(session, ids, person, ["tags"]),
        found=snippets.snippets(session, ids, address.text) if address.text else {},
        chips=chips(session, person, address, customer_id),
        quick=QUICK,
        sort_words=SORT_WORDS,
        views=views,
        view=view,
        shares=_shares(session, person, view) if address.query or view is not None else [],
        view_is_changed=view is not None and view.query != address.query,
        may_change_view=view is not None and saved_views.may_change(view, person),
        is_first=view is not None and saved_views.opens_first(session, person) == view.id,
        may_change=person.has_role(Role.AGENT, Role.TEAM_LEAD, Role.MANAGER),
    )


@blueprint.get("/filter")
def filter_form() -> str:
    """Everything the list of this address can be filtered by: for the menu of the list, or as a page."""
    session, person = db.session(), current_person()
    address, place = Address.of(request.args.items(multi=True)), Place.asked_for()
    whole = not request.headers.get("HX-Request")
    return render_template(
        "tickets/filter.html" if whole else "tickets/list/filter_form.html",
        address=address,
        view=place.view if place.view.isdecimal() else "",
        choices=read_choices(session, person),
        categories=CATEGORIES,
        opened=OPENED,
        due=DUE,
        back=_link_to(address, place),
    )


@blueprint.get("/customers")
def customers_found() -> str:
    """The names of customers that may be meant by what was typed so far: options for a field."""
    names = contracts.names_like(db.session(), request.args.get("customer", "")[:200])
    return render_template("tickets/customers_found.html", names=names)


@blueprint.get("/export.<any(csv, xlsx):kind>")
def export_rows(kind: str) -> ResponseReturnValue:
    """The rows and columns of the list as a file.

    It is written to the disk first: a slow reader then holds no transaction, and no list has to fit into memory.
    """
    session, person = db.session(), current_person()
    address = Address.of(request.args.items(multi=True))
    filters, _customer_id = filters_of(session, person, address)
    if queries.count_up_to(session, person, filters, tables.MOST_ROWS) > tables.MOST_ROWS:
        most = format_decimal(tables.MOST_ROWS)
        raise InvalidInput(_("This list has more than %(most)s rows. Narrow it first, for example by date.", most=most))
    titles = [str(column.title) for column in tables.columns_of(address.columns)]
    found = tables.rows(session, person, filters, address.sort, address.columns)
    write = tables.write_csv if kind == "csv" else tables.write_xlsx
    # Closed by the answer when it has been sent.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        write(file, titles, found, ZoneInfo(person.zone), str(person.language))
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
    place = [(name, str(value)) for name, value in (("view", view_id), ("after", after), ("before", before)) if value]
    pairs = [*address.pairs, *place]
    # A page has twenty of them: Flask would look for the way to the same list each time.
    if "list_address" not in g:
        g.list_address = url_for("tickets.index")
    return f"{g.list_address}?{urlencode(pairs, safe=PLAIN)}" if pairs else str(g.list_address)


@dataclass(frozen=True)
class Place:
    """Where in a list somebody is: the view they opened, and the page."""

    view: str = ""
    after: str = ""
    before: str = ""

    @classmethod
    def asked_for(cls) -> Place:
        """By the address of this request."""
        return cls(*(request.args.get(name, "") for name in PLACES))

    @classmethod
    def read(cls, query: str) -> Place:
        """By the query of an address."""
        given = dict(parse_qsl(query.lstrip("?")))
        return cls(*(given.get(name, "") for name in PLACES))


def link_back(query: str) -> str:
    """The address of the list with this query, at the page and with the view that it names."""
    return _link_to(Address.read(query), Place.read(query))


def _link_to(address: Address, place: Place) -> str:
    # Without any filter, the plain list is meant, not the view that a list opens with.
    view = place.view or (EVERYTHING if not address.pairs else "")
    return link(address, view=view, after=place.after, before=place.before)


def _says_more_than(address: Address) -> bool:
    """Whether the address of this request has parts that are of no effect."""
    given = [pair for pair in request.args.items(multi=True) if pair[0] not in PLACES]
    return sorted(given) != sorted(address.pairs) or any(
        not request.args[name] for name in PLACES if name in request.args
    )


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


def _shares(session: Session, person: Person, view: SavedView | None) -> list[tuple[str, str]]:
    """With whom the reader may share a view, and with whom this one is shared now."""
    found = {"own": str(_("Only me"))}
    for team in saved_views.shares(session, person):
        found[f"team:{team.key}"] = str(_("Team %(team)s", team=team.name))
    if saved_views.may_share_with_all(person):
        found["everybody"] = str(_("Everybody"))
    if view is not None and (now := saved_views.share_of(view)) not in found:
        found[now] = str(_("Team %(team)s", team=view.team.name) if view.team else _("Everybody"))
    return list(found.items())
