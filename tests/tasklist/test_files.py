"""Files of a reply: sent along, kept when the form comes back, and only the author's own of this request."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.documents import queries as documents
from app.documents import service
from app.documents.models import Document
from app.people.models import Person, Role
from app.tasklist.models import Draft
from app.tickets.models import Message
from tests.pages import Pages, ticket_of
from tests.tasklist.test_completing import WORK, agent, number, open_task, replies

__all__ = ["agent", "number"]

GUIDE = b"%PDF guide"
PICKER_ERROR = 'id="work-field_files-error"'


def chosen(name: str = "guide.pdf", content: bytes = GUIDE) -> tuple[BytesIO, str]:
    """A file as a browser sends it."""
    return BytesIO(content), name


def send(desk: Pages, person: int, number: str, *files: tuple[BytesIO, str], **typed: object) -> TestResponse:
    """Send the form of the open task."""
    data = {**WORK, **typed, "files": [*files, *typed.get("files", [])]}  # type: ignore[misc]  # a list of keys
    return desk.client(person).post(f"/tasks/{open_task(desk, number)}/complete", data=data)


def placed(desk: Pages, number: str) -> dict[str, str]:
    """What each document of a request hangs on: the request, or the text of the message."""

    def read(session: Session) -> dict[str, str]:
        found = documents.listed(session, ticket_of(session, number), most=50).rows
        return {each.document.name: each.message.text if each.message else "the request" for each in found}

    return desk.write(read)


def key_of(desk: Pages, number: str, name: str = "guide.pdf") -> str:
    def read(session: Session) -> str:
        where = (Document.ticket_id == ticket_of(session, number).id, Document.name == name)
        return session.scalars(select(Document.uuid).where(*where)).one()

    return desk.write(read)


def put_on(desk: Pages, number: str, person: int, name: str = "secret.txt") -> str:
    """The key of a document that somebody put on a request."""

    def put(session: Session) -> str:
        by, ticket = session.get_one(Person, person), ticket_of(session, number)
        return service.attach(session, parent=ticket, name=name, stream=BytesIO(b"inside"), by=by).uuid

    return desk.write(put)


def limit(desk: Pages, monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    monkeypatch.setitem(desk.app.config, "SETTINGS", replace(desk.app.config["SETTINGS"], **limits))


def test_a_reply_takes_its_files_to_the_customer(desk: Pages, agent: int) -> None:
    customer, _organisation = desk.contact()
    number = desk.ticket(customer)
    desk.complete(number, agent, {"outcome": "mine", "person": None})

    answer = send(desk, agent, number, chosen(), chosen("router.log", b"up"))

    assert answer.status_code == 302
    assert placed(desk, number) == dict.fromkeys(("guide.pdf", "router.log"), WORK["reply"])
    portal = desk.client(customer)
    assert "guide.pdf" in portal.get(f"/portal/requests/{number}").text
    assert portal.get(f"/documents/{key_of(desk, number)}").data == GUIDE


def test_a_reply_needs_no_files(desk: Pages, agent: int, number: str) -> None:
    """Browsers send an input without files as a file without a name."""
    assert send(desk, agent, number, chosen("", b"")).status_code == 302
    assert placed(desk, number) == {}


def test_files_need_not_be_chosen_again_when_the_form_comes_back(desk: Pages, agent: int, number: str) -> None:
    refused = send(desk, agent, number, chosen(), reply="")
    key = key_of(desk, number)
    assert refused.status_code == 422
    assert f'<input type="hidden" name="files" value="{key}">' in refused.text
    assert "guide.pdf" in refused.text
    assert replies(desk, number) == []

    sent = send(desk, agent, number, chosen("more.txt", b"more"), files=[key])

    assert sent.status_code == 302
    assert placed(desk, number) == dict.fromkeys(("guide.pdf", "more.txt"), WORK["reply"])


def test_files_wait_with_the_draft(desk: Pages, agent: int, number: str) -> None:
    """Whoever leaves the page after an error finds text and files again."""
    send(desk, agent, number, chosen(), reply="", note="router log")

    page = desk.client(agent).get(f"/tickets/{number}").text

    assert f'name="files" value="{key_of(desk, number)}"' in page
    assert "router log" in page


def test_a_kept_file_can_be_taken_back(desk: Pages, agent: int, number: str) -> None:
    send(desk, agent, number, chosen(), chosen("wrong.txt", b"wrong"), reply="")
    keys = [key_of(desk, number), key_of(desk, number, "wrong.txt")]

    send(desk, agent, number, files=keys, _remove=keys[1])

    assert placed(desk, number) == {"guide.pdf": WORK["reply"]}


def test_a_file_that_is_too_large_is_named_and_nothing_else_is_lost(
    desk: Pages, agent: int, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(desk, monkeypatch, document_max_bytes=1_048_576)

    refused = send(desk, agent, number, chosen(), chosen("film.mp4", b"x" * 1_048_577), note="cabled anew")

    assert refused.status_code == 422
    assert PICKER_ERROR in refused.text
    assert "film.mp4 is larger than 1 MB." in refused.text
    assert WORK["reply"] in refused.text
    assert "cabled anew" in refused.text
    assert placed(desk, number) == {"guide.pdf": "the request"}
    assert replies(desk, number) == []


def test_a_reply_has_no_more_files_than_a_message_may(
    desk: Pages, agent: int, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files kept before count too; as many as fit are kept."""
    limit(desk, monkeypatch, documents_per_message=2)
    send(desk, agent, number, chosen(), reply="")

    refused = send(desk, agent, number, chosen("2.txt"), chosen("3.txt"), files=[key_of(desk, number)])

    assert refused.status_code == 422
    assert "At most 2 files go with one message." in refused.text
    assert set(placed(desk, number)) == {"guide.pdf", "2.txt"}
    assert replies(desk, number) == []


