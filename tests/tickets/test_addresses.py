"""The address of a list says the same however it was typed, and can be shared."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import clock
from app.people.models import Person
from app.tickets.address import AT_RISK, DUE, FILTERS, NOBODY, OPENED, SOON, Address
from app.tickets.columns import COLUMNS, SHOWN_AT_FIRST
from app.tickets.list_address import MOST_VALUES
from app.tickets.paging import SORTS

# A Wednesday; in Bucharest it is two hours later than in UTC.
NOON = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
READER = Person(id=7, zone="Europe/Bucharest")

_words = st.text(max_size=30) | st.sampled_from(
    ["active", "urgent", "phone", "today", "2026-11-18", "1", "me", "none", "-due", "team", "a&b=c", "%41", "țeavă"]
)
_names = st.sampled_from([*FILTERS, "column", "sort", "view", "after", "nonsense"])


@given(st.lists(st.tuples(_names, _words | st.sampled_from(list(COLUMNS)) | st.sampled_from(SORTS)), max_size=40))
def test_an_address_read_again_is_the_same(pairs: list[tuple[str, str]]) -> None:
    """Saved views and shared links hold the query; what it says may not depend on who typed it."""
    address = Address.of(pairs)

    assert Address.read(address.query).pairs == address.pairs or len(address.query) > 2000
    assert Address.of(address.pairs) == address
    assert sorted(Address.of(reversed(address.pairs)).filtered) == sorted(address.filtered)


def test_the_order_of_names_does_not_matter_and_that_of_columns_does() -> None:
    one = Address.of([("sort", "due"), ("column", "team"), ("column", "state"), ("priority", "high"), ("q", "ups")])
    other = Address.of([("q", "ups"), ("column", "team"), ("priority", "high"), ("column", "state"), ("sort", "due")])

    assert one == other
    assert one.columns == ["team", "state"]
    assert one.query == "q=ups&priority=high&column=team&column=state&sort=due"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("priority", "whatever"),
        ("channel", "pigeon"),
        ("category", "all"),
        ("late", "0"),
        ("opened", "yesterday"),
        ("due", "never"),
        ("opened_from", "2026-02-30"),
        ("due_to", "tomorrow"),
        ("opened_to", "0001-01-01"),
        ("sort", "subject"),
        ("sort", "--due"),
        ("column", "password"),
        ("unknown", "x"),
        ("state", "   "),
        ("state", "\x00"),
    ],
)
def test_what_means_nothing_is_left_out(name: str, value: str) -> None:
    """Neither the list nor the chips above it may pretend that such a filter is on."""
    assert Address.of([(name, value)]).pairs == ()


def test_what_is_usual_is_not_said() -> None:
    usual = [("column", key) for key in SHOWN_AT_FIRST]

    assert Address.of([*usual, ("sort", "-updated")]).query == ""


def test_a_name_that_stands_once_takes_its_first_value_and_the_others_a_bounded_number() -> None:
    many = [("tag", f"tag {number}") for number in range(MOST_VALUES + 5)]

    address = Address.of([("customer", "Medis"), ("customer", "Alba"), *many, ("tag", "tag 0")])

    assert address.many("customer") == ["Medis"]
    assert len(address.many("tag")) == MOST_VALUES


def test_a_named_stretch_of_days_stands_alone() -> None:
    """`today` moves with the days; a day beside it would be shown as a filter that does nothing."""
    address = Address.of([("opened_from", "2026-11-01"), ("opened", "7d"), ("due_to", "2026-12-01")])

    assert address.pairs == (("opened", "7d"), ("due_to", "2026-12-01"))


def test_filters_are_added_toggled_and_taken_off() -> None:
    plain = Address()

    both = plain.plus("state", "new").plus("state", "closed").plus("q", "ups").plus("q", "baterie")

    assert both.many("state") == ["new", "closed"]
    assert both.text == "baterie"
    assert both.toggled("state", "new").many("state") == ["closed"]
    assert both.toggled("assignee", "me").has("assignee", "me")
    assert both.without("state").pairs == (("q", "baterie"),)
    assert plain.pairs == ()


def test_an_order_turns_round_and_dates_begin_with_the_newest() -> None:
    by_deadline = Address().sorted_by("due")

    assert by_deadline.sort == "due"
    assert by_deadline.sorted_by("due").sort == "-due"
    assert by_deadline.sorted_by("opened").sort == "-opened"
    assert Address().sorted_by("updated").sort == "updated"


def test_days_are_the_readers_own() -> None:
    """A day in Bucharest begins two hours before the one in UTC."""
    with clock.frozen(NOON):
        today = Address.of([("opened", "today"), ("due", "today")]).filters(READER, None)
        week = Address.of([("opened", "7d"), ("due", "7d")]).filters(READER, None)
        between = Address.of([("opened_from", "2026-11-02"), ("opened_to", "2026-11-03")]).filters(READER, None)

    assert today.opened_from == datetime(2026, 11, 17, 22, 0, tzinfo=UTC)
    assert today.due_until == datetime(2026, 11, 18, 22, 0, tzinfo=UTC)
    assert week.opened_from == datetime(2026, 11, 11, 22, 0, tzinfo=UTC)
    assert week.due_until == datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
    assert between.opened_from == datetime(2026, 11, 1, 22, 0, tzinfo=UTC)
    assert between.opened_until == datetime(2026, 11, 3, 22, 0, tzinfo=UTC)


def test_late_on_the_evening_of_a_clock_change_a_day_has_25_hours() -> None:
    with clock.frozen(datetime(2026, 10, 25, 21, 30, tzinfo=UTC)):
        filters = Address.of([("opened", "today")]).filters(READER, None)
        due = Address.of([("due", "today")]).filters(READER, None)

    assert filters.opened_from == datetime(2026, 10, 24, 21, 0, tzinfo=UTC)
    assert due.due_until == datetime(2026, 10, 25, 22, 0, tzinfo=UTC)


def test_people_are_named_by_id_by_themselves_or_as_nobody() -> None:
    filters = Address.of([("assignee", "me"), ("assignee", "12"), ("assignee", "none"), ("requester", "x")]).filters(
        READER, None
    )

    assert filters.assignee_ids == [12, READER.id]
    assert filters.unassigned
    assert filters.requester_id == NOBODY


def test_every_stretch_of_days_has_words() -> None:
    from app.tickets import list_choices

    assert set(list_choices.OPENED) == set(OPENED)
    assert set(list_choices.DUE) == {*DUE, SOON, AT_RISK}


def test_a_query_can_be_read_by_anybody() -> None:
    address = Address.of([("q", "țeavă & apă"), ("tag", "de facturat")])

    assert parse_qsl(address.query) == [("q", "țeavă & apă"), ("tag", "de facturat")]
