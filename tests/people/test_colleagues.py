"""Colleagues: added, changed, deactivated and brought back."""

import pytest
from sqlalchemy.orm import Session

from app.errors import Conflict, InvalidInput, NotAllowed
from app.people import colleagues, directory, passwords, queries, service, sign_ins
from app.people.details import clean_weekly_hours, written_hours
from app.people.models import Person, Role, SignInWay, Team
from app.tickets import service as tickets
from app.tickets.models import Ticket
from tests.world import Build, Recorded


def test_everything_wrong_with_a_new_colleague_is_told_at_once(session: Session, person: Build[Person]) -> None:
    person(email="taken@x.ro", name="Ana")

    details = {"name": " ", "email": "taken@x.ro", "language": "xx", "zone": "Mars/Olympus"}
    with pytest.raises(InvalidInput) as refused:
        colleagues.add_colleague(session, details, [], by=None)

    assert set(refused.value.errors) == {"name", "email", "language", "zone", "roles"}
    assert "Ana" in refused.value.errors["email"][0]


def test_a_new_colleagues_password_is_for_the_first_sign_in_only(
    session: Session, person: Build[Person], recorded: Recorded
) -> None:
    root = person(roles=[Role.ADMINISTRATOR])
    hashed = passwords.hash_password("once and never again")

    dan = colleagues.add_colleague(
        session, {"name": "Dan  Pop", "email": "DAN@x.ro"}, ["agent"], by=root, password_hash=hashed
    )

    assert (dan.name, dan.email, dan.must_change_password) == ("Dan Pop", "dan@x.ro", True)
    assert service.check_password(session, "dan@x.ro", "once and never again") is dan
    added = recorded("PersonAdded")[-1]
    assert (added.payload["by_id"], added.payload["roles"], added.about) == (root.id, ["agent"], f"person:{dan.id}")


def test_a_stranger_who_writes_is_no_change_of_the_desk(
    session: Session, contact: Build[object], recorded: Recorded
) -> None:
    contact()

    assert [event.about for event in recorded("PersonAdded")] == [None]


@pytest.mark.parametrize(
    ("written", "zone"),
    [("europe/bucharest", "Europe/Bucharest"), ("Bucharest", "Europe/Bucharest"), ("new york", "America/New_York"),
     (" Asia/Tokyo ", "Asia/Tokyo"), ("utc", "UTC")],
)  # fmt: skip
def test_a_zone_is_found_by_its_name_or_its_city(
    session: Session, person: Build[Person], written: str, zone: str
) -> None:
    dan = person()

    colleagues.change_person(session, dan, {"zone": written}, by=None)

    assert dan.zone == zone


