"""Pages of a list follow each other forwards and backwards, in every order, while rows change; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.people.models import Person, Role
from app.tickets import conversation, queries, service
from app.tickets.list_views import SORT_WORDS
from app.tickets.models import Ticket
from app.tickets.paging import END, SORTS
from tests import world
from tests.pages import Pages, ticket_of

ORDERS = [*SORTS, *(f"-{each}" for each in SORTS)]
SIZE = 3


@pytest.fixture(scope="module")
def shared_desk(either_desk: Pages) -> Pages:
    return either_desk


@pytest.fixture(scope="module")
def customer_id(either_desk: Pages) -> int:
    """A company whose eleven requests differ in priority, state and deadline; several changed at one moment."""
    desk = either_desk
    requester, customer = desk.contact()
    moments = [0, 0, 1, 1, 1, 2, 3, 4, 4, 5, 6]
    priorities = ["urgent", "normal", "low", "normal", "high", "normal", "low", "urgent", "normal", "normal", "high"]
    numbers = [
        Pages(desk.app, desk.moment + timedelta(minutes=minutes)).ticket(requester, priority=priority)
        for minutes, priority in zip(moments, priorities, strict=True)
    ]
    agent = desk.staff(Role.AGENT, team="support")

    def change(session: Session) -> None:
        by = session.get_one(Person, agent)
        for number in numbers[2:4]:
            service.resolve(session, ticket_of(session, number), by=by)
        for number in numbers[5:7]:
            service.change_state(session, ticket_of(session, number), "in_progress", by=by)

    desk.write(change)
    return customer


@pytest.fixture(scope="module")
def reader(either_desk: Pages) -> int:
    return either_desk.staff(Role.AGENT)


Read = Callable[..., queries.Page[Ticket]]


@pytest.fixture
def read(desk: Pages, customer_id: int, reader: int) -> Read:
    """Read a page: `read("due", after=cursor)`."""

    def page(sort: str, after: str | None = None, before: str | None = None, size: int = SIZE) -> queries.Page[Ticket]:
        return desk.write(
            lambda session: queries.page(
                session, session.get_one(Person, reader), queries.Filters(customer_id=customer_id), after,
                before=before, sort=sort, size=size,
            )
        )  # fmt: skip

    return page


def ids(page: queries.Page[Ticket]) -> list[int]:
    return [ticket.id for ticket in page.tickets]


def forwards(read: Read, sort: str, size: int = SIZE) -> list[int]:
    seen: list[int] = []
    page = read(sort, size=size)
    while True:
        seen += ids(page)
        if page.next_cursor is None:
            return seen
        page = read(sort, after=page.next_cursor, size=size)


def backwards(read: Read, sort: str) -> list[int]:
    """From the last page to the first, put together in the order of the list; the first one is always a whole page."""
    seen: list[int] = []
    page = read(sort, before=END)
    while True:
        seen = [each for each in ids(page) if each not in seen or page.previous_cursor] + seen
        if page.previous_cursor is None:
            return seen
        page = read(sort, before=page.previous_cursor)


@pytest.mark.parametrize("sort", ORDERS)
def test_pages_hold_every_row_once_in_both_directions(read: Read, sort: str) -> None:
    whole = ids(read(sort, size=100))
    assert len(whole) == 11

    assert forwards(read, sort) == whole
    assert forwards(read, sort, size=1) == whole
    assert backwards(read, sort) == whole
    assert ids(read(sort, before=END)) == whole[-SIZE:]


@pytest.mark.parametrize("sort", ORDERS)
def test_the_way_back_is_the_way_one_came(read: Read, sort: str) -> None:
    first = read(sort)
    second = read(sort, after=first.next_cursor)
    third = read(sort, after=second.next_cursor)

    assert ids(read(sort, before=third.previous_cursor)) == ids(second)
    assert ids(read(sort, before=second.previous_cursor)) == ids(first)
    assert first.previous_cursor is None
    assert read(sort, before=second.previous_cursor).previous_cursor is None


@pytest.mark.parametrize("sort", SORTS)
def test_an_order_and_its_turned_one_begin_with_other_tickets(read: Read, sort: str) -> None:
    """Customers are all one here, so only the ids turn round."""
    there, back = ids(read(sort, size=100)), ids(read(f"-{sort}", size=100))

    assert sorted(there) == sorted(back)
    assert there != back


def test_orders_mean_what_they_say(desk: Pages, read: Read) -> None:
    def of(sort: str) -> list[Ticket]:
        return read(sort, size=100).tickets

    assert [t.id for t in of("opened")] == sorted(t.id for t in of("opened"))
    changed = [t.updated_at for t in of("updated")]
    assert changed == sorted(changed)
    pressing = [t.priority for t in of("priority")]
    assert pressing == sorted(pressing, key=["urgent", "high", "normal", "low"].index)
    states = [t.state.position for t in of("state")]
    assert states == sorted(states)


def test_the_first_deadline_comes_first_and_those_without_one_last(desk: Pages, read: Read) -> None:
    from app.tickets import deadlines

    shown = read("due", size=100).tickets
    due = desk.write(lambda session: deadlines.first_due(session, [ticket.id for ticket in shown]))

    moments = [due[ticket.id] for ticket in shown if ticket.id in due]
    assert moments == sorted(moments)
    assert [ticket.id in due for ticket in shown] == [True] * len(moments) + [False] * (len(shown) - len(moments))
    assert 0 < len(moments) < len(shown)


def test_rows_that_change_meanwhile_push_no_other_row_off_a_page(desk: Pages, read: Read, customer_id: int) -> None:
    """A list by newest change: what somebody answers jumps to its top. All others are still met exactly once."""
    first = read("-updated")
    waiting = [each for each in ids(read("-updated", size=100)) if each not in ids(first)]
    answered = waiting[3]

    def answer(session: Session) -> None:
        conversation.add_note(session, session.get_one(Ticket, answered), "Answered meanwhile.", author=None)

    Pages(desk.app, desk.moment + timedelta(hours=1)).write(answer)
    seen, page = ids(first), first
    while page.next_cursor is not None:
        page = read("-updated", after=page.next_cursor)
        seen += ids(page)

    assert sorted(seen) == sorted(set(ids(first)) | set(waiting) - {answered})
    assert ids(read("-updated"))[0] == answered


def test_a_new_row_shifts_nothing(desk: Pages, read: Read, customer_id: int) -> None:
    second = read("-opened", after=read("-opened").next_cursor)

    requester = desk.contact(customer_id)[0]
    newest = Pages(desk.app, desk.moment + timedelta(hours=2)).ticket(requester, "Came meanwhile")

    assert ids(read("-opened", after=read("-opened").next_cursor))[1:] == ids(second)[:-1]
    again = read("-opened", before=second.previous_cursor)
    assert newest not in [ticket.number for ticket in again.tickets]
    assert again.previous_cursor is not None


def test_going_back_past_what_is_gone_leads_to_the_first_page(read: Read) -> None:
    """A page before the second row has one row; a whole page is shown instead."""
    cursor = read("-updated", size=1).next_cursor
    after_first = read("-updated", after=cursor)

    assert ids(read("-updated", before=after_first.previous_cursor)) == ids(read("-updated"))


@pytest.mark.parametrize("sort", ["due", "customer", "-priority"])
def test_a_place_in_one_order_is_none_in_another(read: Read, sort: str) -> None:
    with pytest.raises(InvalidInput):
        read(sort, after=read("-updated").next_cursor)


@pytest.mark.parametrize(
    "cursor",
    ["x", "ZQ", "W10", "eyJhIjogMX0", "WyItdXBkYXRlZCIsIDAsICIyMDI2IiwgMV0", "WyItdXBkYXRlZCIsIDksIG51bGwsIDFd", "é"],
)
def test_a_place_somebody_made_up_is_refused(read: Read, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        read("-updated", after=cursor)
    with pytest.raises(InvalidInput):
        read("-updated", before=cursor)


def test_lists_by_customer_follow_the_alphabet(desk: Pages, reader: int) -> None:
    def add(session: Session) -> list[str]:
        named = [world.add_customer(session, name) for name in ("Zalău SRL", "Abrud SA", "Mediaș")]
        return [world.add_ticket(session, "By name", customer=each).number for each in named]

    numbers = desk.write(add)

    def order(sort: str) -> list[str]:
        def shown(session: Session) -> list[str]:
            page = queries.page(session, session.get_one(Person, reader), sort=sort, size=200)
            return [ticket.number for ticket in page.tickets if ticket.number in numbers]

        return desk.write(shown)

    zalau, abrud, medias = numbers
    assert order("customer") == [abrud, medias, zalau]
    assert order("-customer") == [zalau, medias, abrud]


def test_every_order_has_words() -> None:
    assert set(SORT_WORDS) == set(ORDERS)
