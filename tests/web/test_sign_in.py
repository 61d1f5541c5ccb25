"""Signing in and out, with the form tokens that real browsers send."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import create_app
from app.people import passwords, queries, service
from app.people.models import Person, Role
from app.web import demo_accounts
from app.web.security import limiter
from tests.conftest import cheap_settings
from tests.pages import Pages, open_desk
from tests.world import add_person

PASSWORD = "a long enough one"


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    desk = open_desk(tmp_path_factory.mktemp("signing"), demo=True)
    desk.app.config["WTF_CSRF_ENABLED"] = True
    return desk


@pytest.fixture(autouse=True)
def _counters(signing: Pages) -> Iterator[None]:
    """Attempts of one test do not count against the next."""
    yield
    with signing.app.app_context():
        limiter.reset()


def add(signing: Pages, email: str, password: str = PASSWORD, *, one_time: bool = False) -> int:
    def build(session: Session) -> int:
        person = add_person(session, email=email, roles=[Role.AGENT])
        service.set_password(session, person, passwords.hash_password(password), by=None, one_time=one_time)
        return person.id

    return signing.write(build)


def token(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)


def sign_in(browser: FlaskClient, email: str, password: str = PASSWORD, **more: str) -> TestResponse:
    page = browser.get("/sign-in")
    return browser.post("/sign-in", data={"csrf_token": token(page), "email": email, "password": password, **more})


def without_what_always_differs(page: str) -> str:
    """A page without its tokens, its nonces, the time of the day, and the list of accounts that only a demo has."""
    page = re.sub(r'<section class="s-demo".*?</section>', "", page, flags=re.DOTALL)
    return re.sub(r'(value|content|nonce)="[^"]{16,}"|data-now="\d+"|\d\d:\d\d', "", page)


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the clock that limits are counted with: `moved(301)` seconds ahead."""
    real = time.time

    def move(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: real() + seconds)

    return move


def test_the_right_password_opens_my_work(signing: Pages) -> None:
    add(signing, "radu@desk.example")
    browser = signing.app.test_client()

    answer = sign_in(browser, "Radu@Desk.example ")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert "My work" in browser.get("/").text


def test_a_wrong_password_and_an_unknown_address_are_told_the_same(signing: Pages) -> None:
    """Nobody learns which addresses the desk knows."""
    add(signing, "known@desk.example")
    browser = signing.app.test_client()

    wrong, unknown = (
        sign_in(browser, "known@desk.example", "not this one"),
        sign_in(browser, "nobody@desk.example", "not this one"),
    )

    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert "do not fit together" in wrong.text
    assert "do not fit together" in unknown.text


def test_signing_in_starts_a_fresh_session(signing: Pages) -> None:
    """A session somebody else planted in the browser is worth nothing afterwards."""
    add(signing, "fresh@desk.example")
    browser = signing.app.test_client()
    with browser.session_transaction() as planted:
        planted["planted"] = "by somebody else"

    sign_in(browser, "fresh@desk.example")

    with browser.session_transaction() as session:
        assert "planted" not in session


def test_a_form_without_its_token_is_refused(signing: Pages) -> None:
    add(signing, "tokenless@desk.example")
    answer = signing.app.test_client().post("/sign-in", data={"email": "tokenless@desk.example", "password": PASSWORD})

    assert answer.status_code == 400
    assert "too old" in answer.text


def test_trying_passwords_is_slowed_down(signing: Pages) -> None:
    add(signing, "target@desk.example")
    browser = signing.app.test_client()

    met = [sign_in(browser, "target@desk.example", f"guess {number}").status_code for number in range(10)]

    assert met[:8] == [422] * 8
    assert met[8:] == [429, 429]


def test_who_tried_too_often_learns_when_to_try_again_whoever_they_say_they_are(
    signing: Pages, moved: Callable[[float], None]
) -> None:
    """An address that nobody has is slowed down alike, so the answer tells nothing; later both may try again."""
    add(signing, "locked@desk.example")
    refused: list[str] = []
    for address in ("locked@desk.example", "nobody-here@desk.example"):
        browser = signing.app.test_client()
        for number in range(8):
            sign_in(browser, address, f"guess {number}")
        answer = sign_in(browser, address)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 301
        said = re.search(r"You can try again at (\d\d:\d\d)", answer.text)
        assert said is not None
        # What was typed is still there; the password never is.
        assert f'value="{address}"' in answer.text
        refused.append(without_what_always_differs(answer.text).replace(f'value="{address}"', ""))
    assert refused[0] == refused[1]

    moved(301)

    assert sign_in(signing.app.test_client(), "locked@desk.example").status_code == 302
    assert sign_in(signing.app.test_client(), "nobody-here@desk.example").status_code == 422


