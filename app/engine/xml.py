"""Reading diagram files: XML without document types, networks or surprises, and the files of one deploy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from lxml import etree

from app.errors import InvalidInput

MAX_BYTES = 2_000_000
MAX_ELEMENTS = 30_000
MAX_NESTING = 60

FileKind = Literal["bpmn", "dmn", "form"]


@dataclass(frozen=True)
class SourceFile:
    """One file of a deploy: a diagram, a decision table or a form, as its bytes."""

    kind: FileKind
    name: str
    content: bytes

    @cached_property
    def sha256(self) -> str:
        """The hash of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def parse(content: bytes) -> etree._Element:
    """The root element of a diagram or decision file.

    Raises:
        InvalidInput: it is not well-formed, too large, too deep, or brings a document type of its own.
    """
    if len(content) > MAX_BYTES:
        raise InvalidInput(f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise InvalidInput(f"The file is not well-formed XML: {error.msg}") from None
    except ValueError as error:
        raise InvalidInput(f"The file cannot be read: {error}") from None
    # Asked of the parsed document, so that no encoding can hide it.
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidInput("The file has a DOCTYPE; remove it.")
    for count, _ in enumerate(root.iter(), start=1):
        if count > MAX_ELEMENTS:
            raise InvalidInput(f"The file has more than {MAX_ELEMENTS} elements.")
    _refuse_deep(root)
    for stray in [node for node in root.iter() if not isinstance(node.tag, str)]:
        _remove_keeping_text(stray)
    return root


def _refuse_deep(root: etree._Element) -> None:
    level = [root]
    for _ in range(MAX_NESTING):
        level = [child for element in level for child in element]
        if not level:
            return
    raise InvalidInput("The file is nested too deeply.")


def _remove_keeping_text(node: etree._Element) -> None:
    """Take a comment or processing instruction out, but not the text that follows it."""
    parent = node.getparent()
    if parent is None:
        return
    if node.tail:
        previous = node.getprevious()
        if previous is not None:
            previous.tail = (previous.tail or "") + node.tail
        else:
            parent.text = (parent.text or "") + node.tail
    parent.remove(node)
