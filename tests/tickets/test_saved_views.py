"""Saved views: lists under a name, one's own or shared; who sees, changes, deletes and brings them back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import clock
from app.errors import InvalidInput, NotAllowed, NotFound
from app.people.models import Person, Role, Team
from app.people.service import remove_member
from app.tickets import saved_views
from app.tickets.list_models import SavedView
from tests.pages import Pages
from tests.world import Build


@pytest.fixture
def network(team: Build[Team]) -> Team:
    return team("network")


@pytest.fixture
def ana(person: Build[Person], network: Team) -> Person:
    return person("Ana", teams=[network])


@pytest.fixture
def radu(person: Build[Person], network: Team) -> Person:
    return person("Radu", teams=[network])


def names(session: Session, person: Person) -> list[str]:
    return [view.name for view in saved_views.visible(session, person)]


def test_a_view_keeps_the_list_in_its_shortest_form(session: Session, ana: Person) -> None:
    view = saved_views.save(
        session, ana, name="  Urgent\n ones ", query="?sort=-updated&priority=urgent&after=x&nonsense=1"
    )

    assert (view.name, view.query) == ("Urgent ones", "priority=urgent")


def test_ones_own_view_is_ones_own(session: Session, ana: Person, radu: Person) -> None:
    view = saved_views.save(session, ana, name="Mine", query="assignee=me")

    assert names(session, ana) == ["Mine"]
    assert names(session, radu) == []
    with pytest.raises(NotFound):
        saved_views.get(session, view.id, seen_by=radu)


def test_a_view_of_a_team_is_seen_by_its_members_as_long_as_they_are(
    session: Session, ana: Person, radu: Person, network: Team, person: Build[Person]
) -> None:
    saved_views.save(session, ana, name="Network", query="team=network", share="team:network")
    stranger = person("Elsewhere")

    assert names(session, radu) == ["Network"]
    assert names(session, stranger) == []

    remove_member(session, network, radu)
    assert names(session, radu) == []
    remove_member(session, network, ana)
    assert names(session, ana) == ["Network"]


def test_own_views_stand_before_those_of_others(session: Session, ana: Person, person: Build[Person]) -> None:
    lead = person("Lead", roles=[Role.TEAM_LEAD])
    saved_views.save(session, lead, name="A shared one", query="late=1", share="everybody")
    saved_views.save(session, ana, name="zebra", query="q=zebra")
    saved_views.save(session, ana, name="Apple", query="q=apple")

    assert names(session, ana) == ["Apple", "zebra", "A shared one"]


@pytest.mark.parametrize(
    ("role", "may"), [(Role.AGENT, False), (Role.TEAM_LEAD, True), (Role.MANAGER, True), (Role.ADMINISTRATOR, True)]
)
def test_only_who_leads_puts_a_view_into_everybodys_list(
    session: Session, person: Build[Person], role: Role, may: bool
) -> None:
    somebody = person(roles=[role])
    if may:
        assert (
            saved_views.save(session, somebody, name="All", query="late=1", share="everybody").audience == "everybody"
        )
        return
    with pytest.raises(NotAllowed):
        saved_views.save(session, somebody, name="All", query="late=1", share="everybody")


def test_a_view_is_shared_with_ones_own_teams_and_by_managers_with_any(
    session: Session, ana: Person, network: Team, team: Build[Team], person: Build[Person]
) -> None:
    team("field")
    manager = person(roles=[Role.MANAGER])

    assert [each.key for each in saved_views.shares(session, ana)] == ["network"]
    assert [each.key for each in saved_views.shares(session, manager)] == ["field", "network"]
    with pytest.raises(NotAllowed):
        saved_views.save(session, ana, name="Field", query="late=1", share="team:field")


def test_others_do_not_change_a_view_but_managers_do_when_it_is_shared(
    session: Session, ana: Person, radu: Person, person: Build[Person]
) -> None:
    manager = person(roles=[Role.MANAGER])
    own = saved_views.save(session, ana, name="Own", query="late=1")
    shared = saved_views.save(session, ana, name="Shared", query="late=1", share="team:network")

    for act in (saved_views.change, saved_views.remove):
        with pytest.raises(NotAllowed, match="Ana"):
            act(session, shared, by=radu)
    saved_views.change(session, shared, by=manager, name="Renamed")

    assert shared.name == "Renamed"
    assert saved_views.may_change(shared, manager)
    assert not saved_views.may_change(own, manager)


def test_renaming_a_view_shares_it_with_nobody_else(session: Session, ana: Person, network: Team) -> None:
    """The owner has left the team since; what they share with it stays shared while they only rename it."""
    view = saved_views.save(session, ana, name="Network", query="team=network", share="team:network")
    remove_member(session, network, ana)

    saved_views.change(session, view, by=ana, name="Net", share="team:network")

    assert (view.name, view.audience, view.team) == ("Net", "team", network)
    with pytest.raises(NotAllowed):
        saved_views.change(session, view, by=ana, share="everybody")


@pytest.mark.parametrize("name", ["", "   ", "\x00", "x" * 61])
def test_a_view_needs_a_name_of_a_sensible_length(session: Session, ana: Person, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        saved_views.save(session, ana, name=name, query="late=1")

    assert "name" in refused.value.errors


def test_a_list_with_too_many_filters_is_not_cut_but_refused(session: Session, ana: Person) -> None:
    """Half of a list under the name of the whole would mislead."""
    query = "&".join(f"tag={'x' * 180}{number}" for number in range(20))

    with pytest.raises(InvalidInput, match="too many filters"):
        saved_views.save(session, ana, name="Long", query=query)


def test_views_are_bounded_in_number(session: Session, ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST_OF_A_PERSON", 2)
    first = saved_views.save(session, ana, name="1", query="q=1")
    saved_views.save(session, ana, name="2", query="q=2")

    with pytest.raises(InvalidInput):
        saved_views.save(session, ana, name="3", query="q=3")
    saved_views.remove(session, first, by=ana)
    assert saved_views.save(session, ana, name="3", query="q=3").id


def test_a_deleted_view_comes_back_within_a_day(session: Session, ana: Person, radu: Person) -> None:
    view = saved_views.save(session, ana, name="Gone", query="late=1", share="team:network")

    saved_views.remove(session, view, by=ana)

    assert names(session, ana) == []
    with pytest.raises(NotFound):
        saved_views.restore(session, view.id, by=radu)
    assert saved_views.restore(session, view.id, by=ana).name == "Gone"
    assert names(session, radu) == ["Gone"]


def test_after_a_day_it_is_gone_for_good(session: Session, ana: Person) -> None:
    view = saved_views.save(session, ana, name="Gone", query="late=1")
    other = saved_views.save(session, ana, name="Other", query="late=1")
    view_id = view.id
    saved_views.remove(session, view, by=ana)

    with clock.frozen(clock.now() + timedelta(days=1, minutes=1)):
        saved_views.remove(session, other, by=ana)
    session.expire_all()

    with pytest.raises(NotFound):
        saved_views.restore(session, view_id, by=ana)


def test_the_list_opens_with_a_view_as_long_as_it_may_be_seen(session: Session, ana: Person, radu: Person) -> None:
    view = saved_views.save(session, ana, name="First", query="late=1", share="team:network")
    saved_views.open_first(session, radu, view)
    saved_views.open_first(session, radu, view)

    assert saved_views.default_of(session, radu) is view
    assert saved_views.default_of(session, ana) is None

    saved_views.change(session, view, by=ana, share="own")
    assert saved_views.default_of(session, radu) is None
    saved_views.change(session, view, by=ana, share="team:network")
    saved_views.open_first(session, radu, None)
    assert saved_views.default_of(session, radu) is None


# In the browser


@pytest.fixture
def agent(desk: Pages) -> FlaskClient:
    return desk.client(desk.staff(Role.AGENT, team="support"))


def save(browser: FlaskClient, name: str = "Mine", query: str = "assignee=me", **more: str) -> int:
    """Save a view as the page does; its id."""
    answer = browser.post("/tickets/views", data={"name": name, "query": query, **more})
    assert answer.status_code == 302
    return int(answer.headers["Location"].split("view=")[1].split("&")[0])


def test_a_view_is_a_tab_that_opens_its_list(agent: FlaskClient) -> None:
    view_id = save(agent, "Ale mele, urgente", "priority=urgent&assignee=me")

    page = agent.get(f"/tickets/?priority=urgent&assignee=me&view={view_id}").text

    assert "Ale mele, urgente" in page
    assert "(changed)" not in page
    assert "(changed)" in agent.get(f"/tickets/?priority=low&view={view_id}").text


def test_the_list_opens_with_the_chosen_view_and_all_is_one_press_away(agent: FlaskClient) -> None:
    view_id = save(agent, query="priority=urgent&sort=due")

    agent.post(f"/tickets/views/{view_id}/first", data={"first": "1"})

    opened = agent.get("/tickets/")
    assert opened.headers["Location"] == f"/tickets/?priority=urgent&sort=due&view={view_id}"
    assert agent.get("/tickets/?view=all").status_code == 200
    agent.post(f"/tickets/views/{view_id}/first", data={"first": "0"})
    assert agent.get("/tickets/").status_code == 200


def test_clearing_the_form_leads_to_all_and_not_to_the_chosen_view(agent: FlaskClient) -> None:
    """A form without any filter sends its empty fields: whoever emptied it wants everything."""
    view_id = save(agent)
    agent.post(f"/tickets/views/{view_id}/first", data={"first": "1"})

    assert agent.get("/tickets/?q=&priority=").headers["Location"] == "/tickets/?view=all"


def test_a_view_is_changed_shared_deleted_and_brought_back(desk: Pages, agent: FlaskClient) -> None:
    view_id = save(agent)
    colleague = desk.client(desk.staff(Role.AGENT, team="support"))

    agent.post(f"/tickets/views/{view_id}", data={"name": "Ours", "share": "team:support"})
    assert "Ours" in colleague.get("/tickets/?view=all").text
    assert colleague.post(f"/tickets/views/{view_id}", data={"name": "Theirs"}).status_code == 403
    assert colleague.post(f"/tickets/views/{view_id}/delete").status_code == 403

    deleted = agent.post(f"/tickets/views/{view_id}/delete", follow_redirects=True).text
    assert "is deleted" in deleted
    assert f"/tickets/views/{view_id}/restore" in deleted
    assert "Ours" not in colleague.get("/tickets/?view=all").text

    agent.post(f"/tickets/views/{view_id}/restore")
    assert "Ours" in colleague.get("/tickets/?view=all").text


def test_the_view_of_somebody_else_is_not_there(desk: Pages, agent: FlaskClient) -> None:
    view_id = save(agent, "Secret list")
    stranger = desk.client(desk.staff(Role.AGENT))

    for path in ("", "/delete", "/restore", "/first"):
        assert stranger.post(f"/tickets/views/{view_id}{path}", data={"name": "x"}).status_code == 404
    assert "Secret list" not in stranger.get(f"/tickets/?assignee=me&view={view_id}").text


def test_keeping_the_changed_list_under_the_views_name(desk: Pages, agent: FlaskClient) -> None:
    view_id = save(agent)

    agent.post(f"/tickets/views/{view_id}", data={"query": "assignee=me&priority=high"})

    kept = desk.write(
        lambda session: (session.get_one(SavedView, view_id).query, session.get_one(SavedView, view_id).name)
    )
    assert kept == ("priority=high&assignee=me", "Mine")


def test_a_name_that_does_not_fit_is_refused_in_words(agent: FlaskClient) -> None:
    answer = agent.post("/tickets/views", data={"name": " ", "query": "late=1"})

    assert answer.status_code == 422
    assert "Give the view a name" in answer.text
