"""The ticket page is a frame: each feature serves its own panel into it, and its own column into the list.

A feature registers a function in its `panels.py`. It returns the template to draw and its values, or None when it has
nothing to show. Nothing here knows the features above tickets.

Panels look again when something happens to the ticket; one whose `live` says more ("mine") looks then, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from app.people.models import Person
from app.tickets.models import Message, Ticket


class Slot(StrEnum):
    """Where on the ticket page a panel stands."""

    CLOCKS = "clocks"  # the strip under the title
    WORK = "work"  # docked under the conversation
    SIDE = "side"  # the column of panels that fold


@dataclass(frozen=True)
class Content:
    """What to draw: a template and its values; `title`, `note`, `link` (words, address) are for panels of the side."""

    template: str
    values: Mapping[str, Any]
    title: str = ""
    note: str = ""
    link: tuple[str, str] | None = None


Draw = Callable[[Session, Ticket, Person], "Content | None"]
Column = Callable[[Session, Sequence[int], Person], Mapping[int, Mapping[str, Any]]]
# Of the messages with these ids: what a feature has to show below them, by message id.
Attachments = Callable[[Session, Sequence[int]], Mapping[int, Sequence[Any]]]
Below = Callable[[Session, Sequence[int]], Mapping[int, Content]]
# Hangs the files of a form on a message; raises InvalidInput with errors under `files`.
AttachFiles = Callable[[Session, Message, Sequence[Any], Person], None]


@dataclass(frozen=True)
class Panel:
    """A registered panel."""

    key: str
    slot: Slot
    order: int
    draw: Draw
    is_open: bool
    live: str = ""


_panels: dict[str, Panel] = {}
_columns: dict[str, tuple[str, Column]] = {}
_attachments: list[Attachments] = []
_below: list[Below] = []
_attaching: list[AttachFiles] = []


def panel(
    key: str, *, slot: Slot = Slot.SIDE, order: int, is_open: bool = True, live: str = ""
) -> Callable[[Draw], Draw]:
    """Register a panel; lower orders stand first."""

    def register(draw: Draw) -> Draw:
        _panels[key] = Panel(key, slot, order, draw, is_open, live)
        return draw

    return register


def list_column(key: str, template: str) -> Callable[[Column], Column]:
    """Register a column of the ticket list: values by ticket id, for many tickets at once, drawn by a template."""

    def register(column: Column) -> Column:
        _columns[key] = (template, column)
        return column

    return register


def message_attachments(find: Attachments) -> Attachments:
    """Register who knows the documents of messages: rows with `uuid`, `name`, `size` by message id."""
    _attachments.append(find)
    return find


def below_messages(find: Below) -> Below:
    """Register who has something to show below messages, such as what a mail quoted."""
    _below.append(find)
    return find


def attaches_files(attach: AttachFiles) -> AttachFiles:
    """Register who keeps the files that come with a message."""
    _attaching.append(attach)
    return attach


def drawn(session: Session, ticket: Ticket, reader: Person) -> dict[Slot, list[tuple[Panel, Content]]]:
    """Every panel that has something to show to this reader, by slot, in order."""
    found: dict[Slot, list[tuple[Panel, Content]]] = {slot: [] for slot in Slot}
    for each in sorted(_panels.values(), key=lambda one: one.order):
        content = each.draw(session, ticket, reader)
        if content is not None:
            found[each.slot].append((each, content))
    return found


def columns(
    session: Session, ticket_ids: Sequence[int], reader: Person, keys: Collection[str]
) -> dict[str, tuple[str, Mapping[int, Mapping[str, Any]]]]:
    """Those of the columns that features add to a list of tickets: template and values by ticket id, by key."""
    chosen = {key: found for key, found in _columns.items() if key in keys}
    return {key: (template, column(session, ticket_ids, reader)) for key, (template, column) in chosen.items()}


def attachments_of(session: Session, message_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The documents of messages, by message."""
    found: dict[int, list[Any]] = {}
    for find in _attachments:
        for message_id, documents in find(session, message_ids).items():
            found.setdefault(message_id, []).extend(documents)
    return found


def below(session: Session, message_ids: Sequence[int]) -> dict[int, list[Content]]:
    """What features show below messages, by message."""
    found: dict[int, list[Content]] = {}
    for find in _below:
        for message_id, content in find(session, message_ids).items():
            found.setdefault(message_id, []).append(content)
    return found


def attach_files(session: Session, message: Message, uploads: Sequence[Any], by: Person) -> None:
    """Keep the files that came with a message.

    Raises:
        InvalidInput: they are too large or too many; nothing may be kept then.
    """
    for attach in _attaching:
        attach(session, message, uploads, by)
