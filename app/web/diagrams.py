"""The diagram that draws a process, as it was when its version was deployed, with its words in the reader's language.

Versions never change, so what was read from a diagram once is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from flask_babel import gettext as _
from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.engine import queries, xml
from app.engine.models import DefinitionFile, FileKind, ProcessDefinition
from app.errors import InvalidInput, NotFound
from app.texts import translated

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DI = "{http://www.omg.org/spec/DD/20100524/DI}"

# The operations that tell colleagues, and whom each of them tells; None where its parameter says it.
_TELLING = {"notify.staff": None, "notify.team": ("team",), "notify.managers": ("managers",)}
_LIST_OF_TEXTS = re.compile(r"""\s*\[\s*("\w+"|'\w+')(\s*,\s*("\w+"|'\w+'))*\s*\]\s*""")
# Words of versions that pages have shown, by what their files hold. They are small, their diagrams are not.
_MOST_VERSIONS = 500
_known: dict[tuple[str, str], Words] = {}
# Diagrams that pages have shown; what is read from one is kept by its text, for as many.
_MOST_DIAGRAMS = 128
_diagrams: dict[tuple[str, str], str] = {}


@dataclass(frozen=True)
class Alarm:
    """A timer at the edge of a step that tells colleagues when nobody has done the step by then.

    Args:
        step: the step it watches.
        tells: whom, in the words of `notifications.recipients`.
    """

    step: str
    tells: tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """What a diagram calls its elements.

    Args:
        names: texts by language, by element.
        caught: the message that an element waits for.
        followers: the elements that come next after an element.
        forms: the form of each user task.
        alarms: the timers that tell colleagues of a step that is not done.
        crossroads: the gateways that wait for the first of several things.
    """

    names: Mapping[str, Mapping[str, str]]
    caught: Mapping[str, str]
    followers: Mapping[str, tuple[str, ...]]
    forms: Mapping[str, str]
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    crossroads: frozenset[str] = frozenset()

    def name(self, element: str | None, language: str) -> str:
        """An element's name, or its id when nobody named it."""
        return translated(dict(self.names.get(element or "", {})), language) or element or ""

    def place_name(self, element: str, language: str) -> str:
        """Where an instance waits: of a gateway that waits for several things, all of them."""
        awaited = self.followers.get(element, ()) if element in self.crossroads else ()
        return " / ".join(self.name(each, language) for each in awaited) or self.name(element, language)

    def wait_name(self, element: str, message: str, language: str) -> str:
        """What is waited for at an element: of a gateway that waits for several things, the event of this message."""
        if self.caught.get(element) == message:
            return self.name(element, language)
        for follower in self.followers.get(element, ()):
            if self.caught.get(follower) == message:
                return self.name(follower, language)
        return self.name(element, language)


def diagram_of(session: Session, definition: ProcessDefinition) -> str:
    """The BPMN text of a version: of its files, the one that holds its process.

    Raises:
        NotFound: the version holds no such diagram.
    """
    key = _key(definition)
    if key not in _diagrams:
        if len(_diagrams) >= _MOST_DIAGRAMS:
            _diagrams.clear()
        _diagrams[key] = _read_diagram(session, definition)
    return _diagrams[key]


def _read_diagram(session: Session, definition: ProcessDefinition) -> str:
    for file in queries.definition_files(session, definition.id):
        if file.kind == FileKind.BPMN.value and definition.key in _process_ids(file.content):
            return file.content
    raise NotFound(_("This version has no diagram."))


def words_of_versions(session: Session, versions: Iterable[ProcessDefinition]) -> dict[int, Words]:
    """The words of the diagrams of many versions by their ids, in one query for those that were never looked at.

    A version without a diagram of its process has none and is left out.
    """
    wanted = {version.id: version for version in versions}
    missing = [version.id for version in wanted.values() if _key(version) not in _known]
    if missing:
        files = select(DefinitionFile.definition_id, DefinitionFile.content)
        found = session.execute(
            files.where(DefinitionFile.definition_id.in_(missing), DefinitionFile.kind == FileKind.BPMN)
        )
        if len(_known) + len(missing) > _MOST_VERSIONS:
            _known.clear()
        for definition_id, content in found:
            if wanted[definition_id].key in _process_ids(content):
                _known[_key(wanted[definition_id])] = words_of(content)
    return {id_: _known[_key(version)] for id_, version in wanted.items() if _key(version) in _known}


def process_names(session: Session, versions: Iterable[ProcessDefinition], language: str) -> dict[int, str]:
    """What the processes of many versions are called in a language, by the versions' ids."""
    versions = list(versions)
    words = words_of_versions(session, versions)
    return {
        each.id: words[each.id].name(each.key, language)
        if each.id in words and each.key in words[each.id].names
        else each.name
        for each in versions
    }


