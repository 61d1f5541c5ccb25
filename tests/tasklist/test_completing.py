"""Completing a task: errors by field with everything typed kept, drafts, and the second of two."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.engine import queries as engine
from app.engine import service as engine_service
from app.engine.models import UserTask
from app.people import service as people
from app.people.models import Person, Role
from app.tasklist import service
from app.tasklist.models import Draft
from app.tickets.models import Message, MessageKind
from tests.pages import SOLVED, Pages, ticket_of

WORK = {
    "outcome": "answer",
    "reply": "We are looking at it.",
    "minutes": "20 min",
    "kind": "remote",
    "billable": "true",
    "travel_minutes": "",
    "travel_km": "",
    "note": "",
}


@pytest.fixture
def agent(desk: Pages) -> int:
    return desk.staff(Role.AGENT, team="support")


@pytest.fixture
def number(desk: Pages, agent: int) -> str:
    """A request that the agent has taken over: "Work on the request" is open."""
    opened = desk.ticket(desk.contact()[0])
    desk.complete(opened, agent, {"outcome": "mine", "person": None})
    return opened


def open_task(desk: Pages, number: str) -> str:
    return desk.write(lambda session: engine.open_tasks(session, ticket_of(session, number).process_subject)[0].uuid)


def replies(desk: Pages, number: str) -> list[str]:
    def read(session: Session) -> list[str]:
        found = select(Message.text).where(
            Message.ticket_id == ticket_of(session, number).id, Message.kind == MessageKind.REPLY
        )
        return list(session.scalars(found))

    return desk.write(read)


def drafts(desk: Pages, person_id: int) -> list[str]:
    found = select(Draft).where(Draft.person_id == person_id)
    return desk.write(lambda session: [str(draft.values.get("reply", "")) for draft in session.scalars(found)])


def test_a_filled_form_moves_the_request_on(desk: Pages, agent: int, number: str) -> None:
    task = open_task(desk, number)

    answer = desk.client(agent).post(f"/tasks/{task}/complete", data=WORK)

    assert answer.status_code == 302
    assert replies(desk, number) == ["We are looking at it."]
    assert open_task(desk, number) != task


def test_errors_stand_at_their_fields_and_nothing_typed_is_lost(desk: Pages, agent: int, number: str) -> None:
    task = open_task(desk, number)

    answer = desk.client(agent).post(f"/tasks/{task}/complete", data=WORK | {"reply": "", "note": "cabled & <tested>"})

    assert answer.status_code == 422
    assert 'id="work-field_reply-error"' in answer.text
    assert "cabled &amp; &lt;tested&gt;" in answer.text
    assert "20 min" in answer.text
    assert replies(desk, number) == []


def test_a_partial_update_gets_only_the_form(desk: Pages, agent: int, number: str) -> None:
    task = open_task(desk, number)

    answer = desk.client(agent).post(
        f"/tasks/{task}/complete", data=WORK | {"reply": ""}, headers={"HX-Request": "true"}
    )

    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert f'id="task-{task}"' in answer.text


def test_the_second_of_two_is_told_who_was_first_and_keeps_the_text(desk: Pages, agent: int, number: str) -> None:
    """The page says who and when, keeps the text, and leads to the same step when it waits again."""
    colleague = desk.staff(Role.AGENT, team="support")
    task = open_task(desk, number)
    desk.client(agent).post(f"/tasks/{task}/complete", data=WORK)

    late = desk.client(colleague).post(
        f"/tasks/{task}/complete", data=WORK | {"reply": "My own long and careful text."}
    )

    assert late.status_code == 409
    name = desk.write(lambda session: session.get_one(Person, agent).name)
    assert name in late.text
    assert "kept as a draft" in late.text
    assert f"/tasks/{open_task(desk, number)}" in late.text
    assert f"/tickets/{number}" in late.text
    assert drafts(desk, colleague) == ["My own long and careful text."]
    assert replies(desk, number) == ["We are looking at it."]


def test_a_task_that_vanished_says_so_and_keeps_the_text(desk: Pages, agent: int, number: str) -> None:
    task = open_task(desk, number)

    def end(session: Session) -> None:
        instance = engine.instances_of(session, ticket_of(session, number).process_subject)[-1]
        engine_service.cancel(session, instance, "not needed", by_id=None)

    desk.write(end)
    late = desk.client(agent).post(f"/tasks/{task}/complete", data=WORK)

    assert late.status_code == 409
    assert "not needed any more" in late.text
    assert drafts(desk, agent) == ["We are looking at it."]


def test_a_draft_comes_back_and_goes_when_the_form_is_sent(desk: Pages, agent: int, number: str) -> None:
    task, browser = open_task(desk, number), desk.client(agent)

    kept = browser.post(f"/tasks/{task}/draft", data=WORK | {"reply": "half a sen"}, headers={"HX-Request": "true"})
    shown = browser.get(f"/tasks/{task}").text
    browser.post(f"/tasks/{task}/complete", data=WORK)

    assert "Draft saved" in kept.text
    assert "half a sen" in shown
    assert drafts(desk, agent) == []


def test_a_draft_that_comes_after_the_form_was_sent_is_not_kept(desk: Pages, agent: int, number: str) -> None:
    """It would stand in the next round of the same step, already sent."""
    task, browser = open_task(desk, number), desk.client(agent)
    browser.post(f"/tasks/{task}/complete", data=WORK)

    late = browser.post(f"/tasks/{task}/draft", data=WORK, headers={"HX-Request": "true"})

    assert late.status_code == 204
    assert drafts(desk, agent) == []


def test_choosing_another_outcome_changes_the_fields_and_keeps_what_was_typed(
    desk: Pages, agent: int, number: str
) -> None:
    task, browser = open_task(desk, number), desk.client(agent)

    answering = browser.post(f"/tasks/{task}/fields", data=WORK)
    escalating = browser.post(f"/tasks/{task}/fields", data=WORK | {"outcome": "escalate"})

    assert 'name="escalation_reason" rows' not in answering.text
    assert 'name="escalation_reason"' in escalating.text
    # The reply is hidden now, but carried along.
    assert "We are looking at it." in escalating.text


def test_somebody_elses_task_is_refused_kindly(desk: Pages, agent: int, number: str) -> None:
    colleague = desk.staff(Role.AGENT, team="support")

    answer = desk.client(colleague).post(f"/tasks/{open_task(desk, number)}/complete", data=WORK)

    assert answer.status_code == 403
    assert "has this task" in answer.text
    assert replies(desk, number) == []


def test_nobody_approves_their_own_work(desk: Pages, agent: int, number: str) -> None:
    """Neither in the list nor by address."""

    def make_approver(session: Session) -> None:
        people.give_role(session, session.get_one(Person, agent), Role.APPROVER)

    desk.write(make_approver)
    answer = SOLVED | {"minutes": 400, "travel_minutes": 300, "travel_km": 400}
    desk.complete(number, agent, answer)

    def approval(session: Session) -> str | None:
        found = select(UserTask.uuid).where(UserTask.subject_kind == "work_entry", UserTask.excluded_person_id == agent)
        return session.scalar(found.where(UserTask.state == "open"))

    task = desk.write(approval)
    assert task is not None
    browser = desk.client(agent)

    assert str(task) not in browser.get("/").text
    refused = browser.post(f"/tasks/{task}/complete", data={"outcome": "approve"})
    assert refused.status_code in (403, 404)


def test_a_draft_has_a_limit(desk: Pages, agent: int, number: str) -> None:
    answer = desk.client(agent).post(
        f"/tasks/{open_task(desk, number)}/draft", data=WORK | {"reply": "x" * (service.DRAFT_MAX_CHARACTERS + 1)}
    )

    assert answer.status_code == 422


def test_a_correction_starts_from_the_entry_it_corrects(desk: Pages, agent: int, number: str) -> None:
    desk.complete(
        number, agent, SOLVED | {"minutes": 400, "travel_minutes": 305, "travel_km": 77, "note": "Both sites"}
    )
    approver = desk.staff(Role.APPROVER, team="support")

    def newest(session: Session) -> str:
        found = select(UserTask).where(UserTask.subject_kind == "work_entry", UserTask.state == "open")
        return str(session.scalars(found.order_by(UserTask.id.desc()).limit(1)).one().uuid)

    approval = desk.write(newest)
    desk.client(approver).post(f"/tasks/{approval}/complete", data={"outcome": "reject", "reason": "77 km?"})

    page = desk.client(agent).get(f"/tasks/{desk.write(newest)}").text

    assert 'value="6 h 40"' in page
    assert 'value="5 h 05"' in page
    assert 'value="77"' in page
    assert 'value="Both sites"' in page


def test_the_button_says_what_happens(desk: Pages, agent: int, number: str) -> None:
    page = desk.client(agent).get(f"/tasks/{open_task(desk, number)}").text

    assert "Send reply <kbd>" in page


def test_a_value_that_an_operation_refuses_is_the_forms_to_mend(desk: Pages, agent: int, number: str) -> None:
    """A day that has not come yet is no fault of the process: nothing stalls, nothing is half done."""
    task = open_task(desk, number)

    answer = desk.client(agent).post(f"/tasks/{task}/complete", data=WORK | {"worked_on": "2999-01-01"})

    assert answer.status_code == 422
    assert "This day has not come yet." in answer.text
    assert "We are looking at it." in answer.text
    assert replies(desk, number) == []
    assert open_task(desk, number) == task
    assert desk.client(agent).post(f"/tasks/{task}/complete", data=WORK).status_code == 302


def test_a_text_that_can_be_sent_nowhere_any_more_stands_on_the_ticket_until_it_is_thrown_away(
    desk: Pages, agent: int, number: str
) -> None:
    """The step went on without it: whoever wrote it, and nobody else, reads it there, however short it is."""
    colleague = desk.staff(Role.AGENT, team="support")
    task = open_task(desk, number)
    desk.client(colleague).post(f"/tasks/{task}/draft", data=WORK | {"reply": "Almost."})
    desk.complete(number, agent, SOLVED)

    page = desk.client(colleague).get(f"/tickets/{number}")

    assert "was not sent" in page.text
    assert "Almost." in page.text
    assert "Almost." in desk.client(colleague).get(f"/tasks/{task}").text
    assert "Almost." not in desk.client(agent).get(f"/tickets/{number}").text
    assert desk.client(agent).post(f"/tasks/{task}/draft/forget").status_code == 404
    assert desk.client(colleague).post(f"/tasks/{task}/draft/forget").status_code == 302
    assert "Almost." not in desk.client(colleague).get(f"/tickets/{number}").text


def test_a_draft_of_a_step_that_waits_is_in_its_form_only(desk: Pages, agent: int, number: str) -> None:
    desk.client(agent).post(f"/tasks/{open_task(desk, number)}/draft", data=WORK | {"reply": "Nearly there."})

    page = desk.client(agent).get(f"/tickets/{number}").text

    assert page.count("Nearly there.") == 1
    assert "was not sent" not in page


def test_nothing_waits_for_a_reply_on_a_cancelled_request(desk: Pages, agent: int, number: str) -> None:
    assert "waits for a reply" in desk.client(agent).get(f"/tickets/{number}").text

    desk.client(agent).post(f"/tickets/{number}/cancel", data={"reason": "Asked twice."})

    assert "waits for a reply" not in desk.client(agent).get(f"/tickets/{number}").text
