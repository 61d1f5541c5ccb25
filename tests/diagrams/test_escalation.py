"""Every way through the diagram of escalations."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import clock
from app.errors import NotAllowed
from tests.diagrams.coverage import Taken, drawn
from tests.diagrams.story import Story, is_about, local

PROCESS, DIAGRAM = "escalation", "escalation.bpmn"


def asked(story: Story, skill: str = "network") -> Story:
    return story.opened().taken_over().worked("escalate", escalation_reason="The core router.", escalation_skill=skill)


def test_it_goes_to_whoever_has_the_skill_once_approved_and_accepted(story: Story) -> None:
    asked(story)
    assert story.told("escalation_to_approve") == {"Lia": 1, "Vera": 1}
    assert story.escalations()[0].to_person_id == story.dan.id
    assert story.ticket.assignee is story.ana

    story.does("decide", story.vera, outcome="approve")
    assert story.told("escalation_arrived") == {"Dan": 1}
    assert story.ticket.assignee is story.ana

    story.does("accept", story.dan, outcome="accept")
    assert story.ticket.assignee is story.dan
    (escalation,) = story.escalations()
    assert (escalation.state, escalation.decided_by_id, escalation.accepted_by_id) == (
        "accepted",
        story.vera.id,
        story.dan.id,
    )
    assert story.instance(story.subject_of(escalation)).state == "completed"


def test_without_the_skill_the_team_is_asked_and_the_first_to_accept_has_it(story: Story) -> None:
    asked(story, skill="security").does("decide", story.vera, outcome="approve")
    assert story.told("escalation_arrived") == {"Ana": 1, "Dan": 1, "Lia": 1, "Vera": 1}

    story.does("accept", story.lead, outcome="accept")

    assert story.ticket.assignee is story.lead


def test_a_refusal_returns_the_request_with_the_reason(story: Story) -> None:
    asked(story).does("decide", story.vera, outcome="refuse", reason="Try the spare first.")

    assert story.escalations()[0].state == "refused"
    assert story.notes() == ["Try the spare first."]
    assert story.told("escalation_refused") == {"Ana": 1}
    assert story.told("escalation_arrived") == {}
    assert story.open_tasks() == ["work"]


def test_a_receiver_may_send_it_back_with_the_reason(story: Story) -> None:
    asked(story).does("decide", story.vera, outcome="approve")
    story.does("accept", story.dan, outcome="decline", reason="I am away from tomorrow.")

    assert story.escalations()[0].state == "declined"
    assert story.notes() == ["I am away from tomorrow."]
    assert story.told("escalation_refused") == {"Ana": 1}
    assert story.ticket.assignee is story.ana
    assert story.open_tasks() == ["work"]


def test_nobody_decides_about_what_they_asked_for(story: Story) -> None:
    story.opened().taken_over(story.lead).worked("escalate")
    assert story.told("escalation_to_approve") == {"Vera": 1}

    with pytest.raises(NotAllowed):
        story.does("decide", story.lead, outcome="approve")

    story.does("decide", story.vera, outcome="approve")


def test_approvers_are_reminded_once_when_they_do_not_decide(story: Story) -> None:
    asked(story)
    assert is_about(story.timer("decide_slow").due_at, local(2026, 11, 18, 14))
    assert story.task("decide").due_at == story.timer("decide_slow").due_at

    story.until_fires("decide_slow")

    assert story.told("escalation_to_approve") == {"Lia": 2, "Vera": 2, "Mara": 1}
    assert story.until(clock.now() + timedelta(days=2)).told("escalation_to_approve") == {
        "Lia": 2,
        "Vera": 2,
        "Mara": 1,
    }
    assert "decide" in story.open_tasks()


def test_a_receiver_is_reminded_and_the_managers_know(story: Story) -> None:
    asked(story).does("decide", story.vera, outcome="approve").until_fires("accept_slow")

    assert story.told("escalation_arrived") == {"Dan": 2, "Mara": 1}
    assert "accept" in story.open_tasks()


def test_every_flow_and_boundary_event_was_taken(all_scenarios: Taken) -> None:
    diagram = drawn(DIAGRAM)

    assert sorted(diagram.flows.keys() - all_scenarios.flows) == []
    assert sorted(diagram.boundaries - all_scenarios.boundaries) == []
