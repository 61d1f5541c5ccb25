"""Deciding on approvals without opening each form: what the form of one makes of "approve" and "return"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.engine.models import DefinitionFile, FileKind, ProcessInstance, UserTask
from app.errors import InvalidInput
from app.forms.fields import Field, Form, parse_form
from app.forms.rendering import initial_values
from app.forms.schema import hidden_keys
from app.texts import gettext as _
from app.texts import translated

APPROVE: Final = "approve"
RETURN: Final = "return"
# What forms call the two: the values of their outcome.
OUTCOMES: Final[Mapping[str, tuple[str, ...]]] = {APPROVE: ("approve",), RETURN: ("reject", "refuse", "return")}
_ANY_REASON = "…"
_TEXTS = frozenset({"textarea", "textfield"})


def answer(form: Form | None, decision: str, reason: str = "", *, language: str = "en") -> dict[str, Any]:
    """What somebody who decides so would type into a form; whatever else it shows keeps its default.

    Args:
        language: of the fields that the error names.

    Raises:
        InvalidInput: the form knows no such decision, takes no reason, or wants more than that.
    """
    if form is None:
        if decision == APPROVE:
            return {}
        raise InvalidInput(_("It takes no reason. Open it to decide."))
    outcome = next((each for each in form.inputs if each.display == "outcome"), None)
    offered = {choice.value for choice in outcome.choices} if outcome is not None else set()
    chosen = next((value for value in OUTCOMES[decision] if value in offered), None)
    if outcome is None or chosen is None:
        raise InvalidInput(_("Its form has another kind of decision. Open it to decide."))
    typed = initial_values(form) | {outcome.key: chosen}
    shown = _shown(form, typed)
    if decision == RETURN:
        place = _for_reason(shown)
        if place is None:
            raise InvalidInput(_("It takes no reason. Open it to decide."))
        typed[place.key] = reason
    more = [each for each in shown if each.required and typed.get(each.key) in (None, "", [], False)]
    if more:
        names = ", ".join(translated(each.labels, language) for each in more)
        raise InvalidInput(_("Its form asks for more (%(fields)s). Open it to decide.", fields=names))
    return typed


def possible(form: Form | None) -> frozenset[str]:
    """Which decisions a form takes without being opened."""
    found = set()
    for decision in OUTCOMES:
        try:
            answer(form, decision, _ANY_REASON)
        except InvalidInput:
            continue
        found.add(decision)
    return frozenset(found)


def forms_of(session: Session, tasks: Iterable[UserTask]) -> dict[int, Form | None]:
    """The forms of many tasks by their ids, in two queries; None for a task without one."""
    found: dict[int, Form | None] = dict.fromkeys((task.id for task in tasks), None)
    if not found:
        return found
    file_name = UserTask.form + ".form"
    files = (
        select(UserTask.id, DefinitionFile.id)
        .join(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
        .join(DefinitionFile, DefinitionFile.definition_id == ProcessInstance.definition_id)
        .where(UserTask.id.in_(found), DefinitionFile.kind == FileKind.FORM, DefinitionFile.name == file_name)
    )
    file_of = {row[0]: row[1] for row in session.execute(files)}
    written = select(DefinitionFile.id, DefinitionFile.content).where(DefinitionFile.id.in_(set(file_of.values())))
    forms = {file_id: parse_form(content) for file_id, content in session.execute(written)}
    return found | {task_id: forms[file_id] for task_id, file_id in file_of.items()}


def _shown(form: Form, typed: Mapping[str, Any]) -> list[Field]:
    hidden = hidden_keys(form, typed)
    return [each for each in form.inputs if each.id not in hidden and not each.read_only]


def _for_reason(shown: list[Field]) -> Field | None:
    """Where a reason goes: the text that the form wants, else the first one that it offers."""
    texts = [each for each in shown if each.type in _TEXTS and each.display in ("", "reply")]
    return next((each for each in texts if each.required), texts[0] if texts else None)
