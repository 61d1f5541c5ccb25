"""Documents: whole or absent, kept once, within limits, named safely, read only by those who may."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from app.config import ROOT
from app.contracts import queries as contract_queries
from app.contracts import service as contracts
from app.documents import queries, service, storage
from app.documents.models import Document
from app.documents.names import MOST_BYTES, clean_content_type, clean_name
from app.errors import InvalidInput, NotAllowed, NotFound
from app.people.models import Person
from app.tickets import service as tickets
from app.tickets.models import Message, Ticket
from app.worklog import service as worklog
from tests.world import Build, Recorded

KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from flask import Flask
from app.config import Settings
from app.documents import storage

class Killed:
    sent = 0
    def read(self, size):
        self.sent += 1
        if self.sent == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return b"x" * size

app = Flask("killed")
app.config["SETTINGS"] = Settings(data=Path(sys.argv[1]), secret_key="tests-only")
with app.app_context():
    storage.keep(Killed(), 10**9)
"""

Attach = Callable[..., Document]


@pytest.fixture
def attach(session: Session) -> Attach:
    def build(parent: service.Parent, content: bytes = b"hello", name: str = "log.txt", **details: Any) -> Document:
        return service.attach(session, parent=parent, name=name, stream=BytesIO(content), **details)

    return build


def first_message(session: Session, ticket: Ticket) -> Message:
    return session.query(Message).filter_by(ticket_id=ticket.id).order_by(Message.id).first() or pytest.fail("none")


def files() -> list[Path]:
    return [path for path in storage.root().rglob("*") if path.is_file()]


def test_a_document_comes_back_as_it_was(
    session: Session, ticket: Build[Ticket], attach: Attach, recorded: Recorded
) -> None:
    content = os.urandom(700_000)

    document = attach(first_message(session, ticket()), content, "poză de ecran.png", content_type="image/png")

    assert queries.content(document) == content
    assert (document.name, document.size, document.content_type) == ("poză de ecran.png", 700_000, "image/png")
    assert document.sha256 == hashlib.sha256(content).hexdigest()
    assert len(recorded("DocumentAttached")) == 1


def test_the_same_content_is_kept_once(ticket: Build[Ticket], attach: Attach) -> None:
    content = os.urandom(100)

    first, second = attach(ticket(), content), attach(ticket(), content)

    assert first.uuid != second.uuid
    assert [path.name for path in files()].count(first.sha256) == 1


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(
    app: Flask, session: Session, ticket: Build[Ticket]
) -> None:
    opened = ticket()
    before = set(files())
    most = app.config["SETTINGS"].document_max_bytes

    with pytest.raises(InvalidInput, match=r"log\.txt"):
        service.attach(session, parent=opened, name="log.txt", stream=_Endless(most + 1))

    assert set(files()) == before


def test_a_reply_takes_only_documents_that_its_author_put_on_its_ticket(
    session: Session, ticket: Build[Ticket], person: Build[Person], attach: Attach
) -> None:
    """Whatever keys a diagram hands over, nobody else's file and no other request's leaves the desk."""
    opened, elena, dan = ticket(), person("Elena"), person("Dan")
    own = attach(opened, name="own.txt", by=elena)
    others = [attach(opened, by=dan), attach(ticket(), by=elena)]
    note = attach(tickets.add_note(session, opened, "For us.", author=elena), by=elena)
    named = [own.uuid, *(each.uuid for each in others), note.uuid, "no such key"]

    reply = tickets.reply(session, opened, "See the file.", author=elena, files=named)

    assert [each.name for each in queries.of_message(session, reply)] == ["own.txt"]
    assert [each.parent_kind for each in others] == ["ticket", "ticket"]


def test_a_second_reply_does_not_take_the_files_of_the_first(
    session: Session, ticket: Build[Ticket], person: Build[Person], attach: Attach
) -> None:
    """A process that sends the same list again must not move what the customer has under another message."""
    opened, elena = ticket(), person("Elena")
    own = attach(opened, by=elena)
    first = tickets.reply(session, opened, "See the file.", author=elena, files=[own.uuid])

    second = tickets.reply(session, opened, "And?", author=elena, files=[own.uuid])

    assert queries.of_message(session, first) == [own]
    assert queries.of_message(session, second) == []