def test_a_document_of_another_request_is_refused(desk: Pages, agent: int, number: str) -> None:
    """Else a guessed or remembered key would carry one customer's document to another."""
    other = desk.ticket(desk.contact()[0])
    key = put_on(desk, other, agent)

    refused = send(desk, agent, number, files=[key])

    assert refused.status_code == 422
    assert PICKER_ERROR in refused.text
    assert "secret.txt" not in refused.text
    assert replies(desk, number) == []
    assert (placed(desk, number), placed(desk, other)) == ({}, {"secret.txt": "the request"})


def test_a_colleagues_document_is_refused(desk: Pages, agent: int, number: str) -> None:
    """What a colleague put on the request was for staff."""
    key = put_on(desk, number, desk.staff(Role.AGENT, team="support"))

    assert send(desk, agent, number, files=[key]).status_code == 422
    assert placed(desk, number) == {"secret.txt": "the request"}


def test_somebody_elses_document_cannot_be_taken_back(desk: Pages, agent: int, number: str) -> None:
    key = put_on(desk, number, desk.staff(Role.AGENT, team="support"))

    send(desk, agent, number, files=[key], _remove=key)

    assert placed(desk, number) == {"secret.txt": "the request"}


def test_an_escalation_takes_no_files(desk: Pages, agent: int, number: str) -> None:
    answer = send(desk, agent, number, chosen(), outcome="escalate", escalation_reason="The core router.")

    assert answer.status_code == 302
    assert placed(desk, number) == {}


def test_who_comes_second_keeps_the_files_with_the_draft(desk: Pages, agent: int, number: str) -> None:
    colleague = desk.staff(Role.AGENT, team="support")
    task = open_task(desk, number)
    desk.client(agent).post(f"/tasks/{task}/complete", data=WORK)

    late = desk.client(colleague).post(f"/tasks/{task}/complete", data=WORK | {"files": [chosen()]})

    assert late.status_code == 409
    kept = desk.write(lambda session: session.scalars(select(Draft).where(Draft.person_id == colleague)).one())
    assert kept.values["files"] == [key_of(desk, number)]
    assert placed(desk, number) == {"guide.pdf": "the request"}


def test_only_what_is_still_there_comes_back_with_a_draft(desk: Pages, agent: int, number: str) -> None:
    """A draft may name files that were sent meanwhile from another window."""
    send(desk, agent, number, chosen(), reply="")
    key = key_of(desk, number)

    def send_elsewhere(session: Session) -> None:
        message = session.scalars(select(Message).where(Message.ticket_id == ticket_of(session, number).id)).first()
        assert message is not None
        service.move_to_message(session, message, [key], by=session.get_one(Person, agent))

    desk.write(send_elsewhere)

    assert f'name="files" value="{key}"' not in desk.client(agent).get(f"/tickets/{number}").text
