"""One transaction around each request: what commits, what rolls back, what is tried again, what is kept."""

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.test import TestResponse

from app.db import CONFLICT_RETRIES, db
from app.errors import Conflict, DeskError
from app.people.models import Role, Skill
from app.people.service import add_skill
from app.uploads import takes_files
from app.web.access import ACCESS, ANYBODY
from app.web.boundary import opens_own_transactions, rescue
from app.web.security import FORM_TEXT_MAX_BYTES
from tests.pages import Pages, open_desk

Route = Callable[[Callable[[], object]], str]


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """A desk to which tests add routes of their own."""
    return open_desk(tmp_path_factory.mktemp("boundary"), document_max_bytes=1000, documents_per_message=1)


@pytest.fixture
def route(routed: Pages, request: pytest.FixtureRequest) -> Iterator[Route]:
    added: list[str] = []

    def add(view: Callable[[], object]) -> str:
        app: Flask = routed.app
        name = f"test_{abs(hash(request.node.name))}_{len(added)}"
        # Flask refuses routes after the first request; a test's own are added behind its back.
        app._got_first_request = False
        app.add_url_rule(f"/{name}", endpoint=name, view_func=view, methods=["GET", "POST"])  # type: ignore[arg-type]
        ACCESS[name] = ANYBODY
        added.append(name)
        return f"/{name}"

    yield add
    for name in added:
        del ACCESS[name]


def skills(desk: Pages) -> set[str]:
    return desk.write(lambda session: {skill.key for skill in session.query(Skill)})


def test_a_post_that_returns_commits(routed: Pages, route: Route) -> None:
    def view() -> str:
        add_skill(db.session(), key="kept", name="Kept")
        return "done"

    assert routed.app.test_client().post(route(view)).status_code == 200
    assert "kept" in skills(routed)


def test_a_post_that_raises_leaves_nothing(routed: Pages, route: Route) -> None:
    def view() -> str:
        add_skill(db.session(), key="lost", name="Lost")
        raise Conflict("Somebody was first.")

    answer = routed.app.test_client().post(route(view))

    assert answer.status_code == 409
    assert "Somebody was first." in answer.text
    assert "lost" not in skills(routed)


def test_a_get_cannot_write(routed: Pages, route: Route) -> None:
    """A page that changes something would be run by every link checker."""

    def view() -> str:
        add_skill(db.session(), key="sly", name="Sly")
        return "done"

    with pytest.raises(RuntimeError, match="reading transaction"):
        routed.app.test_client().get(route(view))


def test_a_lost_race_is_run_again(routed: Pages, route: Route) -> None:
    attempts: list[int] = []

    def view() -> str:
        attempts.append(1)
        add_skill(db.session(), key=f"try{len(attempts)}", name="Try")
        if len(attempts) < 3:
            raise StaleDataError("somebody wrote in between")
        return "done"

    answer = routed.app.test_client().post(route(view))

    assert answer.status_code == 200
    assert len(attempts) == 3
    assert {"try1", "try2"} & skills(routed) == set()
    assert "try3" in skills(routed)


def test_a_race_lost_every_time_is_a_conflict(routed: Pages, route: Route) -> None:
    attempts: list[int] = []

    def view() -> str:
        attempts.append(1)
        raise StaleDataError("again")

    answer = routed.app.test_client().post(route(view))

    assert answer.status_code == 409
    assert len(attempts) == 1 + CONFLICT_RETRIES


def test_what_a_failed_step_leaves_behind_is_written(routed: Pages, route: Route) -> None:
    """The instance is stalled, with its reason, although the request itself rolled back."""

    class StepFailed(DeskError):
        def aftermath(self, session: Session) -> None:
            add_skill(session, key="stalled", name="Stalled")

    def view() -> str:
        add_skill(db.session(), key="half_done", name="Half done")
        raise StepFailed("The step failed.")

    routed.app.test_client().post(route(view))

    assert "stalled" in skills(routed)
    assert "half_done" not in skills(routed)


