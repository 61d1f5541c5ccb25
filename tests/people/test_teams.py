"""Teams, skills, and who may approve."""

import pytest
from sqlalchemy.orm import Session

from app.errors import Conflict, InvalidInput, NotFound
from app.people import queries, service
from app.people.models import Person, Role, Team
from tests.world import Build, Recorded


def test_joining_a_team_twice_is_joining_once(
    session: Session, person: Build[Person], team: Build[Team], recorded: Recorded
) -> None:
    ana, network = person(), team("network")

    service.add_member(session, network, ana)
    service.add_member(session, network, ana)

    assert list(queries.members(session, network)) == [ana]
    assert list(queries.teams_of(session, ana)) == [network]
    assert len(recorded("MembershipChanged")) == 1


def test_a_team_key_is_taken_once(session: Session, team: Build[Team]) -> None:
    team("network")

    with pytest.raises(Conflict):
        service.add_team(session, key="network", name="Network again")
    with pytest.raises(NotFound):
        queries.get_team(session, "telepathy")


def test_somebody_who_left_is_no_member(session: Session, person: Build[Person], team: Build[Team]) -> None:
    ana = person()
    network = team("network", members=[ana])

    service.deactivate(session, ana, by=None)
    session.flush()

    assert list(queries.members(session, network)) == []


def test_a_team_is_approved_by_its_approvers_and_its_lead_but_never_by_the_author(
    session: Session, person: Build[Person], team: Build[Team]
) -> None:
    lead, author = person("Lead", roles=[Role.TEAM_LEAD]), person("Author", roles=[Role.APPROVER])
    network = team("network", lead=lead, members=[author, person("Agent")])
    person("Manager", roles=[Role.MANAGER])

    assert [each.name for each in queries.approvers_for(session, "network")] == ["Author", "Lead"]
    assert [each.name for each in queries.approvers_for(session, network.key, excluding=author.id)] == ["Lead"]


def test_managers_approve_for_a_team_that_has_nobody_else(
    session: Session, person: Build[Person], team: Build[Team]
) -> None:
    """An approval must never wait for nobody."""
    author = person("Author", roles=[Role.APPROVER])
    team("network", members=[author])
    person("Manager", roles=[Role.MANAGER])

    for key in ("network", None, "no such team"):
        assert [each.name for each in queries.approvers_for(session, key, excluding=author.id)] == ["Manager"]


def test_the_best_at_a_skill_comes_first(session: Session, person: Build[Person], team: Build[Team]) -> None:
    service.ensure_lists(session)
    novice, expert, gone = person("Novice"), person("Expert"), person("Gone")
    for someone, level in ((novice, 1), (expert, 4), (gone, 5)):
        service.give_skill(session, someone, "network", level)
    service.give_skill(session, expert, "network", 5)
    service.deactivate(session, gone, by=None)
    session.flush()
    helpdesk = team("helpdesk", members=[novice])

    assert queries.skilled(session, "network") == [(expert, 5), (novice, 1)]
    assert queries.skilled(session, "network", team=helpdesk) == [(novice, 1)]


@pytest.mark.parametrize(("key", "level"), [("network", 0), ("network", 6), ("juggling", 3)])
def test_a_skill_is_from_the_list_and_has_a_level_from_1_to_5(
    session: Session, person: Build[Person], key: str, level: int
) -> None:
    service.ensure_lists(session)

    with pytest.raises(InvalidInput):
        service.give_skill(session, person(), key, level)
