"""Paths that part, meet again and end: what a join waits for, what is left of the data, and when nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from app.engine import interventions, service
from app.engine.models import ProcessInstance

from .conftest import Desk
from .drawing import diagram, element, flow, path, timer, user_task

Later = Callable[..., datetime]


def script(name: str, text: str) -> str:
    return element("scriptTask", name, f"<bpmn:script>{text}</bpmn:script>")


def test_branches_may_share_elements_on_the_way_to_their_join(desk: Desk) -> None:
    """Both are reviewed by the same task; one goes to the join through another element."""
    drawn = diagram(
        element("startEvent", "s"),
        element("parallelGateway", "split"),
        script("a", "side = 1"),
        script("b", "side = 2"),
        element("exclusiveGateway", "both"),
        user_task("review"),
        element("exclusiveGateway", "which", default="which_join"),
        script("more", "extra = 1"),
        element("parallelGateway", "join"),
        user_task("after"),
        element("endEvent", "e"),
        path("s", "split", "a", "both", "review", "which", "join", "after", "e"),
        path("split", "b", "both"),
        flow("which", "more", "side == 1"),
        path("more", "join"),
    )
    desk.draw(drawn)

    desk.complete("review")
    assert desk.open() == ["review"]
    desk.complete("review")

    assert desk.open() == ["after"]


def stranding() -> tuple[str, ...]:
    """One branch may end before the join that waits for it."""
    return (
        element("startEvent", "s"),
        element("parallelGateway", "split"),
        user_task("a"),
        user_task("b"),
        element("exclusiveGateway", "give_up", default="give_up_join"),
        element("parallelGateway", "join"),
        user_task("after"),
        element("endEvent", "e"),
        element("endEvent", "given_up"),
        path("s", "split", "a", "join", "after", "e"),
        path("split", "b", "give_up", "join"),
        flow("give_up", "given_up", 'work.note == "no"'),
    )


def strand(desk: Desk) -> ProcessInstance:
    instance = desk.draw(diagram(*stranding()))
    desk.complete("a")
    desk.complete("b", note="no")
    return instance


def test_an_instance_that_nothing_can_move_on_says_so(desk: Desk, recorded: Callable[[str], list[object]]) -> None:
    instance = strand(desk)

    assert (instance.state, instance.stalled_element) == ("stalled", "join")
    assert instance.stalled_reason == (
        "It waits for a branch that will not come: nothing is left in this process that could move it on."
    )
    assert len(recorded("InstanceStalled")) == 1


def test_a_branch_that_comes_after_all_lets_it_go_on(desk: Desk) -> None:
    instance = desk.draw(diagram(*stranding()))
    desk.complete("a")
    assert instance.state == "running"
    desk.complete("b", note="yes")

    assert desk.open() == ["after"]


def test_trying_again_changes_nothing_until_somebody_moves_it(desk: Desk) -> None:
    instance = strand(desk)

    service.retry(desk.session, instance, by_id=1)
    assert (instance.state, instance.stalled_element) == ("stalled", "join")

    interventions.move(desk.session, instance, start="after", cancel="join", reason="It was given up.", by_id=None)
    assert (instance.state, instance.stalled_reason, desk.open()) == ("running", None, ["after"])
    desk.complete("after")
    assert instance.state == "completed"


def test_what_was_taken_from_a_join_does_not_meet_who_comes_later(desk: Desk) -> None:
    instance = desk.draw(diagram(*stranding()))
    desk.complete("a")
    interventions.move(desk.session, instance, cancel="join", reason="Not this one.", by_id=None)

    desk.complete("b", note="yes")

    assert (instance.state, instance.stalled_element, desk.open()) == ("stalled", "join", [])


def repeating(work: str) -> str:
    """A task that is reminded of each hour, and what a reminder begins."""
    reminder = element(
        "boundaryEvent",
        "hourly",
        timer("timeCycle", '"R3/PT1H"'),
        attachedToRef="x",
        cancelActivity="false",
    )
    return (
        user_task("x") + reminder + user_task(work) + element("endEvent", "reminded") + path("hourly", work, "reminded")
    )


def test_what_a_repetition_began_goes_on_when_its_activity_ends(desk: Desk, later: Later) -> None:
    drawn = diagram(element("startEvent", "s"), repeating("look"), element("endEvent", "e"), path("s", "x", "e"))
    instance = desk.draw(drawn)
    for _ in range(2):
        later(hours=1)
        desk.fire_due()
    assert desk.open() == ["x", "look", "look"]

    desk.complete("x")

    assert (desk.open(), desk.timers()) == (["look", "look"], {})
    for _ in range(2):
        desk.complete("look")
    assert instance.state == "completed"


def test_ends_leave_alone_what_their_path_did_not_change(desk: Desk) -> None:
    """The sub-process ends twice; the last end must not bring back what the first has changed."""
    inside = "".join(
        (
            element("startEvent", "is"),
            element("parallelGateway", "split"),
            script("sets", "value = 'new'"),
            user_task("waits"),
            element("endEvent", "first"),
            element("endEvent", "last"),
            path("is", "split", "sets", "first"),
            path("split", "waits", "last"),
        )
    )
    drawn = diagram(
        element("startEvent", "s"),
        script("before", "value = 'old'"),
        element("subProcess", "sub", inside),
        user_task("after"),
        element("endEvent", "e"),
        path("s", "before", "sub", "after", "e"),
    )
    instance = desk.draw(drawn)

    desk.complete("waits")

    assert desk.open() == ["after"]
    assert desk.variables(instance)["value"] == "new"
