"""The main pages of the desk: their addresses, and who looks at them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.contracts.models import Contact
from app.db import transaction
from app.engine.models import ProcessInstance, TaskState, TeamSet, UserTask
from app.people.models import Membership, Person, Team
from app.tickets.models import Ticket, TicketState
from app.web.demo_accounts import PASSWORD
from app.web.navigation import PLACES
from bench.pages.words import vocabulary

AGENT: Final = "radu@suport.example"
MANAGER: Final = "ana@suport.example"
CUSTOMER: Final = "ioana.muresan@albalogistic.example"
# A page is asked for at as many addresses, in turns: another ticket, another task.
VARIANTS: Final = 8
LIST: Final = "tickets"


@dataclass(frozen=True)
class Place:
    """One page.

    Args:
        account: who is signed in; nobody when empty.
        addresses: of several pages of the kind, asked for in turns.
        partial: it is a part of a page that htmx fetches.
    """

    name: str
    account: str
    addresses: tuple[str, ...]
    partial: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What a browser sends along."""
        return {"Accept-Encoding": "gzip, deflate, br", **({"HX-Request": "true"} if self.partial else {})}


def main_pages(app: Flask) -> list[Place]:
    """The pages of a desk that has the demo's company; needs no application context."""
    with app.test_request_context(), transaction(writing=False) as session:
        agent = session.scalars(select(Person).where(Person.email == AGENT)).one()
        customer = session.scalars(select(Person).where(Person.email == CUSTOMER)).one()
        return [
            Place("sign in", "", ("/sign-in",)),
            Place("my work", AGENT, ("/", "/?of=me")),
            Place("task pane", AGENT, _tasks(session, agent), partial=True),
            *_lists(),
            Place("ticket", AGENT, tuple(f"/tickets/{each}" for each in _numbers(session))),
            Place("new request", AGENT, ("/tickets/new",)),
            *_screens(),
            Place("instance", MANAGER, tuple(f"/instances/{each}" for each in _instances(session))),
            Place("notifications", AGENT, ("/notifications",)),
            Place("profile", AGENT, ("/settings/profile",)),
            Place("portal", CUSTOMER, ("/portal/", "/portal/?show=all", "/portal/?q=imprimanta&show=all")),
            Place("portal request", CUSTOMER, _requests(session, customer)),
            Place("portal new request", CUSTOMER, ("/portal/new", "/portal/new?type=incident")),
        ]


def signed_in(app: Flask, account: str) -> FlaskClient:
    """A browser in which somebody of the demo has signed in; nobody when the account is empty."""
    browser = app.test_client()
    if account:
        form = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/sign-in").text)
        sent = {"email": account, "password": PASSWORD, "csrf_token": form[1] if form else ""}
        if browser.post("/sign-in", data=sent).status_code != 302:
            raise RuntimeError(f"{account} could not sign in")
    return browser


def _lists() -> list[Place]:
    rare, frequent = vocabulary()[900], vocabulary()[3]
    return [
        Place(LIST, AGENT, ("/tickets/?view=all",)),
        Place(
            "tickets, filtered",
            AGENT,
            (
                "/tickets/?category=active&team=network",
                "/tickets/?state=in_progress&priority=high",
                "/tickets/?customer=Alba+Logistic+SRL&category=closed",
                "/tickets/?assignee=me&category=active",
                "/tickets/?tag=vip&type=incident",
                "/tickets/?opened=30d&channel=email&category=resolved",
            ),
        ),
        Place(
            "tickets, sorted",
            AGENT,
            (
                "/tickets/?sort=due&category=active",
                "/tickets/?late=1&sort=due",
                "/tickets/?sort=priority",
                "/tickets/?sort=customer",
                "/tickets/?sort=state&category=active",
            ),
        ),
        Place(
            "tickets, searched",
            AGENT,
            tuple(f"/tickets/?q={words}" for words in ("imprimanta", rare, frequent, f"{rare}+{frequent}", "alb")),
        ),
        Place("tickets, last page", AGENT, ("/tickets/?before=end&view=all",)),
    ]


def _screens() -> list[Place]:
    """Whatever else stands in the rail: a new screen is measured without anybody adding it here."""
    known = {"/", "/tickets/"}
    return [Place(str(each.key), MANAGER, (each.url,)) for each in PLACES if each.url not in known]


def _tasks(session: Session, agent: Person) -> tuple[str, ...]:
    own = select(Team.key).join(Membership, Membership.team_id == Team.id).where(Membership.person_id == agent.id)
    offered = select(TeamSet.name).where(TeamSet.team_key.in_(own))
    found = select(UserTask.uuid).where(UserTask.state == TaskState.OPEN, UserTask.team_set.in_(offered))
    return tuple(f"/tasks/{each}" for each in session.scalars(found.order_by(UserTask.id).limit(VARIANTS)))


def _numbers(session: Session) -> list[str]:
    """Tickets that are worked on, and some that are not; the first ones, which are the same on every desk."""
    in_work = select(Ticket.number).join(Ticket.state).where(TicketState.category == "open")
    over = select(Ticket.number).join(Ticket.state).where(TicketState.category == "closed")
    half = VARIANTS // 2
    found: Iterable[str] = [
        *session.scalars(in_work.order_by(Ticket.id).limit(half)),
        *session.scalars(over.order_by(Ticket.id).limit(half)),
    ]
    return list(found)


def _instances(session: Session) -> list[int]:
    """The first in each state: what they are is the same on every desk, however many there are."""
    found: list[int] = []
    for state in session.scalars(select(ProcessInstance.state).distinct().order_by(ProcessInstance.state)).all():
        first = select(func.min(ProcessInstance.id)).where(ProcessInstance.state == state)
        found.append(session.scalars(first).one())
    return found


def _requests(session: Session, customer: Person) -> tuple[str, ...]:
    own = select(Contact.customer_id).where(Contact.person_id == customer.id)
    found = select(Ticket.number).where(Ticket.customer_id.in_(own)).order_by(Ticket.id.desc()).limit(VARIANTS)
    return tuple(f"/portal/requests/{number}" for number in session.scalars(found))
