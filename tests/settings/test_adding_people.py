"""Adding colleagues, and how they come in for the first time."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.mail.models import OutgoingMail
from app.people import links, queries, service
from app.people.models import Person, Role, SignInLink
from tests import world
from tests.pages import Pages
from tests.settings.people import NEW, found, look, said


def invitations(desk: Pages, email: str) -> list[tuple[int, str]]:
    """The mails that invited somebody, the first one first, with the secret words of their links."""

    def look(session: Session) -> list[tuple[int, str]]:
        sent = select(OutgoingMail).where(OutgoingMail.to_address == email).order_by(OutgoingMail.id)
        return [
            (mail.id, links.token_of(session.get_one(SignInLink, mail.sign_in_link_id)))
            for mail in session.scalars(sent)
            if mail.sign_in_link_id is not None
        ]

    return desk.write(look)


class TestAdding:
    def test_the_password_that_is_shown_once_lets_a_new_colleague_in(self, desk: Pages, root: FlaskClient) -> None:
        """Without a mail server a mail would only be kept: a secret has no place there."""
        team = desk.write(lambda session: world.add_team(session, "network").id)

        answer = root.post(
            "/settings/people/new",
            data={**NEW, "email": "dan@new.example", "teams": team, "skill.network": "4", "weekly_minutes": "20"},
        )

        shown = re.search(r'id="password-once">([^<]+)</code>', answer.text)
        assert shown is not None
        dan = found(desk, "dan@new.example")
        assert (dan.must_change_password, dan.weekly_minutes) == (True, 20 * 60)
        assert desk.write(lambda s: service.check_password(s, "dan@new.example", shown[1])) is not None
        assert desk.write(lambda s: [each.key for each in queries.teams_of(s, dan)]) == ["network"]
        assert desk.write(lambda s: [level for _skill, level in queries.skill_levels(s, [dan.id])[dan.id]]) == [4]
        assert (
            desk.write(lambda s: s.scalars(select(OutgoingMail.id).where(OutgoingMail.to_address == dan.email)).all())
            == []
        )

    def test_with_a_mail_server_the_invitation_brings_a_link_under_which_one_chooses_a_password(
        self, desk_with_server: Pages
    ) -> None:
        desk = desk_with_server
        root = desk.client(desk.staff(Role.ADMINISTRATOR))

        answer = root.post("/settings/people/new", data={**NEW, "email": "ion@new.example"}, follow_redirects=True)

        assert "The invitation goes to ion@new.example." in said(answer)
        assert found(desk, "ion@new.example").password_hash is None
        mail_id, token = invitations(desk, "ion@new.example")[-1]
        assert token not in root.get(f"/settings/outgoing-mail/{mail_id}").text
        newcomer, words = desk.app.test_client(), "a long and quiet sentence"
        newcomer.post(f"/sign-in/forgotten/{token}", data={"password": words})
        assert newcomer.get("/").status_code == 200
        assert desk.write(lambda s: service.check_password(s, "ion@new.example", words)) is not None
        assert newcomer.get(f"/sign-in/forgotten/{token}").status_code == 404

    def test_an_invitation_goes_again_until_there_is_a_password(self, desk_with_server: Pages) -> None:
        """Nobody looks into their mail in time; what they were sent first goes on working."""
        desk = desk_with_server
        root = desk.client(desk.staff(Role.ADMINISTRATOR))
        root.post("/settings/people/new", data={**NEW, "email": "eva@new.example"}, follow_redirects=True)
        eva = found(desk, "eva@new.example").id

        again = root.post(f"/settings/people/{eva}/invite", follow_redirects=True)

        assert said(again) == "The invitation goes to eva@new.example."
        [(_first, one), (_second, another)] = invitations(desk, "eva@new.example")
        assert {desk.app.test_client().get(f"/sign-in/forgotten/{token}").status_code for token in (one, another)} == {
            200
        }
        root.post(f"/settings/people/{eva}/password", data={"way": "show"})
        assert root.post(f"/settings/people/{eva}/invite").status_code == 409
        assert "/invite" not in root.get(f"/settings/people/{eva}").text

    def test_nobody_is_invited_by_a_desk_that_mails_nothing(self, desk: Pages, root: FlaskClient) -> None:
        contact, _customer = desk.contact()
        desk.write(lambda s: setattr(s.get_one(Person, contact), "password_hash", None))

        page, sly = root.get(f"/settings/contacts/{contact}"), root.post(f"/settings/people/{contact}/invite")

        assert "/invite" not in page.text
        assert sly.status_code == 409

    def test_nothing_typed_is_lost_when_something_is_missing(self, desk: Pages, root: FlaskClient) -> None:
        team = desk.write(lambda session: world.add_team(session, "network").id)

        answer = root.post(
            "/settings/people/new",
            data={
                "name": "Ana Radu",
                "email": "not an address",
                "zone": "Bucharest",
                "teams": team,
                "skill.network": "3",
            },
        )

        assert answer.status_code == 422
        assert 'value="Ana Radu"' in answer.text
        assert all(f'id="{field}-error"' in answer.text for field in ("email", "roles", "language"))
        assert re.search(rf'name="teams" value="{team}" checked', answer.text)
        assert re.search(r'name="skill.network">.*?value="3" selected', answer.text, re.DOTALL)

    def test_somebody_known_as_a_contact_is_led_to_their_page(self, desk: Pages, root: FlaskClient) -> None:
        person_id, _customer = desk.contact(name="Maria Pop")
        email = look(desk, person_id).email

        answer = root.post("/settings/people/new", data={**NEW, "email": email})

        assert answer.status_code == 422
        assert f'href="/settings/people/{person_id}?staff=1"' in answer.text
        assert root.get(f"/settings/people/{person_id}").headers["Location"] == f"/settings/contacts/{person_id}"
        assert root.get(f"/settings/people/{person_id}?staff=1").status_code == 200

    def test_a_manager_adds_a_colleague_but_no_administrator(self, desk: Pages, manager: FlaskClient) -> None:
        page = manager.get("/settings/people/new").text
        sly = manager.post("/settings/people/new", data={**NEW, "email": "sly@new.example", "roles": "administrator"})
        fine = manager.post("/settings/people/new", data={**NEW, "email": "fine@new.example"})

        assert re.search(r'value="administrator" disabled', page)
        assert (sly.status_code, fine.status_code) == (403, 200)
        assert desk.write(lambda s: queries.person_by_email(s, "sly@new.example")) is None
