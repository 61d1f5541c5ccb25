"""Lint: what a diagram may not contain, because it would fail later or, worse, silently do something else.

It runs on import, in the studio and at deploy. Errors block publishing; warnings do not. The rules stand in files by
family; a feature above the engine adds its own with `@checks` (forms do).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from app.engine.lint import (
    decisions,
    elements,
    engine,
    events,
    expressions,
    foreign,
    repetitions,
    settings,
    structure,
    tasks,
    timers,
)
from app.engine.lint.bundle import Bundle, Diagram, Problem, Report
from app.engine.xml import FileKind, SourceFile

__all__ = ["Problem", "checks", "has_errors", "problems"]

FileCheck = Callable[[SourceFile], list[Problem]]

_CHECKS: Final[dict[str, list[FileCheck]]] = {}
_DIAGRAM_RULES: Final[tuple[Callable[[Diagram, Bundle, Report], None], ...]] = (
    structure.check,
    elements.check,
    tasks.check,
    repetitions.check,
    expressions.check,
    timers.check,
    events.check,
    settings.check,
    foreign.check,
)


def checks(kind: FileKind) -> Callable[[FileCheck], FileCheck]:
    """Register a further check of every file of a kind."""

    def register(check: FileCheck) -> FileCheck:
        present = _CHECKS.setdefault(kind, [])
        if all(each.__qualname__ != check.__qualname__ or each.__module__ != check.__module__ for each in present):
            present.append(check)
        return check

    return register


def problems(files: Sequence[SourceFile]) -> list[Problem]:
    """Everything wrong with the files of one deploy, errors first; empty when all is well.

    It never raises, whatever the files hold.
    """
    bundle = Bundle(files)
    found = [*bundle.unreadable, *_same_names(files)]
    for diagram in bundle.diagrams:
        report = Report(diagram.file.name)
        for rule in _DIAGRAM_RULES:
            rule(diagram, bundle, report)
        found.extend(report.problems)
    for decision_file in bundle.decision_files:
        report = Report(decision_file.file.name)
        decisions.check(decision_file, bundle, report)
        found.extend(report.problems)
    for file in bundle.files:
        for check in _CHECKS.get(file.kind, ()):
            found.extend(check(file))
    if bundle.files and not has_errors(found):
        found.extend(engine.check(bundle))
    return sorted(set(found), key=lambda each: (each.severity != "error", each))


def _same_names(files: Sequence[SourceFile]) -> list[Problem]:
    """A version keeps its files by name, without folders."""
    names = Counter(file.name.rpartition("/")[2] for file in files)
    return [
        Problem(file.name, "", "same-name", "error", "Another file has the same name; rename one of them.")
        for file in files
        if names[file.name.rpartition("/")[2]] > 1
    ]


def has_errors(found: Sequence[Problem]) -> bool:
    """Whether any of these problems blocks publishing."""
    return any(problem.severity == "error" for problem in found)
