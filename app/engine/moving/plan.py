"""The plan of a move: which element becomes which, and what a person has to decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from sqlalchemy import func, select

from app.db import Session
from app.engine import definitions
from app.engine.models import HistoryEntry, ProcessDefinition, ProcessInstance
from app.engine.moving import instances
from app.engine.moving.mapping import SPLIT, LevelMap, Mapper, Overrides, describe, drawn, timer_expressions
from app.engine.moving.verdicts import Outcome, Verdict
from app.errors import InvalidInput

# How many instances a dry run looks at before it lets others have the database.
BATCH = 100


@dataclass(frozen=True)
class PlanProblem:
    """Something about an element that a person should know before a move; blocking where instances wait there."""

    level: str
    element: str
    rule: str
    message: str
    # How many instances wait there now.
    waiting: int = 0


@dataclass
class Plan:
    """How elements of one version become those of another. Everything in it is plain JSON."""

    key: str
    from_version: int
    to_version: int
    # {old element, or level/old element where an id stands on several levels: new element | None}
    mapping: dict[str, str | None] = field(default_factory=dict)
    # Elements that are gone, and what looks like them in the new version; not used before somebody says so.
    suggestions: dict[str, str] = field(default_factory=dict)
    problems: list[PlanProblem] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The plan for programs."""
        return asdict(self)


def plan(
    session: Session, source: ProcessDefinition, target: ProcessDefinition, overrides: Overrides | None = None
) -> Plan:
    """Match the elements of two versions of a process.

    Args:
        overrides: what somebody decided: {old element: new element, or None where it is gone}.

    Raises:
        InvalidInput: the versions are of different processes, or the overrides name elements that are not there.
    """
    mapper = mapper_for(source, target, overrides)
    made = Plan(source.key, source.version, target.version)
    waiting = _waiting(session, source)
    levels = list(mapper.all_levels())
    often = [element for level in levels for element in drawn(level.old)]
    for level in levels:
        for element in drawn(level.old):
            key = element if often.count(element) == 1 else f"{level.old.name}/{element}"
            made.mapping[key] = level.names[element]
            if element in level.suggestions:
                made.suggestions[key] = level.suggestions[element]
        made.problems += _problems(mapper, level, waiting)
    return made


def mapper_for(source: ProcessDefinition, target: ProcessDefinition, overrides: Overrides | None = None) -> Mapper:
    """What matches elements between two versions.

    Raises:
        InvalidInput: the versions are of different processes, or the overrides name elements that are not there.
    """
    if source.key != target.key:
        raise InvalidInput(f"{source.key} and {target.key} are different processes.")
    mapper = Mapper(definitions.compiled(source), definitions.compiled(target), overrides or {})
    _refuse_unknown(mapper)
    return mapper


def dry_run(
    session: Session,
    source: ProcessDefinition,
    target: ProcessDefinition,
    overrides: Overrides | None = None,
    *,
    rearm: bool = False,
    only: Sequence[int] = (),
    batch: int = BATCH,
) -> Iterator[Verdict]:
    """Say for each live instance of a version whether it can be moved, without writing; a batch in memory at a time.

    Args:
        only: ids of the instances to look at; all live ones of the version when empty.

    Raises:
        InvalidInput: see `mapper_for`.
    """
    mapper = mapper_for(source, target, overrides)
    after = 0
    while found := live_ids(session, source, only=only, after=after, limit=batch):
        # A read transaction sees each row once; what was looked at is let go of.
        for instance in session.scalars(select(ProcessInstance).where(ProcessInstance.id.in_(found))).all():
            yield instances.check(session, instance, target, mapper, rearm=rearm)
            if instance not in session.dirty:
                session.expunge(instance)
        after = found[-1]


