"""The page of the list: what stands in it, addresses that stay short, columns, chips, counts, and its price."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.people.models import Person, Role
from app.tickets import list_views, queries, tagging
from app.tickets.columns import COLUMNS, SHOWN_AT_FIRST
from tests.pages import Pages, counted_queries, ticket_of


@pytest.fixture
def agent(desk: Pages) -> FlaskClient:
    return desk.client(desk.staff(Role.AGENT, team="support"))


@pytest.fixture
def customer(desk: Pages) -> tuple[int, int]:
    """(person id, customer id) of somebody with no requests yet."""
    return desk.contact()


def rows(page: str) -> list[str]:
    """The numbers of the rows, in order."""
    return re.findall(r'data-row="([^"]+)"', page)


def headings(page: str) -> list[str]:
    head = page.split("<thead>")[1].split("</thead>")[0]
    return re.findall(r'<th scope="col" class="is-(\w+)"', head)


@pytest.mark.parametrize(
    ("address", "short"),
    [
        ("?q=&state=&priority=high", "/tickets/?priority=high"),
        ("?priority=high&opened=&opened_from=2026-13-01", "/tickets/?priority=high"),
        ("?nonsense=1", "/tickets/?view=all"),
        ("?view=&after=&q=ups", "/tickets/?q=ups"),
        ("?sort=-updated&q=ups", "/tickets/?q=ups"),
        ("?" + "&".join(f"column={key}" for key in SHOWN_AT_FIRST), "/tickets/?view=all"),
    ],
)
def test_what_says_nothing_is_taken_out_of_the_address(agent: FlaskClient, address: str, short: str) -> None:
    """An address that people share says what is in the list and nothing else."""
    answer = agent.get(f"/tickets/{address}")

    assert answer.headers["Location"] == short
    assert agent.get(short).status_code == 200


def test_an_address_in_another_order_is_no_other_address(agent: FlaskClient) -> None:
    assert agent.get("/tickets/?assignee=none&category=active").status_code == 200


def test_columns_are_those_that_were_chosen(desk: Pages, agent: FlaskClient, customer: tuple[int, int]) -> None:
    desk.ticket(customer[0], "In columns", channel="phone")
    place = f"/tickets/?customer={customer[1]}"

    assert headings(agent.get(place).text) == list(SHOWN_AT_FIRST)
    chosen = agent.get(f"{place}&column=channel&column=requester&column=opened").text
    assert headings(chosen) == ["channel", "requester", "opened"]
    assert "phone" in chosen
    every = agent.get(place + "".join(f"&column={key}" for key in COLUMNS)).text
    assert headings(every) == list(COLUMNS)


def test_a_heading_sorts_and_turns_the_order_round(desk: Pages, agent: FlaskClient, customer: tuple[int, int]) -> None:
    low, urgent = (desk.ticket(customer[0], priority=each) for each in ("low", "urgent"))
    place = f"/tickets/?customer={customer[1]}"

    pressed = agent.get(f"{place}&sort=priority").text
    turned = agent.get(f"{place}&sort=-priority").text

    assert rows(pressed) == [urgent, low]
    assert rows(turned) == [low, urgent]
    assert 'aria-sort="ascending"' in pressed
    assert f'href="{place}&amp;sort=-priority"' in pressed
    assert '<option value="-priority" selected>' in turned


@pytest.mark.parametrize("sort", list_views.SORT_WORDS)
def test_every_order_is_shown_and_offered(
    desk: Pages, agent: FlaskClient, customer: tuple[int, int], sort: str
) -> None:
    numbers = {desk.ticket(customer[0]) for _ in range(2)}

    page = agent.get(f"/tickets/?customer={customer[1]}&sort={sort}", follow_redirects=True).text

    assert set(rows(page)) == numbers
    assert f'<option value="{sort}" selected>' in page


def test_filters_that_are_on_stand_above_the_list_each_with_a_way_off(
    desk: Pages, agent: FlaskClient, customer: tuple[int, int]
) -> None:
    number = desk.ticket(customer[0], "Chips")
    desk.write(lambda session: tagging.add_tag(session, ticket_of(session, number), "De facturat", by=None).name)
    name = desk.write(lambda session: ticket_of(session, number).customer.name)

    page = agent.get(
        f"/tickets/?q=chips&state=new&priority=high&tag=de+facturat&customer={customer[1]}&requester={customer[0]}"
        "&opened=7d&due_from=2026-11-01"
    ).text

    bar = page.split('class="s-filterbar"')[1].split("<details")[0]
    for words in ("“chips”", "New", "High", "#de facturat", name, "Contact", "Opened in the last 7 days", "Due from"):
        assert words in bar, words
    assert "state=new" not in bar.split("New<")[0].rpartition("href=")[2]


def test_a_filter_without_a_field_of_its_own_goes_along_with_the_form(agent: FlaskClient) -> None:
    """Adding a filter must not silently take another one off."""
    page = agent.get("/tickets/?category=closed&assignee=me&assignee=none&requester=5&sort=due&view=7").text
    address = unescape(page.split('data-pop hx-get="')[1].split('"')[0])

    for form in (agent.get(address, headers={"HX-Request": "true"}).text, agent.get(address).text):
        for name, value in (
            ("category", "closed"),
            ("assignee", "none"),
            ("requester", "5"),
            ("sort", "due"),
            ("view", "7"),
        ):
            assert f'<input type="hidden" name="{name}" value="{value}">' in form
        assert '<option value="me" selected>' in form


def test_the_form_for_all_filters_is_a_page_too(desk: Pages, agent: FlaskClient) -> None:
    part = agent.get("/tickets/filter?state=new", headers={"HX-Request": "true"}).text
    whole = agent.get("/tickets/filter?state=new").text

    assert "<html" not in part
    assert "<html" in whole
    for form in (part, whole):
        assert 'value="new" checked' in form


def test_what_was_selected_is_changed_on_a_page_of_its_own_without_scripts(
    desk: Pages, agent: FlaskClient, customer: tuple[int, int]
) -> None:
    numbers = [desk.ticket(customer[0]) for _ in range(2)]
    sent = {"number": numbers, "seen": [f"{numbers[0]} 0 0", "S-1 0 0"], "query": f"customer={customer[1]}"}

    page = agent.post("/tickets/selected", data=sent).text
    for number in numbers:
        assert f'name="number" value="{number}"' in page
    assert f'name="seen" value="{numbers[0]} 0 0"' in page
    assert "S-1 0 0" not in page

    nothing = agent.post("/tickets/selected", data={"query": f"customer={customer[1]}"})
    assert nothing.headers["Location"] == f"/tickets/?customer={customer[1]}"


def test_hostile_words_are_only_words(agent: FlaskClient) -> None:
    page = agent.get("/tickets/", query_string={"q": '"><script>alert(1)</script>', "tag": "<b>x</b>"}).text

    assert "<script>alert" not in page
    assert "<b>x" not in page


def test_how_many_there_are_is_said_and_a_long_list_is_not_counted_out(
    desk: Pages, agent: FlaskClient, customer: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        desk.ticket(customer[0])
    place = f"/tickets/?customer={customer[1]}"

    assert 'title="Requests in this list">3</span>' in agent.get(place).text
    monkeypatch.setattr(list_views, "COUNTED", 2)
    assert "more than 2" in agent.get(place).text


def test_pages_lead_on_back_to_the_first_and_to_the_last(
    desk: Pages, agent: FlaskClient, customer: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [desk.ticket(customer[0], f"Page {each}") for each in range(5)][::-1]
    monkeypatch.setattr(queries.rows, "__defaults__", (None, 2))
    place = f"/tickets/?customer={customer[1]}"

    first = agent.get(place).text
    second = agent.get(_href(first, 'rel="next"')).text
    last = agent.get(f"{place}&before=end").text

    assert [rows(first), rows(second), rows(last)] == [numbers[:2], numbers[2:4], numbers[3:]]
    assert rows(agent.get(_href(second, 'rel="prev"')).text) == numbers[:2]
    assert 'rel="prev"' not in first
    assert 'rel="next"' not in last
    assert "First page" in second
    assert "Last page" in second


def test_a_page_whose_rows_are_gone_leads_to_the_last_one(
    desk: Pages, agent: FlaskClient, customer: tuple[int, int]
) -> None:
    desk.ticket(customer[0])
    place = f"/tickets/?customer={customer[1]}"
    desk.ticket(customer[0])
    cursor = desk.write(
        lambda session: (
            queries.page(
                session, session.get_one(Person, customer[0]), queries.Filters(customer_id=customer[1]), size=1
            ).next_cursor
        )
    )

    answer = agent.get(f"{place}&state=closed&after={cursor}")

    assert answer.headers["Location"] == f"/tickets/?state=closed&customer={customer[1]}&before=end"


def test_a_place_that_is_none_is_said_kindly(agent: FlaskClient) -> None:
    answer = agent.get("/tickets/?after=bm8")

    assert answer.status_code == 422
    assert "open it again" in answer.text


def test_nothing_found_says_what_to_do(agent: FlaskClient) -> None:
    by_words = agent.get("/tickets/?q=zzzz").text
    by_filters = agent.get("/tickets/?state=nothing").text

    assert "with or without diacritics" in by_words
    assert "No request meets all of these filters." in by_filters
    assert "Clear all filters" in by_words


def test_where_a_search_found_its_words_is_shown(desk: Pages, agent: FlaskClient, customer: tuple[int, int]) -> None:
    desk.ticket(customer[0], "Apă", text="De ieri curge o țeavă în hala mare.")

    page = agent.get(f"/tickets/?q=teava&customer={customer[1]}").text

    assert "<mark>țeavă</mark>" in page


def test_a_number_in_quotes_is_a_word(desk: Pages, agent: FlaskClient, customer: tuple[int, int]) -> None:
    """Somebody who looks for where a number is mentioned does not want to be sent to its ticket."""
    number = desk.ticket(customer[0])
    desk.ticket(customer[0], f"Same as {number}")
    digits = number.removeprefix("S-")

    assert agent.get(f"/tickets/?q={digits}").status_code == 302
    assert len(rows(agent.get("/tickets/", query_string={"q": f'"{digits}"'}).text)) == 2


def test_rows_say_what_changes_them_so_that_the_page_looks_again(
    desk: Pages, agent: FlaskClient, customer: tuple[int, int]
) -> None:
    number = desk.ticket(customer[0])
    ticket_id = desk.write(lambda session: ticket_of(session, number).id)

    page = agent.get(f"/tickets/?customer={customer[1]}").text

    assert f'data-subject="ticket:{ticket_id}"' in page
    for part in ("rows", "pages", "number"):
        assert re.search(rf'id="{part}" data-live="mine"', page)


@pytest.mark.parametrize(
    "query", ["", "&q=row", "&sort=due", "&sort=customer", "&late=1", "&tag=x1", "&column=tags&column=deadline"]
)
def test_the_page_costs_the_same_whatever_its_length(
    desk: Pages, agent: FlaskClient, customer: tuple[int, int], query: str
) -> None:
    """However many rows, people, teams, tags and views there are."""
    place = f"/tickets/?customer={customer[1]}{query}"
    first = desk.ticket(customer[0], "Row of many")
    desk.write(lambda session: tagging.add_tag(session, ticket_of(session, first), "x1", by=None).name)
    agent.get(place)
    with counted_queries() as few:
        agent.get(place)

    def more(session: Session) -> None:
        for number in numbers:
            for tag in ("x1", "x2", "x3"):
                tagging.add_tag(session, ticket_of(session, number), tag, by=None)

    numbers = [desk.ticket(desk.contact(customer[1])[0], "Row of many") for _ in range(8)]
    desk.write(more)
    for each in range(4):
        desk.staff(Role.AGENT, team=f"more{each}")
        agent.post("/tickets/views", data={"name": f"View {each}", "query": f"q={each}"})
    with counted_queries() as many:
        agent.get(place)

    assert len(many) == len(few)


def test_customers_have_no_list(desk: Pages, customer: tuple[int, int]) -> None:
    assert desk.client(customer[0]).get("/tickets/").status_code == 404


def _href(page: str, marker: str) -> str:
    return page.split(f'{marker} href="')[1].split('"')[0].replace("&amp;", "&")
