"""One random walk through one diagram, on both sides, compared after every action."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from app import clock
from bench.walks import shipped
from bench.walks.blocks import Block, Grower, Plan
from bench.walks.drawing import draw
from bench.walks.sides import END, Desk, Library, Seen, compile_for_desk, parse_for_library

BEGIN = datetime(2031, 3, 3, 8, tzinfo=UTC)
# Reading a diagram takes longer than a walk, so each is walked a few times.
WALKS_PER_DIAGRAM = 8
STEPS = 24


@dataclass(frozen=True)
class Difference:
    """Where the two sides first disagreed."""

    seed: int
    step: int
    action: str
    what: str


@lru_cache(maxsize=4)
def prepared(diagram: int) -> tuple[Any, Any, dict[str, set[str]], dict[str, int]]:
    """Ours compiled, the library's, the variables not compared, and those at the start.

    Not compared are variables by task; "" is everywhere, END when the process is over.
    """
    plan = Grower(diagram).plan()
    ours = compile_for_desk(draw(plan, for_library=False), "p")
    theirs = parse_for_library(draw(plan, for_library=True), "p")
    return ours, theirs, not_compared(plan), plan.variables


def not_compared(plan: Plan) -> dict[str, set[str]]:
    """Per user task the variables that siblings of its AND branch write (join-merges-old-values)."""
    found: dict[str, set[str]] = {"": set(plan.uncertain), END: set(plan.at_the_end)}

    def look(block: Block, hidden: set[str]) -> None:
        if block.kind in ("user", "instances"):
            found[block.name] = hidden
        for part in block.inner():
            also: set[str] = set()
            if block.kind == "and":
                also = set().union(*(other.writes() for other in block.parts if other is not part)) - part.writes()
            look(part, hidden | also)

    look(plan.root, set())
    return found


def walk(seed: int, tell: Callable[[str], None] = lambda line: None) -> Difference | None:
    """Walk the walk of one seed; the first difference, if any."""
    diagram = seed // WALKS_PER_DIAGRAM
    if diagram % 8 == 7:
        return _walk_shipped(seed, shipped.KEYS[diagram // 8 % len(shipped.KEYS)], tell)
    with clock.frozen(BEGIN):
        ours, theirs, left_out, variables = prepared(diagram)
    return _walk(seed, Desk(ours, left_out), Library(theirs, left_out), variables, tell)


def _walk_shipped(seed: int, key: str, tell: Callable[[str], None]) -> Difference | None:
    with clock.frozen(BEGIN):
        ours, theirs = shipped.prepared(key)
        left, right = shipped.new_world(seed), shipped.new_world(seed)
    # message-without-variable
    left_out = {"": set(shipped.MESSAGES)}
    tell(f"{key} {left.facts}")
    desk = Desk(ours, left_out, shipped.DeskSide(left))
    library = Library(theirs, left_out, shipped.LibrarySide(right))
    desk.calls, library.calls = left.calls, right.calls
    variables = {"why": "asked"} if key == "escalation" else {}
    return _walk(seed, desk, library, variables, tell)


def _walk(
    seed: int, desk: Desk, library: Library, variables: dict[str, Any], tell: Callable[[str], None]
) -> Difference | None:
    rng = Random(f"walk {seed}")
    now, action = BEGIN, "start"
    for step in range(STEPS):
        try:
            if step == 0:
                with clock.frozen(now):
                    library.start(dict(variables))
                    desk.start(dict(variables))
            else:
                action, now = _act(rng, now, desk, library, step)
            with clock.frozen(now):
                left, right = desk.seen(), library.seen()
        except Exception as error:  # noqa: BLE001  # whatever fails is a difference
            return Difference(seed, step, action, f"{type(error).__name__}: {error}")
        tell(f"{step:>3} {now:%d %H:%M} {action}: {_told(left)}")
        if left != right:
            return Difference(seed, step, action, _difference(left, right))
        if left.completed:
            break
    return None


def _act(rng: Random, now: datetime, desk: Desk, library: Library, step: int) -> tuple[str, datetime]:
    with clock.frozen(now):
        seen = desk.seen()
        names = [name for name, _ in seen.ready]
        choices = ["complete"] * 5 * bool(names) + ["message"] * 2 * bool(seen.messages) + ["clock"] * 2 + ["reload"]
        kind = rng.choice(choices)
        if kind == "complete":
            place = rng.randrange(len(names))
            variable = desk.variable(place)
            answer = shipped.answer_for(rng, variable, step) if variable else _new_value(rng, *seen.ready[place])
            # The library first: what it does must not depend on ours having gone before.
            library.complete(place, answer)
            desk.complete(place, answer)
            return f"complete {answer}", now
        if kind == "message":
            # A cancelled ticket ends the walk, so it shall not happen all the time.
            name = rng.choice([each for each in seen.messages for _ in range(1 if each == "ticket_cancelled" else 6)])
            payload = {"text": f"said {step}"}
            library.deliver(name, payload)
            desk.deliver(name, payload)
            return f"deliver {name}", now
        if kind == "reload":
            desk.prune()
            desk.reload()
            return "reload", now
        now = _later(rng, now, desk)
    with clock.frozen(now):
        library.fire_due()
        desk.fire_due()
    return "clock", now


def _new_value(rng: Random, name: str, data: bytes) -> dict[str, int]:
    """An answer that changes something (instances-merge-old-values)."""
    before = json.loads(data).get(name)
    return {name: rng.choice([value for value in range(10) if value != before])}


def _later(rng: Random, now: datetime, desk: Desk) -> datetime:
    due = desk.next_due()
    how = rng.choice(("little", "due", "due", "far"))
    if how == "due" and due is not None:
        wanted = max(now, due) + timedelta(seconds=7)
    else:
        wanted = now + timedelta(minutes=rng.choice((31, 97, 251)) if how == "little" else 5003, seconds=7)
    if due is not None and desk.cancels_before(wanted):
        # overdue-timers
        wanted = min(wanted, max(now, due) + timedelta(seconds=7))
    # overdue-cycles
    cycle = desk.next_cycle()
    return min(wanted, max(now, cycle) + timedelta(seconds=7)) if cycle is not None else wanted


def _told(seen: Seen) -> str:
    tasks = " ".join(f"{name}{data.decode()}" for name, data in seen.ready)
    end = f" completed {seen.data.decode()}" if seen.completed else ""
    return f"ready [{tasks}] waiting {list(seen.waiting)}{end}"


def _difference(left: Seen, right: Seen) -> str:
    for name in ("completed", "waiting", "messages", "calls", "ready", "data"):
        ours, theirs = getattr(left, name), getattr(right, name)
        if ours != theirs:
            if name == "ready":
                names = [each for each, _ in ours], [each for each, _ in theirs]
                if names[0] != names[1]:
                    ours, theirs = names
                else:
                    return next(
                        _data_difference(f"data at {a[0]}", a[1], b[1])
                        for a, b in zip(ours, theirs, strict=True)
                        if a != b
                    )
            if name == "data":
                return _data_difference("data at the end", ours, theirs)
            return f"{name}: ours {ours!r}, the library's {theirs!r}"
    return "nothing"


def _data_difference(where: str, ours: bytes, theirs: bytes) -> str:
    left, right = json.loads(ours), json.loads(theirs)
    keys = sorted(key for key in {**left, **right} if left.get(key) != right.get(key))
    told = ", ".join(f"{key}: ours {left.get(key)!r}, the library's {right.get(key)!r}" for key in keys)
    return f"{where}: {told}"
