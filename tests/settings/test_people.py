"""The pages of people and contacts: who opens them, what they change, what happens when somebody leaves."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.contracts import queries as contracts
from app.engine import queries as engine_queries
from app.people import service
from app.people.directory import PAGE_SIZE
from app.people.models import Person, Role
from app.tasklist import service as tasklist
from tests import world
from tests.pages import Pages, counted_queries, ticket_of
from tests.settings.people import NEW, look, said


def details(desk: Pages, person_id: int, **changes: object) -> dict[str, object]:
    """What the page of a person sends back when only `changes` were made."""
    one = look(desk, person_id)
    known = {"name": one.name, "email": one.email, "language": one.language, "zone": one.zone}
    return {**known, "roles": [str(role) for role in one.roles], **changes}


class TestChanging:
    def test_the_page_says_what_was_different(self, desk: Pages, root: FlaskClient) -> None:
        dan = desk.staff(Role.AGENT)

        changed = root.post(
            f"/settings/people/{dan}", data=details(desk, dan, name="Dan the Great", roles=["agent", "approver"]),
            follow_redirects=True,
        )  # fmt: skip
        same = root.post(f"/settings/people/{dan}", data=details(desk, dan), follow_redirects=True)

        assert (said(changed), said(same)) == ("Saved: name, roles.", "Nothing was different.")
        assert look(desk, dan).roles == {Role.AGENT, Role.APPROVER}

    def test_the_hours_of_a_week_are_set_and_stand_in_the_record(self, desk: Pages, manager: FlaskClient) -> None:
        """The workload of the overview measures people by them."""
        dan = desk.staff(Role.AGENT)

        changed = manager.post(
            f"/settings/people/{dan}", data=details(desk, dan, weekly_minutes="37,5"), follow_redirects=True
        )

        assert said(changed) == "Saved: hours a week."
        assert look(desk, dan).weekly_minutes == 37 * 60 + 30
        assert 'name="weekly_minutes" value="37:30"' in changed.text
        record = desk.client(desk.staff(Role.ADMINISTRATOR)).get(f"/settings/people/{dan}").text
        assert "hours a week: – → 37\u00a0h\u00a030" in record
        manager.post(f"/settings/people/{dan}", data=details(desk, dan, weekly_minutes=""))
        assert look(desk, dan).weekly_minutes is None

    @pytest.mark.parametrize("written", ["169", "full time"])
    def test_hours_that_no_week_has_are_told_at_their_field(
        self, desk: Pages, manager: FlaskClient, written: str
    ) -> None:
        dan = desk.staff(Role.AGENT)

        answer = manager.post(f"/settings/people/{dan}", data=details(desk, dan, weekly_minutes=written))

        assert answer.status_code == 422
        assert 'id="weekly_minutes-error"' in answer.text
        assert f'value="{written}"' in answer.text
        assert look(desk, dan).weekly_minutes is None

    def test_all_of_it_changes_or_nothing(self, desk: Pages, root: FlaskClient) -> None:
        dan = desk.staff(Role.AGENT)

        answer = root.post(f"/settings/people/{dan}", data=details(desk, dan, name="Half Done", roles=[]))

        assert answer.status_code == 422
        assert 'id="roles-error"' in answer.text
        assert 'value="Half Done"' in answer.text
        assert look(desk, dan).name != "Half Done"

    def test_a_manager_looks_at_an_administrator_and_changes_nothing(self, desk: Pages, manager: FlaskClient) -> None:
        admin = desk.staff(Role.ADMINISTRATOR)
        before = look(desk, admin).password_hash

        page = manager.get(f"/settings/people/{admin}")
        attempts = [
            manager.post(f"/settings/people/{admin}", data=details(desk, admin, email="mine@x.ro")),
            manager.post(f"/settings/people/{admin}/password", data={"way": "show"}),
            manager.post(f"/settings/people/{admin}/invite"),
            manager.get(f"/settings/people/{admin}/deactivate"),
            manager.post(f"/settings/people/{admin}/deactivate"),
            manager.post(f"/settings/people/{admin}/reactivate"),
        ]

        assert page.status_code == 200
        assert "Only an administrator changes" in page.text
        assert [answer.status_code for answer in attempts] == [403, 403, 403, 403, 403, 303]
        one = look(desk, admin)
        assert (one.is_active, one.password_hash) == (True, before)
        assert one.email != "mine@x.ro"

    def test_whoever_gives_their_own_role_away_is_led_out(self, desk: Pages) -> None:
        me = desk.staff(Role.MANAGER, Role.AGENT)
        browser = desk.client(me)

        answer = browser.post(f"/settings/people/{me}", data=details(desk, me, roles=["agent"]))

        assert answer.headers["Location"] == "/"
        assert browser.get("/settings/people").status_code == 404

    def test_a_new_password_is_shown_once_and_ends_the_sessions(self, desk: Pages, root: FlaskClient) -> None:
        dan = desk.staff(Role.AGENT)
        browser = desk.client(dan)

        answer = root.post(f"/settings/people/{dan}/password", data={"way": "show"})

        shown = re.search(r'id="password-once">([^<]+)</code>', answer.text)
        assert shown is not None
        one = look(desk, dan)
        assert one.must_change_password
        assert desk.write(lambda s: service.check_password(s, one.email, shown[1])) is not None
        assert browser.get("/").headers["Location"].startswith("/sign-in")


class TestLeaving:
    def test_what_happens_is_said_before_and_done_then(self, desk: Pages, root: FlaskClient) -> None:
        """What was claimed is seen by the team again; what is for one person alone is named."""
        radu, elena = desk.staff(Role.AGENT, team="support"), desk.staff(Role.AGENT, team="support")
        desk.staff(Role.APPROVER, team="support")
        mine, claimed = (desk.ticket(desk.contact()[0], subject) for subject in ("Mine", "Claimed"))
        desk.complete(mine, radu, {"outcome": "mine", "person": None})

        def claim(session: Session) -> None:
            [task] = engine_queries.open_tasks(session, ticket_of(session, claimed).process_subject)
            tasklist.claim(session, task, session.get_one(Person, radu))

        desk.write(claim)

        question = root.get(f"/settings/people/{radu}/deactivate").text
        answer = root.post(f"/settings/people/{radu}/deactivate", follow_redirects=True)

        assert "1 request that they are responsible for goes back" in question
        assert "1 task that they have taken goes back" in question
        assert "What was theirs is back with their teams." in said(answer)
        assert "Reactivate" in answer.text
        work = desk.client(elena).get("/").text
        assert "Mine" in work
        assert "Claimed" in work
        assert desk.write(lambda s: engine_queries.open_tasks_of(s, radu)) == []
        assert desk.write(lambda s: ticket_of(s, mine).assignee_id) is None

    def test_the_account_comes_back(self, desk: Pages, root: FlaskClient) -> None:
        dan = desk.staff(Role.AGENT)
        root.post(f"/settings/people/{dan}/deactivate", follow_redirects=True)

        answer = root.post(f"/settings/people/{dan}/reactivate", follow_redirects=True)

        assert "may sign in again" in said(answer)
        assert look(desk, dan).is_active

    def test_nobody_is_offered_to_deactivate_themselves(self, desk: Pages) -> None:
        me = desk.staff(Role.ADMINISTRATOR)
        browser = desk.client(me)

        assert "Somebody else can" in browser.get(f"/settings/people/{me}/deactivate").text
        assert browser.post(f"/settings/people/{me}/deactivate").status_code == 409


class TestContacts:
    def test_a_contact_is_changed_and_moved(self, desk: Pages, manager: FlaskClient) -> None:
        person_id, _customer = desk.contact(name="Maria")
        other = desk.contact()[1]

        answer = manager.post(
            f"/settings/contacts/{person_id}",
            data={
                "name": "Maria Pop",
                "email": "MP@alba.example",
                "language": "ro",
                "phone": " 0264  1 ",
                "customer": other,
            },
            follow_redirects=True,
        )

        assert said(answer) == "Saved: name, e-mail address, language, phone, customer."
        contact = desk.write(lambda s: contracts.contact_of(s, person_id))
        assert contact is not None
        assert (contact.customer_id, contact.phone) == (other, "0264 1")
        assert look(desk, person_id).email == "mp@alba.example"

    def test_everything_wrong_is_told_and_nothing_stored(self, desk: Pages, manager: FlaskClient) -> None:
        person_id, _customer = desk.contact(name="Maria")

        answer = manager.post(
            f"/settings/contacts/{person_id}",
            data={"name": "", "email": "x", "language": "ro", "phone": "1" * 41, "customer": "999999"},
        )

        assert answer.status_code == 422
        assert all(f'id="{field}-error"' in answer.text for field in ("name", "email", "phone", "customer"))
        assert look(desk, person_id).name == "Maria"

    def test_a_deactivated_contact_comes_in_no_more(self, desk: Pages, manager: FlaskClient) -> None:
        person_id, _customer = desk.contact(name="Maria")
        desk.ticket(person_id)
        browser = desk.client(person_id)

        question = manager.get(f"/settings/people/{person_id}/deactivate").text
        answer = manager.post(f"/settings/people/{person_id}/deactivate", follow_redirects=True)

        assert "1 request of theirs is still open" in question
        assert answer.request.path == f"/settings/contacts/{person_id}"
        assert browser.get("/portal/").headers["Location"].startswith("/sign-in")

    def test_contacts_are_found_by_customer_and_words(self, desk: Pages, manager: FlaskClient) -> None:
        person_id, customer = desk.contact(name="Șerban Unic")
        desk.contact(name="Somebody Else")

        listed = manager.get(f"/settings/contacts?customer={customer}&q=serban").text

        assert re.findall(r'href="/settings/contacts/(\d+)"', listed) == [str(person_id)]

    def test_a_colleague_is_no_contact(self, desk: Pages, manager: FlaskClient) -> None:
        assert manager.get(f"/settings/contacts/{desk.staff(Role.AGENT)}").status_code == 404


@pytest.mark.parametrize("role", [Role.AGENT, Role.TEAM_LEAD, Role.APPROVER, Role.ANALYST, Role.CUSTOMER])
def test_others_do_not_learn_that_these_pages_exist(desk: Pages, role: Role) -> None:
    someone, (contact, _customer) = desk.staff(Role.AGENT), desk.contact()
    browser = desk.client(contact if role == Role.CUSTOMER else desk.staff(role))
    look_at = [f"/settings/people/{someone}", f"/settings/people/{someone}/deactivate", f"/settings/contacts/{contact}"]
    send_to = [
        "/settings/people/new", f"/settings/people/{someone}", f"/settings/people/{someone}/password",
        f"/settings/people/{someone}/invite",
        f"/settings/people/{someone}/deactivate", f"/settings/people/{someone}/reactivate",
        f"/settings/contacts/{contact}",
    ]  # fmt: skip

    statuses = {browser.get(address).status_code for address in look_at}
    statuses |= {browser.post(address, data=NEW).status_code for address in send_to}

    assert statuses == {404}
    assert look(desk, someone).is_active


@pytest.mark.parametrize(
    "address", ["/settings/people/999999", "/settings/contacts/999999", "/settings/people/9" + "9" * 20]
)
def test_nobody_is_not_found(desk: Pages, root: FlaskClient, address: str) -> None:
    assert root.get(address).status_code == 404


def add_colleague(desk: Pages, number: int) -> None:
    desk.write(lambda session: world.add_person(session, f"Many {number:03}"))


def add_contact(desk: Pages, number: int) -> None:
    desk.contact(name=f"Many {number:03}")


@pytest.mark.parametrize(("name", "add"), [("people", add_colleague), ("contacts", add_contact)])
def test_lists_read_a_constant_number_of_queries_and_go_on_by_name(
    desk: Pages, root: FlaskClient, name: str, add: Callable[[Pages, int], None]
) -> None:
    add(desk, 0)
    root.get(f"/settings/{name}?q=many")
    with counted_queries() as few:
        root.get(f"/settings/{name}?q=many")
    for number in range(1, PAGE_SIZE + 2):
        add(desk, number)

    with counted_queries() as many:
        first = root.get(f"/settings/{name}?q=many").text

    more = re.search(rf'href="(/settings/{name}\?[^"]*after=\d+[^"]*)"', first)
    assert more is not None
    shown = re.findall(rf'class="s-hit" href="/settings/{name}/(\d+)"', first)
    second = re.findall(rf'class="s-hit" href="/settings/{name}/(\d+)"', root.get(more[1].replace("&amp;", "&")).text)
    assert len(many) == len(few)
    assert (len(shown), len(second)) == (PAGE_SIZE, 2)
    assert not set(shown) & set(second)