def test_a_rescue_keeps_what_was_typed_when_the_request_fails(routed: Pages, route: Route) -> None:
    def view() -> str:
        rescue(lambda session: add_skill(session, key="rescued", name="Rescued"))
        raise Conflict("Somebody was first.")

    routed.app.test_client().post(route(view))

    assert "rescued" in skills(routed)


def test_a_rescue_of_a_request_that_worked_is_not_needed(routed: Pages, route: Route) -> None:
    def view() -> str:
        rescue(lambda session: add_skill(session, key="needless", name="Needless"))
        return "done"

    routed.app.test_client().post(route(view))

    assert "needless" not in skills(routed)


def test_an_error_page_knows_who_is_signed_in(routed: Pages, route: Route) -> None:
    """The rollback empties the person that was loaded; the page loads them anew."""

    def view() -> str:
        raise Conflict("Somebody was first.")

    person_id = routed.staff(Role.AGENT)
    answer = routed.client(person_id).post(route(view))

    assert answer.status_code == 409
    assert "My work" in answer.text


def test_a_missing_database_is_told_without_asking_it(routed: Pages, route: Route) -> None:
    def view() -> str:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    answer = routed.client(routed.staff(Role.AGENT)).get(route(view))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "was not stored" in answer.text


def test_a_body_that_is_too_large_is_refused_before_anything_is_locked(routed: Pages, route: Route) -> None:
    ran: list[int] = []

    def view() -> str:
        ran.append(1)
        return "done"

    answer = routed.app.test_client().post(route(view), data={"text": "x" * 3_000_000})

    assert answer.status_code == 413
    assert ran == []


def test_only_forms_of_signed_in_people_bring_more_than_text(routed: Pages, route: Route) -> None:
    """Anybody could fill the memory otherwise: a body that is no form is read whole, before access is checked."""

    @takes_files
    def view() -> str:
        return str(sum(len(each.read()) for each in request.files.values()))

    def plain_view() -> str:
        return "done"

    large = b"x" * (FORM_TEXT_MAX_BYTES + 500)
    takes, takes_none = route(view), route(plain_view)
    visitor, person = routed.app.test_client(), routed.client(routed.staff(Role.AGENT))

    def brought(browser: FlaskClient, address: str) -> TestResponse:
        return browser.post(address, data={"file": (BytesIO(large), "large.bin")})

    assert visitor.post(takes, data=large, content_type="application/octet-stream").status_code == 413
    assert person.post(takes, data=large, content_type="application/octet-stream").status_code == 413
    assert brought(visitor, takes).status_code == 413
    assert brought(person, takes_none).status_code == 413
    assert brought(person, takes).text == str(len(large))


def test_a_body_is_read_before_the_transaction_opens(routed: Pages, route: Route) -> None:
    """A slow upload inside a writing transaction would make every other writer wait."""
    seen: list[bool] = []

    class Upload(BytesIO):
        def readinto(self, buffer: object) -> int:
            seen.append(db.session().in_transaction())
            return super().readinto(buffer)  # type: ignore[arg-type]  # any writable buffer

        def read(self, size: int | None = -1) -> bytes:
            seen.append(db.session().in_transaction())
            return super().read(size)

    def view() -> str:
        return str(len(request.get_data()))

    answer = routed.app.test_client().post(route(view), input_stream=Upload(b"12345"), content_type="text/plain")

    assert answer.text == "5"
    assert seen
    assert not any(seen)


def test_a_view_may_open_its_own_transactions(routed: Pages, route: Route) -> None:
    open_meanwhile: list[bool] = []

    @opens_own_transactions
    def view() -> str:
        open_meanwhile.append(db.session().in_transaction())
        return "done"

    routed.app.test_client().post(route(view))

    assert open_meanwhile == [False]


@pytest.mark.parametrize(
    "address",
    [
        "/instances/99999999999999999999999",
        "/settings/outgoing-mail/99999999999999999999999",
        "/settings/outgoing-mail?before=99999999999999999999999",
    ],
)
def test_a_number_that_no_row_can_have_is_not_found(routed: Pages, address: str) -> None:
    """On PostgreSQL a smaller one is too large already; neither is an error of the desk."""
    manager = routed.client(routed.staff(Role.MANAGER))

    assert manager.get(address, follow_redirects=True).status_code == 404
