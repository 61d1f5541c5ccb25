"""The diagram that draws a process, as it was when its version was deployed."""

from __future__ import annotations

from functools import lru_cache

from flask_babel import gettext as _
from lxml import etree
from sqlalchemy.orm import Session

from app.engine import queries, xml
from app.engine.models import FileKind, ProcessDefinition
from app.errors import InvalidInput, NotFound

BPMN_PROCESS = "{http://www.omg.org/spec/BPMN/20100524/MODEL}process"


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
def _process_ids(content: str) -> frozenset[str]:
    # Versions never change, so what was read once holds.
    try:
        root: etree._Element = xml.parse(content.encode())
    except InvalidInput:
        return frozenset()
    return frozenset(str(process.get("id")) for process in root.iter(BPMN_PROCESS))
