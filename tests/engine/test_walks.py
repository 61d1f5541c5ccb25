"""Our engine against the untouched library on random diagrams, and fixed traces where the library is wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import clock
from bench.walks.blocks import Block, Boundary, Plan
from bench.walks.drawing import draw
from bench.walks.sides import Desk, compile_for_desk
from bench.walks.walking import BEGIN, walk

HOUR = timedelta(hours=1)


@settings(max_examples=120, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(min_value=0, max_value=20_000))
def test_a_walk_goes_as_with_the_library(seed: int) -> None:
    assert walk(seed) is None


def test_an_and_join_in_a_loop_counts_only_its_own_round() -> None:
    again = Block("loop", "l1", [sequence(Block("and", "a1", [user("t1"), user("t2")]))], expressions=["l1 &lt; 150"])
    desk = begin(sequence(again, user("t3")), l1=0)
    for number in range(1, 151):
        assert open_tasks(desk) == ["t1", "t2"]
        first, second = ("t1", "t2") if number % 2 else ("t2", "t1")
        complete(desk, first, number)
        assert open_tasks(desk) == [second]
        complete(desk, second, number)
    assert open_tasks(desk) == ["t3"]
    assert variables(desk) == {"l1": 0, "t1": 150, "t2": 150}
    assert len(desk.workflow.tasks) < 40


def test_an_event_on_a_branch_of_a_join_in_a_loop_leaves_the_join_alone() -> None:
    watched = user("t1", Boundary("e1", "message", False, sequence(user("t4"))))
    again = Block("loop", "l1", [sequence(Block("and", "a1", [watched, user("t2")]))], expressions=["l1 &lt; 2"])
    desk = begin(sequence(again, user("t3")), l1=0)
    for _ in range(2):
        with clock.frozen(BEGIN):
            desk.deliver("msg_e1", {"text": "hello"})
        complete(desk, "t1", 1)
        complete(desk, "t2", 1)
    # What the messages started goes on beside the main line, once for each round.
    assert open_tasks(desk) == ["t3", "t4", "t4"]


def test_the_join_of_parallel_branches_keeps_what_only_one_of_them_changed() -> None:
    desk = begin(sequence(Block("and", "a1", [user("t1"), user("t2")]), user("t3")), t1=0, t2=0)
    complete(desk, "t1", 5)
    complete(desk, "t2", 7)
    assert variables(desk) == {"t1": 5, "t2": 7}


def test_of_two_overdue_timers_on_one_task_the_earlier_wins() -> None:
    late = Boundary("e1", "timer", True, sequence(user("t2")))
    early = Boundary("e2", "timer", True, sequence(user("t3")))
    desk = begin(sequence(user("t1", late, early)), minutes={"e1": 120, "e2": 60})
    pass_time(desk, 5 * HOUR)
    assert open_tasks(desk) == ["t3"]


def test_a_repetition_overdue_by_several_rounds_fires_once() -> None:
    reminder = Boundary("e1", "cycle", False, sequence(Block("script", "s1", expressions=["s1 + 1"]), user("t2")))
    desk = begin(sequence(user("t1", reminder)), minutes={"e1": 60}, s1=0)
    pass_time(desk, 2.5 * HOUR)
    assert open_tasks(desk) == ["t1", "t2"]
    # The third and last round is still to come.
    pass_time(desk, 3.5 * HOUR)
    assert open_tasks(desk) == ["t1", "t2", "t2"]
    pass_time(desk, 9 * HOUR)
    assert open_tasks(desk) == ["t1", "t2", "t2"]


def test_a_repetition_may_lead_straight_into_parallel_branches() -> None:
    reminder = Boundary("e1", "cycle", False, sequence(Block("and", "a1", [user("t2"), user("t3")])))
    desk = begin(sequence(user("t1", reminder)), minutes={"e1": 60})
    pass_time(desk, 1.5 * HOUR)
    assert open_tasks(desk) == ["t1", "t2", "t3"]


def test_rounds_of_a_repetition_that_run_at_the_same_time_each_join_their_own_branches() -> None:
    both = Block("and", "a1", [user("t2"), user("t3")])
    desk = begin(sequence(user("t1", Boundary("e1", "cycle", False, sequence(both, user("t4"))))), minutes={"e1": 60})
    pass_time(desk, 1.5 * HOUR)
    complete(desk, "t3", 1)
    pass_time(desk, 2.5 * HOUR)
    complete(desk, "t3", 2)
    assert open_tasks(desk) == ["t1", "t2", "t2"]

    complete(desk, "t2", 1)
    assert open_tasks(desk) == ["t1", "t2", "t4"]
    complete(desk, "t2", 2)
    assert open_tasks(desk) == ["t1", "t4", "t4"]


def test_several_instances_may_stand_behind_an_event() -> None:
    asked = Boundary("e1", "message", True, sequence(Block("instances", "m1", count=2)))
    desk = begin(sequence(user("t1", asked), user("t2")))
    with clock.frozen(BEGIN):
        desk.deliver("msg_e1", {"text": "hello"})
    assert open_tasks(desk) == ["m1", "m1"]
    complete(desk, "m1", 1)
    complete(desk, "m1", 2)
    assert open_tasks(desk) == ["t2"]


def sequence(*parts: Block) -> Block:
    return Block("sequence", "", list(parts))


def user(name: str, *boundaries: Boundary) -> Block:
    return Block("user", name, boundaries=list(boundaries))


def begin(main: Block, minutes: dict[str, int] | None = None, **variables: int) -> Desk:
    plan = Plan(Block("sub", "p", [main]), set(), set(), minutes or {}, variables)
    desk = Desk(compile_for_desk(draw(plan, for_library=False), "p"), {})
    with clock.frozen(BEGIN):
        desk.start(dict(variables))
    return desk


def complete(desk: Desk, name: str, answer: Any) -> None:
    with clock.frozen(BEGIN):
        desk.complete(open_tasks(desk).index(name), {name: answer})


def pass_time(desk: Desk, length: timedelta) -> None:
    with clock.frozen(BEGIN + length):
        desk.fire_due()


def open_tasks(desk: Desk) -> list[str]:
    return [name for name, _ in desk.seen().ready]


def variables(desk: Desk) -> dict[str, Any]:
    return dict(desk.tasks()[0].data)
