"""Signing in and choosing a password with a link by mail, from the form to the sent mail to the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import events
from app.events import Delivery
from app.mail import jobs, sending
from app.mail.models import HIDDEN, OutgoingMail, OutgoingState
from app.people import passwords, service
from app.people.models import Person, Role, SignInLink
from app.web.security import limiter
from tests import world
from tests.pages import Pages, open_desk

PASSWORD = "a long enough one"


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("links"), smtp_host="127.0.0.1", base_url="http://desk.example")


@pytest.fixture(autouse=True)
def _counters(signing: Pages) -> Iterator[None]:
    """Attempts of one test do not count against the next."""
    yield
    with signing.app.app_context():
        limiter.reset()


@pytest.fixture
def somebody(signing: Pages) -> Callable[..., str]:
    """The address of somebody new, who has a password unless told otherwise."""

    def add(*roles: Role, password: str = PASSWORD, language: str = "en") -> str:
        def build(session: Session) -> str:
            return world.add_person(session, roles=roles or (Role.AGENT,), password=password, language=language).email

        return signing.write(build)

    return add


def deliver(signing: Pages) -> None:
    """Let the worker do what waits in the outbox."""
    with signing.app.app_context():
        for delivery_id in signing.write(lambda session: list(session.scalars(select(Delivery.id)))):
            events.deliver(delivery_id)


def mails_to(signing: Pages, address: str) -> list[OutgoingMail]:
    return signing.write(
        lambda session: list(
            session.scalars(select(OutgoingMail).where(OutgoingMail.to_address == address).order_by(OutgoingMail.id))
        )
    )


def link_in(signing: Pages, mail: OutgoingMail) -> str:
    """The path of the link as the reader of the mail gets it."""
    sent = signing.write(lambda session: sending.parcel_of(session, session.get_one(OutgoingMail, mail.id)))
    found = re.search(r"http://desk\.example(/sign-in/\S+)", sent.text)
    assert found is not None
    assert found[1] in (sent.html or "")
    return found[1]


def asked(signing: Pages, address: str, where: str = "/sign-in/link", **more: str) -> str:
    """The link that somebody gets who asks for one."""
    answer = signing.app.test_client().post(where, data={"email": address, **more})
    assert answer.status_code == 200
    deliver(signing)
    return link_in(signing, mails_to(signing, address)[-1])


def signed_in_as(browser: FlaskClient) -> str:
    """The page about whoever is signed in, without the places where an address may break; nothing for nobody."""
    page = browser.get("/settings/profile")
    return page.text.replace("<wbr>", "") if page.status_code == 200 else ""


def test_a_link_from_the_mail_signs_in_once_and_leads_where_one_wanted(
    signing: Pages, somebody: Callable[..., str]
) -> None:
    address = somebody()
    link = asked(signing, address, next="/tickets/?team=network")
    browser, again = signing.app.test_client(), signing.app.test_client()

    looked = browser.get(link)
    pressed = browser.post(link)

    assert looked.status_code == 200
    assert pressed.headers["Location"] == "/tickets/?team=network"
    assert address in signed_in_as(browser)
    assert again.post(link).status_code == 404
    assert signed_in_as(again) == ""


def test_opening_a_link_signs_nobody_in(signing: Pages, somebody: Callable[..., str]) -> None:
    """Programs that check mail open links, some of them more than once."""
    link = asked(signing, somebody())
    scanner = signing.app.test_client()

    for _look in range(3):
        assert scanner.get(link).status_code == 200
    assert signed_in_as(scanner) == ""

    assert signing.app.test_client().post(link).status_code == 302


def test_the_answer_is_the_same_whether_the_desk_knows_the_address(
    signing: Pages, somebody: Callable[..., str]
) -> None:
    known, unknown = somebody(), "nobody-at-all@else.example"
    browser = signing.app.test_client()

    answers = [browser.post("/sign-in/link", data={"email": address}) for address in (known, unknown)]

    assert answers[0].status_code == answers[1].status_code == 200
    pages = [re.sub(r'(value|content|nonce)="[^"]{16,}"|data-now="\d+"', "", answer.text) for answer in answers]
    assert pages[0].replace(known, "x") == pages[1].replace(unknown, "x")
    deliver(signing)
    assert len(mails_to(signing, known)) == 1
    assert mails_to(signing, unknown) == []


def test_who_may_not_sign_in_gets_no_link(signing: Pages, somebody: Callable[..., str]) -> None:
    address = somebody()
    signing.write(
        lambda session: service.deactivate(session, session.query(Person).filter_by(email=address).one(), by=None)
    )

    signing.app.test_client().post("/sign-in/link", data={"email": address})
    deliver(signing)

    assert mails_to(signing, address) == []


def test_a_contact_who_wrote_by_mail_has_no_password_and_comes_in(signing: Pages, somebody: Callable[..., str]) -> None:
    """Their account was made by their first mail; with the link they may also choose a password."""
    address = somebody(Role.CUSTOMER, password="")
    browser = signing.app.test_client()

    browser.post(asked(signing, address))
    assert browser.get("/portal/").status_code == 200
    assert 'name="present"' not in browser.get("/password").text
    chosen = browser.post("/password", data={"password": "my own long one"})

    assert chosen.status_code == 302
    fresh = signing.app.test_client()
    assert fresh.post("/sign-in", data={"email": address, "password": "my own long one"}).status_code == 302


def test_a_one_time_password_need_not_be_known_to_who_came_by_a_link(
    signing: Pages, somebody: Callable[..., str]
) -> None:
    address = somebody()

    def give(session: Session) -> None:
        person = session.query(Person).filter_by(email=address).one()
        service.set_password(session, person, passwords.hash_password("given once only"), by=None, one_time=True)

    signing.write(give)
    browser = signing.app.test_client()

    assert browser.post(asked(signing, address)).headers["Location"] == "/password"
    assert browser.post("/password", data={"password": "my own long one"}).status_code == 302
    assert browser.get("/tickets/").status_code == 200


def test_what_the_desk_keeps_of_the_mail_opens_nothing(signing: Pages, somebody: Callable[..., str]) -> None:
    """Who reads the outgoing mail in the settings must not come in as somebody else."""
    address = somebody()
    link = asked(signing, address)

    kept = mails_to(signing, address)[-1]

    assert HIDDEN in kept.text
    secret = link.rpartition("/")[2]
    assert secret not in kept.text + (kept.html or "")
    assert signing.app.test_client().post(f"/sign-in/link/{HIDDEN}").status_code == 404


def test_the_word_that_hides_a_link_gives_nobody_elses_away(signing: Pages, somebody: Callable[..., str]) -> None:
    """It stands for a link only in the mail that was written for it."""
    asked(signing, somebody())

    def write(session: Session) -> str:
        requester = world.add_contact(session).person
        ticket = world.add_ticket(session, requester=requester)
        mail = OutgoingMail(
            uuid="f" * 32, ticket_id=ticket.id, message_id_header="<x@desk.example>", to_address="x@y.example",
            subject="Hello", text=f"Look: {HIDDEN}", language="en", kind="reply", created_at=signing.moment,
        )  # fmt: skip
        session.add(mail)
        session.flush()
        return sending.parcel_of(session, mail).text

    assert signing.write(write) == f"Look: {HIDDEN}"


def test_a_link_that_ran_out_before_it_could_be_sent_stays_at_home(
    signing: Pages, somebody: Callable[..., str]
) -> None:
    """A mail server that was away for an hour must not bring links that open nothing."""
    address = somebody()
    signing.app.test_client().post("/sign-in/link", data={"email": address})
    deliver(signing)
    mail = mails_to(signing, address)[-1]

    def age(session: Session) -> None:
        link = session.get_one(SignInLink, mail.sign_in_link_id)
        link.expires_at = link.created_at

    signing.write(age)
    with signing.app.app_context():
        jobs.send(mail.id)

    assert mails_to(signing, address)[-1].state == OutgoingState.SUPPRESSED


def test_a_forgotten_password_is_replaced_and_its_owner_hears_of_it(
    signing: Pages, somebody: Callable[..., str]
) -> None:
    address = somebody()
    elsewhere, here = signing.app.test_client(), signing.app.test_client()
    elsewhere.post("/sign-in", data={"email": address, "password": PASSWORD})
    link = asked(signing, address, "/sign-in/forgotten")

    short = here.post(link, data={"password": "short"})
    done = here.post(link, data={"password": "another long one"})

    assert short.status_code == 422
    assert "password-error" in short.text
    assert done.status_code == 302
    assert address in signed_in_as(here)
    assert signed_in_as(elsewhere) == ""
    told = mails_to(signing, address)[-1]
    assert "was changed" in told.subject
    assert "/sign-in/forgotten" in told.text
    old = signing.app.test_client().post("/sign-in", data={"email": address, "password": PASSWORD})
    assert old.status_code == 422


def test_a_link_to_sign_in_does_not_change_a_password(signing: Pages, somebody: Callable[..., str]) -> None:
    secret = asked(signing, somebody()).rpartition("/")[2]

    answer = signing.app.test_client().post(f"/sign-in/forgotten/{secret}", data={"password": "another long one"})

    assert answer.status_code == 404
    assert "does not work any more" in answer.text


@pytest.mark.parametrize("where", ["/sign-in/link", "/sign-in/forgotten"])
def test_asking_for_links_is_slowed_down_alike_for_everybody(
    signing: Pages, somebody: Callable[..., str], where: str
) -> None:
    """Nobody's mailbox is filled by strangers, and nobody learns which addresses there are."""
    for address in (somebody(), f"stranger{len(where)}@else.example"):
        browser = signing.app.test_client()
        met = [browser.post(where, data={"email": address}) for _each in range(4)]

        assert [answer.status_code for answer in met] == [200, 200, 200, 429]
        assert re.search(r"You can try again at \d\d:\d\d", met[-1].text)
        assert f'value="{address}"' in met[-1].text


