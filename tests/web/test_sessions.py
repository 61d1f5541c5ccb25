"""The list of sessions, and forms that arrive after theirs has ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.people import sign_ins
from app.people.models import Person, Role, SignIn
from app.web.identity import TOKEN
from app.web.security import limiter
from tests import world
from tests.pages import Pages, open_desk

PASSWORD = "a long enough one"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0"
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    desk = open_desk(tmp_path_factory.mktemp("sessions"))
    desk.app.config["WTF_CSRF_ENABLED"] = True
    return desk


@pytest.fixture(autouse=True)
def _counters(signing: Pages) -> Iterator[None]:
    yield
    with signing.app.app_context():
        limiter.reset()


@pytest.fixture
def agent(signing: Pages) -> str:
    return signing.write(lambda session: world.add_person(session, roles=[Role.AGENT], password=PASSWORD).email)


def token(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def browser_of(signing: Pages, email: str, user_agent: str = FIREFOX) -> FlaskClient:
    browser = signing.app.test_client()
    browser.environ_base["HTTP_USER_AGENT"] = user_agent
    form = {"csrf_token": token(browser.get("/sign-in")), "email": email, "password": PASSWORD}
    assert browser.post("/sign-in", data=form).status_code == 302
    return browser


def end_behind(signing: Pages, email: str) -> None:
    """End somebody's sessions while their pages are open."""
    signing.write(lambda session: sign_ins.end_all(session, session.query(Person).filter_by(email=email).one()))


def typed_late(signing: Pages, browser: FlaskClient, number: str, text: str, **more: str) -> TestResponse:
    """Send the note of a ticket's page that was opened before the session ended."""
    page = browser.get(f"/tickets/{number}")
    end_behind(signing, more.pop("ending"))
    return browser.post(f"/tickets/{number}/note", data={"csrf_token": token(page), "text": text}, headers=more)


