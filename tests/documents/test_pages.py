"""Files that staff add on the ticket page: to the ticket itself and to internal notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.documents.models import Document
from app.people.models import Role
from app.tickets.models import Message
from tests.pages import Pages, open_desk, ticket_of


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("pages"))


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


def chosen(name: str = "plan.pdf", content: bytes = b"%PDF plan") -> tuple[BytesIO, str]:
    return BytesIO(content), name


def keys(desk: Pages, number: str) -> dict[str, str]:
    """The keys of a request's documents, by name."""

    def read(session: Session) -> dict[str, str]:
        found = select(Document).where(Document.ticket_id == ticket_of(session, number).id)
        return {document.name: document.uuid for document in session.scalars(found)}

    return desk.write(read)


def notes(desk: Pages, number: str) -> list[str]:
    def read(session: Session) -> list[str]:
        where = (Message.ticket_id == ticket_of(session, number).id, Message.kind == "note")
        return list(session.scalars(select(Message.text).where(*where)))

    return desk.write(read)


def limit(desk: Pages, monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    monkeypatch.setitem(desk.app.config, "SETTINGS", replace(desk.app.config["SETTINGS"], **limits))


def test_files_of_a_note_stand_under_it_and_never_reach_the_customer(
    desk: Pages, agent: FlaskClient, customer: int, number: str
) -> None:
    answer = agent.post(f"/tickets/{number}/note", data={"text": "Seen on site.", "files": [chosen()]})

    assert answer.status_code == 302
    key = keys(desk, number)["plan.pdf"]
    assert f'<a class="s-att" href="/documents/{key}"' in agent.get(f"/tickets/{number}").text
    assert agent.get(f"/documents/{key}").data == b"%PDF plan"
    portal = desk.client(customer)
    assert "plan.pdf" not in portal.get(f"/portal/requests/{number}").text
    assert portal.get(f"/documents/{key}").status_code == 404


def test_a_note_whose_file_is_too_large_keeps_its_text(
    desk: Pages, agent: FlaskClient, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(desk, monkeypatch, document_max_bytes=1_048_576)

    files = [chosen(), chosen("film.mp4", b"x" * 1_048_577)]
    answer = agent.post(f"/tickets/{number}/note", data={"text": "Seen on <site>.", "files": files})

    assert answer.status_code == 422
    assert 'id="note-files-error"' in answer.text
    assert "film.mp4 is larger than 1 MB." in answer.text
    assert "Seen on &lt;site&gt;.</textarea>" in answer.text
    assert (notes(desk, number), keys(desk, number)) == ([], {})


def test_files_are_added_to_the_ticket_for_staff_only(
    desk: Pages, agent: FlaskClient, customer: int, number: str
) -> None:
    answer = agent.post(f"/documents/on/{number}", data={"files": [chosen(), chosen("photo.jpg", b"jpg")]})

    assert answer.headers["Location"] == f"/tickets/{number}"
    key = keys(desk, number)["plan.pdf"]
    assert agent.get(f"/documents/{key}").data == b"%PDF plan"
    portal = desk.client(customer)
    assert "plan.pdf" not in portal.get(f"/portal/requests/{number}").text
    assert portal.get(f"/documents/{key}").status_code == 404


def test_the_panel_tells_who_added_a_document_and_where_it_came_from(
    desk: Pages, agent: FlaskClient, customer: int, number: str
) -> None:
    """Newest first; a document of a message leads to it."""
    desk.client(customer).post(
        f"/portal/requests/{number}/reply", data={"text": "Here is a photo.", "files": [chosen("photo.jpg", b"jpg")]}
    )
    agent.post(f"/tickets/{number}/note", data={"text": "Seen.", "files": [chosen("inside.txt", b"in")]})
    agent.post(f"/documents/on/{number}", data={"files": [chosen()]})

    page = agent.get(f"/tickets/{number}").text
    panel = page[page.index('data-panel="documents"') :]

    assert panel.index("plan.pdf") < panel.index("inside.txt") < panel.index("photo.jpg")
    assert "added to the request" in panel
    assert ">internal note</a>" in panel
    assert ">customer’s message</a>" in panel
    assert 'href="#message-' in panel
    assert panel.count("Person ") + panel.count("Contact ") >= 3


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([], "Choose a file first."),
        ([("", 0)], "Choose a file first."),
        ([("film.mp4", 1_048_577), ("plan.pdf", 3)], "film.mp4 is larger than 1 MB."),
        ([("1", 1), ("2", 1), ("3", 1)], "At most 2 files go with one message."),
    ],
)
def test_files_that_cannot_be_added_are_told_in_the_panel(
    desk: Pages,
    agent: FlaskClient,
    number: str,
    monkeypatch: pytest.MonkeyPatch,
    files: list[tuple[str, int]],
    says: str,
) -> None:
    """All or none: nobody should have to find out which ones were taken."""
    limit(desk, monkeypatch, document_max_bytes=1_048_576, documents_per_message=2)

    sent = [chosen(name, b"x" * size) for name, size in files]
    answer = agent.post(f"/documents/on/{number}", data={"files": sent}, content_type="multipart/form-data")

    assert answer.status_code == 422
    assert 'id="documents-files-error"' in answer.text
    assert says in answer.text
    assert keys(desk, number) == {}


def test_customers_add_nothing_to_the_ticket_itself(desk: Pages, customer: int, number: str) -> None:
    assert desk.client(customer).post(f"/documents/on/{number}", data={"files": [chosen()]}).status_code == 404
    assert keys(desk, number) == {}


def test_a_ticket_that_is_not_there_takes_no_files(agent: FlaskClient) -> None:
    assert agent.post("/documents/on/S-999999", data={"files": [chosen()]}).status_code == 404
