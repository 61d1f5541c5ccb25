"""The ticket page's part of mail: what a message leaves out of its mail, and who gets the mails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.demo.mails import drawn
from app.mail import inbound
from app.mail import service as mail
from app.mail.models import OutgoingMail
from app.mail.parsing import parse
from app.people.models import Person, Role
from app.tickets import queries
from app.tickets.models import Message
from tests.pages import Pages, open_desk, ticket_of

PAGE = """<p style="color:#a61b26;background:url(https://spy.example/b);position:fixed" onclick="alert(1)">Red words</p>
<script>alert(1)</script><form action="https://spy.example"><input></form>
<img src="https://spy.example/pixel.gif" alt="seen"><img src="//spy.example/two.gif"><img src="cid:logo@x">
<a href="javascript:alert(1)">here</a> <a href="https://firm.example/">there</a>"""


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("mail"))


@pytest.fixture
def desk(shared_desk: Pages) -> Iterator[Pages]:
    with clock.frozen(shared_desk.moment):
        yield shared_desk


@pytest.fixture
def agent(desk: Pages) -> FlaskClient:
    return desk.client(desk.staff(Role.AGENT, team="support"))


@pytest.fixture
def customer(desk: Pages) -> int:
    return desk.contact()[0]


@pytest.fixture
def number(desk: Pages, customer: int) -> str:
    return desk.ticket(customer)


def answer_by_mail(desk: Pages, number: str, text: str, page: str = "") -> str:
    """Let the requester answer by mail; the key of the message it became."""

    def take(session: Session) -> str:
        ticket = ticket_of(session, number)
        written = EmailMessage()
        written["From"], written["To"] = ticket.requester.email, "suport@desk.example"
        written["Subject"], written["Message-ID"] = f"Re: {ticket.number}", f"<{ticket.id}.{len(text)}@firm.example>"
        written.set_content(text)
        if page:
            written.add_alternative(page, subtype="html")
            part = written.get_payload(1)
            assert isinstance(part, EmailMessage)
            part.add_related(drawn(4, 4, (9, 9, 9)), "image", "png", cid="<logo@x>", filename="logo.png")
        raw = written.as_bytes()
        inbound.take(session, mail.store_raw(session, raw, "suport@desk.example", ticket.requester.email), parse(raw))
        newest = select(Message.uuid).where(Message.ticket_id == ticket.id, Message.kind == "customer")
        return session.scalars(newest.order_by(Message.id.desc())).first() or ""

    return desk.write(take)


QUOTING = "It works now.\n\nOn Mon, 16 Nov 2026 at 10:00, Suport <suport@desk.example> wrote:\n\n> Press <green>.\n"


class TestOriginals:
    """A message says what was written now; the rest of its mail is one press away."""

    def test_quoted_history_is_folded_and_can_be_read(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        key = answer_by_mail(desk, number, QUOTING)
        page = agent.get(f"/tickets/{number}").text

        piece = agent.get(f"/messages/{key}/original", headers={"HX-Request": "true"}).text
        whole = agent.get(f"/messages/{key}/original").text

        assert f'href="/messages/{key}/original"' in page
        assert not re.search("Press (<|&lt;)green", page)
        assert "Press &lt;green&gt;." in piece
        assert "It works now." in whole
        assert "Press &lt;green&gt;." in whole

    def test_a_mail_that_quotes_nothing_and_has_no_layout_offers_nothing(
        self, desk: Pages, agent: FlaskClient, number: str
    ) -> None:
        key = answer_by_mail(desk, number, "Just this.")

        assert f"/messages/{key}/original" not in agent.get(f"/tickets/{number}").text
        assert agent.get(f"/messages/{key}/original").status_code == 404

    def test_its_own_layout_is_shown_in_a_frame_that_may_nothing(
        self, desk: Pages, agent: FlaskClient, number: str
    ) -> None:
        key = answer_by_mail(desk, number, "Red words", PAGE)

        frame = agent.get(f"/messages/{key}/frame").text
        answer = agent.get(f"/messages/{key}/html")

        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame
        assert "2 images are on other servers" in frame
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "img-src data:;" in policy
        assert "sandbox" in policy
        assert "color:#a61b26" in answer.text
        for never in (
            "<script",
            "onclick",
            "javascript:",
            "<form",
            "<input",
            "background:",
            "position:",
            "spy.example",
        ):
            assert never not in answer.text.split("<body>")[1], never

    def test_images_that_came_along_are_in_it(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        key = answer_by_mail(desk, number, "Red words", PAGE)

        assert 'src="data:image/png;base64,' in agent.get(f"/messages/{key}/html").text

    def test_images_of_other_servers_come_only_when_asked_for(
        self, desk: Pages, agent: FlaskClient, number: str
    ) -> None:
        key = answer_by_mail(desk, number, "Red words", PAGE)

        asked = agent.get(f"/messages/{key}/html?images=1")

        assert "https://spy.example/pixel.gif" in asked.text
        assert "img-src data: https: http:;" in asked.headers["Content-Security-Policy"]
        assert "spy.example" not in agent.get(f"/tickets/{number}").text

    def test_only_the_page_that_frames_it_may(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        key = answer_by_mail(desk, number, "Red words", PAGE)

        assert "frame-ancestors 'self'" in agent.get(f"/messages/{key}/html").headers["Content-Security-Policy"]
        assert "frame-src 'self'" in agent.get(f"/tickets/{number}").headers["Content-Security-Policy"]
        assert "frame-src" not in agent.get("/tickets/").headers["Content-Security-Policy"]

    @pytest.mark.parametrize("piece", ["original", "html", "frame"])
    def test_customers_see_none_of_it(self, desk: Pages, customer: int, number: str, piece: str) -> None:
        key = answer_by_mail(desk, number, QUOTING, PAGE)

        assert desk.client(customer).get(f"/messages/{key}/{piece}").status_code == 404


class TestWhoGetsTheMails:
    """Somebody else gets the replies from now on, or no longer."""

    def test_a_stranger_gets_the_next_reply_and_the_conversation_tells_it(
        self, desk: Pages, agent: FlaskClient, number: str
    ) -> None:
        page = agent.post(
            f"/participants/of/{number}", data={"email": " Depot@Firm.example ", "name": "Depot"}, follow_redirects=True
        ).text
        person = desk.staff(Role.AGENT, team="support")
        desk.solve(number, person)

        assert "depot<wbr>@firm.<wbr>example" in page
        assert "now gets the replies too." in page
        assert ["Depot", "depot@firm.example"] in copies(desk, number)

    def test_who_was_removed_gets_no_reply(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        agent.post(f"/participants/of/{number}", data={"email": "depot@firm.example"})
        gone = participant_ids(desk, number)[0]

        page = agent.post(f"/participants/of/{number}/{gone}/remove", follow_redirects=True).text
        desk.solve(number, desk.staff(Role.AGENT, team="support"))

        assert "gets no further replies." in page
        assert copies(desk, number) == []

    def test_a_colleague_may_read_along(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        colleague = desk.staff(Role.AGENT)
        email = desk.write(lambda session: str(session.get_one(Person, colleague).email))

        agent.post(f"/participants/of/{number}", data={"email": email})

        assert participant_ids(desk, number) == [colleague]
        assert desk.write(lambda session: session.get_one(Person, colleague).is_staff)

    def test_the_reply_says_whom_it_goes_to(self, desk: Pages, number: str) -> None:
        person = desk.staff(Role.AGENT, team="support")
        desk.complete(number, person, {"outcome": "mine", "person": None})
        browser = desk.client(person)
        browser.post(f"/participants/of/{number}", data={"email": "depot@firm.example", "name": "Depot"})

        assert re.search(r"Goes to Contact \d+, copy to Depot", browser.get(f"/tickets/{number}").text)

    @pytest.mark.parametrize(
        ("email", "says"),
        [
            ("", "Write a whole e-mail address"),
            ("depot", "Write a whole e-mail address"),
            ("a@b", "Write a whole e-mail address"),
            ("a@b.ro, c@d.ro", "Write a whole e-mail address"),
            ("<a@b.ro>", "Write a whole e-mail address"),
            ("suport@desk.example", "the desk’s own address"),
            ("noreply@firm.example", "is not read by a person"),
            ("requester", "asked for it and gets every reply already"),
            ("twice@firm.example", "gets the replies already"),
        ],
    )
    def test_an_address_that_cannot_be_is_told_at_the_field(
        self, desk: Pages, agent: FlaskClient, customer: int, number: str, email: str, says: str
    ) -> None:
        agent.post(f"/participants/of/{number}", data={"email": "twice@firm.example"})
        if email == "requester":
            email = desk.write(lambda session: str(session.get_one(Person, customer).email))

        answer = agent.post(f"/participants/of/{number}", data={"email": email})

        assert answer.status_code == 422
        assert 'id="people-email-error"' in answer.text
        assert says in answer.text
        assert len(participant_ids(desk, number)) == 1

    def test_analysts_and_customers_change_nothing(self, desk: Pages, customer: int, number: str) -> None:
        for browser in (desk.client(desk.staff(Role.ANALYST)), desk.client(customer)):
            assert browser.post(f"/participants/of/{number}", data={"email": "a@b.ro"}).status_code == 403

        assert participant_ids(desk, number) == []


def copies(desk: Pages, number: str) -> list[object]:
    """Who got copies of the replies."""

    def read(session: Session) -> list[object]:
        found = select(OutgoingMail).where(
            OutgoingMail.ticket_id == ticket_of(session, number).id, OutgoingMail.kind == "reply"
        )
        return [copy for each in session.scalars(found) for copy in each.cc]

    return desk.write(read)


def participant_ids(desk: Pages, number: str) -> list[int]:
    return desk.write(
        lambda session: [person.id for person in queries.participants(session, ticket_of(session, number))]
    )
