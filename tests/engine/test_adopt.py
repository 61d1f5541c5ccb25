"""`--adopt`: a copy made executable where that is mechanical, and a list of what a person has to decide."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from app import create_app
from app.engine import lint
from app.engine.adopting import Change, adopt
from app.engine.adopting_words import translated
from app.engine.lint.bundle import BPMN
from app.engine.xml import SourceFile
from tests.conftest import cheap_settings

from .conftest import DIAGRAMS
from .drawing import diagram, element, flow, line, path, properties, timer, user_task
from .test_lint_mutations import SAMPLES, mutated, mutation

FOREIGN = DIAGRAMS / "foreign"
Check = Callable[..., Result]


@pytest.fixture
def check(tmp_path: Path) -> Iterator[Check]:
    application: Flask = create_app(cheap_settings(tmp_path / "data"), web=False)
    with application.app_context():
        yield lambda *words: application.test_cli_runner().invoke(args=["processes", "check", *map(str, words)])


def copy_of(source: SourceFile) -> tuple[SourceFile, dict[str, list[Change]]]:
    adopted = adopt(source)
    assert adopted is not None
    changes: dict[str, list[Change]] = {}
    for change in adopted.changes:
        changes.setdefault(change.element, []).append(change)
    return SourceFile("bpmn", source.name, adopted.content), changes


def errors(file: SourceFile) -> set[tuple[str, str]]:
    return {(each.element, each.rule) for each in lint.problems([file]) if each.severity == "error"}


def foreign(name: str) -> SourceFile:
    return SourceFile("bpmn", f"{name}.bpmn", (FOREIGN / f"{name}.bpmn").read_bytes())


def test_a_diagram_that_was_only_not_executable_passes_afterwards() -> None:
    source = diagram(*line(element("intermediateCatchEvent", "x", timer("timeDuration", "PT4H"))), executable="false")
    copy, changes = copy_of(source)

    assert errors(source) == {("p", "not-executable"), ("x", "timer")}
    assert errors(copy) == set()
    assert set(changes) == {"p", "x"}
    assert not any(change.left for each in changes.values() for change in each)


def test_a_choice_gets_a_default_and_placeholders_that_are_left_to_a_person() -> None:
    copy, changes = copy_of(foreign("bpmn_io"))
    root = etree.fromstring(copy.content)

    gateway = root.find(f".//{BPMN}exclusiveGateway")
    assert gateway is not None
    assert gateway.get("default") == "f4"
    assert root.findtext(f".//{BPMN}sequenceFlow[@id='f3']/{BPMN}conditionExpression") == "False"
    assert changes["f3"][0].left == "Write the condition (it is called “yes”)."
    assert {("f3", "to-do"), ("Known", "to-do"), ("Wait", "to-do"), ("Think", "to-do")} <= errors(copy)
    assert not errors(copy) & {("Process_1", "not-executable"), ("f3", "missing-condition"), ("Think", "plain-task")}


def test_the_only_flow_without_a_condition_is_the_default_without_asking() -> None:
    source = diagram(
        element("startEvent", "s"),
        element("exclusiveGateway", "g"),
        element("endEvent", "e"),
        element("endEvent", "f"),
        path("s", "g", "f"),
        flow("g", "e", "1 == 1"),
    )
    copy, changes = copy_of(source)

    assert errors(copy) == set()
    assert [change.left for change in changes["g"]] == [""]


def test_what_camunda_said_is_kept_where_we_have_the_same() -> None:
    copy, changes = copy_of(foreign("camunda8"))
    text = copy.content.decode()

    assert 'calledElement="shipping"' in text
    assert "calledDecisionId>rating<" in text
    assert 'name="candidate_teams" value="[\'sales\']"' in text
    assert 'rating == "A"' in text
    assert '"PT4H"' in text
    assert "zeebe:" not in text
    assert any("calledDecision decisionId=rating resultVariable=rating" in each.done for each in changes["rate"])


def test_data_goes_with_its_shape_and_the_rest_of_the_layout_stays() -> None:
    text = copy_of(foreign("signavio"))[0].content.decode()

    assert "sid-store" not in text
    assert 'bpmnElement="sid-send"' in text
    assert '<omgdc:Bounds height="80" width="100" x="200" y="90"' in text


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        ("a == 1", "a == 1"),
        ("${a == 'x' && !b}", "a == 'x' and not b"),
        ('=a = "x = y"', 'a == "x = y"'),
        ("=a >= 3 and b != 4", "a >= 3 and b != 4"),
        ("#{ok == true || gone == null}", "ok == True or gone == None"),
        ("stock ok", None),
        ('=count(list)[item > 3]"', None),
    ],
)
def test_expressions_are_translated_where_it_is_a_matter_of_spelling(written: str, ours: str | None) -> None:
    assert translated(written) == ours


def test_nothing_is_ever_overwritten(check: Check, tmp_path: Path) -> None:
    source = tmp_path / "bizagi.bpmn"
    before = (FOREIGN / "bizagi.bpmn").read_bytes()
    source.write_bytes(before)

    for _ in range(2):
        result = check(source, "--adopt")
        assert result.exit_code == 1
        assert "Id_f3 has a placeholder for its condition. Left to you: Write the condition" in result.output
        assert "Id_task  error  repetition" in result.output
    check(source, "--adopt", "--into", tmp_path)

    assert source.read_bytes() == before
    assert sorted(path.name for path in tmp_path.glob("*.bpmn")) == [
        "bizagi-2.bpmn",
        "bizagi.adopted-2.bpmn",
        "bizagi.adopted.bpmn",
        "bizagi.bpmn",
    ]


def test_the_copies_go_into_a_folder_and_json_stays_json(check: Check, tmp_path: Path) -> None:
    result = check(FOREIGN / "camunda7.bpmn", "--adopt", "--into", tmp_path / "new" / "folder", "--json")

    assert result.stdout.startswith("[")
    assert "archive has lost settings of another tool: delegateExpression=${archiveService}." in result.stderr
    assert (tmp_path / "new" / "folder" / "camunda7.bpmn").exists()


@pytest.mark.parametrize("name", ["one_task", "boundary_timers", "event_gateway"])
def test_our_own_diagrams_need_no_copy(name: str) -> None:
    assert copy_of(SourceFile("bpmn", name, (DIAGRAMS / f"{name}.bpmn").read_bytes()))[1] == {}


def test_a_property_that_stands_there_twice_is_set_in_both_places() -> None:
    """The last one counts, whichever was found first."""
    empty = properties(form="work", variableName="", candidate_role="agent").replace("bpmn:extensionElements", "x")
    inside = empty.removeprefix("<x>").removesuffix("</x>")
    task = user_task("x").replace("</bpmn:extensionElements>", f"{inside}</bpmn:extensionElements>")

    adopted = adopt(diagram(*line(task)))

    assert adopted is not None
    assert b'value=""' not in adopted.content


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from([path for path in SAMPLES if path.suffix == ".bpmn"]),
    mutations=st.lists(mutation, min_size=1, max_size=4),
)
def test_any_diagram_can_be_adopted_and_nothing_is_left_to_do_the_second_time(
    app: Flask, path: Path, mutations: list[tuple[str, int, int, str, str]]
) -> None:
    adopted = adopt(SourceFile("bpmn", path.name, mutated(path.read_bytes(), mutations)))
    if adopted is None:
        return
    again = adopt(SourceFile("bpmn", path.name, adopted.content))
    assert again is not None

    assert lint.problems([SourceFile("bpmn", path.name, adopted.content)]) is not None
    assert not [change for change in again.changes if "id" not in change.done and "form" not in change.done]
