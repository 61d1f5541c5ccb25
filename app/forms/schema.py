"""The marshmallow schema that checks a form's answer.

    answer = answer_schema(form, language="ro").load(typed)      # raises ValidationError: messages by field key

What comes in is what a browser sends: texts, lists of texts, nothing for an unchecked box (JSON values do as well).
What comes out is plain JSON data with every field of the form and nothing else, so that a diagram may read each one:

    textfield, textarea     text, "" when empty                number      int or float, None when empty
                                                               (0 when that is its default value)
    checkbox                True or False                      radio, select   the value, None when nothing is chosen
    checklist, filepicker   list of texts                      datetime    ISO 8601 text, None when empty
    display duration        whole minutes, 0 when empty        display person  the person's id, None when empty
    display team, skill     the key, None when empty

A field whose condition hides it (or its group) takes no part: it is not checked and its answer is the empty one.
Read-only fields keep their default value whatever is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing, post_load, pre_load

from app import clock
from app.forms.durations import typed_minutes
from app.forms.fields import MAX_TEXTFIELD, PICKERS, Field, Form
from app.texts import gettext_in

MAX_PATTERN_TEXT: Final = 500
MAX_MINUTES: Final = 100_000
MAX_DIGITS: Final = 15
Say = Callable[..., str]

_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
_PHONE: Final = re.compile(r"\+?[0-9 ()./-]{3,30}")


def answer_schema(
    form: Form,
    *,
    language: str = "en",
    zone: str = "UTC",
    people: Collection[int] | None = None,
    teams: Collection[str] | None = None,
    skills: Collection[str] | None = None,
) -> Schema:
    """The schema of a form's answer.

    Args:
        language: of the messages.
        zone: in which the person typed moments.
        people, teams, skills: what may be chosen in such fields; None when the caller checks that itself.
    """
    keys = {"team": teams, "skill": skills}
    return AnswerSchema(form, language=language, zone=zone, people=people, keys=keys)


class AnswerSchema(Schema):
    """Built from a form's fields; its docstring is the module's."""

    class Meta:
        unknown = EXCLUDE

    def __init__(
        self,
        form: Form,
        *,
        language: str,
        zone: str,
        people: Collection[int] | None,
        keys: Mapping[str, Collection[str] | None],
    ) -> None:
        super().__init__()
        self._form = form

        def say(message: str, **values: object) -> str:
            return gettext_in(language, message, **values)

        readers = _Readers(say, ZoneInfo(zone), people, keys)
        for each in form.inputs:
            field = AnswerField(each, readers)
            self.fields[each.key] = field
            self.load_fields[each.key] = field
            self.dump_fields[each.key] = field
            self._bind_field(each.key, field)

    @pre_load
    def leave_out_hidden(self, data: Any, **_: Any) -> dict[str, Any]:
        """Only shown fields that can be filled in are checked; all of them are, sent or not."""
        typed = data if isinstance(data, Mapping) else {}
        hidden = hidden_keys(self._form, typed)
        return {
            each.key: typed.get(each.key) for each in self._form.inputs if each.id not in hidden and not each.read_only
        }

    @post_load
    def fill_in(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Every field of the form is in the answer."""
        return {each.key: data[each.key] if each.key in data else self._untouched(each) for each in self._form.inputs}

    def _untouched(self, each: Field) -> Any:
        if each.read_only and each.default is not None:
            try:
                return self.fields[each.key].deserialize(each.default)
            except ValidationError:
                return empty_answer(each)
        return empty_answer(each)


class AnswerField(fields.Field[Any]):
    """Reads what was typed into one form field."""

    def __init__(self, of: Field, readers: _Readers) -> None:
        super().__init__(allow_none=True)
        self._of = of
        self._readers = readers

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        """The typed value, read and checked; nothing typed is an error when the field is required."""
        # Hidden and read-only fields have been left out.
        if value is missing:
            return missing
        return self._readers.read(self._of, value)


def empty_answer(field: Field) -> Any:
    """The answer of a field that nobody filled in."""
    if field.display == "duration":
        return 0
    if field.display in PICKERS:
        return None
    if field.type in ("textfield", "textarea"):
        return ""
    if field.type == "checkbox":
        return False
    if field.type == "number" and not isinstance(field.default, bool) and field.default == 0:
        return 0
    return [] if field.type in ("checklist", "filepicker") else None


def single(value: Any) -> Any:
    """The one value of a control that browsers may send as a list of one."""
    return (value[-1] if value else None) if isinstance(value, list | tuple) else value


