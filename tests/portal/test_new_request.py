"""A new request: the questions of its type, what is promised before it is sent, and that nothing typed is lost."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.contracts import queries as contracts
from app.contracts import service as contracts_service
from app.contracts.models import Customer
from app.documents import queries as documents
from app.people import sign_ins
from app.people.models import Person, Role
from app.portal import asking
from app.portal.models import RequestDraft
from app.sla import queries as sla
from app.sla.models import ClockKind
from app.sla.queries import ClockView
from app.tickets import details, search
from app.tickets.models import Message, RequestType, Ticket
from app.tickets.queries import participants
from tests import world
from tests.pages import Pages, open_desk, ticket_of

INCIDENT = {
    "_type": "incident",
    "_subject": "No network in hall B",
    "_text": "Since noon.",
    "_hindrance": "stopped",
    "affected": "several",
    "since": "the update",
}
CHANGE = {
    "_type": "change",
    "_subject": "Another shelf scanner",
    "_text": "One more in hall A.",
    "reason": "growth",
    "wanted_on": "2026-12-03",
}


def sent(desk: Pages, person_id: int, **fields: Any) -> str:
    """The number of a request that is sent."""
    answer = desk.client(person_id).post("/portal/new", data={**INCIDENT, **fields})
    assert answer.status_code == 302, re.findall(r"s-field-error.*?<span>(.*?)</span>", answer.text)
    return answer.headers["Location"].rpartition("/")[2]


def clocks_of(desk: Pages, number: str) -> dict[ClockKind, ClockView]:
    return desk.write(lambda session: sla.clocks(session, ticket_of(session, number)))


def files_of(desk: Pages, number: str) -> list[str]:
    def names(session: Session) -> list[str]:
        first = session.query(Message).filter_by(ticket_id=ticket_of(session, number).id).order_by(Message.id).first()
        assert first is not None
        return [document.name for document in documents.of_message(session, first)]

    return desk.write(names)


@pytest.mark.parametrize(
    ("kind", "asked", "not_asked"),
    [
        ("incident", "Who is affected?", "For whom is it?"),
        ("request", "By when do you need it?", "Who is affected?"),
        ("change", "Which day would suit you?", "Since when?"),
        ("question", "Tell us more", "Since when?"),
    ],
)
def test_each_type_asks_what_its_process_draws(desk: Pages, kind: str, asked: str, not_asked: str) -> None:
    person_id, _ = desk.contact()

    page = desk.client(person_id).get(f"/portal/new?type={kind}").text

    assert asked in page
    assert not_asked not in page


def test_answers_are_kept_in_words_for_whoever_reads_the_ticket(desk: Pages) -> None:
    """Staff read them in their language and find the ticket by them; the customer sees them on the request."""
    person_id, _ = desk.contact()

    number = sent(desk, person_id, since="Revelion", _where="Hall B, gate 3")

    def read(session: Session) -> list[tuple[str, dict[str, str], dict[str, str]]]:
        return [(each.key, each.label, each.value) for each in details.of_ticket(session, ticket_of(session, number))]

    where, affected, since = desk.write(read)
    assert where == ("where", {"en": "Where", "ro": "Unde"}, {"en": "Hall B, gate 3"})
    assert affected[1:] == (
        {"en": "Who is affected?", "ro": "Cine este afectat?"},
        {"en": "Several of us", "ro": "Mai mulți dintre noi"},
    )
    assert since[2] == {"en": "Revelion"}
    staff = desk.client(desk.staff(Role.AGENT)).get(f"/tickets/{number}").text
    assert "Several of us" in staff
    assert "Hall B, gate 3" in desk.client(person_id).get(f"/portal/requests/{number}").text
    found = desk.write(
        lambda session: [t.number for t in session.query(Ticket).filter(search.found_by_staff(session, "revelion"))]
    )
    assert found == [number]


def test_a_date_is_told_in_each_language(desk: Pages) -> None:
    person_id, _ = desk.contact()

    number = sent(desk, person_id, **CHANGE)

    values = desk.write(
        lambda session: {each.key: each.value for each in details.of_ticket(session, ticket_of(session, number))}
    )
    assert values["wanted_on"] == {"en": "Thursday 3 December 2026", "ro": "joi 3 decembrie 2026"}
    assert "affected" not in values


def test_a_question_that_an_answer_brings_up_is_checked_only_then(desk: Pages) -> None:
    person_id, _ = desk.contact()
    browser = desk.client(person_id)

    missing = browser.post("/portal/new", data={**CHANGE, "reason": "rule"})
    other = browser.post("/portal/new", data={**CHANGE, "reason": "other"})

    assert missing.status_code == 422
    assert 'id="request_change-field_rule-error"' in missing.text
    assert other.status_code == 302


def test_a_past_day_is_refused_at_its_field(desk: Pages) -> None:
    person_id, _ = desk.contact()

    answer = desk.client(person_id).post("/portal/new", data={**CHANGE, "wanted_on": "2026-11-01"})

    assert answer.status_code == 422
    assert 'id="request_change-field_wanted_on-error"' in answer.text


def test_what_is_promised_beforehand_is_what_is_promised_then(desk: Pages) -> None:
    """For each urgency the page says by when; the clocks of the request that is sent say the same."""
    person_id, customer_id = desk.contact()
    desk.write(lambda session: setattr(session.get_one(Customer, customer_id), "level", "gold"))

    def expected(session: Session) -> dict[str, Any]:
        person = session.get_one(Person, person_id)
        contact, kind = contracts.contact_of(session, person), session.get_one(RequestType, "incident")
        return {each.hindrance: each for each in asking.expectations(session, person, contact, None, kind)}

    before = desk.write(expected)
    for hindrance in ("little", "slowed", "stopped"):
        number = sent(desk, person_id, _hindrance=hindrance)
        clocks = clocks_of(desk, number)
        assert before[hindrance].response.due_at == clocks[ClockKind.RESPONSE].due_at
        assert before[hindrance].resolution.due_at == clocks[ClockKind.RESOLUTION].due_at
    page = desk.client(person_id).get("/portal/new").text
    assert page.count("We reply by today,\N{NO-BREAK SPACE}12:00") >= 1
    assert 'data-for="stopped"' in page


def test_what_happens_next_is_told_in_the_words_of_the_diagram(desk: Pages) -> None:
    person_id, _ = desk.contact(language="ro")

    page = desk.client(person_id).get("/portal/new").text

    assert "Un coleg o preia" in page


def test_files_that_came_with_a_mistake_need_not_be_chosen_again(desk: Pages) -> None:
    person_id, _ = desk.contact()
    browser = desk.client(person_id)
    two = [(io.BytesIO(b"log"), "router.log"), (io.BytesIO(b"cat"), "wrong.jpg")]

    again = browser.post("/portal/new", data={**INCIDENT, "_subject": "", "files": two})
    kept = dict(re.findall(r'file-check.*?<span>(\S+) .*?name="_remove" value="([^"]+)"', again.text, re.DOTALL))
    done = browser.post(
        "/portal/new", data={**INCIDENT, "_remove": kept["wrong.jpg"], "files": (io.BytesIO(b"x"), "more.txt")}
    )

    assert again.status_code == 422
    assert set(kept) == {"router.log", "wrong.jpg"}
    number = done.headers["Location"].rpartition("/")[2]
    assert files_of(desk, number) == ["router.log", "more.txt"]


def test_a_file_that_is_too_large_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    desk = open_desk(tmp_path, document_max_bytes=10, documents_per_message=2)
    person_id, _ = desk.contact()
    browser = desk.client(person_id)

    answer = browser.post(
        "/portal/new",
        data={**INCIDENT, "files": [(io.BytesIO(b"x" * 11), "big.bin"), (io.BytesIO(b"ok"), "small.txt")]},
    )

    assert answer.status_code == 422
    assert "big.bin is larger than" in answer.text
    assert "Since noon." in answer.text
    assert re.search(r"file-check.*?small\.txt", answer.text, re.DOTALL)
    assert desk.write(lambda session: session.query(Ticket).count()) == 0


def test_another_type_may_be_chosen_without_scripts_and_nothing_is_lost(desk: Pages) -> None:
    person_id, _ = desk.contact()

    answer = desk.client(person_id).post(
        "/portal/new",
        data={**INCIDENT, "_type": "change", "_show": "1", "files": (io.BytesIO(b"plan"), "plan.pdf")},
    )

    assert answer.status_code == 200
    assert "Which day would suit you?" in answer.text
    assert "Since noon." in answer.text
    assert "plan.pdf" in answer.text
    assert "This was not sent yet." not in answer.text
    assert desk.write(lambda session: session.query(Ticket).filter_by(requester_id=person_id).count()) == 0


def test_scripts_get_the_questions_of_the_chosen_type_and_the_promises(desk: Pages) -> None:
    person_id, _ = desk.contact()
    browser = desk.client(person_id)
    header = {"HX-Request": "true", "HX-Target": "div#request-questions"}

    whole = browser.post("/portal/new/questions", data={**INCIDENT, "_type": "change"}, headers=header).text
    inner = browser.post(
        "/portal/new/questions",
        data={**CHANGE, "reason": "rule"},
        headers={**header, "HX-Target": "div#request_change-fields"},
    ).text

    assert 'id="request-questions"' in whole
    assert 'id="expect" hx-swap-oob="true"' in whole
    assert "Which rule?" in inner
    assert "request-questions" not in inner.replace("/portal/new/questions", "")


def test_a_draft_is_there_when_one_comes_back_and_gone_when_it_is_sent(desk: Pages) -> None:
    person_id, _ = desk.contact()
    browser = desk.client(person_id)

    saved = browser.post("/portal/new/draft", data=CHANGE, headers={"HX-Request": "true"})
    back = browser.get("/portal/new").text
    browser.post("/portal/new", data=CHANGE)

    assert "Draft kept today" in saved.text
    assert "One more in hall A." in back
    assert 'value="2026-12-03"' in back
    assert 'value="change" checked' in back
    assert "One more in hall A." not in browser.get("/portal/new").text


def test_a_draft_is_its_writers_alone(desk: Pages) -> None:
    first, customer_id = desk.contact()
    second, _ = desk.contact(customer_id)
    desk.client(first).post("/portal/new/draft", data=INCIDENT)

    assert "Since noon." not in desk.client(second).get("/portal/new").text


def test_a_draft_is_thrown_away_when_its_writer_says_so(desk: Pages) -> None:
    person_id, _ = desk.contact()
    browser = desk.client(person_id)
    browser.post("/portal/new/draft", data=INCIDENT)

    browser.post("/portal/new/forget")

    assert "Since noon." not in browser.get("/portal/new").text
    assert desk.write(lambda session: session.query(RequestDraft).filter_by(person_id=person_id).count()) == 0


def test_a_request_sent_after_the_session_ended_waits_in_the_form(desk: Pages) -> None:
    person_id, _ = desk.contact(password="a long enough one")
    browser = desk.client(person_id)
    email = desk.write(lambda session: session.get_one(Person, person_id).email)
    desk.write(lambda session: sign_ins.end_all(session, session.get_one(Person, person_id)))

    late = browser.post("/portal/new", data=INCIDENT, headers={"Sec-Fetch-Site": "same-origin"})
    carried = re.search(r'name="kept" value="([^"]+)"', late.text)
    assert carried is not None
    back = browser.post(
        "/sign-in",
        data={"email": email, "password": "a long enough one", "kept": carried[1]},
        follow_redirects=True,
    )

    assert late.status_code == 401
    assert back.request.path == "/portal/new"
    assert "What you wrote is below." in back.text
    assert "Since noon." in back.text
    assert 'value="the update"' in back.text


def test_a_request_may_be_asked_for_a_colleague(desk: Pages) -> None:
    """Who needs it gets the mails; who asked wrote it, and gets the replies too."""
    me, customer_id = desk.contact(name="Ana Pop")
    colleague, _ = desk.contact(customer_id, name="Ion Rus")

    number = sent(desk, me, _for=str(colleague))

    def read(session: Session) -> tuple[int, int | None, list[int]]:
        ticket = ticket_of(session, number)
        first = session.query(Message).filter_by(ticket_id=ticket.id, kind="customer").one()
        return ticket.requester_id, first.author_id, [each.id for each in participants(session, ticket)]

    assert desk.write(read) == (colleague, me, [me])
    assert "Ana Pop asked this for Ion Rus." in desk.client(colleague).get(f"/portal/requests/{number}").text


def test_nobody_asks_for_somebody_elsewhere(desk: Pages) -> None:
    me, _ = desk.contact()
    stranger, _ = desk.contact()

    answer = desk.client(me).post("/portal/new", data={**INCIDENT, "_for": str(stranger)})

    assert answer.status_code == 422
    assert 'id="for-error"' in answer.text


def test_who_does_not_see_the_company_is_told_no_colleagues(desk: Pages) -> None:
    me, customer_id = desk.contact()
    colleague, _ = desk.contact(customer_id, name="Somebody Else")
    desk.write(
        lambda session: contracts_service.let_see_company(session, contracts.contact_of(session, me), False)  # type: ignore[arg-type]
    )
    browser = desk.client(me)

    assert "Somebody Else" not in browser.get("/portal/new").text
    assert browser.post("/portal/new", data={**INCIDENT, "_for": str(colleague)}).status_code == 422


def test_places_named_before_are_offered_to_colleagues_only(desk: Pages) -> None:
    me, customer_id = desk.contact()
    colleague, _ = desk.contact(customer_id)
    stranger, _ = desk.contact()
    sent(desk, me, _where="Gate 7, reception")

    assert '<option value="Gate 7, reception">' in desk.client(colleague).get("/portal/new").text
    assert "Gate 7" not in desk.client(stranger).get("/portal/new").text


def test_a_draft_longer_than_any_form_is_refused(desk: Pages) -> None:
    person_id, _ = desk.contact()

    answer = desk.client(person_id).post("/portal/new/draft", data={"_text": "x" * 200_001})

    assert answer.status_code == 422


def test_a_contract_that_hides_its_hours_shows_none(desk: Pages) -> None:
    person_id, customer_id = desk.contact()

    def add(session: Session) -> None:
        customer = session.get_one(Customer, customer_id)
        world.add_contract(session, customer, name="Gold", included_minutes=600, shows_hours=False)

    desk.write(add)

    assert "Hours of your contract" not in desk.client(person_id).get("/portal/new").text
