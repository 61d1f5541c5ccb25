"""Random well-formed diagrams as trees of blocks: each block has one way in and one way out, so joins always match."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

# What follows an event's name in the name of the variable that gets what its message said.
SAID = "_said"


@dataclass
class Boundary:
    """An event on the edge of an activity and where it leads."""

    name: str
    # "timer", "cycle" or "message".
    event: str
    interrupting: bool
    path: Block


@dataclass
class Block:
    """A part of a diagram.

    Kinds: sequence, user, script, instances (multi-instance user task), xor, and, loop, sub, call, catch, gateway
    (event gateway with a message and a timer), signal (throws one), and hears (an event sub-process).
    """

    kind: str
    name: str
    parts: list[Block] = field(default_factory=list)
    boundaries: list[Boundary] = field(default_factory=list)
    # catch and hears: "timer", "message" or "signal".
    event: str = ""
    # Conditions of xor branches but the last, of going round again (loop), and values of scripts.
    expressions: list[str] = field(default_factory=list)
    # instances: how many, and whether one after the other.
    count: int = 0
    one_by_one: bool = False
    # Event sub-processes of a sub, a call or the whole process.
    hears: list[Block] = field(default_factory=list)

    def inner(self) -> Iterator[Block]:
        """The blocks directly within."""
        yield from self.parts
        for boundary in self.boundaries:
            yield boundary.path
        yield from self.hears

    def all(self) -> Iterator[Block]:
        """This block and everything within, at every level."""
        yield self
        for part in self.inner():
            yield from part.all()

    def writes(self) -> set[str]:
        """The variables that this block and everything within may change."""
        found = set()
        for block in self.all():
            if block.kind in ("user", "script", "loop", "instances"):
                found.add(block.name)
            elif block.kind in ("catch", "gateway", "hears"):
                found.add(f"{block.name}{SAID}")
            found.update(f"{boundary.name}{SAID}" for boundary in block.boundaries)
        return found


@dataclass
class Plan:
    """A whole diagram."""

    root: Block
    # Variables whose value the library leaves to chance (exception ends-merge-old-values): anywhere, and at the end.
    uncertain: set[str]
    at_the_end: set[str]
    minutes: dict[str, int]
    # What the process begins with.
    variables: dict[str, int]


class Grower:
    """Grows the plan of one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(f"diagram {seed}")
        self.left = self.rng.choice((4, 6, 8, 10, 12))
        self.number = 0
        self.minutes: dict[str, int] = {}
        self.written: set[str] = set()
        self.readable: list[str] = []
        # Within the path of a repetition nothing waits (cycle-flows-cancelled).
        self.quiet = False

    def plan(self) -> Plan:
        """A diagram with at least one task for a person."""
        root = Block("sub", "p", [self.sequence(0, least=2)])
        _calm(root, repeats=False, in_and=False)
        if self.rng.random() < 0.3:
            root.hears.append(self.listener())
        uncertain = set(_uncertain(root))
        self.written = root.writes()
        self.fill(root, uncertain)
        at_the_end = self.written if _has_several_ends(root) else set()
        variables = {name: 0 for name in self.written if not name.endswith(SAID)}
        return Plan(root, uncertain, at_the_end, self.minutes, variables)

    def name(self, letter: str) -> str:
        self.number += 1
        return f"{letter}{self.number}"

    def timer(self, name: str) -> None:
        # All different and no sum of others, so that no two timers are due together by chance.
        self.minutes[name] = self.rng.choice((1, 4, 12, 48)) * 60 + self.number

    def sequence(self, depth: int, least: int = 1) -> Block:
        count = self.rng.choice((1, 2, 3)) if depth else self.rng.choice((2, 3, 4))
        if self.left <= 0:
            count = 1
        parts = [self.block(depth) for _ in range(max(least, count))]
        has_people = any(part.kind in ("user", "instances") for part in parts)
        if not has_people and not self.quiet and self.rng.random() < 0.7:
            parts.insert(self.rng.randrange(len(parts) + 1), self.user(depth))
        return Block("sequence", "", parts)

    def block(self, depth: int) -> Block:
        self.left -= 1
        rng = self.rng
        if self.left <= 0 or depth >= 4:
            return self.user(depth) if rng.random() < 0.6 and not self.quiet else Block("script", self.name("s"))
        kind = rng.choices(
            ("user", "script", "instances", "xor", "and", "loop", "sub", "call", "catch", "gateway"),
            (0, 6, 0, 3, 3, 1, 3, 2, 0, 0) if self.quiet else (6, 3, 2, 4, 5, 3, 4, 2, 2, 2),
        )[0]
        if kind == "user":
            return self.user(depth)
        if kind == "script":
            return Block("script", self.name("s"))
        if kind == "instances":
            return Block("instances", self.name("m"), count=rng.choice((1, 2, 3)), one_by_one=rng.random() < 0.5)
        if kind == "catch":
            block = Block("catch", self.name("c"), event=rng.choice(("timer", "message")))
            self.timer(block.name)
            return block
        if kind == "gateway":
            block = Block("gateway", self.name("g"), [self.sequence(depth + 1), self.sequence(depth + 1)])
            self.timer(block.name)
            return block
        if kind == "loop":
            return Block("loop", self.name("l"), [self.sequence(depth + 1)])
        if kind in ("xor", "and"):
            count = rng.choice((2, 2, 3))
            return Block(
                kind, self.name("x" if kind == "xor" else "a"), [self.sequence(depth + 1) for _ in range(count)]
            )
        block = Block(kind, self.name("b" if kind == "sub" else "k"), [self.sequence(depth + 1)])
        if rng.random() < 0.25 and not self.quiet:
            block.hears.append(self.listener())
        self.edge(block, depth)
        return block

    def user(self, depth: int) -> Block:
        block = Block("user", self.name("t"))
        self.edge(block, depth)
        return block

    def edge(self, block: Block, depth: int) -> None:
        for _ in range(self.rng.choice((0, 0, 0, 1, 1, 2)) if self.left > 0 and not self.quiet else 0):
            event = self.rng.choice(("timer", "timer", "cycle", "message"))
            interrupting = event != "cycle" and self.rng.random() < 0.5
            name = self.name("e")
            self.timer(name)
            self.quiet = event == "cycle"
            block.boundaries.append(Boundary(name, event, interrupting, self.sequence(depth + 2)))
            self.quiet = False

    def listener(self) -> Block:
        event = self.rng.choice(("timer", "message"))
        block = Block("hears", self.name("h"), [self.sequence(3)], event=event)
        self.timer(block.name)
        return block

    def fill(self, block: Block, hidden: set[str]) -> None:
        """Give conditions and scripts their texts; `hidden` variables may not be read here."""
        self.readable = sorted(name for name in self.written - hidden if not name.endswith(SAID))
        if block.kind == "script":
            block.expressions = [self.rng.choice((f"{block.name} + 1", *self._sums(block.name)))]
        elif block.kind == "xor":
            block.expressions = [self.condition() for _ in block.parts[1:]]
        elif block.kind == "loop":
            block.expressions = [f"{block.name} &lt; {self.rng.choice((2, 3, 5))} and {self.condition()}"]
        for part in block.inner():
            also = set()
            if block.kind == "and":
                also = set().union(*(other.writes() for other in block.parts if other is not part)) - part.writes()
            self.fill(part, hidden | also)

    def _sums(self, own: str) -> list[str]:
        if not self.readable:
            return []
        return [f"({self.rng.choice(self.readable)} + {own} * 2) % 17", f"{self.rng.choice(self.readable)} + 3"]

    def condition(self) -> str:
        """A condition on what was answered or counted so far."""
        if not self.readable:
            return "True"
        return f"{self.rng.choice(self.readable)} {self.rng.choice(('&gt;', '&lt;'))} {self.rng.choice((1, 3, 5, 7))}"


