"""The settings' first page and search, the page about mail, and the list of changes."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.mail import service as mail
from app.mail.models import OutgoingMail, OutgoingState
from app.people import colleagues
from app.people.models import Person, Role
from app.settings.changes import PAGE_SIZE
from tests import world
from tests.pages import Pages, counted_queries, open_desk

CARD = r'<a class="s-card" href="{}">.*?</a>'


@pytest.fixture
def root(desk: Pages) -> FlaskClient:
    """An administrator's browser."""
    return desk.client(desk.staff(Role.ADMINISTRATOR))


def figure(page: str, address: str) -> str:
    """The words of one card of the first page."""
    card = re.search(CARD.format(re.escape(address)), page, re.DOTALL)
    assert card is not None
    return " ".join(re.sub(r"<[^>]+>", " ", card[0]).split())


def failed_mail(desk: Pages) -> int:
    def add(session: Session) -> int:
        written = mail.queue_mail(session, to_address="x@y.example", subject="Hello", text="Hello", language="en")
        written.state = OutgoingState.FAILED.value
        session.flush()
        return written.id

    return desk.write(add)


class TestFirstPage:
    def test_groups_say_what_they_are_for_with_a_figure(self, desk: Pages, root: FlaskClient) -> None:
        before = int(figure(root.get("/settings/").text, "/settings/people").split()[-1])
        desk.staff(Role.AGENT)
        failed_mail(desk)

        page = root.get("/settings/").text

        assert int(figure(page, "/settings/people").split()[-1]) == before + 1
        assert re.search(r"\d+ failed", figure(page, "/settings/outgoing-mail"))
        assert figure(page, "/settings/changes").startswith("Changes Who changed what")

    def test_a_manager_is_offered_only_what_opens(self, desk: Pages) -> None:
        manager = desk.client(desk.staff(Role.MANAGER))

        links = set(re.findall(r'href="(/settings/[^"?]*)"', manager.get("/settings/").text))

        assert "/settings/changes" not in links
        assert {manager.get(link).status_code for link in links} == {200}

    def test_it_costs_a_constant_number_of_queries(self, desk: Pages, root: FlaskClient) -> None:
        root.get("/settings/")
        with counted_queries() as few:
            root.get("/settings/")
        for _each in range(4):
            desk.staff(Role.AGENT, team="support")
            failed_mail(desk)

        with counted_queries() as many:
            root.get("/settings/")

        assert len(many) == len(few)


class TestSearch:
    def found(self, browser: FlaskClient, words: str) -> list[str]:
        page = browser.get("/settings/", query_string={"q": words}).text
        hits = re.search(r'<ul class="s-hits">(.*?)</ul>', page, re.DOTALL)
        return re.findall(r"<b>([^<]+)</b>", hits[1]) if hits else []

    def test_pages_people_teams_and_lists_are_found(self, desk: Pages, root: FlaskClient) -> None:
        def add(session: Session) -> None:
            world.add_person(session, "Ștefan Găsit")
            world.add_team(session, "gasita").name = "Echipa găsită"

        desk.write(add)

        assert self.found(root, "smtp") == ["Mail settings"]
        assert self.found(root, "gasit") == ["Ștefan Găsit", "Echipa găsită"]
        assert self.found(root, "clientul") == ["Waiting for the customer · Așteaptă clientul"]
        assert "Incident" in self.found(root, "INCIDENT")

    def test_nothing_says_so_and_shows_the_way_on(self, root: FlaskClient) -> None:
        page = root.get("/settings/?q=zzzz%00%25").text

        assert "Nothing is called so" in page
        assert 'href="/settings/"' in page


