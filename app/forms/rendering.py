"""What a page needs to draw a form: fields, what was typed, what is wrong with it, in the reader's language.

`render()` returns a `FormView`. Its shape, for the template that draws it:

    form.id, form.errors            errors that belong to no single field
    form.fields                     list of FieldView, in order; groups hold theirs in `field.fields`
    form.outcome                    the FieldView shown as outcome buttons, or None (it is in `form.fields` too)
    form.takes_files                it has a filepicker: the browser must send it as multipart/form-data

    field.type       textfield textarea number checkbox radio select checklist datetime text group filepicker
                     separator spacer
    field.display    "" or outcome, reply, duration, person, team, skill: how to draw it instead of the plain control
    field.key        the name of the control; field.html_id its unique id ("" for text, group, separator, spacer)
    field.label, field.description, field.text (the static text of a `text`: plain text, lines kept)
    field.value      the text to put in the control, exactly as it was typed; checkbox: True or False
    field.options    list of OptionView(value, label, selected, button): radio, select, checklist, outcome, pickers;
                     of a filepicker the files that are kept already
    field.required, field.read_only, field.errors (list of sentences)
    field.hidden     its condition does not hold: draw nothing but hidden inputs that carry `field.carried`, so that
                     what was typed is there again when the field comes back (a hidden group's fields are hidden each)
    field.carried    list of texts that a hidden field carries (as many hidden inputs of its name)
    field.refreshes  a condition reads it: draw the form anew when it changes
    field.input_type text email tel number date time datetime-local file checkbox (of an <input>)
    field.attributes dict of further attributes: minlength maxlength min max step pattern inputmode accept multiple
                     placeholder (never needed for safety: the server checks everything)
    field.columns    width on a grid of 16

Nothing here is escaped: the template does that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.forms.fields import Choice, Field, Form
from app.forms.schema import hidden_keys, single
from app.texts import translated

_INPUT_TYPES: Final = {"number": "text", "filepicker": "file", "checkbox": "checkbox"}
_DATETIME_TYPES: Final = {"date": "date", "time": "time", "datetime": "datetime-local"}


@dataclass(frozen=True)
class OptionView:
    """One choice of a field."""

    value: str
    label: str
    selected: bool
    button: str = ""


@dataclass(frozen=True)
class FieldView:
    """One field as it is drawn; the module's docstring says what each part is for."""

    type: str
    key: str
    html_id: str
    display: str = ""
    label: str = ""
    description: str = ""
    text: str = ""
    value: Any = ""
    options: list[OptionView] = field(default_factory=list)
    required: bool = False
    read_only: bool = False
    errors: list[str] = field(default_factory=list)
    hidden: bool = False
    carried: list[str] = field(default_factory=list)
    refreshes: bool = False
    input_type: str = "text"
    attributes: dict[str, str] = field(default_factory=dict)
    columns: int = 16
    fields: list[FieldView] = field(default_factory=list)


@dataclass(frozen=True)
class FormView:
    """A form as it is drawn."""

    id: str
    fields: list[FieldView]
    errors: list[str]
    outcome: FieldView | None
    takes_files: bool = False


def render(
    form: Form,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
    *,
    language: str = "en",
    zone: str = "UTC",
    people: Iterable[Choice] = (),
    teams: Iterable[Choice] = (),
    skills: Iterable[Choice] = (),
    files: Iterable[Choice] = (),
) -> FormView:
    """Put fields, values and errors together.

    Args:
        values: what was typed (texts and lists of texts, from a request or a draft) or stored (a checked answer); None
            for a form nobody has touched, which then shows its default values.
        errors: sentences by field key, from the answer schema.
        zone: the reader's zone, for stored moments.
        people, teams, skills: the choices of such fields.
        files: the kept files that values of filepickers may name; others are not shown.
    """
    shown = initial_values(form) if values is None else values
    choices = {"person": list(people), "team": list(teams), "skill": list(skills), "files": list(files)}
    painter = _Painter(form, shown, errors or {}, language, ZoneInfo(zone), choices)
    fields = [painter.paint(each) for each in form.fields]
    known = {each.key for each in form.inputs}
    loose = [message for key, messages in (errors or {}).items() if key not in known for message in messages]
    return FormView(form.id, fields, loose, painter.outcome, any(each.type == "filepicker" for each in form.inputs))


def initial_values(form: Form) -> dict[str, Any]:
    """The default values of a form nobody has touched."""
    return {each.key: each.default for each in form.inputs if each.default is not None}


