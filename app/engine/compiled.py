"""Compiled definitions: parsed once per process and version, frozen, shared by all instances of the version."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from app.engine import xml
from app.engine.parser import DeskParser, freeze, stop_predicting
from app.engine.xml import SourceFile
from app.errors import InvalidInput

# Versions kept parsed in one process; a desk rarely runs more at a time.
KEPT = 64


@dataclass(frozen=True)
class Compiled:
    """A parsed definition with everything it calls."""

    key: str
    spec: BpmnProcessSpec
    subprocess_specs: dict[str, BpmnProcessSpec]
    # {process or sub-process id: [task spec name, …]}: the compact state counts in these lists.
    names: Mapping[str, list[str]]
    forms: Mapping[str, dict[str, Any]]
    _indexes: dict[str, dict[str, int]] = field(default_factory=dict)

    def name_of(self, element: str) -> str:
        """What the diagram calls an element; empty when it has no name."""
        for spec in (self.spec, *self.subprocess_specs.values()):
            found = spec.task_specs.get(element)
            if found is not None:
                return str(found.bpmn_name or "")
        return ""

    def index_of(self, spec_name: str) -> dict[str, int]:
        """The place of each task spec name in its list."""
        if spec_name not in self._indexes:
            self._indexes[spec_name] = {name: place for place, name in enumerate(self.names[spec_name])}
        return self._indexes[spec_name]


def compile_files(key: str, files: Sequence[SourceFile], names: Mapping[str, list[str]] | None = None) -> Compiled:
    """Parse the files of one process.

    Args:
        names: the task spec names as they were when the version was deployed; found anew when None.

    Raises:
        InvalidInput: the engine cannot read the diagrams.
    """
    parser = DeskParser()
    try:
        for file in files:
            if file.kind == "dmn":
                parser.add_dmn_xml(xml.parse(file.content), file.name)
        for file in files:
            if file.kind == "bpmn":
                parser.add_bpmn_xml(xml.parse(file.content), file.name)
        spec = parser.get_spec(key)
        subprocess_specs = parser.get_subprocess_specs(key, require_call_activity_specs=False)
    except ValidationException as error:
        where = getattr(error, "id", None) or getattr(error, "name", None) or key
        raise InvalidInput(f"The diagram cannot be used: {error}", {str(where): [str(error)]}) from error
    missing = [name for name, sub in subprocess_specs.items() if sub is None]
    if missing:
        raise InvalidInput(
            f"The diagram calls {', '.join(missing)}, which is not among the files.",
            {name: ["This called process is missing."] for name in missing},
        )
    for each in {id(one): one for one in (spec, *subprocess_specs.values())}.values():
        freeze(each)
        stop_predicting(each)
    # The process itself is listed too: one that calls itself is found among its own sub-processes.
    found = {each.name: list(each.task_specs) for each in (spec, *subprocess_specs.values())}
    forms = {file.name.removesuffix(".form"): json.loads(file.content) for file in files if file.kind == "form"}
    return Compiled(key, spec, subprocess_specs, names or found, forms)


class Cache:
    """Compiled definitions by key, version and content hash; safe for threads.

    The version counts: two of the same content may have been deployed by desks whose parsers found elements in another
    order, and the states of each count in the list of their own.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, str], Compiled] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, version: int, content_hash: str) -> Compiled | None:
        """The compiled definition when this process has it."""
        with self._lock:
            found = self._kept.get((key, version, content_hash))
            if found is not None:
                self._kept.move_to_end((key, version, content_hash))
            return found

    def put(self, version: int, content_hash: str, compiled: Compiled) -> Compiled:
        """Keep a compiled definition; the first one wins, so that all threads share one."""
        with self._lock:
            kept = self._kept.setdefault((compiled.key, version, content_hash), compiled)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return kept


CACHE = Cache()