def test_a_reply_of_the_process_takes_nobodys_files(
    session: Session, ticket: Build[Ticket], person: Build[Person], attach: Attach
) -> None:
    opened = ticket()
    own = attach(opened, by=person("Elena"))

    reply = tickets.reply(session, opened, "We are on it.", author=None, files=[own.uuid])

    assert queries.of_message(session, reply) == []


def test_who_added_a_file_takes_it_back_until_it_is_sent(
    session: Session, ticket: Build[Ticket], person: Build[Person], attach: Attach, recorded: Recorded
) -> None:
    opened, elena = ticket(), person("Elena")
    wrong, sent = attach(opened, by=elena), attach(opened, by=elena)
    tickets.reply(session, opened, "See the file.", author=elena, files=[sent.uuid])

    with pytest.raises(NotAllowed):
        service.take_back(session, wrong, by=person("Dan"))
    with pytest.raises(NotAllowed):
        service.take_back(session, sent, by=elena)
    service.take_back(session, wrong, by=elena)

    assert queries.of_ticket(session, opened, seen_by=elena) == [sent]
    assert len(recorded("DocumentRemoved")) == 1


class _Endless(BytesIO):
    """So many zero bytes, without holding them."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = size

    def read(self, size: int | None = -1, /) -> bytes:
        count = min(self.left, size or 0)
        self.left -= count
        return b"\0" * count


class _Breaking(BytesIO):
    """A disk or a sender that fails in the middle."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 0:
            raise OSError("No space left on device")
        return super().read(10)


def test_a_write_that_breaks_off_leaves_nothing(session: Session, ticket: Build[Ticket]) -> None:
    opened = ticket()
    before = set(files())

    with pytest.raises(OSError, match="space"):
        service.attach(session, parent=opened, name="log.txt", stream=_Breaking(b"x" * 100))

    assert set(files()) == before


def test_a_process_killed_in_the_middle_of_a_file_leaves_no_document(tmp_path: Path) -> None:
    """The half file keeps its temporary name, and is swept away when it is a day old."""
    script = tmp_path / "keep.py"
    script.write_text(KILLED_WHILE_WRITING)
    run = subprocess.run([sys.executable, script, str(tmp_path)], cwd=ROOT, check=False, env={"PYTHONPATH": str(ROOT)})
    assert run.returncode == -signal.SIGKILL

    left = [path for path in (tmp_path / "documents").rglob("*") if path.is_file()]

    assert [path.parent.name for path in left] == ["incoming"]
    assert left[0].stat().st_size > 0


def test_abandoned_temporary_files_are_swept_away(app: Flask, ticket: Build[Ticket], attach: Attach) -> None:
    opened, incoming = ticket(), storage.root() / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    old, young = incoming / "old", incoming / "young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))

    attach(opened)

    assert (old.exists(), young.exists()) == (False, True)
    young.unlink()


def test_a_message_takes_only_so_many_files(
    app: Flask, session: Session, ticket: Build[Ticket], attach: Attach
) -> None:
    message = first_message(session, ticket())
    most = app.config["SETTINGS"].documents_per_message
    for number in range(most):
        attach(message, str(number).encode())

    with pytest.raises(InvalidInput):
        attach(message, b"one more")


def _upload(name: str, content: bytes = b"x") -> FileStorage:
    return FileStorage(stream=BytesIO(content), filename=name, content_type="text/plain; charset=utf-8")


def test_the_files_of_a_form_are_attached_and_empty_fields_passed_over(session: Session, ticket: Build[Ticket]) -> None:
    message = first_message(session, ticket())

    service.attach_uploads(session, parent=message, uploads=[_upload("a.txt"), _upload(""), _upload("b.txt")])

    assert [(each.name, each.content_type) for each in queries.of_message(session, message)] == [
        ("a.txt", "text/plain"),
        ("b.txt", "text/plain"),
    ]


def test_a_form_that_is_sent_again_after_a_lost_race_attaches_the_same_bytes(
    session: Session, ticket: Build[Ticket]
) -> None:
    """The boundary runs a request again with the streams the first run has read to their ends."""
    message, upload = first_message(session, ticket()), _upload("a.txt", b"all of it")

    for _ in range(2):
        service.attach_uploads(session, parent=message, uploads=[upload])

    assert [queries.content(each) for each in queries.of_message(session, message)] == [b"all of it"] * 2


