"""The list of instances, and trying many stalled ones again at once."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from app.contracts.models import Customer
from app.db import db
from app.engine import interventions
from app.engine.models import InstanceState, ProcessDefinition
from app.errors import DeskError, InvalidInput
from app.monitor import listing, queries
from app.monitor.blueprint import blueprint
from app.monitor.filters import STATES, Filters
from app.people import queries as people
from app.people.current import current_person
from app.people.models import Person
from app.tickets import queries as tickets
from app.web.access import may_open
from app.web.counts import Counted, counts
from app.web.diagrams import process_names, words_of_versions
from app.web.language import reader_language

MOST_RETRIED = 50

STARTED_WORDS = {
    "today": lazy_gettext("Started today"),
    "7d": lazy_gettext("Started in the last 7 days"),
    "30d": lazy_gettext("Started in the last 30 days"),
}
LONGER_WORDS = {
    "1d": lazy_gettext("Running longer than a day"),
    "3d": lazy_gettext("Running longer than 3 days"),
    "7d": lazy_gettext("Running longer than a week"),
    "30d": lazy_gettext("Running longer than 30 days"),
    "90d": lazy_gettext("Running longer than 90 days"),
}
SORT_WORDS = {
    "newest": lazy_gettext("Newest first"),
    "oldest": lazy_gettext("Oldest first"),
    "stalled": lazy_gettext("Stalled first"),
}


@counts("instances")
def count_stalled(_session: Session, _person: Person) -> Counted:
    """How many instances wait to be mended, beside "Instances" in the rail."""
    return queries.STALLED


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """Instances as the address asks for them."""
    if any(not value for value in request.args.values()):
        # Forms send their empty fields too; an address that people share has none.
        sort = request.args.get("sort", "")
        return redirect(url_for(".index", **Filters.of(request.args).as_args(sort=sort)))
    session, reader, filters = db.session(), current_person(), Filters.of(request.args)
    sort = request.args.get("sort", listing.NEWEST_FIRST)
    sort = sort if sort in listing.SORTS else listing.NEWEST_FIRST
    page = listing.page(session, reader, filters, request.args.get("after"), sort=sort)
    processes = listing.processes(session)
    used = {each.id: each for each in [*processes, *(row.instance.definition for row in page.rows)]}
    names = process_names(session, used.values(), reader_language())
    chosen = next((each for each in processes if each.key == filters.process), None)
    return render_template(
        "monitor/index.html",
        page=page,
        filters=filters,
        sort=sort,
        names=names,
        words=words_of_versions(session, used.values()),
        processes=[(each.key, names[each.id]) for each in processes],
        versions=listing.versions(session, chosen.key) if chosen is not None else [],
        elements=_elements(session, chosen, filters) if chosen is not None else [],
        teams=people.teams(session),
        customer=_customer(session, filters),
        states=STATES,
        numbers=listing.counts_by_state(session, reader, filters),
        most=listing.MOST_COUNTED,
        started_words=STARTED_WORDS,
        longer_words=LONGER_WORDS,
        sort_words=SORT_WORDS,
        may_retry=may_open("monitor.retry_many"),
    )


@blueprint.post("/retry")
def retry_many() -> ResponseReturnValue:
    """Try the chosen stalled instances again, one by one; what became of each is told on a page of its own."""
    session, person = db.session(), current_person()
    ids = list(dict.fromkeys(int(each) for each in request.form.getlist("instance") if each.isdecimal()))
    if not ids:
        raise InvalidInput(_("Choose the stalled instances first."))
    if len(ids) > MOST_RETRIED:
        raise InvalidInput(_("At most %(most)s instances can be tried again at once.", most=MOST_RETRIED))
    for instance in queries.by_ids(session, ids):
        if instance.state != InstanceState.STALLED.value:
            continue  # somebody else mended it meanwhile: the result says that it goes on
        try:
            # One that is refused (it is on hold) leaves nothing behind and stops no other.
            with session.begin_nested():
                interventions.retry(session, instance, by_id=person.id)
        except DeskError:
            continue
    return redirect(url_for(".retried", instance=ids, back=_back()))


@blueprint.get("/retried")
def retried() -> str:
    """Where instances stand that were tried again: those that go on, and those that did not, with the reason."""
    session = db.session()
    ids = [int(each) for each in request.args.getlist("instance") if each.isdecimal()][:MOST_RETRIED]
    rows = listing.rows_of(session, queries.by_ids(session, ids))
    definitions = [row.instance.definition for row in rows]
    return render_template(
        "monitor/retried.html",
        rows=rows,
        names=process_names(session, definitions, reader_language()),
        words=words_of_versions(session, definitions),
        back=_back(),
    )


def _elements(session: Session, chosen: ProcessDefinition, filters: Filters) -> list[tuple[str, str, int]]:
    """The elements at which instances of a process stand now: id, name, how many; the chosen one in any case."""
    found = listing.standing_at(session, chosen.key)
    words = words_of_versions(session, [chosen]).get(chosen.id)
    if filters.element:
        found.setdefault(filters.element, 0)
    named = [(each, words.name(each, reader_language()) if words else each, number) for each, number in found.items()]
    return sorted(named, key=lambda element: (-element[2], element[1]))


def _customer(session: Session, filters: Filters) -> Customer | None:
    return session.get(Customer, tickets.customer_named(session, filters.customer)) if filters.customer else None


def _back() -> str:
    """The list that was looked at."""
    wanted, home = request.values.get("back", ""), url_for(".index")
    is_ours = wanted.startswith(home) and "\\" not in wanted and not any(ord(each) < 32 for each in wanted)
    return wanted[:2000] if is_ours else home
