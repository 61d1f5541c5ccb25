"""Teams, skills, and who may approve."""

import pytest
from sqlalchemy.orm import Session

from app.contracts.models import Contact
from app.errors import Conflict, InvalidInput, NotFound
from app.people import queries, service, teams
from app.people.models import Person, Role, Team
from app.tickets import usage
from app.tickets.models import Ticket
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


class TestChanging:
    """A team's name, address and lead; whether it takes requests."""

    def test_a_key_is_made_from_the_name(self, session: Session, person: Build[Person]) -> None:
        first = teams.add_team(session, {"name": "Rețele  Cluj"}, by=None)
        second = teams.add_team(session, {"name": "Rețele Cluj"}, by=None)

        assert [(each.key, each.name) for each in (first, second)] == [
            ("retele_cluj", "Rețele Cluj"),
            ("retele_cluj_2", "Rețele Cluj"),
        ]

    def test_everything_wrong_is_told_at_its_field(self, session: Session, team: Build[Team]) -> None:
        team("network")

        details = {"name": "", "key": "network", "email": "nowhere", "lead": "999"}
        with pytest.raises(InvalidInput) as refused:
            teams.add_team(session, details, by=None)

        assert set(refused.value.errors) == {"name", "key", "email", "lead"}

    def test_a_new_lead_becomes_a_member(
        self, session: Session, person: Build[Person], team: Build[Team], recorded: Recorded
    ) -> None:
        network, elena = team("network"), person("Elena")

        changed = teams.change_team(session, network, {"lead": str(elena.id), "email": ""}, by=elena)

        assert changed == ["email", "lead"]
        assert network.lead is elena
        assert list(queries.members(session, network)) == [elena]
        assert recorded("TeamChanged")[0].payload["fields"]["lead"] == [None, "Elena"]

    def test_a_customer_leads_no_team(self, session: Session, team: Build[Team], contact: Build[Contact]) -> None:
        with pytest.raises(InvalidInput):
            teams.change_team(session, team("network"), {"lead": str(contact().person_id)}, by=None)

    def test_the_only_team_goes_on(self, session: Session, team: Build[Team]) -> None:
        only = team("only")

        with pytest.raises(Conflict, match="only team"):
            teams.deactivate(session, only, by=None)

    def test_a_team_that_something_leads_to_goes_on(
        self, session: Session, team: Build[Team], ticket: Build[Ticket]
    ) -> None:
        """By default of a type, or with open requests: nobody would see them any more."""
        busy, chosen, free = team("busy"), team("chosen"), team("free")
        request = ticket(team=busy)
        request.type.default_team_key = chosen.key
        session.flush()

        for each in (busy, chosen):
            with pytest.raises(Conflict, match=each.name):
                teams.deactivate(session, each, by=None)
        teams.deactivate(session, free, by=None)

        assert not free.is_active
        assert usage.of_team(session, busy).requests == 1
        assert [kind.key for kind in usage.of_team(session, chosen).types] == [request.type_key]

    def test_a_team_takes_requests_again(self, session: Session, team: Build[Team]) -> None:
        team("other")
        network = team("network")
        teams.deactivate(session, network, by=None)

        teams.reactivate(session, network, by=None)

        assert network.is_active
