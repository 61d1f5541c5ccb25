"""Every way through the ticket's diagram, as stories of what people do and what time does.

The world: a silver contract, so a normal request is answered within 4 and solved within 27 working hours, with a
warning at three quarters. It begins on Wednesday, 18 November 2026, at 10:00.
"""

from __future__ import annotations

from app import clock
from app.tickets import service as tickets
from tests.diagrams.coverage import Taken, drawn
from tests.diagrams.story import Story, is_about, local

PROCESS, DIAGRAM = "ticket_lifecycle", "ticket-lifecycle.bpmn"

TEAM = {"Ana": 1, "Dan": 1, "Lia": 1, "Vera": 1}


def test_from_the_first_message_to_a_confirmed_solution(story: Story) -> None:
    story.opened()
    assert story.told("received") == {"Ioana": 1}
    assert story.told("team_new") == TEAM
    assert story.open_tasks() == ["take_over"]

    story.taken_over()
    assert story.ticket.assignee is story.ana
    assert story.ticket.state_key == "in_progress"
    assert story.open_tasks() == ["work"]

    story.worked("answer", reply="Is it only hall B?").worked("solved", reply="The switch is back.")
    assert story.ticket.state_key == "resolved"
    assert story.replies() == ["Is it only hall B?", "The switch is back."]
    assert story.told("solved") == {"Ioana": 1}

    story.customer_confirms()
    assert story.ticket.state_key == "closed"
    assert story.told("closed_silent") == {}
    assert story.is_over()


def test_a_request_can_be_given_to_a_colleague(story: Story) -> None:
    story.opened().does("take_over", story.ana, outcome="colleague", person=story.dan.id)

    assert story.ticket.assignee is story.dan
    assert story.task("work").assignee_id == story.dan.id


def test_the_response_clock_stops_with_the_reply_and_starts_with_the_next_message(story: Story) -> None:
    story.opened().taken_over()
    assert is_about(story.clock("response").due_at, local(2026, 11, 18, 14))
    first = story.clock("response")

    story.until(local(2026, 11, 18, 11)).worked("answer")
    assert story.clock("response").mood == "met"
    assert story.clock("response").id == first.id
    # Nothing is due while nobody waits for an answer.
    assert story.timer("response_late").due_at.year == 9999

    story.until(local(2026, 11, 18, 15)).customer_writes()
    assert story.clock("response").mood == "ok"
    assert story.clock("response").id != first.id
    assert is_about(story.clock("response").due_at, local(2026, 11, 19, 10))
    assert story.timer("response_late").due_at == story.clock("response").due_at
    assert story.told("response_soon") == {}


def test_a_second_message_while_the_first_is_unanswered_moves_no_deadline(story: Story) -> None:
    story.opened().taken_over()
    before = story.clock("response"), story.timer("response_late").due_at

    story.until(local(2026, 11, 18, 12)).customer_writes("Hello?").customer_writes("Anybody?")

    assert (story.clock("response").id, story.clock("response").due_at) == (before[0].id, before[0].due_at)
    assert story.timer("response_late").due_at == before[1]


def test_each_round_warns_and_alerts_anew(story: Story) -> None:
    """A deadline that fired belongs to its round; the next message of the customer has deadlines of its own."""
    story.opened().taken_over().until_fires("response_late")
    assert story.told("response_soon") == {"Ana": 1}
    assert story.told("response_overdue") == {"Ana": 1, "Lia": 1, "Rita": 1, "Mara": 1}

    story.worked("answer").customer_writes().until_fires("response_late")

    assert story.told("response_soon") == {"Ana": 2}
    assert story.told("response_overdue") == {"Ana": 2, "Lia": 2, "Rita": 2, "Mara": 2}


def test_waiting_for_the_customer_pauses_the_solution_and_an_answer_resumes_it(story: Story) -> None:
    story.opened().taken_over().until(local(2026, 11, 18, 11)).worked("ask", reply="Which switch?")
    assert story.ticket.state_key == "waiting_customer"
    assert story.clock("resolution").state == "paused"
    assert story.timer("resolution_late").due_at.year == 9999
    assert story.open_tasks() == []

    story.until(local(2026, 11, 19, 11)).customer_writes("The grey one.")
    assert story.ticket.state_key == "in_progress"
    assert story.task("work").assignee_id == story.ana.id
    assert story.clock("resolution").state == "running"
    # A whole working day of waiting: the deadline has moved from Monday to Tuesday.
    assert is_about(story.clock("resolution").due_at, local(2026, 11, 24, 10))
    assert story.timer("resolution_late").due_at == story.clock("resolution").due_at
    # Their answer waits for ours.
    assert story.clock("response").mood == "ok"
    assert story.timer("response_late").due_at == story.clock("response").due_at