def _has_several_ends(level: Block) -> bool:
    return bool(level.hears) or any(_has_free_boundary(part) for part in level.parts)


def _uncertain(block: Block) -> Iterator[str]:
    for each in block.all():
        if each is not block and each.kind in ("sub", "call") and _has_several_ends(each):
            yield from each.writes()
        if each.kind == "and":
            for part in each.parts:
                if _has_free_boundary(part):
                    for other in each.parts:
                        if other is not part:
                            yield from other.writes()


def _has_free_boundary(block: Block) -> bool:
    """Whether a non-interrupting event on this level begins a path of its own."""
    if any(not boundary.interrupting for boundary in block.boundaries):
        return True
    inner = [boundary.path for boundary in block.boundaries]
    if block.kind not in ("sub", "call"):
        inner += block.parts
    return any(_has_free_boundary(each) for each in inner)


def _calm(block: Block, *, repeats: bool, in_and: bool) -> None:
    """Make events interrupting that stand directly in an AND branch which repeats (join-in-loop says why)."""
    if repeats and in_and:
        for boundary in block.boundaries:
            if boundary.event != "cycle":
                boundary.interrupting = True
        block.boundaries = [each for each in block.boundaries if each.interrupting]
    is_level = block.kind in ("sub", "call")
    if is_level and repeats:
        # A loop inside would begin its next round with a counter that the library has mixed up (ends-merge-old-values).
        block.hears = []
        for each in block.all():
            each.boundaries = [boundary for boundary in each.boundaries if boundary.interrupting]
    for part in block.parts:
        inside = block.kind == "and" or (in_and and not is_level)
        _calm(part, repeats=not is_level and (repeats or block.kind == "loop"), in_and=inside)
    for boundary in block.boundaries:
        _calm(boundary.path, repeats=repeats or not boundary.interrupting, in_and=in_and)
    for listener in block.hears:
        _calm(listener.parts[0], repeats=False, in_and=False)
