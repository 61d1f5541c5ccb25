"""From a form-js schema to a list of fields. What we cannot draw or check is a problem, never a blank spot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, Final

from app.errors import InvalidInput
from app.forms.conditions import Condition, ConditionError, compile_condition
from app.forms.patterns import is_slow_pattern
from app.texts import LANGUAGES

MAX_BYTES: Final = 500_000
MAX_FIELDS: Final = 200
MAX_TEXTFIELD: Final = 500
MAX_TEXTAREA: Final = 50_000
INPUT_TYPES: Final = frozenset(
    {"textfield", "textarea", "number", "checkbox", "radio", "select", "checklist", "datetime", "filepicker"}
)
STATIC_TYPES: Final = frozenset({"text", "group", "separator", "spacer"})
CHOICE_TYPES: Final = frozenset({"radio", "select", "checklist"})
# Which fields each display may stand on.
DISPLAYS: Final[Mapping[str, frozenset[str]]] = {
    "outcome": frozenset({"radio", "select"}),
    "reply": frozenset({"textarea"}),
    "duration": frozenset({"number", "textfield"}),
    "person": frozenset({"select", "textfield", "number"}),
    "team": frozenset({"select", "textfield"}),
    "skill": frozenset({"select", "textfield"}),
}
# Their choices come from the desk, not from the form.
PICKERS: Final = frozenset({"person", "team", "skill"})


@dataclass(frozen=True)
class Choice:
    """One value that may be chosen, with its label by language, and what the button says that sends it."""

    value: str
    labels: Mapping[str, str]
    buttons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FormProblem:
    """What is wrong with a form, at which of its components."""

    element: str
    message: str


class InvalidForm(InvalidInput):
    """A form file that cannot be used."""

    def __init__(self, problems: list[FormProblem]) -> None:
        super().__init__("; ".join(f"{problem.element}: {problem.message}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Field:
    """One component of a form."""

    id: str
    type: str
    key: str
    display: str
    labels: Mapping[str, str]
    descriptions: Mapping[str, str]
    texts: Mapping[str, str]
    required: bool
    read_only: bool
    default: Any
    min_length: int | None
    max_length: int | None
    minimum: float | None
    maximum: float | None
    pattern: str | None
    # "" or "email" or "phone".
    validation: str
    decimal_digits: int | None
    choices: tuple[Choice, ...]
    # Of a datetime: "date", "time" or "datetime".
    subtype: str
    future_only: bool
    multiple: bool
    accept: str
    columns: int
    hide: Condition | None
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Form:
    """A whole form."""

    id: str
    fields: tuple[Field, ...]
    # The exact content, which identifies the form in caches.
    source: str

    @cached_property
    def all_fields(self) -> tuple[Field, ...]:
        """Every component, those in groups included, outer ones first."""
        return tuple(_walk(self.fields))

    @cached_property
    def inputs(self) -> tuple[Field, ...]:
        """The components that take a value."""
        return tuple(each for each in self.all_fields if each.type in INPUT_TYPES)

    @cached_property
    def read_by_conditions(self) -> frozenset[str]:
        """The keys that some condition reads."""
        return frozenset(name for each in self.all_fields if each.hide is not None for name in each.hide.names)

    def __hash__(self) -> int:
        return hash(self.source)


def _walk(fields: tuple[Field, ...]) -> Iterator[Field]:
    for each in fields:
        yield each
        yield from _walk(each.fields)


def parse_form(schema: bytes | str | Mapping[str, Any]) -> Form:
    """The form of a schema, given as file content or as parsed JSON; parsed once per content.

    Raises:
        InvalidForm: with every problem and its component.
    """
    if isinstance(schema, Mapping):
        return _parse_text(json.dumps(schema, sort_keys=True, ensure_ascii=False))
    if isinstance(schema, bytes):
        if len(schema) > MAX_BYTES:
            raise InvalidForm([FormProblem("", "The form file is too large.")])
        try:
            schema = schema.decode()
        except UnicodeDecodeError:
            raise InvalidForm([FormProblem("", "The form file is not UTF-8 text.")]) from None
    return _parse_text(schema)


@lru_cache(maxsize=512)
def _parse_text(source: str) -> Form:
    try:
        schema = json.loads(source)
    except (ValueError, RecursionError):
        raise InvalidForm([FormProblem("", "The form file is not JSON.")]) from None
    if not isinstance(schema, dict) or not isinstance(schema.get("components"), list):
        raise InvalidForm([FormProblem("", "A form is a JSON object with a list of components.")])
    reader = _Reader()
    fields = reader.components(schema["components"], depth=0)
    form = Form(_text(schema.get("id")) or "form", fields, source)
    reader.check_conditions(form)
    if reader.problems:
        raise InvalidForm(reader.problems)
    return form


class _Reader:
    def __init__(self) -> None:
        self.problems: list[FormProblem] = []
        self._ids: set[str] = set()
        self._keys: set[str] = set()
        self._count = 0

    def components(self, components: list[Any], *, depth: int) -> tuple[Field, ...]:
        if depth > 5:
            self._problem("", "Groups are nested too deeply.")
            return ()
        found = []
        for component in components:
            self._count += 1
            if self._count > MAX_FIELDS:
                self._problem("", f"A form has at most {MAX_FIELDS} components.")
                break
            if isinstance(component, dict):
                found.append(self._component(component, depth))
            else:
                self._problem("", "A component is not a JSON object.")
        return tuple(each for each in found if each is not None)

    def check_conditions(self, form: Form) -> None:
        """Every condition reads fields of this form only."""
        keys = {each.key for each in form.inputs}
        for each in form.all_fields:
            for name in sorted((each.hide.names if each.hide is not None else frozenset()) - keys):
                self._problem(each.id, f"Its condition reads `{name}`, which is no field of this form.")

    def _problem(self, element: str, message: str) -> None:
        self.problems.append(FormProblem(element, message))

    def _component(self, component: dict[str, Any], depth: int) -> Field | None:
        kind = _text(component.get("type"))
        key = _text(component.get("key")) if kind in INPUT_TYPES else ""
        element = _text(component.get("id")) or key or f"component {self._count}"
        if kind not in INPUT_TYPES | STATIC_TYPES:
            supported = ", ".join(sorted(INPUT_TYPES | STATIC_TYPES))
            self._problem(element, f"A component of type `{kind}` is not supported; use one of {supported}.")
            return None
        if element in self._ids:
            element = f"{element}-{self._count}"
        self._ids.add(element)
        if kind in INPUT_TYPES:
            self._check_key(element, key)
        properties = _mapping(component.get("properties"))
        field = self._read(component, properties, element, kind, key)
        field = self._with_display(field, _text(properties.get("display")))
        if kind == "group":
            if component.get("path"):
                self._problem(element, "A group's path is not supported; leave it empty.")
            inner = component.get("components")
            field = replace(field, fields=self.components(inner if isinstance(inner, list) else [], depth=depth + 1))
        return field

    def _check_key(self, element: str, key: str) -> None:
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", key) is None:
            self._problem(element, f"The key `{key}` is not a plain name (letters, digits, underscores).")
        elif key in self._keys:
            self._problem(element, f"Another field has the key `{key}` too.")
        self._keys.add(key)

    def _read(
        self, component: dict[str, Any], properties: Mapping[str, Any], element: str, kind: str, key: str
    ) -> Field:
        validate = _mapping(component.get("validate"))
        limit = {"textfield": MAX_TEXTFIELD, "textarea": MAX_TEXTAREA}.get(kind)
        max_length = self._number(element, validate, "maxLength")
        min_length = self._number(element, validate, "minLength")
        digits = self._number(element, component, "decimalDigits")
        layout = _mapping(component.get("layout"))
        columns = layout.get("columns")
        return Field(
            id=element,
            type=kind,
            key=key,
            display="",
            labels=_languages(component, properties, self._label_name(component, kind)),
            descriptions=_languages(component, properties, "description"),
            texts=_languages(component, properties, "text"),
            required=validate.get("required") is True,
            read_only=component.get("readonly") is True or component.get("disabled") is True,
            default=component.get("defaultValue"),
            min_length=int(min_length) if min_length is not None else None,
            max_length=int(max_length) if max_length is not None else limit,
            minimum=self._number(element, validate, "min"),
            maximum=self._number(element, validate, "max"),
            pattern=self._pattern(element, validate),
            validation=self._validation(element, validate),
            decimal_digits=int(digits) if digits is not None else None,
            choices=self._choices(component, properties, element, kind),
            subtype=self._subtype(component, element, kind),
            future_only=component.get("disallowPassedDates") is True,
            multiple=component.get("multiple") is True,
            accept=_text(component.get("accept")),
            columns=columns if isinstance(columns, int) and 1 <= columns <= 16 else 16,
            hide=self._condition(component, element),
            fields=(),
        )

    @staticmethod
    def _label_name(component: dict[str, Any], kind: str) -> str:
        # form-js keeps the label of a date or a time under a name of its own.
        if kind == "datetime" and not component.get("label"):
            return "timeLabel" if component.get("subtype") == "time" else "dateLabel"
        return "label"

    def _number(self, element: str, values: Mapping[str, Any], name: str) -> float | None:
        value = values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._problem(element, f"`{name}` must be a number.")
            return None
        return value

    def _pattern(self, element: str, validate: Mapping[str, Any]) -> str | None:
        pattern = validate.get("pattern")
        if not pattern:
            return None
        try:
            re.compile(_text(pattern))
        except (re.error, RecursionError, OverflowError):
            self._problem(element, f"The pattern `{_text(pattern)[:60]}` is not a regular expression.")
            return None
        if is_slow_pattern(_text(pattern)):
            self._problem(element, "The pattern could take for ever: do not repeat a group that repeats or branches.")
            return None
        return _text(pattern)

    def _validation(self, element: str, validate: Mapping[str, Any]) -> str:
        kind = _text(validate.get("validationType"))
        if kind in ("", "custom"):
            return ""
        if kind not in ("email", "phone"):
            self._problem(element, f"Validation `{kind}` is not supported; use email, phone or a pattern.")
        return kind

    def _choices(
        self, component: dict[str, Any], properties: Mapping[str, Any], element: str, kind: str
    ) -> tuple[Choice, ...]:
        if kind not in CHOICE_TYPES or _text(properties.get("display")) in PICKERS:
            return ()
        if component.get("valuesKey") or component.get("valuesExpression"):
            self._problem(element, "Only a fixed list of values is supported.")
            return ()
        values = component.get("values") or []
        if not isinstance(values, list):
            self._problem(element, "Its values are a list of choices, each with a value and a label.")
            return ()
        choices = []
        for each in values:
            if not isinstance(each, dict) or not isinstance(each.get("value"), str | int | float):
                self._problem(element, "A choice needs a value and a label.")
                continue
            # Without a label the value is shown, in every language.
            labels = _languages(each, _mapping(each.get("properties")), "label") or dict.fromkeys(
                LANGUAGES, str(each["value"])
            )
            properties = _mapping(each.get("properties"))
            named = {"en": properties.get("button"), "ro": properties.get("button:ro")}
            buttons = {language: str(text) for language, text in named.items() if text}
            choices.append(Choice(str(each["value"]), labels, buttons))
        if not choices:
            self._problem(element, "It has no values to choose from.")
        if len({choice.value for choice in choices}) < len(choices):
            self._problem(element, "Two choices have the same value.")
        return tuple(choices)

    def _subtype(self, component: dict[str, Any], element: str, kind: str) -> str:
        if kind != "datetime":
            return ""
        subtype = _text(component.get("subtype")) or "date"
        if subtype not in ("date", "time", "datetime"):
            self._problem(element, f"A datetime is a date, a time or a datetime, not `{subtype}`.")
            return "date"
        return subtype

    def _condition(self, component: dict[str, Any], element: str) -> Condition | None:
        written = _mapping(component.get("conditional")).get("hide")
        if not written:
            return None
        try:
            return compile_condition(_text(written))
        except ConditionError as error:
            self._problem(element, f"Its condition cannot be read: {error}")
            return None

    def _with_display(self, field: Field, display: str) -> Field:
        if not display:
            return field
        allowed = DISPLAYS.get(display)
        if allowed is None:
            known = ", ".join(DISPLAYS)
            self._problem(field.id, f"There is no display `{display}`; known are {known}.")
            return field
        if field.type not in allowed:
            names = " or ".join(sorted(allowed))
            self._problem(field.id, f"Display `{display}` stands on a {names}, not on a {field.type}.")
            return field
        return replace(field, display=display)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _languages(component: Mapping[str, Any], properties: Mapping[str, Any], name: str) -> dict[str, str]:
    """{"en": …, "ro": …} from `label` and `label:ro`, the latter among the properties or beside the former."""
    plain_name = {"dateLabel": "label", "timeLabel": "label"}.get(name, name)
    found = {"en": _text(component.get(name))}
    for source in (properties, component):
        for key, value in source.items():
            prefix, _, language = key.partition(":")
            if prefix == plain_name and language and _text(value):
                found[language] = _text(value)
    return {language: text for language, text in found.items() if text}
