"""Downloading over HTTP: as a file to save, and only for those who may read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.db import db, transaction
from app.documents import service, storage
from app.sla import service as sla
from app.tickets import service as tickets
from app.web.identity import TOKEN
from tests.conftest import cheap_settings
from tests.pages import signed_in
from tests.world import add_contact, add_person, add_ticket

PAGE = b"<script>alert(1)</script>"


@dataclass(frozen=True)
class Told:
    """A conversation with one file that its customer may read and one that only staff may."""

    public: str
    inside: str
    sha256: str
    customer: str
    stranger: str
    agent: str


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Flask]:
    application = create_app(cheap_settings(tmp_path))
    with application.app_context():
        db.create_all()
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def told(desk: Flask) -> Told:
    with desk.app_context(), transaction() as session:
        sla.ensure_calendar(session)
        opened, agent = add_ticket(session), add_person(session)
        stranger = add_contact(session).person
        reply = tickets.reply(session, opened, "See the file.", author=agent)
        note = tickets.add_note(session, opened, "For us.", author=agent)
        public = service.attach(
            session, parent=reply, name='rap"ort\nș.html', stream=BytesIO(PAGE), content_type="text/html", by=agent
        )
        inside = service.attach(session, parent=note, name="x.txt", stream=BytesIO(b"secret"), by=agent)
        people = [signed_in(session, person) for person in (opened.requester, stranger, agent)]
        return Told(public.uuid, inside.uuid, public.sha256, *people)


def as_person(desk: Flask, identity: str | None) -> FlaskClient:
    client = desk.test_client()
    if identity is not None:
        with client.session_transaction() as browser:
            browser[TOKEN] = identity
    return client


def test_a_download_is_saved_never_shown(desk: Flask, told: Told) -> None:
    answer = as_person(desk, told.customer).get(f"/documents/{told.public}")

    assert (answer.status_code, answer.data) == (200, PAGE)
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "%C8%99" in answer.headers["Content-Disposition"]
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Length"] == str(len(PAGE))


@pytest.mark.parametrize(
    ("reader", "document", "status"),
    [
        ("agent", "public", 200),
        ("agent", "inside", 200),
        ("customer", "inside", 404),
        ("stranger", "public", 404),
        ("stranger", "inside", 404),
    ],
)
def test_what_one_may_not_read_is_not_there(desk: Flask, told: Told, reader: str, document: str, status: int) -> None:
    answer = as_person(desk, getattr(told, reader)).get(f"/documents/{getattr(told, document)}")

    assert answer.status_code == status


def test_a_visitor_is_asked_to_sign_in(desk: Flask, told: Told) -> None:
    answer = as_person(desk, None).get(f"/documents/{told.public}")

    assert answer.status_code in (302, 401)
    assert PAGE not in answer.data


@pytest.mark.parametrize("key", ["00000000-0000-4000-8000-000000000000", "1", "../../secret-key"])
def test_guessing_finds_nothing(desk: Flask, told: Told, key: str) -> None:
    assert as_person(desk, told.agent).get(f"/documents/{key}").status_code == 404


def test_bytes_that_are_missing_answer_not_found(desk: Flask, told: Told) -> None:
    with desk.app_context():
        storage.path_of(told.sha256).unlink()

    assert as_person(desk, told.agent).get(f"/documents/{told.public}").status_code == 404
