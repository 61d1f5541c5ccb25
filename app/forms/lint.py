"""What lint says about form files: whatever could not be drawn or checked."""

from __future__ import annotations

from app.engine import lint
from app.engine.lint import Problem
from app.engine.xml import SourceFile
from app.forms.fields import Form, InvalidForm, parse_form


@lint.checks("form")
def check_form(file: SourceFile) -> list[Problem]:
    """The problems of one form file."""
    try:
        form = parse_form(file.content)
    except InvalidForm as error:
        return [Problem(file.name, each.element, "form", "error", each.message) for each in error.problems]
    return [*_untranslated(file, form), *_outcomes(file, form)]


def _untranslated(file: SourceFile, form: Form) -> list[Problem]:
    found = []
    for field in form.all_fields:
        texts = [("label", field.labels), ("description", field.descriptions), ("text", field.texts)]
        texts += [(f"choice “{choice.value}”", choice.labels) for choice in field.choices]
        for what, languages in texts:
            if languages.get("en") and not languages.get("ro"):
                message = f"Its {what} has no Romanian text; add the property label:ro (description:ro, text:ro)."
                found.append(Problem(file.name, field.id, "missing-translation", "warning", message))
    return found


def _outcomes(file: SourceFile, form: Form) -> list[Problem]:
    outcomes = [field for field in form.inputs if field.display == "outcome"]
    return [
        Problem(file.name, field.id, "form", "error", "A form has one outcome; remove the others.")
        for field in outcomes[1:]
    ]