def test_signing_out_ends_the_session(signing: Pages) -> None:
    add(signing, "leaver@desk.example")
    browser = signing.app.test_client()
    sign_in(browser, "leaver@desk.example")

    browser.post("/sign-out", data={"csrf_token": token(browser.get("/"))})

    assert browser.get("/").status_code == 302


def test_a_copy_of_the_cookie_is_worth_nothing_after_signing_out(signing: Pages) -> None:
    add(signing, "copied@desk.example")
    browser = signing.app.test_client()
    sign_in(browser, "copied@desk.example", keep="on")
    copy = browser.get_cookie("suport")
    assert copy is not None

    browser.post("/sign-out", data={"csrf_token": token(browser.get("/"))})

    thief = signing.app.test_client()
    thief.set_cookie("suport", copy.value)
    assert thief.get("/tickets/").status_code == 302


def test_signing_out_here_leaves_other_browsers_alone(signing: Pages) -> None:
    add(signing, "several@desk.example")
    here, elsewhere = signing.app.test_client(), signing.app.test_client()
    for browser in (here, elsewhere):
        sign_in(browser, "several@desk.example")

    here.post("/sign-out", data={"csrf_token": token(here.get("/"))})

    assert elsewhere.get("/tickets/").status_code == 200


def test_signing_in_again_ends_the_session_before(signing: Pages) -> None:
    """A browser holds one session, whoever is signed in."""
    add(signing, "twice@desk.example")
    add(signing, "next@desk.example")
    browser = signing.app.test_client()
    sign_in(browser, "twice@desk.example")
    copy = browser.get_cookie("suport")
    assert copy is not None
    form = {"csrf_token": token(browser.get("/")), "email": "next@desk.example", "password": PASSWORD}

    browser.post("/sign-in", data=form)

    thief = signing.app.test_client()
    thief.set_cookie("suport", copy.value)
    assert thief.get("/tickets/").status_code == 302
    assert browser.get("/tickets/").status_code == 200


def test_staying_signed_in_outlives_the_browser_and_not_staying_does_not(signing: Pages) -> None:
    add(signing, "stays@desk.example")
    kept, gone = signing.app.test_client(), signing.app.test_client()

    sign_in(kept, "stays@desk.example", keep="on")
    sign_in(gone, "stays@desk.example")

    cookies = [browser.get_cookie("suport") for browser in (kept, gone)]
    assert [cookie is not None and cookie.expires is not None for cookie in cookies] == [True, False]


def test_an_old_cookie_signs_in_again(signing: Pages) -> None:
    """Cookies of before sessions were rows hold a number and a stamp; one that remembered is taken away."""
    person_id = add(signing, "old@desk.example")
    browser = signing.app.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = f"{person_id}.0123456789abcdef0123456789abcdef", True
    browser.set_cookie("suport-remembered", f"{person_id}.abc|def")

    answer = browser.get("/tickets/")

    assert answer.status_code == 302
    assert browser.get_cookie("suport-remembered") is None
    assert "Sign in again" in browser.get("/sign-in").text
    sign_in(browser, "old@desk.example")
    assert browser.get("/tickets/").status_code == 200


def test_trying_the_present_password_is_slowed_down(signing: Pages) -> None:
    add(signing, "unlocked@desk.example")
    browser = signing.app.test_client()
    sign_in(browser, "unlocked@desk.example")
    form = {"csrf_token": token(browser.get("/password")), "password": "another long one"}

    met = [browser.post("/password", data={**form, "present": f"guess {number}"}).status_code for number in range(10)]

    assert met == [422] * 8 + [429] * 2


