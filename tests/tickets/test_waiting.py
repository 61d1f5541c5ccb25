"""Since when nobody has a request, and the lists that ask for what presses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.people.models import Person, Team
from app.sla import service as sla
from app.tickets import bulk, counting, paging, queries, service
from app.tickets.address import Address
from app.tickets.filters import NO_TEAM, Filters
from app.tickets.models import State, Ticket
from tests.conftest import MORNING
from tests.world import Build

LATER = MORNING + timedelta(hours=1)
At = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def _calendar(session: Session) -> None:
    sla.ensure_calendar(session)


def found(session: Session, reader: Person, address: str) -> list[Ticket]:
    asked = Address.read(address)
    return queries.page(session, reader, asked.filters(reader, None), sort=asked.sort).tickets


def test_a_new_request_waits_since_it_was_opened(ticket: Build[Ticket]) -> None:
    assert ticket().unassigned_since == MORNING


def test_a_request_waits_again_since_it_was_given_back(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: At
) -> None:
    taken = ticket(assignee=person())
    assert taken.unassigned_since is None
    at(LATER)

    service.assign_to_person(session, taken, None, by=None)

    assert taken.unassigned_since == LATER


def test_another_team_does_not_begin_the_wait_anew(
    session: Session, ticket: Build[Ticket], team: Build[Team], person: Build[Person], at: At
) -> None:
    waiting, released = ticket(team=team("first")), ticket(team=team("first"), assignee=person())
    at(LATER)

    for each in (waiting, released):
        service.assign_to_team(session, each, team("second"), by=None)

    assert waiting.unassigned_since == MORNING
    assert released.unassigned_since == LATER


def test_a_solved_request_waits_for_nobody_until_it_is_reopened(
    session: Session, ticket: Build[Ticket], at: At
) -> None:
    solved = ticket()
    service.resolve(session, solved, by=None)
    assert solved.unassigned_since is None
    at(LATER)

    service.change_state(session, solved, State.IN_PROGRESS, by=None)

    assert solved.unassigned_since == LATER


def test_the_longest_waiting_come_first_and_those_with_somebody_last(
    session: Session, ticket: Build[Ticket], person: Build[Person], at: At
) -> None:
    ana = person()
    taken, given_back, fresh = ticket(assignee=ana), ticket(assignee=ana), ticket()
    at(LATER)
    service.assign_to_person(session, given_back, None, by=None)

    page = queries.page(session, ana, sort="waiting")
    first = queries.page(session, ana, sort="waiting", size=1)
    second = queries.page(session, ana, cursor=first.next_cursor, sort="waiting", size=1)

    assert page.tickets == [fresh, given_back, taken]
    assert [*first.tickets, *second.tickets] == [fresh, given_back]
    assert "waiting" in paging.SORTS


def test_what_is_late_within_the_hour_is_not_late_yet(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    reader = person()
    late, soon, far = ticket(), ticket(), ticket()
    for each, minutes in ((late, 30), (soon, 90), (far, 300)):
        sla.start_clocks(session, each, response_minutes=minutes, resolution_minutes=None, warn_percent=100)

    with clock.frozen(MORNING + timedelta(minutes=45)):
        assert found(session, reader, "late=1") == [late]
        assert found(session, reader, "due=hour") == [soon]
        assert found(session, reader, "due=risk&sort=due") == [late, soon]


def test_a_deadline_that_is_warned_of_is_at_risk_however_far_it_is(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    warned = ticket()
    sla.start_clocks(session, warned, response_minutes=None, resolution_minutes=400, warn_percent=10)

    with clock.frozen(MORNING + timedelta(minutes=45)):
        assert found(session, person(), "due=risk") == [warned]


def test_requests_without_a_team_can_be_asked_for_alone_or_with_those_of_a_team(
    session: Session, ticket: Build[Ticket], team: Build[Team], person: Build[Person]
) -> None:
    reader, own, other = person(), team("own"), team("other")
    homeless, of_own, _of_other = ticket(), ticket(team=own), ticket(team=other)

    assert found(session, reader, f"team={NO_TEAM}") == [homeless]
    assert set(found(session, reader, f"team={NO_TEAM}&team=own")) == {homeless, of_own}
    assert counting.counts_by_team(session, reader, Filters()) == {None: 1, own.id: 1, other.id: 1}


def test_what_somebody_took_after_it_was_chosen_stays_theirs(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    boss, ana, ion = person(), person("Ana"), person("Ion")
    free, taken = ticket(), ticket(assignee=ana)
    seen = {each.number: (each.team_id, None) for each in (free, taken)}

    done = bulk.change_many(session, [free.number, taken.number], bulk.Wish(person=str(ion.id)), by=boss, seen=seen)

    assert [result["why"] for result in done.results] == [None, f"Ana has taken {taken.number} meanwhile."]
    assert (free.assignee, taken.assignee) == (ion, ana)
