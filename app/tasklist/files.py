"""The files of a task's form.

A file goes onto the task's ticket as soon as it arrives and the answer names it by its key (UUID); so a form that comes
back with errors, or a draft, has it still, and only the keys travel through the process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.orm import Session

from app.documents import queries
from app.documents import service as documents
from app.documents.models import Document
from app.documents.service import Upload
from app.engine.models import UserTask
from app.engine.subject import Subject
from app.forms.fields import Field, Form
from app.forms.schema import hidden_keys
from app.people.models import Person
from app.texts import gettext as _
from app.tickets.models import Ticket
from app.tickets.subjects import ticket_of

# The name of the boxes that take a kept file back; what begins so is no field of a form.
REMOVED: Final = "_remove"


@dataclass(frozen=True)
class Brought:
    """What a browser sent beside the texts: new files by field, and the keys of kept files that were taken back."""

    uploads: Mapping[str, Sequence[Upload]] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()


NOTHING: Final = Brought()


@dataclass(frozen=True)
class Taken:
    """What was typed, with the keys of all files of its fields, and what is wrong with them, by field."""

    typed: Mapping[str, Any]
    problems: Mapping[str, list[str]]


def take_in(
    session: Session,
    task: UserTask,
    form: Form,
    person: Person,
    typed: Mapping[str, Any],
    brought: Brought,
    *,
    with_hidden: bool = False,
) -> Taken:
    """Keep the files of a form on the task's ticket, as far as the limits go; what is wrong is told, not raised.

    Args:
        with_hidden: keep those of fields that are hidden now, too: the form is shown again.
    """
    hidden = frozenset() if with_hidden else hidden_keys(form, typed)
    values, problems = dict(typed), {}
    for each in _pickers(form):
        if each.id in hidden:
            continue
        values[each.key], wrong = _take_in_field(session, task, each, person, typed, brought)
        if wrong:
            problems[each.key] = wrong
    return Taken(values, problems)


def kept(session: Session, task: UserTask, form: Form, person: Person, typed: Mapping[str, Any]) -> list[Document]:
    """The files that a form names and that were kept for this person, to be shown with it."""
    keys = [key for each in _pickers(form) for key in _keys(typed.get(each.key))]
    return queries.put_on_ticket(session, _ticket(session, task).id, keys, by=person) if keys else []


def _take_in_field(
    session: Session, task: UserTask, picker: Field, person: Person, typed: Mapping[str, Any], brought: Brought
) -> tuple[list[str], list[str]]:
    named, uploads = _keys(typed.get(picker.key)), brought.uploads.get(picker.key, ())
    if not named and not uploads:
        return [], []
    ticket = _ticket(session, task)
    found = queries.put_on_ticket(session, ticket.id, named, by=person)
    problems = []
    if len(found) < len(set(named)):
        # A key of somebody else's, of another request, or of a file that was sent already.
        problems.append(_("A file is not here any more. Attach it again."))
    present = [document for document in found if document.uuid not in brought.removed]
    fitting, beyond = documents.within_limits(uploads, present=len(present))
    for document in found:
        if document.uuid in brought.removed:
            documents.take_back(session, document, by=person)
    new = documents.attach_uploads(session, parent=ticket, uploads=fitting, by=person)
    return [document.uuid for document in (*present, *new)], problems + beyond


def _pickers(form: Form) -> list[Field]:
    return [each for each in form.inputs if each.type == "filepicker"]


def _keys(typed: Any) -> list[str]:
    items = typed if isinstance(typed, list | tuple) else [typed]
    return [item for item in items if isinstance(item, str) and item]


def _ticket(session: Session, task: UserTask) -> Ticket:
    return ticket_of(session, Subject(task.subject_kind, task.subject_id))
