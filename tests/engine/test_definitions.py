"""Deploying: versions, what makes a new one, what is refused."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.engine import definitions, queries, service
from app.engine.models import InstanceState, Origin
from app.errors import InvalidInput, NotFound

from .conftest import DIAGRAMS, Desk, put_in, source


def edited(name: str, old: str, new: str) -> definitions.SourceFile:
    """A file of the tests, changed."""
    file = source(name)
    content = file.content.decode()
    assert old in content
    return definitions.SourceFile(file.kind, file.name, content.replace(old, new).encode())


def test_deploying_the_same_files_again_changes_nothing(session: Session) -> None:
    first = put_in(session, "one_task")

    assert [(each.key, each.version) for each in first] == [("one_task", 1)]
    assert put_in(session, "one_task") == []


def test_running_instances_finish_on_their_version_beside_the_new_one(desk: Desk) -> None:
    old = desk.start("calls_fragment", "fragment")

    changed = edited("fragment.bpmn", 'id="question"', 'id="better_question"').content.decode()
    changed = changed.replace('targetRef="question"', 'targetRef="better_question"')
    changed = changed.replace('sourceRef="question"', 'sourceRef="better_question"')
    made = definitions.deploy(desk.session, [definitions.SourceFile("bpmn", "fragment.bpmn", changed.encode())])
    new = service.start(desk.session, "calls_fragment", desk.subject)

    assert {(each.key, each.version) for each in made} == {("calls_fragment", 2), ("fragment", 2)}
    assert desk.open() == ["question", "better_question"]
    desk.complete("question")
    desk.complete("after")
    assert (old.state, old.definition.version) == (InstanceState.COMPLETED, 1)
    assert (new.state, new.definition.version) == (InstanceState.RUNNING, 2)


def test_a_changed_decision_alone_makes_a_new_version_of_what_asks_it(desk: Desk) -> None:
    desk.deploy("decided", "size.dmn")
    desk.deploy("one_task")

    made = definitions.deploy(desk.session, [edited("size.dmn", "&gt;= 100", "&gt;= 1000")])

    assert [(each.key, each.version) for each in made] == [("decided", 2)]
    instance = service.start(desk.session, "decided", desk.subject, variables={"amount": 150})
    assert instance.state == InstanceState.COMPLETED


def test_a_diagram_with_errors_is_refused_with_every_problem_at_its_element(session: Session) -> None:
    broken = edited("event_gateway.bpmn", '"PT24H"', "PT24H +")
    broken = definitions.SourceFile("bpmn", broken.name, broken.content.replace(b"testing.note", b"testing.nothing"))

    with pytest.raises(InvalidInput) as caught:
        definitions.deploy(session, [broken])

    assert {"silence", "note_reply", "note_silence"} <= set(caught.value.errors)
    assert queries.current_definition(session, "event_gateway") is None


def test_files_that_are_no_diagrams_are_refused(session: Session, tmp_path: Path) -> None:
    for name, content in (("a.bpmn", "<not"), ("b.bpmn", "<a/>"), ("c.form", "[]"), ("d.dmn", "<x/>")):
        (tmp_path / name).write_text(content)
        with pytest.raises(InvalidInput):
            definitions.deploy(session, [definitions.source_file(tmp_path / name)])
    with pytest.raises(InvalidInput):
        definitions.source_file(tmp_path / "e.txt")


def shipped_folder(tmp_path: Path, due: str = "thing.due") -> Path:
    for folder, name in (("processes", "one_task.bpmn"), ("forms", "answer.form")):
        (tmp_path / folder).mkdir(exist_ok=True)
        content = (DIAGRAMS / name).read_text().replace('name="due" value="thing.due"', f'name="due" value="{due}"')
        (tmp_path / folder / name).write_text(content)
    return tmp_path


def test_shipped_files_follow_the_desk_until_somebody_edits_them(session: Session, tmp_path: Path) -> None:
    first = definitions.deploy_shipped(session, shipped_folder(tmp_path))
    assert [(each.version, each.origin) for each in first] == [(1, Origin.SHIPPED)]
    assert definitions.deploy_shipped(session, tmp_path) == []
    second = definitions.deploy_shipped(session, shipped_folder(tmp_path, due="None"))
    assert [each.version for each in second] == [2]

    mine = definitions.deploy(session, [edited("one_task.bpmn", "Being decided", "With the approver")])
    assert [(each.version, each.origin) for each in mine] == [(3, Origin.EDITED)]

    assert definitions.deploy_shipped(session, shipped_folder(tmp_path)) == []
    current = queries.current_definition(session, "one_task")
    assert current is not None
    assert current.version == 3


def test_a_form_is_read_from_the_version_of_the_instance(session: Session) -> None:
    (definition,) = put_in(session, "one_task")

    assert definitions.form_schema(session, definition.id, "answer")["components"][0]["key"] == "outcome"
    with pytest.raises(NotFound):
        definitions.form_schema(session, definition.id, "other")


def test_a_version_is_parsed_once_and_shared(session: Session) -> None:
    (definition,) = put_in(session, "boundary_timers")

    assert definitions.compiled(definition) is definitions.compiled(definition)
