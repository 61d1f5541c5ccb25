"""Documents that are looked at in the browser, taken off and put back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.demo.mails import drawn
from app.documents.models import Document
from app.people.models import Role
from tests.pages import Pages, open_desk, ticket_of

PNG = drawn(8, 8, (1, 2, 3))
PDF = b"%PDF-1.7\n%%EOF"


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("previews"))


@pytest.fixture
def desk(shared_desk: Pages) -> Iterator[Pages]:
    with clock.frozen(shared_desk.moment):
        yield shared_desk


@pytest.fixture
def customer(desk: Pages) -> int:
    return desk.contact()[0]


@pytest.fixture
def number(desk: Pages, customer: int) -> str:
    return desk.ticket(customer)


@pytest.fixture
def agent(desk: Pages) -> FlaskClient:
    return desk.client(desk.staff(Role.AGENT, team="support"))


def add(desk: Pages, agent: FlaskClient, number: str, name: str, content: bytes, kind: str = "") -> str:
    """The key of a file that was added to a request."""
    file = (BytesIO(content), name, kind) if kind else (BytesIO(content), name)
    agent.post(f"/documents/on/{number}", data={"files": [file]})

    def read(session: Session) -> str:
        found = select(Document.uuid).where(Document.ticket_id == ticket_of(session, number).id, Document.name == name)
        return session.scalars(found.order_by(Document.id.desc())).first() or ""

    return desk.write(read)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("photo.png", PNG, "image/png"),
        ("photo.jpeg", b"\xff\xd8\xff\xe0 jpeg", "image/jpeg"),
        ("plan.pdf", PDF, "application/pdf"),
        ("ap.log", b"12:05 reboot", "text/plain; charset=utf-8"),
        ("lista.csv", "ț;ș".encode("cp1250", "replace"), "text/plain; charset=utf-8"),
    ],
)
def test_images_pdfs_and_texts_are_shown_with_no_rights_of_ours(
    desk: Pages, agent: FlaskClient, number: str, name: str, content: bytes, kind: str
) -> None:
    key = add(desk, agent, number, name, content)

    answer = agent.get(f"/documents/{key}/preview")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
    assert "inline" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert ("sandbox" in answer.headers["Content-Security-Policy"]) == (kind != "application/pdf")
    assert int(answer.headers["Content-Length"]) == len(answer.data)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("page.png", b"<script>alert(1)</script>", "image/png"),
        ("drawing.svg", b"<svg onload='alert(1)'/>", "image/svg+xml"),
        ("page.html", b"<script>alert(1)</script>", "text/html"),
        ("plan.pdf", b"<script>alert(1)</script>", "application/pdf"),
        ("film.mp4", b"mp4", "video/mp4"),
    ],
)
def test_what_is_not_what_it_seems_is_only_downloaded(
    desk: Pages, agent: FlaskClient, number: str, name: str, content: bytes, kind: str
) -> None:
    """The sender chose the name and the type; the first bytes are what a browser would run."""
    key = add(desk, agent, number, name, content, kind)

    assert agent.get(f"/documents/{key}/preview").status_code == 404
    assert agent.get(f"/documents/{key}").headers["Content-Disposition"].startswith("attachment")


def test_markup_in_a_text_is_text(desk: Pages, agent: FlaskClient, number: str) -> None:
    key = add(desk, agent, number, "notes.txt", b"<script>alert(1)</script>")

    answer = agent.get(f"/documents/{key}/preview")

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_customers_look_at_nothing_of_staffs(desk: Pages, agent: FlaskClient, customer: int, number: str) -> None:
    key = add(desk, agent, number, "inside.png", PNG)

    assert desk.client(customer).get(f"/documents/{key}/preview").status_code == 404
    assert desk.client(customer).get(f"/documents/on/{number}").status_code == 404


def test_a_file_is_taken_off_and_put_back_by_who_added_it(desk: Pages, agent: FlaskClient, number: str) -> None:
    key = add(desk, agent, number, "wrong.txt", b"x")

    page = agent.post(f"/documents/{key}/remove", follow_redirects=True).text
    gone = (agent.get(f"/documents/{key}").status_code, agent.get(f"/documents/{key}/preview").status_code)
    agent.post(re.findall(rf'action="(/documents/{key}/restore)"', page)[0])

    assert gone == (404, 404)
    assert f"/documents/{key}" not in page.split('data-panel="documents"')[1].split("</details>")[0]
    assert agent.get(f"/documents/{key}").data == b"x"


def test_nobody_takes_off_or_puts_back_what_somebody_else_added(desk: Pages, agent: FlaskClient, number: str) -> None:
    key = add(desk, agent, number, "hers.txt", b"x")
    colleague = desk.client(desk.staff(Role.AGENT, team="support"))

    assert colleague.post(f"/documents/{key}/remove").status_code == 403
    agent.post(f"/documents/{key}/remove")
    assert colleague.post(f"/documents/{key}/restore").status_code == 404


def test_the_panel_has_the_newest_and_a_page_has_all(desk: Pages, agent: FlaskClient, number: str) -> None:
    for each in range(10):
        add(desk, agent, number, f"file-{each}.txt", b"x")

    panel = agent.get(f"/tickets/{number}").text.split('data-panel="documents"')[1].split("</details>")[0]
    page = agent.get(f"/documents/on/{number}").text

    assert set(re.findall(r">file-\d\.txt<", panel)) == {f">file-{each}.txt<" for each in range(2, 10)}
    assert "All 10 documents" in panel
    assert len(set(re.findall(r">file-\d\.txt<", page))) == 10


def test_a_file_sent_by_a_script_answers_for_itself(desk: Pages, agent: FlaskClient, number: str) -> None:
    """Each of several files says whether it arrived; the page need not be drawn for it."""
    sent = agent.post(
        f"/documents/on/{number}", data={"files": [(BytesIO(b"x"), "a.txt")]}, headers={"HX-Request": "true"}
    )
    refused = agent.post(f"/documents/on/{number}", data={}, headers={"HX-Request": "true"})

    assert (sent.status_code, sent.text) == (204, "")
    assert (refused.status_code, refused.text) == (422, "Choose a file first.")
