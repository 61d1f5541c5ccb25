"""The same done to many tickets: a result for each, and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import Conflict, InvalidInput, NotFound
from app.people.models import Person, Role, Team
from app.tickets import bulk, service, tagging
from app.tickets.bulk import Wish
from app.tickets.list_models import BulkChange
from app.tickets.models import Ticket
from tests.pages import Pages, ticket_of
from tests.world import Build


@pytest.fixture
def ana(person: Build[Person]) -> Person:
    return person("Ana")


@pytest.fixture
def network(team: Build[Team]) -> Team:
    return team("network")


def reasons(change: BulkChange) -> list[str | None]:
    return [result["why"] for result in change.results]


def test_each_ticket_is_changed_as_if_it_were_alone(
    session: Session, ticket: Build[Ticket], ana: Person, network: Team, recorded: Callable[[str], list[object]]
) -> None:
    one, other = ticket(), ticket()
    wish = Wish(team="network", person=str(ana.id), priority="urgent", add_tag="VIP")

    done = bulk.change_many(session, [one.number, other.number], wish, by=ana)

    for each in (one, other):
        assert (each.team, each.assignee, each.priority) == (network, ana, "urgent")
        assert tagging.tags_of(session, [each.id]) == {each.id: ["VIP"]}
    assert reasons(done) == [None, None]
    assert len(recorded("TicketPriorityChanged")) == 2


def test_one_that_cannot_be_changed_says_why_and_stops_no_other(
    session: Session, ticket: Build[Ticket], ana: Person
) -> None:
    open_one, resolved = ticket(), ticket()
    service.resolve(session, resolved, by=ana)

    done = bulk.change_many(session, [resolved.number, open_one.number, "S-1"], Wish(person=str(ana.id)), by=ana)

    assert open_one.assignee is ana
    assert resolved.assignee is None
    why_resolved, why_open, why_unknown = reasons(done)
    assert "reopen it before assigning" in str(why_resolved)
    assert why_open is None
    assert "no such ticket" in str(why_unknown)


def test_what_fails_half_way_leaves_nothing_of_that_ticket_behind(
    session: Session, ticket: Build[Ticket], ana: Person
) -> None:
    """Priority first, then a person who cannot take it: the ticket keeps its old priority."""
    one = ticket(priority="low")
    contact = one.requester

    done = bulk.change_many(session, [one.number], Wish(team="", person=str(contact.id), priority="high"), by=ana)

    assert "does not work at the desk" in str(done.results[0]["why"])
    session.refresh(one)
    assert one.priority == "low"


def test_a_ticket_that_somebody_took_meanwhile_stays_with_them(
    session: Session, ticket: Build[Ticket], ana: Person, person: Build[Person], network: Team
) -> None:
    """Whoever looks at a list that is a minute old must not take work out of a colleague's hands."""
    taken, moved, free = ticket(), ticket(), ticket()
    seen = {each.number: (each.team_id, each.assignee_id) for each in (taken, moved, free)}
    elena = person("Elena")
    service.assign_to_person(session, taken, elena, by=elena)
    service.assign_to_team(session, moved, network, by=elena)

    numbers = [taken.number, moved.number, free.number]
    done = bulk.change_many(session, numbers, Wish(person=str(ana.id)), by=ana, seen=seen)

    assert (taken.assignee, moved.assignee, free.assignee) == (elena, None, ana)
    why_taken, why_moved, why_free = reasons(done)
    assert "Elena" in str(why_taken)
    assert "Network" in str(why_moved)
    assert why_free is None


def test_what_concerns_nobodys_hands_does_not_ask_who_has_it(
    session: Session, ticket: Build[Ticket], ana: Person, person: Build[Person]
) -> None:
    one, elena = ticket(), person("Elena")
    seen = {one.number: (None, None)}
    service.assign_to_person(session, one, elena, by=elena)

    done = bulk.change_many(session, [one.number], Wish(priority="high", add_tag="x1"), by=ana, seen=seen)

    assert reasons(done) == [None]
    assert (one.priority, one.assignee) == ("high", elena)


