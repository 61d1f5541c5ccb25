"""Definitions: immutable versions of processes, how they are deployed, and their compiled form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError

from app import clock
from app.db import Session
from app.engine.bundles import Contents, Pool, content_hash, read
from app.engine.compiled import CACHE, Compiled, compile_files
from app.engine.locking import version_of
from app.engine.models import DefinitionFile, Origin, ProcessDefinition, ProcessInstance
from app.engine.xml import FileKind, SourceFile
from app.errors import Conflict, InvalidInput, NotFound

if TYPE_CHECKING:
    from app.engine.lint import Problem

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("processes", "forms")
KINDS: dict[str, FileKind] = {".bpmn": "bpmn", ".dmn": "dmn", ".form": "form"}

__all__ = ["SourceFile", "compiled", "current", "deploy", "deploy_shipped", "form_schema", "problems_of", "source_file"]


def source_file(path: Path) -> SourceFile:
    """Read one file of a definition from disk.

    Raises:
        InvalidInput: its name does not end in .bpmn, .dmn or .form, or it is not there.
    """
    kind = KINDS.get(path.suffix)
    if kind is None:
        raise InvalidInput(f"{path.name} is no diagram, decision table or form (.bpmn, .dmn, .form).")
    try:
        return SourceFile(kind, path.name, path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error


def shipped_files(root: Path = ROOT) -> list[SourceFile]:
    """Every diagram, decision table and form that comes with the desk."""
    paths = (path for folder in FOLDERS for path in sorted((root / folder).glob("*")) if path.suffix in KINDS)
    return [source_file(path) for path in paths]


def deploy(
    session: Session, files: Sequence[SourceFile], *, origin: Origin | str = Origin.EDITED, by_id: int | None = None
) -> list[ProcessDefinition]:
    """Make a new version of every process that these files change.

    Files that a process needs and that are not given are taken from its current version. A changed decision table
    or form gives a new version of each process that uses it. Running instances stay on the version they started with.

    Raises:
        InvalidInput: lint found errors; `errors` holds every one under its element.
        Conflict: somebody else deployed one of the processes at the same moment.
    """
    given = [read(file) for file in files]
    kept = [read(file) for definition in current_all(session) for file in definition_files(definition)]
    pool = Pool([*kept, *given])
    return _deploy(session, pool, given, Origin(origin), by_id, lambda now: True)


def deploy_shipped(session: Session, root: Path = ROOT) -> list[ProcessDefinition]:
    """Deploy what comes with the desk, except for processes that somebody has edited since."""
    given = [read(file) for file in shipped_files(root)]
    pool = Pool(given)
    return _deploy(session, pool, given, Origin.SHIPPED, None, lambda now: now.origin == Origin.SHIPPED)


def _deploy(
    session: Session,
    pool: Pool,
    given: Sequence[Contents],
    origin: Origin,
    by_id: int | None,
    may_replace: Callable[[ProcessDefinition], bool],
) -> list[ProcessDefinition]:
    present = {definition.key: definition for definition in current_all(session)}
    wanted: list[tuple[str, str, list[SourceFile]]] = []
    in_use: set[str] = set()
    for key, name in sorted(pool.processes().items()):
        reached = pool.reached_from(key)
        in_use |= {file.name for file in reached}
        before = present.get(key)
        if before is not None and (before.content_hash == content_hash(reached) or not may_replace(before)):
            continue
        wanted.append((key, name, reached))
    # A file that nothing reaches is looked at too: it is probably a slip of its name.
    stray = [contents.file for contents in given if contents.file.name not in in_use]
    _refuse_problems([*(file for _, _, reached in wanted for file in reached), *stray])
    return [_add_version(session, present.get(key), key, name, files, origin, by_id) for key, name, files in wanted]


def _refuse_problems(files: Iterable[SourceFile]) -> None:
    together = {file.name: file for file in files}
    if not together:
        return
    found = [problem for problem in problems_of(list(together.values())) if problem.severity == "error"]
    if not found:
        return
    errors: dict[str, list[str]] = {}
    for problem in found:
        errors.setdefault(problem.element or problem.file, []).append(f"{problem.file}: {problem.message}")
    count = f"{len(found)} errors" if len(found) > 1 else "an error"
    raise InvalidInput(f"The diagrams have {count} and were not deployed.", errors)


def problems_of(files: Sequence[SourceFile]) -> list[Problem]:
    """What lint finds in files that belong together."""
    # Only deploying needs the rules; every other process starts without them.
    from app.engine import lint

    return list(lint.problems(files))


def _add_version(
    session: Session,
    before: ProcessDefinition | None,
    key: str,
    name: str,
    files: list[SourceFile],
    origin: Origin,
    by_id: int | None,
) -> ProcessDefinition:
    made = compile_files(key, files)
    digest = content_hash(files)
    definition = ProcessDefinition(
        key=key,
        version=before.version + 1 if before is not None else 1,
        name=name,
        content_hash=digest,
        origin=origin.value,
        spec_names=dict(made.names),
        deployed_at=clock.now(),
        deployed_by_id=by_id,
        files=[DefinitionFile(kind=file.kind, name=file.name, content=file.content.decode()) for file in files],
    )
    try:
        with session.begin_nested():
            session.add(definition)
    except IntegrityError as error:
        raise Conflict(f"Somebody else deployed {key} at the same moment. Look at their version first.") from error
    CACHE.put(definition.version, digest, made)
    return definition


def current_all(session: Session) -> list[ProcessDefinition]:
    """The newest version of every process, by key."""
    newest = (
        select(ProcessDefinition.key, func.max(ProcessDefinition.version).label("version"))
        .group_by(ProcessDefinition.key)
        .subquery()
    )
    query = select(ProcessDefinition).join(
        newest, (ProcessDefinition.key == newest.c.key) & (ProcessDefinition.version == newest.c.version)
    )
    return list(session.scalars(query.order_by(ProcessDefinition.key)))


def current(session: Session, key: str) -> ProcessDefinition | None:
    """The newest version of a process."""
    query = select(ProcessDefinition).where(ProcessDefinition.key == key)
    return session.scalars(query.order_by(ProcessDefinition.version.desc()).limit(1)).first()


_DEFINITIONS = ProcessDefinition.__table__
_CURRENT_ID = (
    select(_DEFINITIONS.c.id)
    .where(_DEFINITIONS.c.key == bindparam("key"))
    .order_by(_DEFINITIONS.c.version.desc())
    .limit(1)
)


def current_id(session: Session, key: str) -> int | None:
    """The id of the newest version of a process, without its row."""
    session.flush()
    found: int | None = session.connection().execute(_CURRENT_ID, {"key": key}).scalar_one_or_none()
    return found


def definition_files(definition: ProcessDefinition) -> list[SourceFile]:
    """The files of a version as they were deployed."""
    kinds: dict[str, FileKind] = {kind: kind for kind in KINDS.values()}
    return [SourceFile(kinds[file.kind], file.name, file.content.encode()) for file in definition.files]


def compiled(definition: ProcessDefinition) -> Compiled:
    """The compiled form of a version, parsed once per process."""
    found = CACHE.get(definition.key, definition.version, definition.content_hash)
    if found is None:
        made = compile_files(definition.key, definition_files(definition), definition.spec_names)
        found = CACHE.put(definition.version, definition.content_hash, made)
    return found


def compiled_for(session: Session, instance: ProcessInstance) -> Compiled:
    """The compiled form of the version that an instance runs on; found without its row where the instance is locked."""
    version = version_of(session, instance)
    return (CACHE.get(*version) if version is not None else None) or compiled(instance.definition)


def form_schema(session: Session, definition_id: int, form_name: str) -> dict[str, Any]:
    """A form of a version, as form-js wrote it.

    Raises:
        NotFound: the version has no such form.
    """
    definition = session.get(ProcessDefinition, definition_id)
    if definition is None or form_name not in (forms := compiled(definition).forms):
        raise NotFound(f"There is no form {form_name}.")
    return forms[form_name]
