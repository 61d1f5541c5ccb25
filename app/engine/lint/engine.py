"""The last rule: what no other rule objects to must be readable for the engine itself, as deploying will do it."""

from __future__ import annotations

from collections.abc import Sequence

from app.engine import xml
from app.engine.bundles import Pool, read
from app.engine.compiled import compile_files
from app.engine.dmn import DecisionEngine
from app.engine.lint.bundle import Bundle, DecisionFile, Problem, id_of
from app.engine.parser import DeskParser
from app.engine.xml import SourceFile
from app.errors import InvalidInput


def check(bundle: Bundle) -> list[Problem]:
    """What the engine says to each process and each decision table of files without other errors."""
    try:
        pool = Pool(read(file) for file in bundle.files)
    except InvalidInput as error:
        name = next(iter(error.errors), bundle.files[0].name)
        return [Problem(name, "", "engine", "error", error.message)]
    found: list[Problem] = []
    for diagram in bundle.diagrams:
        for process in diagram.processes:
            key = process.get("id", "")
            if key in pool.processes():
                found += _compiled(diagram.file.name, key, pool.reached_from(key))
    for file in bundle.decision_files:
        found += _readable(file)
    return found


def _readable(file: DecisionFile) -> list[Problem]:
    parser = DeskParser()
    try:
        parser.add_dmn_xml(xml.parse(file.file.content), file.file.name)
        for table in parser.dmn_parsers.values():
            table.parse()
            DecisionEngine(table.decision.decisionTables[0])
    except Exception as error:  # noqa: BLE001 - whatever the library does with a file that no rule foresaw
        message = f"The engine cannot read this table ({type(error).__name__}: {str(error)[:200]})."
        key = id_of(file.decisions[0]) if file.decisions else ""
        return [Problem(file.file.name, key, "engine", "error", f"{message} Draw it again from a fresh table.")]
    return []


def _compiled(name: str, key: str, files: Sequence[SourceFile]) -> list[Problem]:
    try:
        compile_files(key, files)
    except InvalidInput as error:
        where = next(iter(error.errors), key)
        return [Problem(name, where, "engine", "error", f"{error.message} Draw it differently.")]
    except Exception as error:  # noqa: BLE001 - whatever the library does with a file that no rule foresaw
        message = f"The engine cannot read this diagram ({type(error).__name__}: {str(error)[:200]})."
        return [Problem(name, key, "engine", "error", f"{message} Draw it again from a fresh diagram.")]
    return []