@pytest.mark.parametrize(
    ("numbers", "wish"),
    [
        ([], Wish(priority="high")),
        (["S-10001"], Wish()),
        (["S-10001"], Wish(add_tag="  ")),
        ([f"S-{number}" for number in range(101)], Wish(priority="high")),
    ],
)
def test_nothing_chosen_nothing_wanted_or_too_much_is_refused(
    session: Session, ana: Person, numbers: list[str], wish: Wish
) -> None:
    with pytest.raises(InvalidInput):
        bulk.change_many(session, numbers, wish, by=ana)


@pytest.mark.parametrize(
    "wish", [Wish(team="none-such"), Wish(person="987654321"), Wish(person="Ana"), Wish(person="9" * 30)]
)
def test_somebody_who_is_not_there_is_said_once_and_nothing_is_changed(
    session: Session, ticket: Build[Ticket], ana: Person, wish: Wish
) -> None:
    """A wish that cannot be read must not pass for one that was fulfilled."""
    with pytest.raises(NotFound):
        bulk.change_many(session, [ticket().number], wish, by=ana)
    assert session.scalars(select(BulkChange)).all() == []


def test_undoing_puts_everything_back(
    session: Session, ticket: Build[Ticket], ana: Person, person: Build[Person], network: Team, team: Build[Team]
) -> None:
    elena, field = person("Elena"), team("field")
    one = ticket(team=field, assignee=elena, priority="low")
    tagging.add_tag(session, one, "old", by=elena)
    wish = Wish(team="network", person=str(ana.id), priority="urgent", add_tag="new", remove_tag="old")
    done = bulk.change_many(session, [one.number], wish, by=ana)

    undone = bulk.undo(session, done, by=ana)

    assert reasons(undone) == [None]
    assert (one.team, one.assignee, one.priority) == (field, elena, "low")
    assert tagging.tags_of(session, [one.id]) == {one.id: ["old"]}
    assert undone.undoes_id == done.id


def test_what_somebody_changed_again_stays_as_they_left_it(
    session: Session, ticket: Build[Ticket], ana: Person, person: Build[Person]
) -> None:
    kept, back = ticket(priority="low"), ticket(priority="low")
    done = bulk.change_many(session, [kept.number, back.number], Wish(priority="high", add_tag="mine"), by=ana)
    service.change_priority(session, kept, "urgent", by=person("Elena"))

    undone = bulk.undo(session, done, by=ana)

    assert (kept.priority, back.priority) == ("urgent", "low")
    assert "changed again since" in str(undone.results[0]["why"])
    # A refused ticket is left as a whole.
    assert tagging.tags_of(session, [kept.id, back.id]) == {kept.id: ["mine"]}


def test_a_tag_that_somebody_else_added_since_is_in_nobodys_way(
    session: Session, ticket: Build[Ticket], ana: Person
) -> None:
    one = ticket()
    done = bulk.change_many(session, [one.number], Wish(add_tag="mine"), by=ana)
    tagging.add_tag(session, one, "theirs", by=None)

    assert reasons(bulk.undo(session, done, by=ana)) == [None]
    assert tagging.tags_of(session, [one.id]) == {one.id: ["theirs"]}


def test_a_ticket_that_had_no_team_cannot_be_without_one_again(
    session: Session, ticket: Build[Ticket], ana: Person, network: Team
) -> None:
    one = ticket()
    done = bulk.change_many(session, [one.number], Wish(team="network"), by=ana)

    assert "cannot be without one again" in str(bulk.undo(session, done, by=ana).results[0]["why"])


def test_a_change_is_undone_once_and_an_undoing_never(session: Session, ticket: Build[Ticket], ana: Person) -> None:
    done = bulk.change_many(session, [ticket().number], Wish(priority="high"), by=ana)
    undone = bulk.undo(session, done, by=ana)

    for change in (done, undone):
        with pytest.raises(Conflict):
            bulk.undo(session, change, by=ana)


def test_only_whoever_did_it_sees_it(
    session: Session, ticket: Build[Ticket], ana: Person, person: Build[Person]
) -> None:
    done = bulk.change_many(session, [ticket().number], Wish(priority="high"), by=ana)

    assert bulk.get(session, done.id, by=ana) is done
    with pytest.raises(NotFound):
        bulk.get(session, done.id, by=person())


def test_what_was_done_is_forgotten_after_a_month(session: Session, ticket: Build[Ticket], ana: Person) -> None:
    one = ticket()
    bulk.change_many(session, [one.number], Wish(priority="high"), by=ana)

    with clock.frozen(clock.now() + bulk.KEPT + timedelta(minutes=1)):
        kept = bulk.change_many(session, [one.number], Wish(priority="low"), by=ana)

    assert [each.made_at for each in session.scalars(select(BulkChange))] == [kept.made_at]


