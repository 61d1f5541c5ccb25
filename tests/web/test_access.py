"""Who may open what: the table is complete, and each role meets what it says."""

import pytest
from flask import Flask

from app.people.models import Role
from app.web.access import ACCESS, Rule, safe_next
from tests.pages import Pages

VISITOR = "visitor"


def places(app: Flask) -> list[tuple[str, str]]:
    """(endpoint, address) of every page that can be opened without knowing what is there."""
    return [
        (rule.endpoint, rule.rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or set()) and not rule.arguments and rule.endpoint != "health.show"
    ]


def expected(rule: Rule, role: str) -> set[int]:
    if rule.roles is None:
        return {200, 302}
    if role == VISITOR:
        return {302}
    if Role(role) in rule.roles:
        return {200, 302}
    return {404} if rule.hidden and Role(role) not in rule.seen_by else {403}


def test_every_route_has_a_row_and_every_row_a_route(desk: Pages) -> None:
    """A route that nobody thought about must not be open to everybody."""
    routes = {rule.endpoint for rule in desk.app.url_map.iter_rules()}

    assert routes - set(ACCESS) == set()
    assert set(ACCESS) - routes == set()


@pytest.mark.parametrize("role", [VISITOR, *Role])
def test_each_role_meets_what_the_table_says(desk: Pages, role: str) -> None:
    """What one may not see is 404, what one sees but may not do is 403, and visitors are asked to sign in."""
    if role == Role.CUSTOMER:
        browser = desk.client(desk.contact()[0])
    else:
        browser = desk.app.test_client() if role == VISITOR else desk.client(desk.staff(Role(role)))

    met = {(endpoint, address): browser.get(address).status_code for endpoint, address in places(desk.app)}

    wrong = {place: status for place, status in met.items() if status not in expected(ACCESS[place[0]], role)}
    assert wrong == {}


def test_a_visitor_is_sent_to_sign_in_and_back(desk: Pages) -> None:
    answer = desk.app.test_client().get("/tickets/?team=network")

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in?next=/tickets/?team%3Dnetwork"


def test_a_visitor_with_a_broken_referrer_is_sent_to_sign_in(desk: Pages) -> None:
    answer = desk.app.test_client().head("/tickets/", headers={"Referer": "http://["})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")


def test_a_visitor_cannot_post(desk: Pages) -> None:
    answer = desk.app.test_client().post("/tickets/new", data={"subject": "x"})

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in")


def test_a_customer_does_not_learn_that_a_staff_page_exists(desk: Pages) -> None:
    """The page for a stranger's ticket and for no ticket at all look the same."""
    person_id, _customer = desk.contact()
    number = desk.ticket(person_id)
    browser = desk.client(person_id)

    known, unknown = browser.get(f"/tickets/{number}"), browser.get("/tickets/S-99999")

    assert (known.status_code, unknown.status_code) == (404, 404)


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "", "x",
     "/\n/evil.example", "http:/evil"],
)  # fmt: skip
def test_signing_in_never_leads_to_another_site(target: str) -> None:
    assert safe_next(target) is None


def test_signing_in_leads_on_to_a_page_of_the_desk() -> None:
    assert safe_next("/tickets/S-10482?x=1") == "/tickets/S-10482?x=1"
