"""Which files a process needs: the diagrams it calls, the decisions it asks, the forms it shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from app.engine import xml
from app.engine.xml import SourceFile
from app.errors import InvalidInput

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"


@dataclass(frozen=True)
class Contents:
    """What one file defines and what it needs; ids as (kind, id): ("process", "escalation")."""

    file: SourceFile
    defines: frozenset[tuple[str, str]]
    needs: frozenset[tuple[str, str]] = frozenset()
    # {process key: its name}, of the processes that can be started.
    processes: Mapping[str, str] = field(default_factory=dict)


def read(file: SourceFile) -> Contents:
    """Look into a file.

    Raises:
        InvalidInput: it cannot be read, or defines nothing.
    """
    try:
        if file.kind == "form":
            return _read_form(file)
        root = xml.parse(file.content)
    except InvalidInput as error:
        raise InvalidInput(f"{file.name}: {error.message}", {file.name: [error.message]}) from error
    contents = _read_diagram(file, root) if file.kind == "bpmn" else _read_decision(file, root)
    if not contents.defines:
        wanted = "process" if file.kind == "bpmn" else "decision"
        raise InvalidInput(f"{file.name} has no {wanted} in it.", {file.name: [f"There is no {wanted} in it."]})
    return contents


def _read_form(file: SourceFile) -> Contents:
    try:
        form: Any = json.loads(file.content)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The form is not JSON: {error}") from error
    if not isinstance(form, dict):
        raise InvalidInput("The form is not a JSON object.")
    return Contents(file, frozenset({("form", file.name.rpartition("/")[2].removesuffix(".form"))}))


def _read_decision(file: SourceFile, root: Any) -> Contents:
    decisions = [each.get("id") for each in root.iter("{*}decision")]
    return Contents(file, frozenset(("decision", each) for each in decisions if each))


def _read_diagram(file: SourceFile, root: Any) -> Contents:
    processes = {
        each.get("id"): each.get("name") or each.get("id")
        for each in root.iter(f"{BPMN}process")
        if each.get("id") and each.get("isExecutable", "true") != "false"
    }
    defined = [each.get("id") for each in root.iter(f"{BPMN}process")]
    needs = {("process", each.get("calledElement")) for each in root.iter(f"{BPMN}callActivity")}
    needs |= {("decision", (each.text or "").strip()) for each in root.iter(f"{SPIFF}calledDecisionId")}
    # A start event may name a form for each type of request: `form:change`.
    needs |= {
        ("form", each.get("value"))
        for each in root.iter(f"{SPIFF}property")
        if (each.get("name") or "").partition(":")[0] == "form"
    }
    return Contents(
        file,
        frozenset(("process", each) for each in defined if each),
        frozenset((kind, name) for kind, name in needs if name),
        processes,
    )


class Pool:
    """Files to choose from; a later file replaces an earlier one that defines the same thing."""

    def __init__(self, files: Iterable[Contents] = ()) -> None:
        self._by_id: dict[tuple[str, str], Contents] = {}
        for contents in files:
            self.add(contents)

    def add(self, contents: Contents) -> None:
        """Put a file in."""
        for defined in contents.defines:
            self._by_id[defined] = contents

    def contents(self) -> list[Contents]:
        """Every file in the pool, once."""
        return list({id(each): each for each in self._by_id.values()}.values())

    def processes(self) -> dict[str, str]:
        """{process key: name} of everything that can be started."""
        return {
            key: name
            for (kind, key), contents in self._by_id.items()
            if kind == "process"
            for known, name in contents.processes.items()
            if known == key
        }

    def reached_from(self, key: str) -> list[SourceFile]:
        """The files that a process needs, by name; what is missing is lint's to say."""
        found: dict[int, SourceFile] = {}
        wanted, seen = [("process", key)], set()
        while wanted:
            each = wanted.pop()
            contents = self._by_id.get(each)
            if each in seen or contents is None:
                continue
            seen.add(each)
            found[id(contents)] = contents.file
            wanted.extend(contents.needs)
        return sorted(found.values(), key=lambda file: file.name)


def companions(
    given: Sequence[SourceFile], kept: Iterable[SourceFile], shipped: Iterable[SourceFile]
) -> list[SourceFile]:
    """What stands beside these files once they are in use: what they need, and the processes that need them.

    Files that cannot be read are left out; lint says so about the given ones.

    Args:
        kept: the files of the versions in use.
        shipped: the files that come with the desk; taken only for what neither of the others has.
    """
    present, mine = _readable(kept), _readable(given)
    known = {name for contents in (*present, *mine) for name in contents.defines}
    wanted = {need for contents in mine for need in contents.needs} - known
    extra: list[Contents] = []
    offered = _readable(shipped)
    while wanted:
        found = [contents for contents in offered if contents.defines & wanted]
        extra += found
        known |= {name for contents in found for name in contents.defines} | wanted
        wanted = {need for contents in found for need in contents.needs} - known
    pool = Pool([*extra, *present, *mine])
    own = {id(file) for file in given}
    beside: dict[int, SourceFile] = {}
    for key in pool.processes():
        reached = {id(file): file for file in pool.reached_from(key)}
        if reached.keys() & own:
            beside |= reached
    return [file for number, file in beside.items() if number not in own]


def _readable(files: Iterable[SourceFile]) -> list[Contents]:
    found = []
    for file in files:
        with suppress(InvalidInput):
            found.append(read(file))
    return found


def content_hash(files: Sequence[SourceFile]) -> str:
    """One hash over names and contents, whatever their order."""
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.name):
        digest.update(f"{file.kind}\0{file.name}\0{file.sha256}\n".encode())
    return digest.hexdigest()