# In the browser


@pytest.fixture
def agent(desk: Pages) -> FlaskClient:
    return desk.client(desk.staff(Role.AGENT, team="support"))


def test_all_that_went_well_is_told_in_one_line_with_the_way_back(desk: Pages, agent: FlaskClient) -> None:
    requester = desk.contact()[0]
    numbers = [desk.ticket(requester, f"Many {each}") for each in range(3)]
    place = "category=active&view=all&before=end"

    answer = agent.post("/tickets/bulk", data={"number": numbers, "priority": "urgent", "query": place})
    page = agent.get(answer.headers["Location"]).text

    assert answer.headers["Location"] == "/tickets/?category=active&view=all&before=end"
    assert "3 requests are changed." in page
    assert "What was changed" in page
    undo = page.split('action="/tickets/bulk/')[1].split('"')[0]
    assert "3 requests are as they were." in agent.post(f"/tickets/bulk/{undo}", follow_redirects=True).text
    assert desk.write(lambda session: {ticket_of(session, each).priority for each in numbers}) == {"normal"}


def test_what_did_not_go_well_has_a_page_with_the_reasons(desk: Pages, agent: FlaskClient) -> None:
    requester = desk.contact()[0]
    good, gone = desk.ticket(requester, "Good"), desk.ticket(requester, "Gone")
    desk.write(lambda session: service.cancel(session, ticket_of(session, gone), "asked twice", by=None))

    data = {"number": [good, gone], "team": "support", "person": "nobody", "add_tag": "x1"}
    page = agent.post("/tickets/bulk", data=data, follow_redirects=True).text

    assert "1 request is changed, 1 is not" in page
    assert "reopen it before assigning" in page
    assert "Undo what was changed" in page


def test_the_list_says_what_it_saw_so_that_nothing_is_taken_from_a_colleague(desk: Pages, agent: FlaskClient) -> None:
    number = desk.ticket(desk.contact()[0], "Wanted by two")
    page = agent.get(f"/tickets/?q=%22{number}%22").text
    seen = page.split('name="seen" value="')[1].split('"')[0]
    elena = desk.staff(Role.AGENT, team="support")
    desk.write(
        lambda session: service.assign_to_person(
            session, ticket_of(session, number), session.get_one(Person, elena), by=None
        )
    )

    me = desk.staff(Role.AGENT)
    answer = agent.post(
        "/tickets/bulk", data={"number": number, "person": str(me), "seen": seen}, follow_redirects=True
    )

    assert "meanwhile" in answer.text
    assert desk.write(lambda session: ticket_of(session, number).assignee_id) == elena


@pytest.mark.parametrize("seen", ["", "S-1", "S-1 x y", "S-1 1", "S-1 1 2 3", "S-1 -1 2", "S-1 99999999999 1"])
def test_nonsense_about_what_was_seen_is_passed_over(desk: Pages, agent: FlaskClient, seen: str) -> None:
    number = desk.ticket(desk.contact()[0])

    answer = agent.post("/tickets/bulk", data={"number": number, "priority": "high", "seen": seen})

    assert answer.status_code == 302


def test_the_results_of_others_are_not_there(desk: Pages, agent: FlaskClient) -> None:
    number = desk.ticket(desk.contact()[0])
    page = agent.post("/tickets/bulk", data={"number": number, "priority": "low"}, follow_redirects=True).text
    change = page.split('action="/tickets/bulk/')[1].split("/")[0]
    other = desk.client(desk.staff(Role.AGENT))

    assert agent.get(f"/tickets/bulk/{change}").status_code == 200
    assert other.get(f"/tickets/bulk/{change}").status_code == 404
    assert other.post(f"/tickets/bulk/{change}/undo").status_code == 404


def test_analysts_look_at_lists_and_change_nothing(desk: Pages) -> None:
    analyst = desk.client(desk.staff(Role.ANALYST))
    number = desk.ticket(desk.contact()[0])

    page = analyst.get("/tickets/?view=all").text

    assert not re.search(r"<input[^>]*data-select", page)
    assert analyst.post("/tickets/bulk", data={"number": number, "priority": "low"}).status_code == 403