def hidden_keys(form: Form, typed: Mapping[str, Any]) -> frozenset[str]:
    """The ids of the components that these values hide, those inside hidden groups included.

    A condition sees only shown fields; the others are null to it. So hiding one field may show or hide the next, and
    the conditions are asked again until nothing changes.
    """
    if not any(each.hide is not None for each in form.all_fields):
        return frozenset()
    readers = _Readers(_unsaid, ZoneInfo("UTC"), None, {})
    read = {each.key: (each.id, readers.value_for_conditions(each, typed.get(each.key))) for each in form.inputs}
    hidden: frozenset[str] = frozenset()
    for _ in range(len(form.all_fields) + 1):
        values = {key: value for key, (element, value) in read.items() if element not in hidden}
        now_hidden = frozenset(_hidden_by(form.fields, values, False))
        if now_hidden == hidden:
            break
        hidden = now_hidden
    return hidden


def _hidden_by(components: Iterable[Field], values: Mapping[str, Any], outer_is_hidden: bool) -> Iterable[str]:
    for each in components:
        is_hidden = outer_is_hidden or (each.hide is not None and each.hide.holds(values))
        if is_hidden:
            yield each.id
        yield from _hidden_by(each.fields, values, is_hidden)


def _unsaid(message: str, **values: object) -> str:
    return message


