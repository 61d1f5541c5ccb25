"""Who sees what: customers their own organisation's tickets, and never what staff say among themselves."""

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.orm import Session

from app.contracts import service as contracts_service
from app.contracts.models import Contact, Customer
from app.errors import InvalidInput, NotFound
from app.people import service as people
from app.people.models import Person, Team
from app.tickets import queries, service
from app.tickets.models import State, Ticket
from app.tickets.queries import Filters
from tests.world import Build


def numbers(session: Session, person: Person, filters: Filters | None = None) -> set[str]:
    return {each.number for each in queries.page(session, person, filters).tickets}


def test_a_contact_sees_what_their_own_organisation_asked(
    session: Session, ticket: Build[Ticket], contact: Build[Contact], customer: Build[Customer]
) -> None:
    acme = customer("Acme")
    ion, maria, stranger = contact(acme), contact(acme), contact()
    own, foreign = ticket(requester=ion.person), ticket(requester=stranger.person)

    assert numbers(session, maria.person) == {own.number}
    assert queries.by_number(session, own.number, seen_by=maria.person) is own
    with pytest.raises(NotFound):
        queries.by_number(session, foreign.number, seen_by=maria.person)
    with pytest.raises(NotFound):
        queries.get(session, foreign.id, seen_by=maria.person)
    assert not queries.may_see(session, maria.person, foreign.id)


def test_strangers_do_not_see_each_other(session: Session, ticket: Build[Ticket], contact: Build[Contact]) -> None:
    """All strangers stand under one unknown customer, which is no organisation."""
    contracts_service.ensure_lists(session)
    one = contracts_service.contact_for_address(session, "one@nowhere.example")
    two = contracts_service.contact_for_address(session, "two@nowhere.example")
    own = ticket(requester=one.person)
    foreign = ticket(requester=two.person)

    assert numbers(session, one.person) == {own.number}
    assert numbers(session, two.person) == {foreign.number}


def test_a_stranger_who_was_sorted_leaves_the_old_requests_to_the_desk(
    session: Session, ticket: Build[Ticket], contact: Build[Contact], customer: Build[Customer]
) -> None:
    """What somebody asked for one organisation is not shown to the next one they speak for."""
    ion, other = contact(), customer("Other")
    before = ticket(requester=ion.person)

    contracts_service.move_contact(session, ion, other)

    assert before.number not in numbers(session, ion.person)


def test_staff_see_everything_and_leavers_nothing(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    ana, gone, opened = person(), person(), ticket()
    people.deactivate(session, gone, by=None)

    assert numbers(session, ana) == {opened.number}
    assert numbers(session, gone) == set()


def test_a_person_without_an_organisation_sees_nothing(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    ticket()

    assert numbers(session, person(roles=["customer"])) == set()


def test_customers_never_read_notes_and_inner_lines(
    session: Session, ticket: Build[Ticket], person: Build[Person], team: Build[Team], contact: Build[Contact]
) -> None:
    ana, ion = person(), contact().person
    opened = ticket(requester=ion, text="It broke.")
    service.assign_to_team(session, opened, team("network"), by=None)
    note = service.add_note(session, opened, "They pay late.", author=ana)
    service.reply(session, opened, "We look into it.", author=ana)
    service.resolve(session, opened, by=ana)

    shown = queries.conversation(session, opened, for_customer=True)

    assert [each.text for each in shown] == ["It broke.", "We look into it.", "Resolved."]
    assert len(queries.conversation(session, opened, for_customer=False)) == 5
    assert queries.get_message(session, note.uuid, seen_by=ana) is note
    with pytest.raises(NotFound):
        queries.get_message(session, note.uuid, seen_by=ion)


@pytest.mark.parametrize("words", ["teava", "ȚEAVĂ", "teava sparta", "sparta TEAVA", "imobiliare"])
def test_search_needs_no_diacritics_and_finds_every_word(
    session: Session, ticket: Build[Ticket], person: Build[Person], customer: Build[Customer], words: str
) -> None:
    ana = person()
    wanted = ticket("Țeavă spartă la etaj", customer=customer("Imobiliare SA"))
    ticket("Țeavă înfundată 100%")

    found = numbers(session, ana, Filters(text=words))

    assert wanted.number in found
    assert (len(found) == 1) == (words not in ("teava", "ȚEAVĂ"))


def test_signs_of_a_query_language_are_only_signs(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    ana, full = person(), ticket("Disk 80% full")
    ticket("Disk 42 errors")

    assert numbers(session, ana, Filters(text="80%")) == {full.number}
    assert numbers(session, ana, Filters(text="%")) == set()


def test_filters_are_joined(session: Session, ticket: Build[Ticket], person: Build[Person], team: Build[Team]) -> None:
    ana, network = person(), team("network")
    mine = ticket(team=network, assignee=ana)
    queued = ticket(team=network)
    ticket(type_key="change", priority="urgent")
    done = ticket(assignee=ana)
    service.resolve(session, done, by=ana)

    assert numbers(session, ana, Filters(assignee_id=ana.id, categories=["new", "open"])) == {mine.number}
    assert numbers(session, ana, Filters(teams=["network"], unassigned=True)) == {queued.number}
    assert numbers(session, ana, Filters(types=["change"], priorities=["urgent"], teams=["network"])) == set()
    assert numbers(session, ana, Filters(states=["resolved"])) == {done.number}
    assert queries.count(session, ana, Filters(teams=["network"])) == 2
    assert queries.counts_by_state(session, ana) == {State.NEW: 3, State.RESOLVED: 1}


def test_pages_follow_each_other_without_gaps_or_repeats(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    """All tickets here changed at the same moment: the id must settle the order."""
    ana = person()
    opened = [ticket().number for _ in range(7)]

    seen: list[str] = []
    cursor = None
    while True:
        page = queries.page(session, ana, cursor=cursor, size=3)
        seen += [each.number for each in page.tickets]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == opened[::-1]


@pytest.mark.parametrize("cursor", ["x", "eHl6", "fDE", "💥", "MjAyNi0xMS0xOHwx"])
def test_a_cursor_somebody_made_up_is_refused(
    session: Session, ticket: Build[Ticket], person: Build[Person], cursor: str
) -> None:
    with pytest.raises(InvalidInput):
        queries.page(session, person(), cursor=cursor)


def test_a_page_costs_one_query_however_long_it_is(
    session: Session, ticket: Build[Ticket], person: Build[Person], team: Build[Team]
) -> None:
    ana, network = person(), team("network")
    for _ in range(5):
        ticket(team=network, assignee=ana)
    session.flush()
    _ = ana.is_staff
    session.expire_all()
    ana_again = session.get(type(ana), ana.id)
    assert ana_again is not None
    assert ana_again.is_staff
    statements: list[str] = []
    connection = session.connection()
    sqlalchemy_event.listen(connection, "before_cursor_execute", lambda *args: statements.append(args[2]))

    page = queries.page(session, ana_again, with_requesters=True)
    shown = [
        (
            each.number,
            each.state.labels,
            each.type.labels,
            each.customer.name,
            each.requester.name,
            each.team,
            each.assignee,
        )
        for each in page.tickets
    ]

    assert len(shown) == 5
    assert len(statements) == 1