def test_a_silent_customer_is_reminded_once_and_may_still_answer(story: Story) -> None:
    story.opened().taken_over().worked("ask")
    assert is_about(story.timer("two_days").due_at, local(2026, 11, 20, 10))

    story.until_fires("two_days")
    assert story.told("reminder") == {"Ioana": 1}

    story.customer_writes("Sorry, I was away.")
    assert story.open_tasks() == ["work"]
    assert story.ticket.state_key == "in_progress"
    assert not story.waits_for("five_days")


def test_silence_closes_the_request_without_a_solution(story: Story) -> None:
    story.opened().taken_over().worked("ask").until_fires("two_days")
    # Five working days after the reminder; the sixth day of the week is a Friday.
    assert is_about(story.timer("five_days").due_at, local(2026, 11, 27, 10))

    story.until_fires("five_days")

    assert story.told("reminder") == {"Ioana": 1}
    assert story.told("closed_silent") == {"Ioana": 1}
    assert story.told("solved") == {}
    assert story.ticket.state_key == "closed"
    assert story.ticket.resolved_at is None
    assert story.is_over()


def test_a_customer_who_writes_after_the_solution_reopens_the_request(story: Story) -> None:
    story.opened().taken_over().worked("solved")
    met = story.clock("resolution")
    assert met.mood == "met"

    story.until(local(2026, 11, 18, 14)).customer_writes("It is gone again.")

    assert story.ticket.state_key == "in_progress"
    assert story.task("work").assignee_id == story.ana.id
    assert story.told("received") == {"Ioana": 1}
    # The same clock goes on, and so do its deadlines.
    assert (story.clock("resolution").id, story.clock("resolution").state) == (met.id, "running")
    assert story.timer("resolution_late").due_at == story.clock("resolution").due_at
    assert story.clock("response").mood == "ok"
    assert story.timer("response_late").due_at == story.clock("response").due_at


def test_a_customer_reopens_in_the_portal(story: Story) -> None:
    """The button says that something is wrong before the message says what; the process hears both."""
    story.opened().taken_over().worked("solved").customer_reopens().customer_writes("Hall C is dark too.")

    assert story.ticket.state_key == "in_progress"
    assert story.passed("reopen") == 1
    assert story.open_tasks() == ["work"]

    story.worked("solved").customer_confirms()
    assert story.told("solved") == {"Ioana": 2}
    assert story.is_over()


def test_silence_after_the_solution_closes_the_request(story: Story) -> None:
    story.opened().taken_over().worked("solved")
    assert is_about(story.timer("silence_after").due_at, local(2026, 11, 25, 10))

    story.until_fires("silence_after")

    assert story.told("closed_silent") == {"Ioana": 1}
    assert story.ticket.state_key == "closed"
    assert story.ticket.resolved_at is not None
    assert story.is_over()


def test_a_cancelled_request_ends_whatever_is_being_done(story: Story) -> None:
    story.opened().taken_over().customer_cancels()

    assert story.told("cancelled") == {"Ioana": 1}
    assert story.ticket.state_key == "cancelled"
    assert story.is_over()
    assert story.clock("resolution").state == "stopped"
    assert story.until(local(2026, 12, 20, 12)).told("resolution_overdue") == {}


def test_with_nobody_acting_each_deadline_fires_once_and_an_escalation_begins(story: Story) -> None:
    story.opened()

    story.until_fires("unassigned_long")
    assert is_about(clock.now(), local(2026, 11, 18, 12))
    assert story.told("unassigned") == {"Lia": 1, "Mara": 1}

    story.until_fires("response_soon")
    assert is_about(clock.now(), local(2026, 11, 18, 13))
    assert story.told("response_soon") == TEAM

    story.until_fires("response_late")
    assert is_about(clock.now(), local(2026, 11, 18, 14))
    assert story.told("response_overdue") == {"Lia": 1, "Rita": 1, "Mara": 1}
    assert story.clock("response").breached_at is not None

    story.until_fires("resolution_soon")
    assert is_about(clock.now(), local(2026, 11, 20, 12, 15))
    assert story.told("resolution_soon") == TEAM
    assert story.escalations() == []

    story.until_fires("resolution_late")
    assert is_about(clock.now(), local(2026, 11, 23, 10))
    assert story.told("resolution_overdue") == {"Lia": 1, "Rita": 1, "Mara": 1}
    assert story.clock("resolution").breached_at is not None
    (escalation,) = story.escalations()
    assert (escalation.kind, escalation.state) == ("overdue", "asked")
    assert story.told("escalation_to_approve") == {"Lia": 1, "Vera": 1}
    assert story.open_tasks() == ["take_over", "decide"]