def test_what_is_no_address_is_told_at_the_field(signing: Pages) -> None:
    answer = signing.app.test_client().post("/sign-in/link", data={"email": "ana at example"})

    assert answer.status_code == 422
    assert "email-error" in answer.text


def test_a_desk_without_a_mail_server_offers_no_links(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A button that sends nothing would be a picture of one."""
    browser = open_desk(tmp_path_factory.mktemp("mailless")).app.test_client()

    assert "/sign-in/link" not in browser.get("/sign-in").text
    assert "sends no mail yet" in browser.get("/sign-in/link").text


def test_a_demo_shows_the_link_where_its_mail_is_kept(tmp_path_factory: pytest.TempPathFactory) -> None:
    """It sends nothing, so there is no other place to find it."""
    demo = open_desk(tmp_path_factory.mktemp("demo"), demo=True, base_url="http://desk.example")
    address = demo.write(lambda session: world.add_person(session, password=PASSWORD).email)
    demo.app.test_client().post("/sign-in/link", data={"email": address})
    deliver(demo)

    kept = mails_to(demo, address)[-1]

    found = re.search(r"http://desk\.example(/sign-in/link/\S+)", kept.text)
    assert found is not None
    assert demo.app.test_client().post(found[1]).status_code == 302


def test_the_mail_speaks_its_readers_language(signing: Pages, somebody: Callable[..., str]) -> None:
    address = somebody(language="ro")
    asked(signing, address)

    assert "fără parolă" in mails_to(signing, address)[-1].text
