"""Elements that are done several times: what each round leaves to the next, and what is no number or list."""

from __future__ import annotations

from typing import Any

import pytest

from app.engine.budgets import MAX_PARALLEL_INSTANCES, MAX_ROUNDS

from .conftest import Desk
from .drawing import FORM, diagram, element, errors, flow, line, path, properties, table, user_task


def script(name: str, text: str, inside: str = "") -> str:
    return element("scriptTask", name, f"{inside}<bpmn:script>{text}</bpmn:script>")


def several(
    count: str = "",
    items: str = "",
    item: str = "",
    gives: str = "",
    result: str = "",
    one_by_one: bool = False,
) -> str:
    """The marker of a multi-instance element."""
    inside = f"<bpmn:loopCardinality>{count}</bpmn:loopCardinality>" if count else ""
    inside += f"<bpmn:loopDataInputRef>{items}</bpmn:loopDataInputRef>" if items else ""
    inside += f"<bpmn:loopDataOutputRef>{result}</bpmn:loopDataOutputRef>" if result else ""
    inside += f'<bpmn:inputDataItem id="{item}" />' if item else ""
    inside += f'<bpmn:outputDataItem id="{gives}" />' if gives else ""
    sequential = str(one_by_one).lower()
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}">{inside}'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )


def loop(condition: str) -> str:
    return (
        f"<bpmn:standardLoopCharacteristics><bpmn:loopCondition>{condition}</bpmn:loopCondition>"
        "</bpmn:standardLoopCharacteristics>"
    )


def test_a_loop_that_takes_from_a_list_ends_when_it_is_empty(desk: Desk) -> None:
    takes = script("x", "seen = seen + [left[0]]\nleft = left[1:]", loop("len(left) &gt; 0"))
    instance = desk.draw(diagram(properties(variables="left, seen"), *line(takes)), left=[1, 1, 2], seen=[])

    assert instance.state == "completed"
    assert desk.variables(instance) == {"left": [], "seen": [1, 1, 2]}


@pytest.mark.parametrize("one_by_one", [True, False])
def test_each_instance_has_its_item_and_none_of_it_is_left(desk: Desk, one_by_one: bool) -> None:
    adds = script(
        "x", "notes = notes + each if each else notes", several(items="all", item="each", one_by_one=one_by_one)
    )
    drawn = diagram(properties(variables="all, notes"), *line(adds))
    instance = desk.draw(drawn, all=["a", None, "b"], notes="")

    assert instance.state == "completed"
    # At once, each adds to what was there before them all.
    assert desk.variables(instance) == {"all": ["a", None, "b"], "notes": "ab" if one_by_one else "b"}


def test_instances_at_once_leave_alone_what_they_did_not_change(desk: Desk) -> None:
    sets = script(
        "x", "if each == 1:\n    first = 'changed'\nelse:\n    second = 'changed'", several(items="all", item="each")
    )
    drawn = diagram(properties(variables="all, first, second"), *line(sets))
    instance = desk.draw(drawn, all=[1, 2], first="old", second="old")

    assert desk.variables(instance) == {"all": [1, 2], "first": "changed", "second": "changed"}


@pytest.mark.parametrize("one_by_one", [True, False])
def test_results_are_gathered_anew_each_time(desk: Desk, one_by_one: bool) -> None:
    marker = several(items="all", item="each", gives="double", result="doubles", one_by_one=one_by_one)
    drawn = diagram(
        properties(variables="all"),
        element("startEvent", "s"),
        script("x", "double = each * 2", marker),
        user_task("look"),
        element("exclusiveGateway", "more", default="more_e"),
        element("endEvent", "e"),
        path("s", "x", "look", "more", "e"),
        flow("more", "x", 'work.note == "again"'),
    )
    instance = desk.draw(drawn, all=[1, 2, 3])
    assert desk.variables(instance)["doubles"] == [2, 4, 6]

    desk.complete("look", note="again")

    assert desk.open() == ["look"]
    assert desk.variables(instance)["doubles"] == [2, 4, 6]


def test_results_may_stand_in_a_list_that_is_there_already(desk: Desk) -> None:
    marker = several(count="2", gives="double", result="doubles")
    drawn = diagram(properties(variables="doubles"), *line(script("x", "double = 2", marker)))
    instance = desk.draw(drawn, doubles=["old"])

    assert desk.variables(instance)["doubles"] == [2, 2]