def test_an_agent_escalates_and_waits_for_the_decision(story: Story) -> None:
    story.opened().taken_over()
    story.worked("escalate", escalation_reason="It is the core router.", escalation_skill="network")
    assert story.ticket.state_key == "escalated"
    assert story.open_tasks() == ["decide"]
    assert story.replies() == []
    # A customer waits just as long while we talk among ourselves.
    assert story.clock("response").state == "running"
    assert story.clock("resolution").state == "running"

    story.does("decide", story.vera, outcome="approve").does("accept", story.dan, outcome="accept")

    assert story.ticket.assignee is story.dan
    assert story.ticket.state_key == "in_progress"
    assert story.task("work").assignee_id == story.dan.id


def test_a_refused_escalation_comes_back_to_the_agent_with_the_reason(story: Story) -> None:
    story.opened().taken_over().worked("escalate")

    story.does("decide", story.vera, outcome="refuse", reason="Try the spare switch first.")

    assert story.notes() == ["Try the spare switch first."]
    assert story.told("escalation_refused") == {"Ana": 1}
    assert story.task("work").assignee_id == story.ana.id
    assert story.ticket.state_key == "in_progress"


def test_an_agent_who_escalates_a_late_request_joins_the_escalation_there_is(story: Story) -> None:
    story.opened().taken_over().until_fires("resolution_late")

    story.worked("escalate", escalation_reason="I am stuck.")

    assert len(story.escalations()) == 1
    assert story.notes() == ["I am stuck."]
    assert story.open_tasks() == ["decide"]
    story.does("decide", story.vera, outcome="refuse", reason="Go on, you are close.")
    assert story.open_tasks() == ["work"]


def test_a_cancelled_request_ends_its_escalation_too(story: Story) -> None:
    story.opened().taken_over().worked("escalate").customer_cancels()

    assert story.escalations()[0].state == "cancelled"
    assert story.open_tasks() == []
    assert story.is_over()


def test_a_solution_ends_an_escalation_that_has_become_pointless(story: Story) -> None:
    story.opened().taken_over().until_fires("resolution_late").worked("solved")

    (escalation,) = story.escalations()
    assert escalation.state == "cancelled"
    assert story.open_tasks() == []


def test_a_higher_priority_moves_open_timers_and_due_times(story: Story) -> None:
    story.opened()
    assert story.task("take_over").due_at == story.clock("response").due_at

    story.until(local(2026, 11, 18, 11)).priority_becomes("high")

    # Silver, high: two hours to answer, sixteen to solve, counted from the beginning.
    assert is_about(story.clock("response").due_at, local(2026, 11, 18, 12))
    assert is_about(story.clock("resolution").due_at, local(2026, 11, 19, 17))
    assert story.timer("response_late").due_at == story.clock("response").due_at
    assert story.timer("resolution_late").due_at == story.clock("resolution").due_at
    assert story.task("take_over").due_at == story.clock("response").due_at

    story.until(local(2026, 11, 18, 12, 1))
    assert story.told("response_overdue") == {"Lia": 1, "Rita": 1, "Mara": 1}
    assert story.told("resolution_soon") == {}


def test_a_request_handed_to_another_team_is_offered_there(story: Story) -> None:
    story.opened()
    network = story.another_team("network", "Nina")

    tickets.assign_to_team(story.session, story.ticket, network, by=story.ana)

    assert story.task("take_over").team_keys == ["network"]


def test_work_handed_to_a_colleague_is_theirs(story: Story) -> None:
    story.opened().taken_over()

    tickets.assign_to_person(story.session, story.ticket, story.dan, by=story.ana)

    assert story.task("work").assignee_id == story.dan.id


def test_a_closed_request_that_comes_back_stays_where_it_was(story: Story) -> None:
    """Its process begins anew; the team that knows it, and the colleague, do not change with that."""
    story.opened().taken_over()
    network = story.another_team("network", "Nina")
    nina = story.members(network)[0]
    tickets.assign_to_team(story.session, story.ticket, network, by=story.ana)
    tickets.assign_to_person(story.session, story.ticket, nina, by=story.ana)
    story.worked("solved").customer_confirms()
    ended = story.instance()

    story.until(local(2026, 11, 19, 13)).customer_writes("It is back.")

    assert story.instance() is not ended
    assert (story.ticket.team, story.ticket.assignee) == (network, nina)
    assert story.open_tasks() == ["work"]
    assert story.clock("response").mood == "ok"
    assert story.timer("response_late").due_at == story.clock("response").due_at


def test_work_that_was_logged_goes_its_own_way(story: Story) -> None:
    """The entry's process is started by the step, and the ticket does not wait for it."""
    story.opened().taken_over().worked("answer", minutes="1:30", note="Changed the switch.")

    assert story.entry().minutes == 90
    assert story.open_tasks() == ["work", "approve_work"]


def test_every_flow_and_boundary_event_was_taken(all_scenarios: Taken) -> None:
    diagram = drawn(DIAGRAM)

    assert sorted(diagram.flows.keys() - all_scenarios.flows) == []
    assert sorted(diagram.boundaries - all_scenarios.boundaries) == []
