"""Filters of My work: in the address, with counts that stay right, kept under a name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.contracts.models import Customer
from app.people.models import Person, Role
from app.tickets import service as tickets
from tests import world
from tests.pages import Pages, counted_queries, ticket_of
from tests.tasklist.tasks import approval, open_task, taken_over

ROW = re.compile(r'data-row="([0-9a-f-]{36})"')


@pytest.fixture
def agent(desk: Pages) -> int:
    return desk.staff(Role.AGENT, team="support")


def listed(browser: FlaskClient, address: str = "/") -> set[str]:
    page = browser.get(address, follow_redirects=True)
    assert page.status_code == 200
    return set(ROW.findall(page.text))


def counts(browser: FlaskClient, address: str) -> tuple[int, int]:
    """The numbers beside "Mine" and "My teams"."""
    page = browser.get(address).text
    mine, teams = re.findall(r"<b>(\d+)</b>", page[page.index('id="whose"') :])[:2]
    return int(mine), int(teams)


def customer_name(desk: Pages, customer_id: int) -> str:
    return desk.write(lambda session: session.get_one(Customer, customer_id).name)


def test_a_customer_narrows_the_list_by_name_or_number(desk: Pages, agent: int) -> None:
    (requester, customer), (other, _) = desk.contact(), desk.contact()
    ours, others = open_task(desk, desk.ticket(requester)), open_task(desk, desk.ticket(other))
    browser = desk.client(agent)

    named = listed(browser, f"/?customer={customer_name(desk, customer)}")

    assert named == listed(browser, f"/?customer={customer}") == {ours}
    assert others in listed(browser)
    assert listed(browser, "/?customer=Nobody%20of%20this%20name") == set()


@pytest.mark.parametrize("name", ["type", "priority"])
def test_type_and_priority_narrow_the_list_and_several_widen_it(desk: Pages, agent: int, name: str) -> None:
    requester, customer = desk.contact()
    details: dict[str, tuple[str, str]] = {"type": ("incident", "question"), "priority": ("low", "urgent")}
    first, second = details[name]
    made = {
        value: open_task(desk, desk.ticket(requester, **{"type_key" if name == "type" else "priority": value}))
        for value in (first, second)
    }
    browser, of_customer = desk.client(agent), f"/?customer={customer}"

    assert listed(browser, f"{of_customer}&{name}={first}") == {made[first]}
    assert listed(browser, f"{of_customer}&{name}={first}&{name}={second}") == set(made.values())


def test_one_or_several_of_ones_teams(desk: Pages) -> None:
    requester, customer = desk.contact()
    agent = desk.staff(Role.AGENT, team="support")

    def join_second(session: Session) -> None:
        world.add_team(session, "second", members=[session.get_one(Person, agent)])

    desk.write(join_second)
    ours, moved = desk.ticket(requester), desk.ticket(requester)

    def move(session: Session) -> None:
        tickets.assign_to_team(session, ticket_of(session, moved), world.add_team(session, "second"), by=None)

    desk.write(move)
    browser, of_customer = desk.client(agent), f"/?customer={customer}"

    assert listed(browser, f"{of_customer}&team=second") == {open_task(desk, moved)}
    assert listed(browser, f"{of_customer}&team=second&team=support") == {open_task(desk, ours), open_task(desk, moved)}


def test_kinds_of_task_tell_what_is_to_be_done(desk: Pages) -> None:
    agent, approver = desk.staff(Role.AGENT, team="support"), desk.staff(Role.APPROVER, Role.AGENT, team="support")
    new = open_task(desk, desk.ticket(desk.contact()[0]))
    working = open_task(desk, taken_over(desk, agent))
    to_approve, _number = approval(desk, agent)
    browser = desk.client(approver)

    by_kind = {name: listed(browser, f"/?kind={name}") for name in ("take_over", "work", "approve", "other")}

    ours = {new, working, to_approve}
    assert {name: found & ours for name, found in by_kind.items()} == {
        "take_over": {new}, "work": {working}, "approve": {to_approve}, "other": set(),
    }  # fmt: skip
    assert {new, working} <= listed(browser, "/?kind=take_over&kind=work")


def test_words_find_what_staff_may_read_without_diacritics(desk: Pages, agent: int) -> None:
    number = desk.ticket(desk.contact()[0], "Țeavă spartă la etaj")
    task = open_task(desk, number)
    browser = desk.client(agent)

    assert listed(browser, "/?q=teava") == {task}
    assert listed(browser, f"/?q={number}") == {task}
    assert listed(browser, "/?q=nothinghasthis") == set()


def test_deadlines_are_those_of_the_groups(desk: Pages, agent: int) -> None:
    requester, customer = desk.contact()
    task = open_task(desk, desk.ticket(requester, priority="urgent"))
    browser, of_customer = desk.client(agent), f"/?customer={customer}"
    page = browser.get(of_customer).text
    group = "next_hour" if "Next hour" in page[page.index('id="work"') :] else "today"

    assert listed(browser, f"{of_customer}&due={group}") == {task}
    assert listed(browser, f"{of_customer}&due=late&due=later") == set()


def test_the_counts_say_what_pressing_them_shows(desk: Pages, agent: int) -> None:
    requester, customer = desk.contact()
    first, _second = desk.ticket(requester), desk.ticket(requester)
    desk.complete(first, agent, {"outcome": "mine", "person": None})
    browser, address = desk.client(agent), f"/?customer={customer}"

    mine, teams = counts(browser, address)

    assert (mine, teams) == counts(browser, f"{address}&of=me") == (1, 2)
    assert len(listed(browser, f"{address}&of=me")) == mine
    assert len(listed(browser, f"{address}&of=teams")) == teams


def test_each_filter_is_a_chip_that_takes_it_off(desk: Pages, agent: int) -> None:
    page = desk.client(agent).get("/?of=me&priority=high&priority=low&q=printer").text

    assert 'href="/?q=printer&amp;priority=low&amp;of=me"' in page
    assert 'href="/?priority=high&amp;priority=low&amp;of=me"' in page


def test_an_empty_list_says_which_filter_to_take_off(desk: Pages, agent: int) -> None:
    requester, customer = desk.contact()
    desk.ticket(requester, priority="high")
    desk.ticket(requester, priority="high")

    page = desk.client(agent).get(f"/?customer={customer}&priority=low").text

    assert "No task meets these filters" in page
    assert f'href="/?customer={customer}"' in page
    assert "2 tasks without it" in page


def test_a_form_without_scripts_leads_to_a_clean_address(desk: Pages, agent: int) -> None:
    sent = {"of": "teams", "q": "", "customer": "", "priority": "high"}

    answer = desk.client(agent).get("/", query_string=sent)

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/?priority=high&of=teams"


@pytest.mark.parametrize(
    "address", ["/?kind=nonsense", "/?due=never&team=%00", "/?rows=99999&task=x&done=abc", "/?saved=0&of=them"]
)
def test_words_that_mean_nothing_are_passed_over(desk: Pages, agent: int, address: str) -> None:
    task = open_task(desk, desk.ticket(desk.contact()[0]))

    assert task in listed(desk.client(agent), address)


def test_whoever_comes_back_from_a_task_finds_the_filters_again(desk: Pages, agent: int) -> None:
    """Also without scripts: the address of the task carries them, and its form leads back."""
    requester, customer = desk.contact()
    number = taken_over(desk, agent)
    task = open_task(desk, number)
    browser = desk.client(agent)

    row = browser.get("/?of=me&kind=work").text
    page = browser.get(f"/tasks/{task}?kind=work&of=me").text
    given = browser.post(
        f"/tasks/{open_task(desk, desk.ticket(requester))}/claim", data={"_next": f"/?customer={customer}"}
    )

    assert f'href="/tasks/{task}?kind=work&amp;of=me"' in row
    assert f'name="_next" value="/?kind=work&amp;of=me&amp;task={task}"' in page
    assert given.headers["Location"] == f"/?customer={customer}"


def test_many_tasks_come_a_hundred_at_a_time(desk: Pages) -> None:
    """The list is bounded, its counts are not, and the costs do not grow with what is not shown."""
    agent = desk.staff(Role.AGENT, team="support")
    requester, customer = desk.contact()

    def open_many(session: Session) -> None:
        person = session.get_one(Person, requester)
        for at in range(105):
            world.add_ticket(session, f"Request {at}", requester=person)

    desk.write(open_many)
    browser, address = desk.client(agent), f"/?customer={customer}"

    with counted_queries() as first:
        some = listed(browser, address)
    with counted_queries() as second:
        everything = listed(browser, f"{address}&rows=200")

    assert (len(some), len(everything)) == (100, 105)
    assert counts(browser, address) == (0, 105)
    assert f"{address}&amp;rows=200" in browser.get(address).text
    assert len(first) == len(second)


class TestSaved:
    """Filters under a name: somebody's own."""

    @pytest.fixture
    def browser(self, desk: Pages, agent: int) -> FlaskClient:
        return desk.client(agent)

    @staticmethod
    def save(browser: FlaskClient, **sent: Any) -> str:
        """Where the new filter lies."""
        answer = browser.post("/work/filters", data={"name": "Urgent ones", "query": "priority=urgent&of=me", **sent})
        assert answer.status_code == 302
        return answer.headers["Location"]

    @staticmethod
    def key(address: str) -> str:
        found = re.search(r"saved=(\d+)", address)
        assert found is not None
        return found[1]

    def test_a_filter_opens_as_it_was_saved(self, browser: FlaskClient) -> None:
        address = self.save(browser)

        page = browser.get("/").text

        assert address.startswith("/?priority=urgent&of=me&saved=")
        assert f'href="{address.replace("&", "&amp;")}"' in page
        assert "Urgent ones" in browser.get(address).text

    def test_nobody_else_has_it(self, desk: Pages, browser: FlaskClient) -> None:
        key = self.key(self.save(browser))
        other = desk.client(desk.staff(Role.AGENT, team="support"))

        assert "Urgent ones" not in other.get(f"/?saved={key}").text
        for action in ("", "/delete", "/restore", "/first"):
            assert other.post(f"/work/filters/{key}{action}", data={"name": "Mine now"}).status_code == 404

    def test_it_is_renamed_and_takes_other_filters(self, browser: FlaskClient) -> None:
        key = self.key(self.save(browser))

        browser.post(f"/work/filters/{key}", data={"name": "Low ones"})
        changed = browser.post(f"/work/filters/{key}", data={"query": "priority=low"})

        assert changed.headers["Location"] == f"/?priority=low&of=teams&saved={key}"
        assert "Low ones" in browser.get("/").text

    def test_a_changed_list_says_so(self, browser: FlaskClient) -> None:
        key = self.key(self.save(browser))

        assert "(changed)" not in browser.get(f"/?priority=urgent&of=me&saved={key}").text
        assert "(changed)" in browser.get(f"/?priority=urgent&priority=low&of=me&saved={key}").text

    def test_one_opens_first_and_all_tasks_stay_reachable(self, browser: FlaskClient) -> None:
        first, second = self.save(browser), self.save(browser, name="Second", query="kind=work")
        for address in (first, second):
            browser.post(f"/work/filters/{self.key(address)}/first", data={"first": "1"})

        assert browser.get("/").headers["Location"] == second
        assert browser.get("/?of=teams").status_code == 200
        browser.post(f"/work/filters/{self.key(second)}/first", data={"first": "0"})
        assert browser.get("/").status_code == 200

    def test_a_deleted_filter_can_be_brought_back(self, browser: FlaskClient) -> None:
        address = self.save(browser)
        key = self.key(address)
        browser.post(f"/work/filters/{key}/first", data={"first": "1"})

        gone = browser.post(f"/work/filters/{key}/delete", follow_redirects=True)

        assert f"/work/filters/{key}/restore" in gone.text
        assert browser.get("/").status_code == 200
        assert browser.post(f"/work/filters/{key}/restore").headers["Location"] == address
        assert browser.get("/").headers["Location"] == address

    @pytest.mark.parametrize("name", ["", "   ", "x" * 61])
    def test_it_needs_a_name_that_fits(self, browser: FlaskClient, name: str) -> None:
        answer = browser.post("/work/filters", data={"name": name, "query": "priority=low"})

        assert answer.status_code == 422
        assert "name of at most 60" in answer.text