class _Readers:
    """From what was typed to plain values; errors in the reader's language."""

    def __init__(
        self,
        say: Say,
        zone: ZoneInfo,
        people: Collection[int] | None,
        keys: Mapping[str, Collection[str] | None],
    ) -> None:
        # Named as the catalogue tools expect, so that they find the messages.
        self._ = say
        self._zone = zone
        self._people = None if people is None else frozenset(people)
        self._keys = {display: None if known is None else frozenset(known) for display, known in keys.items()}

    def value_for_conditions(self, field: Field, typed: Any) -> Any:
        """The value a condition sees; null when it is empty or wrong."""
        try:
            value = self._convert(field, typed)
        except ValidationError:
            return None
        return None if value in ("", []) else value

    def read(self, field: Field, typed: Any) -> Any:
        """The checked value.

        Raises:
            ValidationError: it is wrong, or nothing is there and something must be.
        """
        value = self._convert(field, typed)
        if _is_missing(field, value, typed):
            if field.required and field.type == "checkbox":
                raise ValidationError(self._("Please tick this."))
            if field.required and field.type in ("radio", "select"):
                raise ValidationError(self._("Choose one."))
            if field.required:
                raise ValidationError(self._("Please fill this in."))
            return empty_answer(field)
        self._check(field, value)
        return value

    def _convert(self, field: Field, typed: Any) -> Any:
        if field.display == "duration":
            return self._duration(single(typed))
        if field.display == "person":
            return self._person(single(typed))
        if field.display in PICKERS:
            return self._key(field.display, single(typed))
        return _CONVERTERS[field.type](self, field, typed)

    def _text(self, field: Field, typed: Any) -> str:
        value = single(typed)
        if value is None:
            return ""
        if not isinstance(value, str | int | float):
            raise ValidationError(self._("This is not text."))
        text = str(value).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
        # Half a surrogate pair cannot be stored.
        text = text.encode("utf-8", "ignore").decode()
        return text.strip() if field.type == "textfield" else text.rstrip()

    def _number(self, field: Field, typed: Any) -> int | float | None:
        value = single(typed)
        if _blank(value):
            return None
        # Spaces group thousands, a comma may stand for the point.
        text = re.sub(r"[\s ]", "", str(value)).replace(",", ".")
        if isinstance(value, bool) or re.fullmatch(rf"-?\d{{1,{MAX_DIGITS}}}(\.\d{{1,10}})?", text) is None:
            raise ValidationError(self._("This is not a number."))
        number = float(text)
        digits = len(text.partition(".")[2].rstrip("0"))
        if field.decimal_digits == 0 and digits:
            raise ValidationError(self._("This must be a whole number."))
        if field.decimal_digits is not None and digits > field.decimal_digits:
            raise ValidationError(
                self._("At most %(count)s digits after the decimal point.", count=field.decimal_digits)
            )
        return int(number) if number.is_integer() else number

    def _checkbox(self, field: Field, typed: Any) -> bool:
        return str(single(typed)).strip().lower() in ("true", "on", "1", "yes")

    def _choice(self, field: Field, typed: Any) -> str | None:
        value = single(typed)
        if _blank(value):
            return None
        if str(value) not in {choice.value for choice in field.choices}:
            raise ValidationError(self._("This is not one of the choices."))
        return str(value)

    def _choices(self, field: Field, typed: Any) -> list[str]:
        items = [] if typed is None else list(typed) if isinstance(typed, list | tuple) else [typed]
        chosen = {str(item) for item in items if not _blank(item)}
        if chosen - {choice.value for choice in field.choices}:
            raise ValidationError(self._("This is not one of the choices."))
        return [choice.value for choice in field.choices if choice.value in chosen]

    def _files(self, field: Field, typed: Any) -> list[str]:
        items = [] if typed is None else list(typed) if isinstance(typed, list | tuple) else [typed]
        names = [str(item)[:100] for item in items if not _blank(item)]
        if len(names) > 1 and not field.multiple:
            raise ValidationError(self._("Only one file, please."))
        return names

    def _datetime(self, field: Field, typed: Any) -> str | None:
        value = single(typed)
        if _blank(value):
            return None
        text = str(value).strip()
        try:
            if field.subtype == "date":
                return date.fromisoformat(text).isoformat()
            if field.subtype == "time":
                return time.fromisoformat(text).replace(tzinfo=None).strftime("%H:%M")
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=self._zone)
            return moment.astimezone(UTC).isoformat()
        except (ValueError, OverflowError):
            raise ValidationError(self._("This is not a valid date or time.")) from None

    def _duration(self, typed: Any) -> int:
        if _blank(typed):
            return 0
        minutes = typed_minutes(str(typed)) if not isinstance(typed, bool) else None
        if minutes is None:
            raise ValidationError(self._("Write a duration such as 1 h 20, 1:20 or 80 (minutes)."))
        if minutes > MAX_MINUTES:
            raise ValidationError(self._("This is too long."))
        return minutes

    def _person(self, typed: Any) -> int | None:
        if _blank(typed):
            return None
        number = str(typed).strip()
        if re.fullmatch(r"\d{1,15}", number) is None or (self._people is not None and int(number) not in self._people):
            raise ValidationError(self._("This person cannot be chosen."))
        return int(number)

    def _key(self, display: str, typed: Any) -> str | None:
        if _blank(typed):
            return None
        key = str(typed).strip()
        known = self._keys.get(display)
        if len(key) > 100 or (known is not None and key not in known):
            raise ValidationError(self._("This is not one of the choices."))
        return key

    def _check(self, field: Field, value: Any) -> None:
        messages = []
        if isinstance(value, str) and field.type in ("textfield", "textarea"):
            messages = list(self._wrong_with_text(field, value))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            messages = list(self._wrong_with_number(field, value))
        elif field.type == "datetime" and field.future_only and self._is_past(field, value):
            messages = [self._("This date has passed.")]
        if messages:
            raise ValidationError(messages)

    def _wrong_with_text(self, field: Field, text: str) -> Iterable[str]:
        if field.min_length and len(text) < field.min_length:
            yield self._("At least %(count)s characters, please.", count=field.min_length)
        if field.max_length is not None and len(text) > field.max_length:
            yield self._("At most %(count)s characters, please.", count=field.max_length)
            return
        if field.validation == "email" and _EMAIL.fullmatch(text[:MAX_TEXTFIELD]) is None:
            yield self._("This is not an e-mail address.")
        if field.validation == "phone" and _PHONE.fullmatch(text) is None:
            yield self._("This is not a phone number.")
        if field.pattern and (len(text) > MAX_PATTERN_TEXT or re.search(field.pattern, text) is None):
            yield self._("This does not have the right form.")

    def _wrong_with_number(self, field: Field, number: int | float) -> Iterable[str]:
        if field.minimum is not None and number < field.minimum:
            yield self._("At least %(count)s, please.", count=_short(field.minimum))
        if field.maximum is not None and number > field.maximum:
            yield self._("At most %(count)s, please.", count=_short(field.maximum))

    def _is_past(self, field: Field, value: str) -> bool:
        if field.subtype == "date":
            return date.fromisoformat(value) < clock.now().astimezone(self._zone).date()
        return field.subtype == "datetime" and datetime.fromisoformat(value) < clock.now()


_CONVERTERS: Final[dict[str, Callable[[_Readers, Field, Any], Any]]] = {
    "textfield": _Readers._text,
    "textarea": _Readers._text,
    "number": _Readers._number,
    "checkbox": _Readers._checkbox,
    "radio": _Readers._choice,
    "select": _Readers._choice,
    "checklist": _Readers._choices,
    "datetime": _Readers._datetime,
    "filepicker": _Readers._files,
}


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _is_missing(field: Field, value: Any, typed: Any) -> bool:
    if field.display == "duration":
        return _blank(single(typed))
    # 0 is a number that was typed.
    return value is None or value is False or value == "" or value == []


def _short(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else str(number)