def field(page: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def test_the_list_names_browser_address_and_which_one_this_is(signing: Pages, agent: str) -> None:
    here = browser_of(signing, agent)
    browser_of(signing, agent, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/604.1")

    page = here.get("/sessions").text

    assert page.count('class="s-session"') == 2
    first, second = page.split('class="s-session"')[1:]
    assert "Firefox on Windows" in first
    assert "This one" in first
    assert "Safari on iPhone" in second
    assert "This one" not in second
    assert "127.0.0.1" in second


def test_one_of_two_sessions_is_ended_and_the_other_goes_on(signing: Pages, agent: str) -> None:
    here, lost = browser_of(signing, agent), browser_of(signing, agent)
    page = here.get("/sessions")
    other = re.findall(r"/sessions/(\d+)/end", page.text)[1]

    ended = here.post(f"/sessions/{other}/end", data={"csrf_token": token(page)}, follow_redirects=True)

    assert "Signed out there." in ended.text
    assert lost.get("/tickets/").status_code == 302
    assert here.get("/tickets/").status_code == 200


def test_all_others_are_ended_together(signing: Pages, agent: str) -> None:
    here, *others = (browser_of(signing, agent) for _each in range(3))
    page = here.get("/sessions")

    answer = here.post("/sessions/end-others", data={"csrf_token": token(page)}, follow_redirects=True)

    assert "2 other browsers" in answer.text
    assert [other.get("/tickets/").status_code for other in others] == [302, 302]
    assert here.get("/tickets/").status_code == 200


def test_nobody_ends_somebody_elses_session(signing: Pages, agent: str) -> None:
    theirs = browser_of(signing, agent)
    theirs_id = signing.write(lambda session: session.scalars(select(SignIn.id).order_by(SignIn.id.desc())).first())
    stranger_address = signing.write(
        lambda session: world.add_person(session, roles=[Role.ADMINISTRATOR], password=PASSWORD).email
    )
    stranger = browser_of(signing, stranger_address)

    answer = stranger.post(f"/sessions/{theirs_id}/end", data={"csrf_token": token(stranger.get("/sessions"))})

    assert answer.status_code == 404
    assert theirs.get("/tickets/").status_code == 200


def test_last_seen_is_written_down_within_minutes(signing: Pages, agent: str) -> None:
    browser = browser_of(signing, agent)

    def newest(session: Session) -> SignIn:
        return session.scalars(select(SignIn).order_by(SignIn.id.desc())).first()  # type: ignore[return-value]

    def age(session: Session) -> None:
        newest(session).last_seen_at -= timedelta(minutes=6)

    signing.write(age)
    before = signing.write(lambda session: newest(session).last_seen_at)

    browser.get("/tickets/")

    assert signing.write(lambda session: newest(session).last_seen_at) - before > timedelta(minutes=5)


def test_the_sign_in_page_says_that_the_session_has_ended(signing: Pages, agent: str) -> None:
    browser = browser_of(signing, agent)
    end_behind(signing, agent)

    page = browser.get("/tickets/", follow_redirects=True)

    assert "Sign in again" in page.text
    assert "Your session here has ended" in page.text


def test_what_was_typed_goes_through_the_sign_in_page_and_is_sent_with_one_press(signing: Pages, agent: str) -> None:
    number = signing.write(lambda session: world.add_ticket(session).number)
    browser = browser_of(signing, agent)

    late = typed_late(signing, browser, number, "The switch <b>in hall B</b> is dead.", ending=agent)
    assert late.status_code == 401
    assert "The switch &lt;b&gt;in hall B&lt;/b&gt; is dead." in late.text
    form = {"csrf_token": token(late), "kept": field(late, "kept"), "email": agent}
    wrong = browser.post("/sign-in", data={**form, "password": "not this one"})
    assert wrong.status_code == 422
    assert "is dead." in wrong.text
    back = browser.post("/sign-in", data={**form, "csrf_token": token(wrong), "password": PASSWORD})

    assert "You are signed in again" in back.text
    sent = re.search(r'<textarea name="text" hidden>\n(.*?)</textarea>', back.text, re.DOTALL)
    assert sent is not None
    assert f'action="/tickets/{number}/note"' in back.text
    done = browser.post(
        f"/tickets/{number}/note",
        data={"csrf_token": token(back), "text": "The switch <b>in hall B</b> is dead."},
        follow_redirects=True,
    )
    assert "Note added" in done.text


def test_what_was_typed_before_signing_in_anew_is_shown_to_be_sent(signing: Pages, agent: str) -> None:
    """The page's token is of the session before; another one is signed in at the same browser."""
    number = signing.write(lambda session: world.add_ticket(session).number)
    browser = browser_of(signing, agent)
    old = token(browser.get(f"/tickets/{number}"))
    browser.post("/sign-out", data={"csrf_token": old})
    form = {"csrf_token": token(browser.get("/sign-in")), "email": agent, "password": PASSWORD}
    browser.post("/sign-in", data=form)

    answer = browser.post(
        f"/tickets/{number}/note", data={"csrf_token": old, "text": "Written before lunch."}, headers=OURS
    )

    assert answer.status_code == 400
    assert "Written before lunch." in answer.text
    assert "Send it now" in answer.text


def test_what_another_site_sends_is_not_kept(signing: Pages, agent: str) -> None:
    """Else it could put words into somebody's mouth, one press away from being sent."""
    browser = browser_of(signing, agent)

    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = browser.post("/tickets/S-1/note", data={"text": "Pay them at once."}, headers=headers)
        assert answer.status_code == 400
        assert "Pay them" not in answer.text


def test_what_one_browser_carries_is_not_taken_from_another(signing: Pages, agent: str) -> None:
    number = signing.write(lambda session: world.add_ticket(session).number)
    late = typed_late(signing, browser_of(signing, agent), number, "Carried by somebody else.", ending=agent)
    other = signing.app.test_client()
    form = {"csrf_token": token(other.get("/sign-in")), "email": agent, "password": PASSWORD}

    answer = other.post("/sign-in", data={**form, "kept": field(late, "kept")})

    assert answer.status_code == 302
    assert "Carried by somebody else." not in answer.text


@pytest.mark.parametrize("kept", ["x", "e30.x", "eyJieSI6IiJ9.AAAA"])
def test_what_is_not_ours_is_carried_nowhere(signing: Pages, agent: str, kept: str) -> None:
    browser = signing.app.test_client()
    form = {"csrf_token": token(browser.get("/sign-in")), "email": agent, "password": PASSWORD, "kept": kept}

    assert browser.post("/sign-in", data=form).headers["Location"] == "/"


def test_a_script_is_told_and_its_page_stays(signing: Pages, agent: str) -> None:
    """A partial update that led away would take what is being typed with it."""
    browser = browser_of(signing, agent)
    page_token = token(browser.get("/tickets/"))
    end_behind(signing, agent)

    answer = browser.post("/tickets/S-1/note", data={"csrf_token": page_token}, headers={"HX-Request": "true"})

    assert (answer.status_code, answer.text) == (204, "")
    assert answer.headers["X-Signed-Out"].startswith("/sign-in")
    assert "HX-Redirect" not in answer.headers


def test_a_page_gets_the_token_of_the_present_session(signing: Pages, agent: str) -> None:
    browser = browser_of(signing, agent)
    browser.get("/tickets/")

    old = browser.post("/tickets/S-1/note", data={"csrf_token": "of before"}, headers={"HX-Request": "true"})
    state = browser.get("/session").get_json()

    assert old.status_code == 204
    assert old.headers["X-CSRFToken"]
    assert state["person"] is not None
    assert signing.app.test_client().get("/session").get_json() == {"person": None, "token": None}


def test_the_token_of_the_cookie_is_not_what_the_database_holds(signing: Pages, agent: str) -> None:
    browser = browser_of(signing, agent)

    with browser.session_transaction() as cookie:
        held = cookie[TOKEN]

    stored = signing.write(lambda session: list(session.scalars(select(SignIn.token_hash))))
    assert held not in stored
    assert sign_ins.hashed(held) in stored