@pytest.mark.parametrize("written", ["", "Europe", "Atlantis", "../../etc/passwd", "Europe/Bucharest\x00"])
def test_what_is_no_zone_is_refused_at_its_field(session: Session, person: Build[Person], written: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        colleagues.change_person(session, person(), {"zone": written}, by=None)

    assert list(refused.value.errors) == ["zone"]


def test_saving_what_is_there_changes_nothing(session: Session, person: Build[Person], recorded: Recorded) -> None:
    dan = person("Dan", email="dan@x.ro")

    same = colleagues.change_person(session, dan, {"name": "Dan", "email": "dan@x.ro"}, by=None)
    other = colleagues.change_person(session, dan, {"name": "Dan Pop", "email": "dan@x.ro"}, by=None)

    assert (same, other) == ([], ["name"])
    assert [event.payload["fields"] for event in recorded("PersonChanged")] == [{"name": ["Dan", "Dan Pop"]}]


def test_nobody_gets_the_address_of_somebody_else(session: Session, person: Build[Person]) -> None:
    dan = person(email="dan@x.ro")
    person("Ana", email="ana@x.ro")

    with pytest.raises(InvalidInput) as refused:
        colleagues.change_person(session, dan, {"email": "ANA@x.ro", "name": ""}, by=None)

    assert set(refused.value.errors) == {"email", "name"}
    assert dan.email == "dan@x.ro"


def test_skills_are_given_changed_and_taken_by_one_form(
    session: Session, person: Build[Person], recorded: Recorded
) -> None:
    service.ensure_lists(session)
    dan = person()
    service.give_skill(session, dan, "network", 2)
    service.give_skill(session, dan, "email", 3)

    changed = colleagues.set_skills(session, dan, {"network": 4, "email": 0, "security": 1, "hardware": 0}, by=None)
    again = colleagues.set_skills(session, dan, {"network": 4, "email": 0, "security": 1, "hardware": 0}, by=None)

    held = {skill.key: level for skill, level in queries.skill_levels(session, [dan.id])[dan.id]}
    assert (changed, again, held) == (True, False, {"network": 4, "security": 1})
    assert len(recorded("SkillChanged")) == 5


def test_a_new_password_is_not_given_to_oneself_or_to_who_may_not_come_in(
    session: Session, person: Build[Person]
) -> None:
    root, gone = person(roles=[Role.ADMINISTRATOR]), person()
    service.deactivate(session, gone, by=root)

    for someone in (root, gone):
        with pytest.raises(Conflict):
            colleagues.reset_password(session, someone, passwords.PasswordHash("x"), by=root)


class TestLeaving:
    """What somebody had to do goes back; what they did stays."""

    def test_requests_go_back_to_the_team(
        self, session: Session, person: Build[Person], team: Build[Team], ticket: Build[Ticket], recorded: Recorded
    ) -> None:
        root, radu = person(roles=[Role.ADMINISTRATOR]), person()
        network = team("network", members=[radu])
        held = ticket(team=network, assignee=radu)

        service.deactivate(session, radu, by=root)

        assert (held.assignee, held.team) == (None, network)
        assert recorded("TicketAssigned")[-1].payload["by_id"] == root.id

    def test_solved_requests_keep_who_solved_them(
        self, session: Session, person: Build[Person], ticket: Build[Ticket]
    ) -> None:
        radu = person()
        solved = ticket(assignee=radu)
        tickets.resolve(session, solved, by=radu)

        service.deactivate(session, radu, by=None)

        assert solved.assignee is radu

    def test_coming_back_restores_account_and_teams_but_not_the_work(
        self, session: Session, person: Build[Person], team: Build[Team], ticket: Build[Ticket]
    ) -> None:
        root = person(roles=[Role.ADMINISTRATOR])
        radu = person(password="the right horse")
        network = team("network", members=[radu])
        held = ticket(team=network, assignee=radu)
        cookie = sign_ins.begin(session, radu, way=SignInWay.PASSWORD, keep=False)

        service.deactivate(session, radu, by=root)
        gone = service.check_password(session, radu.email, "the right horse")
        service.reactivate(session, radu, by=root)

        assert gone is None
        assert service.check_password(session, radu.email, "the right horse") is radu
        assert sign_ins.find(session, cookie) is None
        assert list(queries.members(session, network)) == [radu]
        assert held.assignee is None

    def test_only_who_may_change_somebody_brings_them_back(self, session: Session, person: Build[Person]) -> None:
        ana, root = person(roles=[Role.MANAGER]), person(roles=[Role.ADMINISTRATOR])
        person(roles=[Role.ADMINISTRATOR])
        service.deactivate(session, root, by=None)

        with pytest.raises(NotAllowed):
            service.reactivate(session, root, by=ana)


class TestDirectory:
    """The list of people, a page at a time."""

    def test_people_are_found_without_case_and_diacritics_by_name_and_address(
        self, session: Session, person: Build[Person]
    ) -> None:
        stefan = person("Ștefan Mureșan", email="sm@x.ro")
        person("Ana Pop")

        found = [
            [row.person for row in directory.colleagues(session, words=words).rows]
            for words in ("muresan stef", "SM@X", "ștefan", "stefan pop", "%")
        ]

        assert found == [[stefan], [stefan], [stefan], [], []]

    def test_contacts_are_not_among_the_colleagues(
        self, session: Session, person: Build[Person], contact: Build[object]
    ) -> None:
        both, agent = person("Both", roles=[Role.CUSTOMER, Role.AGENT]), person("Agent")
        contact(name="Contact")

        assert [row.person for row in directory.colleagues(session).rows] == [agent, both]

    def test_filters_narrow_and_pages_go_on_where_the_last_ended(
        self, session: Session, person: Build[Person], team: Build[Team]
    ) -> None:
        people = [person(f"Person {letter}") for letter in "cab"]
        lead = person("Lead", roles=[Role.TEAM_LEAD])
        network = team("network", members=[people[0], lead])
        gone = person("Gone")
        service.deactivate(session, gone, by=None)

        first = directory.colleagues(session, size=2)
        second = directory.colleagues(session, size=2, after=first.after)

        names = [row.person.name for row in (*first.rows, *second.rows)]
        assert names == ["Lead", "Person a", "Person b", "Person c"]
        assert second.after is None
        assert [row.person for row in directory.colleagues(session, role=Role.TEAM_LEAD).rows] == [lead]
        assert {row.person for row in directory.colleagues(session, team_id=network.id).rows} == {people[0], lead}
        assert [row.person for row in directory.colleagues(session, active=False).rows] == [gone]
        assert directory.count_colleagues(session) == 4


@pytest.mark.parametrize(
    ("written", "minutes"),
    [("40", 2400), (" 37.5 h", 2250), ("37,25", 2235), ("37:05", 2225), ("0", 0), ("168", 10080), (" ", None)],
)
def test_hours_of_a_week_are_read_as_people_write_them(written: str, minutes: int | None) -> None:
    assert clean_weekly_hours(written) == minutes
    assert clean_weekly_hours(written_hours(minutes)) == minutes


@pytest.mark.parametrize("written", ["168:01", "-1", "40 minutes", "37:60", "1e3"])
def test_hours_that_are_none_are_refused(written: str) -> None:
    with pytest.raises(InvalidInput):
        clean_weekly_hours(written)
