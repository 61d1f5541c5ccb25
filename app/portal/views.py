"""The customers' list of requests and their contract. A new request and the page of one have files of their own."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.contracts import queries as contracts
from app.contracts.days import today
from app.db import db
from app.people.current import current_person
from app.portal import asking, new_views, queries, request_views
from app.portal.blueprint import blueprint

# Importing them registers them.
OWN_VIEWS = (new_views.new, request_views.show)

LONGEST_SEARCH = 200
PERIODS = 5


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """My requests or my company's: what waits for me first. A number leads to its request."""
    session, person = db.session(), current_person()
    contact = contracts.contact_of(session, person)
    sees_company = queries.sees_company(contact)
    filters = queries.Filters(
        company=sees_company and request.args.get("whose") == "company",
        closed=request.args.get("show") == "closed",
        words=request.args.get("q", "").strip()[:LONGEST_SEARCH],
    )
    if filters.words and (number := queries.number_meant(session, person, contact, filters.words)):
        return redirect(url_for(".show", number=number))
    page = queries.page(session, person, contact, filters, request.args.get("before"))
    return render_template(
        "portal/index.html",
        page=page,
        filters=filters,
        me=person,
        customer=contact.customer if sees_company and contact is not None else None,
        open_counts={
            "mine": queries.count_open(session, person, contact, company=False),
            "company": queries.count_open(session, person, contact, company=True) if sees_company else 0,
        },
        snippet=queries.SNIPPET,
    )


@blueprint.get("/contract")
def contract() -> str:
    """What was agreed with the reader's organisation, and how many hours are used and left."""
    session, person = db.session(), current_person()
    contact = contracts.contact_of(session, person)
    agreed = asking.contract_of(session, contact)
    shows_hours = agreed is not None and agreed.shows_hours and queries.sees_company(contact)
    periods = contracts.hours_by_period(session, agreed, today(), PERIODS) if agreed is not None and shows_hours else []
    return render_template(
        "portal/contract.html",
        contract=agreed,
        customer=contact.customer if contact is not None and not contact.customer.is_unknown else None,
        shows_hours=shows_hours,
        periods=periods,
    )
