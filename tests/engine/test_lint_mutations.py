"""Whatever is done to a diagram, lint ends in a list of problems; what passes runs without an error of the engine's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy.orm import Session

from app.config import ROOT
from app.engine import definitions, lint, service
from app.engine.lint.bundle import BPMN
from app.engine.xml import SourceFile
from app.errors import InvalidInput

from .conftest import DIAGRAMS, Desk

SAMPLES = sorted(
    path
    for folder in (ROOT / "processes", ROOT / "forms", DIAGRAMS, DIAGRAMS / "foreign")
    for path in folder.iterdir()
    if path.suffix in definitions.KINDS
)
# Those that a test of the engine can start about a thing.
RUNNABLE = sorted(
    path for path in DIAGRAMS.glob("*.bpmn") if path.stem not in {"too_large", "too_many", "endless_loop"}
)
KINDS = """
task userTask manualTask serviceTask sendTask receiveTask scriptTask businessRuleTask callActivity subProcess
transaction adHocSubProcess exclusiveGateway inclusiveGateway parallelGateway eventBasedGateway complexGateway
startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent timerEventDefinition
messageEventDefinition signalEventDefinition errorEventDefinition escalationEventDefinition cancelEventDefinition
terminateEventDefinition linkEventDefinition timeDate timeDuration timeCycle sequenceFlow
"""
TAGS = tuple(KINDS.split())
VALUES = ("", "true", "false", "0", "x y", "Start", "End", '"PT1H"', "R3/PT1H", "1 +", "None", "x" * 300, "ț", "-1")
# How an exception that nobody foresaw ends up in an instance.
OWN_ERROR = re.compile(r"^[A-Za-z]*(Error|Exception)\b")

mutation = st.tuples(
    st.sampled_from(("drop", "twice", "rename", "attribute", "take attribute", "text", "swap", "move")),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.sampled_from(TAGS),
    st.sampled_from(VALUES),
)


def mutated(content: bytes, mutations: list[tuple[str, int, int, str, str]]) -> bytes:
    """An XML file after some changes to its elements, the layout left out."""
    root = etree.fromstring(content)
    for kind, first, second, tag, value in mutations:
        inside = [each for each in root.iter(etree.Element) if each is not root]
        inside = [each for each in inside if "/DI" not in each.tag and "/DC" not in each.tag]
        if not inside:
            break
        one, other = inside[first % len(inside)], inside[second % len(inside)]
        parent = one.getparent()
        assert parent is not None
        if kind == "drop":
            parent.remove(one)
        elif kind == "twice":
            parent.append(etree.fromstring(etree.tostring(one)))
        elif kind == "rename":
            one.tag = f"{BPMN}{tag}"
        elif kind == "attribute" and one.attrib:
            one.set(sorted(one.attrib)[second % len(one.attrib)], value)
        elif kind == "take attribute" and one.attrib:
            del one.attrib[sorted(one.attrib)[second % len(one.attrib)]]
        elif kind == "text":
            one.text = value
        elif kind == "swap" and one.attrib and other.attrib:
            name = sorted(one.attrib)[second % len(one.attrib)]
            one.set(name, other.get("id") or value)
        elif kind == "move" and one not in other.iterancestors() and one is not other:
            other.append(one)
    return etree.tostring(root)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(SAMPLES),
    cuts=st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 400), st.binary(max_size=6)), max_size=3),
)
def test_any_bytes_end_in_a_list_of_problems(app: object, path: Path, cuts: list[tuple[int, int, bytes]]) -> None:
    content = path.read_bytes()
    for start, length, put in cuts:
        start %= len(content) or 1
        content = content[:start] + put + content[start + length :]
    found = lint.problems([SourceFile(definitions.KINDS[path.suffix], path.name, content)])

    assert isinstance(found, list)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from([path for path in SAMPLES if path.suffix != ".form"]),
    mutations=st.lists(mutation, min_size=1, max_size=4),
)
def test_any_change_ends_in_a_list_of_problems(
    app: object, path: Path, mutations: list[tuple[str, int, int, str, str]]
) -> None:
    content = mutated(path.read_bytes(), mutations)
    found = lint.problems([SourceFile(definitions.KINDS[path.suffix], path.name, content)])

    assert all(each.message and each.rule for each in found)


@pytest.mark.usefixtures("thing")
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(RUNNABLE), mutations=st.lists(mutation, min_size=1, max_size=2))
def test_what_passes_deploys_and_runs_to_its_waits(
    desk: Desk, session: Session, path: Path, mutations: list[tuple[str, int, int, str, str]]
) -> None:
    changed = SourceFile("bpmn", path.name, mutated(path.read_bytes(), mutations))
    beside = [definitions.source_file(each) for each in (DIAGRAMS / "answer.form", DIAGRAMS / "size.dmn")]
    if path.name == "calls_fragment.bpmn":
        beside.append(definitions.source_file(DIAGRAMS / "fragment.bpmn"))
    files = [changed, *beside]
    if lint.has_errors(lint.problems(files)):
        return
    savepoint = session.begin_nested()
    try:
        for made in definitions.deploy(session, files):
            instance = service.start(session, made.key, desk.subject)
            reason = instance.stalled_reason or ""
            assert not OWN_ERROR.match(reason), reason
    except InvalidInput as error:
        raise AssertionError(f"It passed and was refused: {error.message} {error.errors}") from error
    finally:
        savepoint.rollback()
        session.expunge_all()
