"""Outgoing and received mail in the settings, and one's own profile."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy.orm import Session

from app.mail import service as mail
from app.mail.models import OutgoingMail, ReceivedMail
from app.people.models import Person, Role
from app.settings.queries import PAGE_SIZE
from tests.pages import Pages, counted_queries

RAW = b"From: Ioana <ioana@alba.example>\r\nSubject: Scanner\r\nX-Odd: \xff\x00\r\n\r\n<script>alert(1)</script>\r\n"
HTML = "<p style='color:red'>Hello</p><script>alert(1)</script>"


def outgoing(desk: Pages, **values: object) -> int:
    """The id of a mail that was written, in the state a test wants."""

    def add(session: Session) -> int:
        one = mail.queue_mail(
            session, to_address="ioana@alba.example", to_name="Ioana", subject="[S-1] Hello", text="Hello <Ioana>",
            html=HTML, language="en",
        )  # fmt: skip
        for name, value in values.items():
            setattr(one, name, value)
        session.flush()
        return one.id

    return desk.write(add)


def received(desk: Pages, raw: bytes = RAW, **values: object) -> int:
    """The id of a mail that came, in the state a test wants."""

    def add(session: Session) -> int:
        one = mail.store_raw(session, raw, "suport@desk.example", "ioana@alba.example")
        for name, value in values.items():
            setattr(one, name, value)
        session.flush()
        return one.id

    return desk.write(add)


def sending_state(desk: Pages, mail_id: int) -> str:
    return desk.write(lambda session: session.get_one(OutgoingMail, mail_id).state)


def reading_state(desk: Pages, mail_id: int) -> str:
    return desk.write(lambda session: session.get_one(ReceivedMail, mail_id).state)


def test_failed_mail_is_listed_with_its_reason_and_counted(desk: Pages) -> None:
    outgoing(desk, state="failed", last_error="550 no such mailbox", attempts=5)
    administrator = desk.client(desk.staff(Role.ADMINISTRATOR))

    listed = administrator.get("/settings/outgoing-mail?state=failed").text

    assert "550 no such mailbox" in listed
    assert re.search(r"\d+ failed", administrator.get("/settings/").text)


def test_one_mail_shows_headers_and_text_and_its_html_only_in_a_frame_without_rights(desk: Pages) -> None:
    mail_id = outgoing(desk)
    administrator = desk.client(desk.staff(Role.ADMINISTRATOR))

    page = administrator.get(f"/settings/outgoing-mail/{mail_id}")
    frame = administrator.get(f"/settings/outgoing-mail/{mail_id}/html")

    assert "Hello &lt;Ioana&gt;" in page.text
    assert "Message-ID" in page.text
    assert "alert(1)" not in page.text
    assert re.search(r"<iframe[^>]* sandbox ", page.text)
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "script-src" not in policy


def test_a_failed_mail_is_sent_again_when_there_is_a_server(desk_with_server: Pages) -> None:
    mail_id = outgoing(desk_with_server, state="failed", attempts=5)
    administrator = desk_with_server.client(desk_with_server.staff(Role.ADMINISTRATOR))
    assert "Send again" in administrator.get(f"/settings/outgoing-mail/{mail_id}").text

    answer = administrator.post(f"/settings/outgoing-mail/{mail_id}/retry", follow_redirects=True)

    assert "The mail is tried again now." in answer.text
    assert sending_state(desk_with_server, mail_id) == "queued"


def test_without_a_server_mail_stays_kept_and_says_so(desk: Pages) -> None:
    mail_id = outgoing(desk, state="kept")
    administrator = desk.client(desk.staff(Role.ADMINISTRATOR))

    assert "No SMTP server is set" in administrator.get(f"/settings/outgoing-mail/{mail_id}").text
    assert administrator.post(f"/settings/outgoing-mail/{mail_id}/retry").status_code == 409
    assert sending_state(desk, mail_id) == "kept"


def test_a_mail_that_was_sent_is_not_sent_twice(desk_with_server: Pages) -> None:
    mail_id = outgoing(desk_with_server, state="sent")
    administrator = desk_with_server.client(desk_with_server.staff(Role.ADMINISTRATOR))

    assert administrator.post(f"/settings/outgoing-mail/{mail_id}/retry").status_code == 409


def test_a_received_mail_that_failed_is_shown_as_text_and_read_again(desk: Pages) -> None:
    mail_id = received(desk, state="failed", reason="It has more than 300 parts.")
    administrator = desk.client(desk.staff(Role.ADMINISTRATOR))

    page = administrator.get(f"/settings/received-mail/{mail_id}").text
    answer = administrator.post(f"/settings/received-mail/{mail_id}/retry", follow_redirects=True)

    assert "It has more than 300 parts." in page
    assert "X-Odd: \ufffd\ufffd" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert answer.status_code == 200
    assert reading_state(desk, mail_id) == "new"


def test_an_ignored_mail_can_be_taken_as_a_request(desk: Pages) -> None:
    mail_id = received(desk, RAW + b"ignored", state="ignored", reason="It answers by itself (Auto-Submitted).")
    administrator = desk.client(desk.staff(Role.ADMINISTRATOR))
    assert "Take it as a request" in administrator.get(f"/settings/received-mail/{mail_id}").text

    administrator.post(f"/settings/received-mail/{mail_id}/retry")

    assert desk.write(lambda session: session.get_one(ReceivedMail, mail_id).is_accepted)


def test_the_original_is_a_download_never_a_page(desk: Pages) -> None:
    mail_id = received(desk, RAW + b"original")

    answer = desk.client(desk.staff(Role.ADMINISTRATOR)).get(f"/settings/received-mail/{mail_id}/source")

    assert answer.data == RAW + b"original"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def add_outgoing(desk: Pages, number: int) -> None:
    outgoing(desk, subject=f"Mail {number}")


def add_received(desk: Pages, number: int) -> None:
    received(desk, RAW + str(number).encode())


def test_both_lists_read_a_constant_number_of_queries_and_page_by_key(desk: Pages) -> None:
    administrator = desk.client(desk.staff(Role.ADMINISTRATOR))
    lists: dict[str, Callable[[Pages, int], None]] = {"outgoing-mail": add_outgoing, "received-mail": add_received}

    for name, add in lists.items():
        add(desk, 0)
        with counted_queries() as few:
            administrator.get(f"/settings/{name}")
        for number in range(1, PAGE_SIZE + 2):
            add(desk, number)
        with counted_queries() as many:
            first = administrator.get(f"/settings/{name}").text

        assert len(many) == len(few)
        older = re.search(rf'href="(/settings/{name}\?before=\d+)"', first)
        assert older is not None
        shown = re.findall(rf'href="/settings/{name}/(\d+)"', first)
        assert len(shown) == PAGE_SIZE
        assert not set(shown) & set(re.findall(rf'href="/settings/{name}/(\d+)"', administrator.get(older[1]).text))


def test_mail_is_not_for_agents_or_customers(desk: Pages) -> None:
    person_id, _ = desk.contact()
    mail_id = outgoing(desk)

    for reader in (desk.client(desk.staff(Role.AGENT)), desk.client(person_id)):
        assert reader.get("/settings/outgoing-mail").status_code == 404
        assert reader.get(f"/settings/outgoing-mail/{mail_id}/html").status_code == 404
        assert reader.get("/settings/received-mail").status_code == 404
        assert reader.post(f"/settings/outgoing-mail/{mail_id}/retry").status_code == 404


def test_people_choose_their_own_language_and_zone(desk: Pages) -> None:
    person_id, _ = desk.contact()
    browser = desk.client(person_id)

    browser.post("/settings/profile", data={"language": "ro", "zone": "Asia/Tokyo"})

    assert desk.write(lambda session: session.get_one(Person, person_id).language) == "ro"
    assert desk.write(lambda session: session.get_one(Person, person_id).zone) == "Asia/Tokyo"


def test_a_zone_nobody_knows_is_refused_at_its_field(desk: Pages) -> None:
    person_id, _ = desk.contact()

    answer = desk.client(person_id).post("/settings/profile", data={"language": "xx", "zone": "../etc/passwd"})

    assert answer.status_code == 422
    assert 'id="zone-error"' in answer.text
    assert 'id="language-error"' in answer.text
