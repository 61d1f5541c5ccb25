"""The pages of teams, states, request types, priorities and skills."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.people import queries
from app.people.models import Person, Role, Skill, Team
from app.tickets.models import RequestType, TicketState
from tests import world
from tests.pages import Pages, counted_queries, open_desk

STATE = {"label_en": "With the supplier", "label_ro": "La furnizor", "category": "pending"}
TYPE = {"label_en": "Visit", "label_ro": "Vizită", "process": "ticket_lifecycle", "priority": "high", "minutes": "90"}


def said(answer: TestResponse) -> str:
    """The message of the next page."""
    toast = re.search(r'class="s-toast"><span>(.*?)</span>', answer.text, re.DOTALL)
    return toast[1] if toast else ""


def team_id(desk: Pages, key: str, *members: int) -> int:
    def make(session: Session) -> int:
        people_in_it = [session.get_one(Person, person_id) for person_id in members]
        return world.add_team(session, key, members=people_in_it).id

    return desk.write(make)


def members(desk: Pages, team: int) -> list[int]:
    return desk.write(lambda s: [each.id for each in queries.members(s, s.get_one(Team, team))])


class TestTeams:
    def test_a_team_is_made_and_gets_people(self, desk: Pages, manager: FlaskClient) -> None:
        elena, dan = desk.staff(Role.AGENT), desk.staff(Role.AGENT)

        made = manager.post("/settings/teams/new", data={"name": "Rețele Sud", "lead": elena}, follow_redirects=True)
        address = made.request.path
        added = manager.post(f"{address}/members", data={"person": dan}, follow_redirects=True)

        assert "Rețele Sud" in said(made)
        assert "works in Rețele Sud now" in said(added)
        assert set(members(desk, int(address.rpartition("/")[2]))) == {elena, dan}

    def test_putting_in_and_taking_out_are_undone_by_the_button_of_the_message(
        self, desk: Pages, manager: FlaskClient
    ) -> None:
        dan = desk.staff(Role.AGENT)
        team = team_id(desk, "undone", dan)

        out = manager.post(f"/settings/teams/{team}/members/{dan}/remove", follow_redirects=True)
        gone = members(desk, team)
        undo = re.search(r'action="([^"]+)"', out.text[out.text.index('id="toasts"') :])
        assert undo is not None
        manager.post(undo[1].replace("&amp;", "&"))

        assert (gone, members(desk, team)) == ([], [dan])

    def test_what_is_wrong_stands_at_its_field_with_what_was_typed(self, desk: Pages, manager: FlaskClient) -> None:
        team = team_id(desk, "fields")

        answers = [
            manager.post("/settings/teams/new", data={"name": "", "key": "Ö", "email": "nowhere"}),
            manager.post(f"/settings/teams/{team}", data={"name": "x" * 101, "email": "nowhere", "lead": "0"}),
            manager.post(f"/settings/teams/{team}/members", data={"person": "999999"}),
        ]

        assert [answer.status_code for answer in answers] == [422, 422, 422]
        assert all(f'id="{field}-error"' in answers[0].text for field in ("name", "key", "email"))
        assert 'value="nowhere"' in answers[1].text
        assert 'id="person-error"' in answers[2].text

    def test_a_team_in_use_cannot_stop_and_its_page_says_why(self, desk: Pages, root: FlaskClient) -> None:
        team = team_id(desk, "inuse")

        def send_incidents(session: Session, key: str | None) -> None:
            session.get_one(RequestType, "question").default_team_key = key

        desk.write(lambda session: send_incidents(session, "inuse"))
        page = root.get(f"/settings/teams/{team}").text
        refused = root.post(f"/settings/teams/{team}/active", data={"on": "0"})
        desk.write(lambda session: send_incidents(session, None))
        stopped = root.post(f"/settings/teams/{team}/active", data={"on": "0"}, follow_redirects=True)

        assert 'href="/settings/types/question"' in page
        assert "cannot be switched off while these come to it" in page
        assert refused.status_code == 409
        assert "takes no requests any more" in said(stopped)
        assert "Undo" in stopped.text
        root.post(f"/settings/teams/{team}/active?on=1")
        assert desk.write(lambda s: s.get_one(Team, team).is_active)

    def test_the_list_says_what_comes_to_whom_in_a_constant_number_of_queries(
        self, desk: Pages, manager: FlaskClient
    ) -> None:
        manager.get("/settings/teams")
        with counted_queries() as few:
            manager.get("/settings/teams")
        for number in range(5):
            team_id(desk, f"more{number}", desk.staff(Role.AGENT))

        with counted_queries() as many:
            page = manager.get("/settings/teams").text

        assert len(many) == len(few)
        assert "everything that no rule sends elsewhere" in page


class TestStates:
    def test_a_state_is_added_renamed_moved_switched_off_and_removed(self, desk: Pages, root: FlaskClient) -> None:
        added = root.post("/settings/states/new", data=STATE, follow_redirects=True)
        root.post("/settings/states/with_the_supplier/move", data={"to": "up"})
        renamed = root.post(
            "/settings/states/with_the_supplier", data={**STATE, "label_ro": "La un furnizor"}, follow_redirects=True
        )
        off = root.post("/settings/states/with_the_supplier/active", data={"on": "0"}, follow_redirects=True)
        page = root.get("/settings/states").text
        removed = root.post("/settings/states/with_the_supplier/remove", follow_redirects=True)

        assert "With the supplier" in said(added)
        assert said(renamed).endswith("Saved: name.")
        assert "switched off" in off.text
        order = re.findall(r'<tr id="(\w+)"', page)
        assert order.index("with_the_supplier") == len(order) - 2
        assert "off the list" in removed.text
        assert desk.write(lambda s: s.get(TicketState, "with_the_supplier")) is None

    def test_what_every_desk_needs_stays_and_says_why(self, desk: Pages, root: FlaskClient) -> None:
        off = root.post("/settings/states/closed/active", data={"on": "0"})
        gone = root.post("/settings/states/closed/remove")

        assert (off.status_code, gone.status_code) == (409, 409)
        assert "it cannot do without it" in off.text

    def test_what_was_typed_comes_back_with_what_is_missing(self, desk: Pages, root: FlaskClient) -> None:
        answer = root.post("/settings/states/new", data={"label_en": "Half", "category": "odd"})

        assert answer.status_code == 422
        assert 'value="Half"' in answer.text
        assert 'id="label_ro-error"' in answer.text
        assert 'id="category-error"' in answer.text


class TestTypes:
    def test_a_type_is_added_described_and_offered_in_the_portal(self, desk: Pages, root: FlaskClient) -> None:
        person_id, _customer = desk.contact()
        customer = desk.client(person_id)

        root.post("/settings/types/new", data={**TYPE, "description_en": "We come to you."})
        offered = customer.get("/portal/new").text
        root.post("/settings/types/visit/active", data={"on": "0"})
        gone = customer.get("/portal/new").text

        assert "We come to you." in offered
        assert "We come to you." not in gone

    def test_a_type_that_requests_use_is_only_switched_off(self, desk: Pages, root: FlaskClient) -> None:
        root.post("/settings/types/new", data={**TYPE, "label_en": "Used", "key": "used"})
        desk.ticket(desk.contact()[0], type_key="used")

        page = root.get("/settings/types/used").text
        removed = root.post("/settings/types/used/remove")

        assert "/settings/types/used/remove" not in page
        assert removed.status_code == 409
        assert "Switch it off instead" in removed.text

    def test_what_does_not_fit_stands_at_its_field(self, desk: Pages, root: FlaskClient) -> None:
        answer = root.post("/settings/types/incident", data={**TYPE, "process": "none", "minutes": "long", "team": "x"})

        assert answer.status_code == 422
        assert all(f'id="{field}-error"' in answer.text for field in ("process", "minutes", "team"))
        assert 'value="long"' in answer.text

    def test_a_type_without_its_process_is_marked(self, desk: Pages, root: FlaskClient) -> None:
        def break_it(session: Session, key: str) -> None:
            session.get_one(RequestType, "change").process_key = key

        desk.write(lambda session: break_it(session, "not_there"))
        page = root.get("/settings/types").text
        desk.write(lambda session: break_it(session, "ticket_lifecycle"))

        assert "process not_there is not deployed" in page

    def test_processes_are_called_as_their_diagrams_call_them_in_the_readers_language(
        self, desk: Pages, root: FlaskClient
    ) -> None:
        answers = [root.get(f"/settings/types{page}").text for page in ("", "/incident", "/new")]
        root.post("/language", data={"language": "ro"})
        in_romanian = [root.get(f"/settings/types{page}").text for page in ("", "/incident", "/new")]

        assert all("Ticket lifecycle" in page for page in answers)
        assert all("Viața unei cereri" in page for page in in_romanian)
        assert not any("Ticket lifecycle" in page for page in in_romanian)
        assert re.findall(r"<option[^>]*>(Escaladare|Validarea muncii|Viața unei cereri)<", in_romanian[2]) == [
            "Escaladare", "Validarea muncii", "Viața unei cereri"
        ]  # fmt: skip


class TestSkills:
    def test_a_skill_is_added_and_renamed(self, desk: Pages, manager: FlaskClient) -> None:
        manager.post("/settings/skills", data={"name": "Imprimante mari"})
        renamed = manager.post("/settings/skills/imprimante_mari", data={"rename": "Plottere"}, follow_redirects=True)
        empty = manager.post("/settings/skills/imprimante_mari", data={"rename": " "})
        taken = manager.post("/settings/skills", data={"name": "Again", "key": "network"})

        assert "Plottere" in renamed.text
        assert empty.status_code == 422
        assert 'id="rename-imprimante_mari-error"' in empty.text
        assert 'id="key-error"' in taken.text
        assert desk.write(lambda s: s.get_one(Skill, "imprimante_mari").name) == "Plottere"

    @pytest.mark.parametrize(("language", "name"), [("en", "Difficult requests"), ("ro", "Cereri dificile")])
    def test_a_new_desk_has_its_skills_in_its_language(self, tmp_path: Path, language: str, name: str) -> None:
        """They are its own words from then on; colleagues of another language read them too."""
        new = open_desk(tmp_path, language=language)

        assert new.write(lambda session: session.get_one(Skill, "senior").name) == name

    def test_a_skill_that_is_not_there_is_not_renamed(self, desk: Pages, manager: FlaskClient) -> None:
        assert manager.post("/settings/skills/juggling", data={"rename": "x"}).status_code == 404


CHANGES: tuple[tuple[str, dict[str, str]], ...] = (
    ("/settings/states/new", STATE),
    ("/settings/states/assigned", STATE),
    ("/settings/states/assigned/move", {"to": "up"}),
    ("/settings/states/assigned/active", {"on": "0"}),
    ("/settings/states/assigned/remove", {}),
    ("/settings/types/new", TYPE),
    ("/settings/types/change", TYPE),
    ("/settings/types/change/move", {"to": "up"}),
    ("/settings/types/change/active", {"on": "0"}),
    ("/settings/types/change/remove", {}),
)
OF_TEAMS = ("/settings/teams/new", "/settings/teams/1", "/settings/teams/1/active", "/settings/teams/1/members")


def test_managers_see_the_lists_and_change_nothing(desk: Pages, manager: FlaskClient) -> None:
    """What they see but may not do is said plainly; nothing that would not work is offered."""
    pages = [manager.get(f"/settings/{name}") for name in ("states", "types", "priorities")]
    statuses = {manager.post(address, data=data).status_code for address, data in CHANGES}

    assert {page.status_code for page in pages} == {200}
    assert all('method="post" action="/settings/' not in page.text for page in pages)
    assert statuses == {403}


@pytest.mark.parametrize("role", [Role.AGENT, Role.ANALYST, Role.CUSTOMER])
def test_others_find_none_of_it(desk: Pages, role: Role) -> None:
    browser = desk.client(desk.contact()[0] if role == Role.CUSTOMER else desk.staff(role))

    statuses = {browser.post(address, data=data).status_code for address, data in CHANGES}
    statuses |= {browser.post(address).status_code for address in OF_TEAMS}
    statuses |= {browser.post("/settings/skills", data={"name": "x"}).status_code}
    pages = ("states", "types", "teams", "teams/1", "skills")
    statuses |= {browser.get(f"/settings/{name}").status_code for name in pages}

    assert statuses == {404}


def test_priorities_show_what_begins_with_them(desk: Pages, root: FlaskClient) -> None:
    desk.ticket(desk.contact()[0], priority="urgent")

    page = root.get("/settings/priorities").text

    assert re.search(r"priority=urgent&amp;category=active\">\d+<", page)
    assert "Question" in page