@pytest.mark.parametrize("one_by_one", [True, False])
@pytest.mark.parametrize("count", [-1, 1.5, "three", None, True])
def test_a_count_that_is_none_stalls_with_a_clear_reason(desk: Desk, count: Any, one_by_one: bool) -> None:
    drawn = diagram(
        properties(variables="many"), *line(script("x", "a = 1", several(count="many", one_by_one=one_by_one)))
    )

    instance = desk.draw(drawn, many=count)

    assert instance.stalled_element == "x"
    assert (instance.stalled_reason or "").startswith("How many must be a whole number from 0 on, not ")


@pytest.mark.parametrize("one_by_one", [True, False])
@pytest.mark.parametrize(("value", "said"), [(None, "nothing (None)"), ("abc", "text"), (5, "a number")])
def test_what_is_no_list_stalls_with_a_clear_reason(desk: Desk, value: Any, said: str, one_by_one: bool) -> None:
    marker = several(items="all", item="each", one_by_one=one_by_one)
    drawn = diagram(properties(variables="all"), *line(script("x", "a = each", marker)))

    instance = desk.draw(drawn, all=value)

    assert instance.stalled_reason == f"`all` should be a list to go through, not {said}."


@pytest.mark.parametrize(("one_by_one", "most"), [(False, MAX_PARALLEL_INSTANCES), (True, MAX_ROUNDS)])
def test_more_than_may_be_opened_stalls(desk: Desk, one_by_one: bool, most: int) -> None:
    drawn = diagram(
        properties(variables="all"),
        *line(script("x", "a = 1", several(items="all", one_by_one=one_by_one))),
    )

    instance = desk.draw(drawn, all=[0] * (most + 1))

    assert f"at most {most} may be opened" in (instance.stalled_reason or "")


def test_a_list_that_is_changed_while_it_is_gone_through_stalls(desk: Desk) -> None:
    takes = script("x", "items = []", several(items="items", item="each", one_by_one=True))

    instance = desk.draw(diagram(properties(variables="items"), *line(takes)), items=[1, 2])

    assert instance.stalled_reason == "`items` was changed while it was gone through."


def test_a_table_that_is_asked_again_answers_anew(desk: Desk) -> None:
    called = "<spiffworkflow:calledDecisionId>routing</spiffworkflow:calledDecisionId>"
    drawn = diagram(
        properties(variables="kind"),
        element("startEvent", "s"),
        element("businessRuleTask", "ask", f"<bpmn:extensionElements>{called}</bpmn:extensionElements>"),
        user_task("look"),
        script("other", "kind = 2"),
        element("endEvent", "e"),
        element("exclusiveGateway", "more", default="more_e"),
        path("s", "ask", "look", "more", "e"),
        flow("more", "other", 'work.note == "again"'),
        path("other", "ask"),
    )
    asked = table((["1"], ["'first'"]), (["2"], ["'second'"]), policy="COLLECT", inputs=("kind",), outputs=("teams",))
    instance = desk.draw(drawn, asked, kind=1)
    assert desk.variables(instance)["teams"] == ["first"]

    desk.complete("look", note="again")

    assert desk.variables(instance)["teams"] == ["second"]


@pytest.mark.parametrize(
    "marker",
    [
        several(),
        several(count="1.5"),
        several(count="'many'"),
        several(count=str(MAX_PARALLEL_INSTANCES + 1)),
        several(count=str(MAX_ROUNDS + 1), one_by_one=True),
        several(count="2", items="known"),
        several(items="unknown"),
        several(items="known", gives="unknown", result="results"),
        loop("known") + several(count="2"),
        "<bpmn:standardLoopCharacteristics />",
        '<bpmn:standardLoopCharacteristics loopMaximum="many" />',
        '<bpmn:standardLoopCharacteristics loopMaximum="0" />',
        f'<bpmn:standardLoopCharacteristics loopMaximum="{MAX_ROUNDS + 1}" />',
    ],
)
def test_a_repetition_that_cannot_be_run_is_refused(marker: str) -> None:
    drawn = diagram(properties(variables="known"), *line(script("x", "a = 1", marker)))

    assert ("x", "repetition") in errors(drawn, FORM)


@pytest.mark.parametrize(
    "marker",
    [
        several(count="2"),
        several(count="known"),
        several(count=str(MAX_ROUNDS), one_by_one=True),
        several(items="known", item="each", gives="a", result="results"),
        loop("known"),
        '<bpmn:standardLoopCharacteristics loopMaximum="3" />',
    ],
)
def test_a_repetition_that_can_be_run_is_left_alone(marker: str) -> None:
    drawn = diagram(properties(variables="known"), *line(script("x", "a = 1", marker)))

    assert errors(drawn, FORM) == set()
