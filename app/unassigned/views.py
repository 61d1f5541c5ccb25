"""The requests that nobody has: the list per team, who could take one, and handing them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from sqlalchemy.orm import Session

from app.contracts.models import Customer
from app.db import db
from app.errors import InvalidInput, NotFound
from app.people import queries as people
from app.people.current import current_person
from app.people.models import Person, Team
from app.tickets import bulk as many
from app.tickets import counting
from app.tickets import queries as tickets
from app.tickets.filters import NO_TEAM
from app.tickets.flashes import with_button
from app.unassigned import queries
from app.web.access import may_open
from app.web.counts import Counted, counts

blueprint = Blueprint("unassigned", __name__, url_prefix="/unassigned", template_folder="templates")

SORT_WORDS = {
    "due": lazy_gettext("First deadline first"),
    "waiting": lazy_gettext("Longest waiting first"),
    "priority": lazy_gettext("Most urgent first"),
    "-opened": lazy_gettext("Newest first"),
}


@counts("unassigned")
def count_unassigned(_session: Session, _person: Person) -> Counted:
    """How many requests nobody has yet, beside "Unassigned" in the rail."""
    return queries.UNASSIGNED


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a team (its key, `NO_TEAM`, or empty for all), a customer, an order."""

    teams: tuple[str, ...]
    customer: Customer | None
    sort: str

    def link(self, **changes: Any) -> str:
        """The address of the same list with something else."""
        wanted = {
            "team": list(self.teams),
            "customer": self.customer.id if self.customer else None,
            "sort": self.sort if self.sort != queries.SORTS[0] else None,
        }
        return url_for("unassigned.index", **{**wanted, **changes})

    @property
    def is_narrow(self) -> bool:
        """Whether something is filtered."""
        return bool(self.teams or self.customer)


@blueprint.get("/")
def index() -> str:
    """Requests that nobody has, of all teams or of some, each with how long it waits."""
    session, reader = db.session(), current_person()
    asked = _asked(session)
    waiting = queries.waiting_by_team(session, reader, asked.customer)
    page = queries.page(
        session,
        reader,
        queries.filters(teams=asked.teams, customer=asked.customer),
        asked.sort,
        after=request.args.get("after"),
        before=request.args.get("before"),
    )
    may_assign = may_open("unassigned.assign")
    agents = people.agents(session) if may_assign and page.rows else []
    return render_template(
        "unassigned/index.html",
        page=page,
        asked=asked,
        waiting=waiting,
        every=sum(each.number for each in waiting),
        shown=sum(each.number for each in waiting if not asked.teams or each.key in asked.teams),
        team=_the_team(waiting, asked),
        sort_words=SORT_WORDS,
        may_assign=may_assign,
        may_take=may_assign and reader.has_role(*people.AT_WORK),
        agents=agents,
        open_requests=counting.open_by_person(session, [person.id for person in agents]),
    )


@blueprint.get("/<number>/people")
def candidates(number: str) -> str:
    """Who could take a request: the people of its team, those with the least on their hands first."""
    session = db.session()
    ticket = tickets.by_number(session, number, seen_by=current_person())
    values = {"ticket": ticket, "found": queries.candidates(session, ticket.team), "back": _back()}
    whole = not request.headers.get("HX-Request")
    return render_template("unassigned/candidates.html" if whole else "unassigned/people.html", **values)


@blueprint.post("/assign")
def assign() -> ResponseReturnValue:
    """Hand out one request (`give`: its number and a person) or the chosen ones, each with its own result."""
    session, person = db.session(), current_person()
    sent = request.form
    given, _colon, to = sent.get("give", "").partition(":")
    numbers = [given] if given else [number.strip()[:40] for number in sent.getlist("number")]
    # The button of a row beats what the bar below says.
    wish = many.Wish(
        person=_person_id(to or ("" if given else sent.get("person", "")), person),
        team="" if given else sent.get("team", ""),
    )
    back = _back()
    # They were chosen because nobody had them: what somebody has taken since stays theirs.
    seen = {number: (team_id, None) for number, team_id in queries.teams_of(session, numbers).items()}
    done = many.change_many(session, numbers, wish, by=person, query=back, seen=seen)
    changed = [result for result in done.results if result["why"] is None]
    if len(done.results) == 1 and not changed:
        flash(done.results[0]["why"])
        return redirect(back)
    if len(changed) < len(done.results):
        return redirect(url_for("tickets.bulk_result", change_id=done.id))
    undo = url_for("tickets.undo_bulk", change_id=done.id)
    flash(with_button(_said(session, wish, [result["number"] for result in changed], person), undo, _("Undo")))
    return redirect(back)


def _said(session: Session, wish: many.Wish, numbers: list[str], by: Person) -> str:
    if not wish.person:
        return str(ngettext("%(num)d request has another team.", "%(num)d requests have another team.", len(numbers)))
    receiver = people.get_person(session, int(wish.person))
    if len(numbers) > 1:
        words = ngettext(
            "%(num)d request is with %(person)s now.",
            "%(num)d requests are with %(person)s now.",
            len(numbers),
            person=receiver.name,
        )
        return str(words)
    if receiver.id == by.id:
        return str(_("%(number)s is yours.", number=numbers[0]))
    return str(_("%(number)s is with %(person)s now.", number=numbers[0], person=receiver.name))


def _person_id(written: str, me: Person) -> str:
    if written == "me":
        return str(me.id)
    if written and not written.isdecimal():
        raise InvalidInput(_("Choose somebody of the desk."))
    return written


def _asked(session: Session) -> Asked:
    """Read the address.

    Raises:
        NotFound: it names a team or a customer that is not there.
    """
    teams = tuple(dict.fromkeys(key.strip()[:50] for key in request.args.getlist("team") if key.strip()))[:20]
    for key in teams:
        if key != NO_TEAM:
            people.get_team(session, key)
    named = request.args.get("customer", "").strip()[:200]
    customer = session.get(Customer, tickets.customer_named(session, named)) if named else None
    if named and customer is None:
        raise NotFound(_("There is no such customer."))
    sort = request.args.get("sort", "")
    return Asked(teams, customer, sort if sort in queries.SORTS else queries.SORTS[0])


def _the_team(waiting: list[queries.Waiting], asked: Asked) -> Team | None:
    """The team that is looked at, when it is one."""
    if len(asked.teams) != 1:
        return None
    return next((each.team for each in waiting if each.key == asked.teams[0]), None)


def _back() -> str:
    """The list that was looked at, as the form or the address says."""
    wanted = request.values.get("back", "")
    home = url_for("unassigned.index")
    overview = "/overview"
    is_ours = wanted.startswith((home, overview)) and "\\" not in wanted and not any(ord(each) < 32 for each in wanted)
    return wanted[:2000] if is_ours else home