class TestMail:
    def test_settings_are_shown_and_secrets_are_not(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        desk = open_desk(
            tmp_path_factory.mktemp("secrets"), smtp_host="mx.firma.example", smtp_user="desk", smtp_password="hunter2"
        )
        browser = desk.client(desk.staff(Role.ADMINISTRATOR))

        page = browser.get("/settings/mail").text

        assert "mx.firma.example:587" in page
        assert "SUPORT_SMTP_PASSWORD" in page
        assert "set, not shown" in page
        assert "hunter2" not in page
        assert "tests-only" not in page

    def test_a_test_mail_goes_the_way_of_all_mail(self, desk_with_server: Pages) -> None:
        root = desk_with_server.staff(Role.ADMINISTRATOR)
        browser = desk_with_server.client(root)

        answer = browser.post("/settings/mail/test", follow_redirects=True)

        own = desk_with_server.write(lambda s: s.get_one(Person, root).email)
        sent = desk_with_server.write(
            lambda s: s.scalars(select(OutgoingMail).where(OutgoingMail.to_address == own)).one()
        )
        assert answer.request.path == f"/settings/outgoing-mail/{sent.id}"
        assert (sent.state, sent.is_confidential) == ("queued", False)
        assert "The test mail is on its way." in answer.text

    def test_without_a_server_it_is_kept_and_the_page_says_so(self, desk: Pages, root: FlaskClient) -> None:
        page = root.get("/settings/mail").text
        answer = root.post("/settings/mail/test", follow_redirects=True)

        assert "No mail server is set." in page
        assert "so the desk keeps this mail" in answer.text

    def test_everything_that_failed_is_sent_again(self, desk_with_server: Pages) -> None:
        mail_id = failed_mail(desk_with_server)
        browser = desk_with_server.client(desk_with_server.staff(Role.MANAGER))

        page = browser.get("/settings/outgoing-mail?state=failed").text
        browser.post("/settings/outgoing-mail/retry-failed")

        assert "/settings/outgoing-mail/retry-failed" in page
        assert desk_with_server.write(lambda s: s.get_one(OutgoingMail, mail_id).state) == "queued"

    def test_it_is_nobodys_but_theirs_who_run_the_desk(self, desk: Pages) -> None:
        agent = desk.client(desk.staff(Role.AGENT))

        assert agent.get("/settings/mail").status_code == 404
        for name in ("mail/test", "outgoing-mail/retry-failed", "received-mail/retry-failed"):
            assert agent.post(f"/settings/{name}").status_code == 404


class TestChanges:
    def test_who_changed_what_and_when_is_read_in_words(self, desk: Pages) -> None:
        me, dan = desk.staff(Role.ADMINISTRATOR), desk.staff(Role.AGENT)
        browser = desk.client(me)

        def change(session: Session) -> None:
            by, person = session.get_one(Person, me), session.get_one(Person, dan)
            by.name = "Root Ruler"
            colleagues.change_person(session, person, {"name": "Dan Changed", "language": "ro"}, by=by)
            colleagues.set_roles(session, person, ["approver"], by=by)
            colleagues.set_skills(session, person, {"network": 4}, by=by)

        desk.write(change)
        browser.post("/settings/states/assigned", data={"label_en": "Given", "label_ro": "Dată"})
        page = browser.get("/settings/changes").text

        text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
        assert "Root Ruler Dan Changed: roles changed given: Approver taken: Agent" in text
        assert "language: English → Română" in text
        assert "Networks and internet: 0 → 4" in text
        assert "State “Given”: changed name: Assigned · Alocată → Given · Dată" in text
        assert "Last changes" in browser.get(f"/settings/people/{dan}").text

    def test_long_lists_go_on_by_key_in_a_constant_number_of_queries(self, desk: Pages, root: FlaskClient) -> None:
        root.get("/settings/changes")
        with counted_queries() as few:
            root.get("/settings/changes")
        for _each in range(PAGE_SIZE // 2 + 2):
            desk.staff(Role.AGENT, team="support")

        with counted_queries() as many:
            first = root.get("/settings/changes").text

        # Teams and their like are looked up once the page has any.
        assert len(many) <= len(few) + 2
        older = re.search(r'href="(/settings/changes\?before=\d+)"', first)
        assert older is not None
        assert first.count("<time") == PAGE_SIZE
        assert "<time" in root.get(older[1]).text

    def test_only_administrators_read_them(self, desk: Pages) -> None:
        manager, dan = desk.client(desk.staff(Role.MANAGER)), desk.staff(Role.AGENT)

        assert manager.get("/settings/changes").status_code == 404
        assert "Last changes" not in manager.get(f"/settings/people/{dan}").text