def _key(version: ProcessDefinition) -> tuple[str, str]:
    return version.key, version.content_hash


@lru_cache(maxsize=128)
def words_of(diagram: str) -> Words:
    """The words of a diagram."""
    root = xml.parse(diagram.encode())
    messages = {str(message.get("id")): str(message.get("name")) for message in root.iter(f"{BPMN}message")}
    names, caught, forms = {}, {}, {}
    followers: dict[str, tuple[str, ...]] = {}
    for element in root.iter():
        key = element.get("id")
        texts = _names(element)
        if key and texts:
            names[str(key)] = texts
        if key and (form := _properties(element).get("form")):
            forms[str(key)] = form
        event = element.find(f"{BPMN}messageEventDefinition")
        if key and event is not None:
            caught[str(key)] = messages.get(str(event.get("messageRef")), "")
        if element.tag == f"{BPMN}sequenceFlow":
            source = str(element.get("sourceRef"))
            followers[source] = (*followers.get(source, ()), str(element.get("targetRef")))
    crossroads = frozenset(str(gateway.get("id")) for gateway in root.iter(f"{BPMN}eventBasedGateway"))
    return Words(names, caught, followers, forms, _alarms(root, followers), crossroads)


@lru_cache(maxsize=128)
def size_of(diagram: str) -> tuple[int, int]:
    """How wide and how high the drawing is, in the diagram's own units; zero when nothing is drawn.

    A page keeps the room for it, so that nothing moves when it appears.
    """
    drawn = next(xml.parse(diagram.encode()).iter(f"{BPMNDI}BPMNDiagram"), None)
    across, down = [], []
    for box in drawn.iter(f"{DC}Bounds", f"{DI}waypoint") if drawn is not None else ():
        x, y, width, height = (float(box.get(name) or 0) for name in ("x", "y", "width", "height"))
        across += [x, x + width]
        down += [y, y + height]
    if not across:
        return 0, 0
    return round(max(across) - min(across)), round(max(down) - min(down))


def process_name(session: Session, definition: ProcessDefinition, language: str) -> str:
    """What a process is called in a language, by the diagram of its version."""
    words = words_of(diagram_of(session, definition))
    return words.name(definition.key, language) if definition.key in words.names else definition.name


@lru_cache(maxsize=128)
def in_language(diagram: str, language: str) -> str:
    """The diagram with every name in a language, where it has one."""
    root = xml.parse(diagram.encode())
    for element in root.iter():
        texts = _names(element)
        if language in texts and element.get("name") is not None:
            element.set("name", texts[language])
    text: str = etree.tostring(root, encoding="unicode")
    return text


def _alarms(root: etree._Element, followers: Mapping[str, tuple[str, ...]]) -> dict[str, Alarm]:
    """Timers at the edge of a step whose next element tells colleagues."""
    told = {str(task.get("id")): whom for task in root.iter(f"{BPMN}serviceTask") if (whom := _told_by(task))}
    found: dict[str, Alarm] = {}
    for event in root.iter(f"{BPMN}boundaryEvent"):
        key = str(event.get("id"))
        whom = next((told[each] for each in followers.get(key, ()) if each in told), ())
        if whom and event.find(f"{BPMN}timerEventDefinition") is not None:
            found[key] = Alarm(str(event.get("attachedToRef")), whom)
    return found


def _told_by(task: etree._Element) -> tuple[str, ...]:
    operator = task.find(f"{BPMN}extensionElements/{SPIFF}serviceTaskOperator")
    if operator is None or operator.get("id") not in _TELLING:
        return ()
    fixed = _TELLING[str(operator.get("id"))]
    if fixed is not None:
        return fixed
    to = next((each.get("value") for each in operator.iter(f"{SPIFF}parameter") if each.get("id") == "to"), None)
    # A list of texts is read; anything else is worked out when it happens.
    return tuple(re.findall(r"\w+", str(to))) if _LIST_OF_TEXTS.fullmatch(str(to)) else ()


def _names(element: etree._Element) -> dict[str, str]:
    texts = {"en": str(element.get("name"))} if element.get("name") else {}
    for name, value in _properties(element).items():
        plain, _colon, language = name.partition(":")
        if plain == "name" and language and value:
            texts[language] = value
    return texts


def _properties(element: etree._Element) -> dict[str, str]:
    entries = element.iterfind(f"{BPMN}extensionElements/{SPIFF}properties/{SPIFF}property")
    return {str(entry.get("name")): str(entry.get("value") or "") for entry in entries}


@lru_cache(maxsize=128)
def _process_ids(content: str) -> frozenset[str]:
    try:
        root = xml.parse(content.encode())
    except InvalidInput:
        return frozenset()
    return frozenset(str(process.get("id")) for process in root.iter(f"{BPMN}process"))
