"""Every way through the diagram that validates work."""

from __future__ import annotations

import pytest

from app import clock
from app.contracts import queries as contracts
from app.contracts.days import today
from app.errors import Conflict, NotAllowed
from app.people import service as people
from app.people.models import Role
from app.worklog import service as worklog
from tests.diagrams.coverage import Taken, drawn
from tests.diagrams.story import Story, is_about, local

PROCESS, DIAGRAM = "work_validation", "work-validation.bpmn"


def logged(story: Story, minutes: str = "1:20") -> Story:
    return story.opened().taken_over().worked("answer", minutes=minutes, note="Changed the switch.")


def minutes_left(story: Story) -> int | None:
    return contracts.minutes_left(story.session, story.contract, today())


def test_short_work_is_approved_by_the_rules_and_counted(story: Story) -> None:
    logged(story, "20 min")

    entry = story.entry()
    assert (entry.state, entry.decided_by_id, entry.decision_reason) == ("approved", None, "within the rules")
    # As the contract rounds it, to quarters of an hour.
    assert minutes_left(story) == 600 - 30
    assert story.told("work_to_approve") == {}


def test_an_approver_approves_and_the_work_is_locked_and_counted_once(story: Story) -> None:
    logged(story)
    assert story.told("work_to_approve") == {"Lia": 1, "Vera": 1}
    assert minutes_left(story) == 600

    story.does("approve_work", story.vera, outcome="approve")

    entry = story.entry()
    assert (entry.state, entry.decided_by_id, entry.billed_minutes) == ("approved", story.vera.id, 90)
    assert minutes_left(story) == 600 - 90
    with pytest.raises(Conflict, match="locked"):
        worklog.correct(story.session, entry, by=story.ana, minutes=10)
    assert story.instance(story.subject_of(entry)).state == "completed"


@pytest.mark.parametrize(
    ("typed", "needed"),
    [
        ({"minutes": "31", "billable": True}, True),
        ({"minutes": "30", "billable": True}, False),
        ({"minutes": "240", "billable": False}, False),
        ({"minutes": "10", "billable": False, "kind": "on_site", "travel_minutes": "121", "travel_km": "90"}, True),
        ({"minutes": "601", "billable": True}, True),
    ],
)
def test_the_rules_say_what_a_person_looks_at(story: Story, typed: dict[str, object], needed: bool) -> None:
    story.opened().taken_over().worked("answer", None, **typed)

    assert ("approve_work" in story.open_tasks()) is needed


def test_rejected_work_goes_to_its_author_and_back(story: Story) -> None:
    logged(story).does("approve_work", story.vera, outcome="reject", reason="Was it not forty minutes?")
    assert story.entry().state == "rejected"
    assert story.told("work_rejected") == {"Ana": 1}
    assert story.task("correct").assignee_id == story.ana.id

    story.until(local(2026, 11, 18, 11))
    story.does("correct", story.ana, outcome="correct", minutes="40", travel_minutes="0", travel_km="0", note="Yes.")
    assert (story.entry().state, story.entry().minutes) == ("submitted", 40)
    assert story.told("work_to_approve") == {"Lia": 2, "Vera": 2}

    story.does("approve_work", story.lead, outcome="approve")
    assert story.entry().state == "approved"
    assert minutes_left(story) == 600 - 45


def test_rejected_work_can_be_withdrawn_and_counts_for_nothing(story: Story) -> None:
    logged(story).does("approve_work", story.vera, outcome="reject", reason="That was another request.")
    story.does("correct", story.ana, outcome="withdraw")

    assert story.entry().state == "withdrawn"
    assert minutes_left(story) == 600
    assert story.instance(story.subject_of(story.entry())).state == "completed"


def test_nobody_approves_their_own_work(story: Story) -> None:
    people.give_role(story.session, story.ana, Role.APPROVER)
    logged(story)
    assert story.told("work_to_approve") == {"Lia": 1, "Vera": 1}

    with pytest.raises(NotAllowed):
        story.does("approve_work", story.ana, outcome="approve")


def test_approvers_are_reminded_after_a_day_and_after_two_a_manager_decides(story: Story) -> None:
    logged(story)
    assert is_about(story.timer("approval_slow").due_at, local(2026, 11, 19, 10))

    story.until_fires("approval_slow")
    assert story.told("work_to_approve") == {"Lia": 2, "Vera": 2}
    assert "approve_work" in story.open_tasks()

    story.until_fires("approval_too_slow")
    assert is_about(clock.now(), local(2026, 11, 20, 10))
    assert story.told("work_to_approve") == {"Lia": 2, "Vera": 2, "Mara": 1}
    assert "approve_work" not in story.open_tasks()

    story.does("approve_instead", story.boss, outcome="approve")
    assert (story.entry().state, story.entry().decided_by_id) == ("approved", story.boss.id)


def test_every_flow_and_boundary_event_was_taken(all_scenarios: Taken) -> None:
    diagram = drawn(DIAGRAM)

    assert sorted(diagram.flows.keys() - all_scenarios.flows) == []
    assert sorted(diagram.boundaries - all_scenarios.boundaries) == []