def live_ids(
    session: Session, source: ProcessDefinition, *, only: Sequence[int] = (), after: int = 0, limit: int = BATCH
) -> list[int]:
    """Ids of a version's running and stalled instances, in order."""
    query = select(ProcessInstance.id).where(
        ProcessInstance.definition_id == source.id,
        ProcessInstance.state.in_(instances.LIVE),
        ProcessInstance.id > after,
    )
    if only:
        query = query.where(ProcessInstance.id.in_(only))
    return list(session.scalars(query.order_by(ProcessInstance.id).limit(limit)))


def counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many instances have each outcome."""
    return {outcome.value: sum(1 for each in verdicts if each.outcome == outcome) for outcome in Outcome}


def _waiting(session: Session, source: ProcessDefinition) -> dict[str, int]:
    query = (
        select(HistoryEntry.element, func.count(HistoryEntry.instance_id.distinct()))
        .join(ProcessInstance, ProcessInstance.id == HistoryEntry.instance_id)
        .where(
            ProcessInstance.definition_id == source.id,
            ProcessInstance.state.in_(instances.LIVE),
            HistoryEntry.left_at.is_(None),
        )
        .group_by(HistoryEntry.element)
    )
    return {element: number for element, number in session.execute(query)}  # noqa: C416  # rows are not pairs to mypy


def _refuse_unknown(mapper: Mapper) -> None:
    known: dict[str, set[str]] = {}
    for level in mapper.all_levels():
        for element in drawn(level.old):
            for key in (element, f"{level.old.name}/{element}"):
                known.setdefault(key, set()).update(drawn(level.new))
    errors: dict[str, list[str]] = {}
    for key, target in mapper.overrides.items():
        if key not in known:
            errors[key] = ["The old version has no such element."]
        elif target is not None and target not in known[key]:
            errors[key] = [f"The new version has no element {target} at this place."]
    if errors:
        raise InvalidInput("The mapping names elements that are not there.", errors)


def _problems(mapper: Mapper, level: LevelMap, waiting: dict[str, int]) -> Iterator[PlanProblem]:
    before, after = drawn(level.old), drawn(level.new)
    for element, spec in before.items():
        target, here = level.names[element], waiting.get(element, 0)

        def problem(rule: str, message: str, element: str = element, here: int = here) -> PlanProblem:
            return PlanProblem(level.old.name, element, rule, message, here)

        if element in level.changed:
            was, now = level.changed[element]
            yield problem("kind-changed", f"It was a {was} and is a {now}.")
        elif target is None and isinstance(spec, BoundaryEvent):
            yield problem("boundary-gone", "This boundary event is gone: where it waits it is taken away.")
        elif target is None:
            looks = level.suggestions.get(element)
            hint = f" {looks} looks like it: map {element} to {looks}." if looks else ""
            yield problem("gone", f"It is not in the new version.{hint}")
        else:
            new = after[target]
            if isinstance(spec, SubWorkflowTask) and spec.spec != new.spec and not _is_embedded(spec, element):
                yield problem("calls-another", f"It called {spec.spec} and calls {new.spec}.")
            old_timers = {level.element(name): text for name, text in timer_expressions(spec).items()}
            for name, text in timer_expressions(new).items():
                if name in old_timers and old_timers[name] != text:
                    yield problem("timer-changed", f"Its time was {old_timers[name]} and is {text}.")
    matched = {target for name, target in level.names.items() if target is not None and name in before}
    for element, new in after.items():
        if isinstance(new, BoundaryEvent) and element not in matched:
            owner = next((name for name in new._inputs if name.endswith(SPLIT)), "").removesuffix(SPLIT)
            message = f"New at {owner}: armed from the moment of the move where an instance is in it."
            yield PlanProblem(level.old.name, element, "boundary-new", message)


def _is_embedded(spec: SubWorkflowTask, element: str) -> bool:
    return bool(spec.spec == element)


__all__ = ["BATCH", "Plan", "PlanProblem", "counts", "describe", "dry_run", "live_ids", "mapper_for", "plan"]
