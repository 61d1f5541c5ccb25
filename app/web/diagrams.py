"""The diagram that draws a process, as it was when its version was deployed, with its words in the reader's language.

Versions never change, so what was read from a diagram once is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from flask_babel import gettext as _
from lxml import etree
from sqlalchemy.orm import Session

from app.engine import queries, xml
from app.engine.models import FileKind, ProcessDefinition
from app.errors import InvalidInput, NotFound
from app.texts import translated

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"


@dataclass(frozen=True)
class Words:
    """What a diagram calls its elements.

    Args:
        names: texts by language, by element.
        caught: the message that an element waits for.
        followers: the elements that come next after an element.
        forms: the form of each user task.
    """

    names: Mapping[str, Mapping[str, str]]
    caught: Mapping[str, str]
    followers: Mapping[str, tuple[str, ...]]
    forms: Mapping[str, str]

    def name(self, element: str | None, language: str) -> str:
        """An element's name, or its id when nobody named it."""
        return translated(dict(self.names.get(element or "", {})), language) or element or ""

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
    for file in queries.definition_files(session, definition.id):
        if file.kind == FileKind.BPMN.value and definition.key in _process_ids(file.content):
            return file.content
    raise NotFound(_("This version has no diagram."))


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
    return Words(names, caught, followers, forms)


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