class _Painter:
    def __init__(
        self,
        form: Form,
        values: Mapping[str, Any],
        errors: Mapping[str, list[str]],
        language: str,
        zone: ZoneInfo,
        choices: Mapping[str, list[Choice]],
    ) -> None:
        self._form = form
        self._values = values
        self._errors = errors
        self._language = language
        self._zone = zone
        self._choices = choices
        self._hidden = hidden_keys(form, values)
        self.outcome: FieldView | None = None

    def paint(self, each: Field) -> FieldView:
        hidden = each.id in self._hidden
        typed = self._values.get(each.key) if each.key else None
        view = FieldView(
            type=each.type,
            key=each.key,
            html_id=f"{self._form.id}-{each.id}" if each.key else "",
            display=each.display,
            label=translated(each.labels, self._language),
            description=translated(each.descriptions, self._language),
            text=translated(each.texts, self._language),
            value=self._value(each, typed),
            options=self._options(each, typed),
            required=each.required,
            read_only=each.read_only,
            errors=list(self._errors.get(each.key, ())) if each.key and not hidden else [],
            hidden=hidden,
            carried=[text for text in _texts(typed) if text] if hidden and each.key else [],
            refreshes=each.key in self._form.read_by_conditions,
            input_type=_input_type(each),
            attributes=_attributes(each),
            columns=each.columns,
            fields=[self.paint(inner) for inner in each.fields],
        )
        if each.display == "outcome" and not hidden:
            self.outcome = view
        return view

    def _value(self, each: Field, typed: Any) -> Any:
        if each.type == "checkbox":
            return str(single(typed)).lower() in ("true", "on", "1", "yes")
        if each.type in ("checklist", "filepicker"):
            return ""
        value = single(typed)
        if each.display == "duration" and isinstance(value, int) and not isinstance(value, bool):
            return written_duration(value)
        if each.type == "datetime" and each.subtype == "datetime" and isinstance(value, str):
            return _local(value, self._zone)
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return "" if value is None else str(value)

    def _options(self, each: Field, typed: Any) -> list[OptionView]:
        selected = set(_texts(typed))
        if each.type == "filepicker":
            kept = [choice for choice in self._choices["files"] if choice.value in selected]
            return [OptionView(choice.value, translated(choice.labels, self._language), True) for choice in kept]
        choices = self._choices.get(each.display, each.choices)
        return [
            OptionView(
                choice.value,
                translated(choice.labels, self._language),
                choice.value in selected,
                translated(dict(choice.buttons), self._language) if choice.buttons else "",
            )
            for choice in choices
        ]


def written_duration(minutes: int) -> str:
    """Minutes as a person writes them: 80 → "1 h 20", 60 → "1 h", 20 → "20 min", 0 → "0"."""
    hours, rest = divmod(minutes, 60)
    if hours and rest:
        return f"{hours} h {rest:02d}"
    if hours:
        return f"{hours} h"
    return f"{rest} min" if rest else "0"


def _texts(typed: Any) -> list[str]:
    if typed is None:
        return []
    items = typed if isinstance(typed, list | tuple) else [typed]
    return [("true" if item else "") if isinstance(item, bool) else str(item) for item in items if item is not None]


def _local(value: str, zone: ZoneInfo) -> str:
    """A stored moment as the local text of a control; what was typed (it has no offset) stays as it is."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    if moment.tzinfo is None:
        return value
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def _input_type(each: Field) -> str:
    if each.type == "datetime":
        return _DATETIME_TYPES[each.subtype]
    if each.type == "textfield" and each.validation in ("email", "phone"):
        return {"email": "email", "phone": "tel"}[each.validation]
    return _INPUT_TYPES.get(each.type, "text")


def _attributes(each: Field) -> dict[str, str]:
    found: dict[str, str] = {}
    if each.type in ("textfield", "textarea"):
        if each.min_length:
            found["minlength"] = str(each.min_length)
        if each.max_length:
            found["maxlength"] = str(each.max_length)
    if each.pattern and each.type == "textfield":
        found["pattern"] = each.pattern
    if each.type == "number" and each.display != "duration":
        found["inputmode"] = "numeric" if each.decimal_digits == 0 else "decimal"
    if each.type == "filepicker":
        if each.accept:
            found["accept"] = each.accept
        if each.multiple:
            found["multiple"] = "multiple"
    return found