def test_a_new_password_signs_out_other_browsers(signing: Pages) -> None:
    add(signing, "two@desk.example")
    here, elsewhere = signing.app.test_client(), signing.app.test_client()
    sign_in(here, "two@desk.example")
    sign_in(elsewhere, "two@desk.example")

    form = {"csrf_token": token(here.get("/password")), "present": PASSWORD, "password": "another long one"}
    changed = here.post("/password", data=form)

    assert changed.status_code == 302
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302


def test_a_one_time_password_leads_to_choosing_another(signing: Pages) -> None:
    """Until then nothing else of the desk opens."""
    person_id = add(signing, "first@desk.example", one_time=True)
    browser = signing.app.test_client()

    answer = sign_in(browser, "first@desk.example")

    assert answer.headers["Location"] == "/password"
    assert browser.get("/tickets/").headers["Location"] == "/password"
    form = {"csrf_token": token(browser.get("/password")), "present": PASSWORD, "password": "my own long one"}
    assert browser.post("/password", data=form).status_code == 302
    assert browser.get("/tickets/").status_code == 200
    assert signing.write(lambda session: session.get_one(Person, person_id).must_change_password) is False


def test_a_short_new_password_is_told_at_its_field(signing: Pages) -> None:
    add(signing, "short@desk.example")
    browser = signing.app.test_client()
    sign_in(browser, "short@desk.example")

    form = {"csrf_token": token(browser.get("/password")), "present": PASSWORD, "password": "short"}
    answer = browser.post("/password", data=form)

    assert answer.status_code == 422
    assert "password-error" in answer.text


def test_demo_accounts_are_offered_on_this_machine_only(signing: Pages) -> None:
    add(signing, "shown@desk.example", demo_accounts.PASSWORD)

    here = signing.app.test_client().get("/sign-in", base_url="http://127.0.0.1:8000/")
    elsewhere = signing.app.test_client().get("/sign-in", base_url="http://desk.example/")

    assert "shown@desk.example" in here.text
    assert "shown@desk.example" not in elsewhere.text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via"])
def test_what_a_proxy_passes_on_is_not_from_this_machine(signing: Pages, header: str) -> None:
    """A proxy on the same machine asks from it, and may ask for it by its own name."""
    add(signing, f"proxied-{header.lower()}@desk.example", demo_accounts.PASSWORD)

    page = signing.app.test_client().get("/sign-in", base_url="http://127.0.0.1:8000/", headers={header: "203.0.113.9"})

    assert f"proxied-{header.lower()}@desk.example" not in page.text


def test_the_demo_password_opens_nothing_from_elsewhere(signing: Pages) -> None:
    """Everybody knows it: an account that has it is refused on any address that is not loopback."""
    add(signing, "demo@desk.example", demo_accounts.PASSWORD)
    browser = signing.app.test_client()
    page = browser.get("/sign-in", base_url="http://desk.example/")

    form = {"csrf_token": token(page), "email": "demo@desk.example", "password": demo_accounts.PASSWORD}
    answer = browser.post("/sign-in", data=form, base_url="http://desk.example/")

    assert answer.status_code == 403
    assert "only on the machine" in answer.text


def test_the_language_is_kept_with_the_account(signing: Pages) -> None:
    add(signing, "vorbitor@desk.example")
    browser = signing.app.test_client()
    sign_in(browser, "vorbitor@desk.example")

    browser.post("/language", data={"csrf_token": token(browser.get("/")), "language": "ro", "next": "/"})

    assert '<html lang="ro"' in browser.get("/").text
    spoken = signing.write(lambda session: queries.person_by_email(session, "vorbitor@desk.example"))
    assert spoken is not None
    assert spoken.language == "ro"


def test_a_deactivated_account_is_signed_out(signing: Pages) -> None:
    person_id = add(signing, "gone@desk.example")
    browser = signing.app.test_client()
    sign_in(browser, "gone@desk.example")

    signing.write(lambda session: service.deactivate(session, session.get_one(Person, person_id), by=None))

    assert browser.get("/").status_code == 302


@pytest.mark.parametrize(("base_url", "secure"), [("https://desk.example", True), ("http://127.0.0.1:8000", False)])
def test_a_desk_with_https_never_sends_its_cookies_without(tmp_path: Path, base_url: str, secure: bool) -> None:
    config = create_app(cheap_settings(tmp_path, base_url=base_url)).config

    assert config["SESSION_COOKIE_SECURE"] is secure
