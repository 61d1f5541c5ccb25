"""The engine's benchmark measures what it says: the reference diagram means the same to the library and to the desk."""

import json
from pathlib import Path

import pytest

from app.engine import lint
from bench import engine
from bench.engine import firing, in_memory, loading, ours, persisting, reference, rounds, stock
from bench.engine.desks import sqlite_desk
from bench.engine.figures import NAMES, Measured


def test_the_reference_diagram_deploys_without_an_error() -> None:
    problems = lint.problems(reference.files())

    assert [each for each in problems if each.severity == "error"] == []


def test_the_library_and_the_desk_live_through_the_same_request() -> None:
    with stock.untouched():
        theirs, mine = stock.start(), ours.start()
        for interaction in reference.LIFE:
            assert sorted(task.task_spec.name for task in mine.for_people()) == sorted(
                task.task_spec.name for task in theirs.get_tasks(state=16, manual=True)
            )
            stock.apply(theirs, interaction)
            ours.apply(mine, interaction)

    assert theirs.is_completed()
    assert mine.is_completed()
    assert mine.last_task.data["told"] == theirs.last_task.data["told"]


def test_copies_of_an_instance_go_on_as_it_would(tmp_path: Path) -> None:
    with sqlite_desk(tmp_path) as desk:
        task_ids = persisting.at_work(desk, 3)

        for task_id in task_ids:
            desk.complete(task_id, reference.WAIT)

        desk.apply(2, 2, reference.REPLIED)


@pytest.mark.parametrize("part", [in_memory, loading])
def test_a_part_measures_every_figure_it_promises(part: object) -> None:
    measured: Measured = part.measure(quick=True)  # type: ignore[attr-defined]  # a module

    assert measured.lines
    assert all(value is not None and value > 0 for value in measured.figures.values())


def test_the_json_names_every_figure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = iter(NAMES)

    def measure(quick: bool) -> Measured:
        return Measured(figures={next(found): 1.5})

    for part in (in_memory, persisting, rounds, loading, firing):
        monkeypatch.setattr(part, "measure", measure)

    assert engine.main(["--json", "--quick"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(figures) == list(NAMES)
    assert figures["life_ratio"] == 1.5