def test_too_many_files_in_a_form_attach_none(app: Flask, session: Session, ticket: Build[Ticket]) -> None:
    message = first_message(session, ticket())
    most = app.config["SETTINGS"].documents_per_message

    with pytest.raises(InvalidInput) as refused:
        service.attach_uploads(
            session, parent=message, uploads=[_upload(f"{number}.txt") for number in range(most + 1)]
        )

    assert set(refused.value.errors) == {"files"}
    assert queries.of_message(session, message) == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("raport.pdf", "raport.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\poză.jpg", "poză.jpg"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200b.\u200bp\u200bhp", "a.php"),
        ("two\r\nlines\x00.txt", "two lines.txt"),
        (".htaccess", "htaccess"),
        ("...", "document"),
        ("", "document"),
        (None, "document"),
        ("CON.txt", "_CON.txt"),
        ('a<b>:"c"|?*.txt', "a_b___c____.txt"),
        ("s\u0326i.txt", "și.txt"),
    ],
)
def test_names_lose_what_could_deceive_or_harm(sent: str | None, kept: str) -> None:
    assert clean_name(sent) == kept


@given(st.text(max_size=400))
def test_any_name_becomes_a_short_visible_plain_one(sent: str) -> None:
    kept = clean_name(sent)

    assert kept
    assert len(kept.encode()) <= MOST_BYTES
    assert kept.isprintable()
    assert not set(kept) & set('/\\<>:"|?*')
    assert not kept.startswith(".")
    assert clean_name(kept) == kept


def test_a_long_name_keeps_its_ending() -> None:
    kept = clean_name("ț" * 300 + ".pdf")

    assert kept.endswith("ț.pdf")
    assert len(kept.encode()) <= MOST_BYTES


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Text/HTML; charset=utf-8", "text/html"),
        ("image/svg+xml", "image/svg+xml"),
        ("nonsense", "application/octet-stream"),
        ("text/plain\r\nX-Evil: 1", "application/octet-stream"),
        (None, "application/octet-stream"),
    ],
)
def test_a_content_type_is_a_plain_media_type(sent: str | None, kept: str) -> None:
    assert clean_content_type(sent) == kept


def test_customers_read_only_what_came_with_messages_they_can_read(
    session: Session, ticket: Build[Ticket], person: Build[Person], contact: Build[Any], attach: Attach
) -> None:
    opened, agent = ticket(), person()
    stranger = contact().person
    own = attach(first_message(session, opened))
    answer = attach(tickets.reply(session, opened, "See the file.", author=agent), by=agent)
    inside = attach(tickets.add_note(session, opened, "For us.", author=agent), by=agent)
    on_ticket = attach(opened, by=agent)
    work = attach(worklog.log_work(session, opened, author=agent, minutes=5), by=agent)

    def readable(reader: Person) -> list[Document]:
        return [each for each in (own, answer, inside, on_ticket, work) if queries.may_read(session, reader, each)]

    assert readable(opened.requester) == queries.of_ticket(session, opened, seen_by=opened.requester) == [own, answer]
    assert readable(agent) == queries.of_ticket(session, opened, seen_by=agent)
    assert len(readable(agent)) == 5
    assert readable(stranger) == []
    with pytest.raises(NotFound):
        queries.by_uuid(session, own.uuid, seen_by=stranger)
    with pytest.raises(NotFound):
        queries.by_uuid(session, inside.uuid, seen_by=opened.requester)


def test_a_document_follows_its_ticket_to_another_customer(
    session: Session, ticket: Build[Ticket], attach: Attach, customer: Build[Any]
) -> None:
    opened = ticket()
    document, former = attach(first_message(session, opened)), opened.requester
    tickets.change_customer(session, opened, customer(), by=None)

    assert not queries.may_read(session, former, document)
    speaker = contract_queries.contact_of(session, former)
    assert speaker is not None
    contracts.move_contact(session, speaker, opened.customer)
    assert queries.may_read(session, former, document)


def test_bytes_that_are_missing_from_the_disk_are_named(ticket: Build[Ticket], attach: Attach) -> None:
    document = attach(ticket(), os.urandom(50), "plan.pdf")
    storage.path_of(document.sha256).unlink()

    with pytest.raises(NotFound, match=r"plan\.pdf"):
        queries.content(document)
