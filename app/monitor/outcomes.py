"""What people chose, in the words of the form they chose it in."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.engine import definitions
from app.engine.models import ProcessDefinition
from app.errors import DeskError
from app.forms.fields import parse_form
from app.web.diagrams import Words


def labels(session: Session, definition: ProcessDefinition, words: Words) -> dict[tuple[str, str], Mapping[str, str]]:
    """Texts by language for each (user task, outcome) of a version."""
    found: dict[tuple[str, str], Mapping[str, str]] = {}
    for element, form_name in words.forms.items():
        try:
            form = parse_form(definitions.form_schema(session, definition.id, form_name))
        except DeskError:
            # Old versions may hold a form that is not accepted any more; its values are shown as they are.
            continue
        for field in form.inputs:
            if field.display == "outcome":
                found.update({(element, choice.value): choice.labels for choice in field.choices})
    return found
