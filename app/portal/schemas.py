"""What customers may send, and how it is checked: messages stand under the field, in the customer's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from app.errors import InvalidInput
from app.texts import gettext as _

LONGEST_SUBJECT = 300
LONGEST_TEXT = 50_000
LONGEST_REASON = 1000
LONGEST_PLACE = 200
LONGEST_COMMENT = 2000

# How much it hinders them, in their words, and the priority that means; None leaves it to the type of request.
HINDRANCE: dict[str, str | None] = {"little": None, "slowed": "high", "stopped": "urgent"}


class _Text(fields.String):
    """Trimmed text."""

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, object] | None, **kwargs: object) -> str:
        return (super()._deserialize(value, attr, data, **kwargs) or "").strip()


def _fit_subject(subject: str) -> None:
    if not subject:
        raise ValidationError(_("Tell us in a few words what it is about."))
    if len(subject) > LONGEST_SUBJECT:
        raise ValidationError(_("Keep this to %(most)s characters; the rest fits below.", most=LONGEST_SUBJECT))


def _fit_text(text: str) -> None:
    if not text:
        raise ValidationError(_("Write what we should know."))
    if len(text) > LONGEST_TEXT:
        raise ValidationError(_("This is longer than %(most)s characters. Attach it as a document.", most=LONGEST_TEXT))


def _fit_reason(reason: str) -> None:
    if len(reason) > LONGEST_REASON:
        raise ValidationError(_("Keep this to %(most)s characters.", most=LONGEST_REASON))


def _known_hindrance(value: str) -> None:
    if value not in HINDRANCE:
        raise ValidationError(_("Choose one of the answers."))


def _known_score(value: str) -> None:
    if value not in {"1", "2", "3", "4", "5"}:
        raise ValidationError(_("Choose one of the answers."))


class _Sent(Schema):
    class Meta:
        unknown = EXCLUDE


def _fit_place(place: str) -> None:
    if len(place) > LONGEST_PLACE:
        raise ValidationError(_("Keep this to %(most)s characters.", most=LONGEST_PLACE))


def _fit_comment(comment: str) -> None:
    if len(comment) > LONGEST_COMMENT:
        raise ValidationError(_("Keep this to %(most)s characters.", most=LONGEST_COMMENT))


class NewRequest(_Sent):
    """What every request has. The fields begin with an underscore, which those of a type's own form never do."""

    kind = _Text(data_key="_type", load_default="")
    subject = _Text(data_key="_subject", load_default="", validate=_fit_subject)
    hindrance = _Text(data_key="_hindrance", load_default="little", validate=_known_hindrance)
    text = _Text(data_key="_text", load_default="", validate=_fit_text)
    where = _Text(data_key="_where", load_default="", validate=_fit_place)
    asked_for = _Text(data_key="_for", load_default="")


class Answer(_Sent):
    """A message to the desk."""

    text = _Text(load_default="", validate=_fit_text)


class Cancellation(_Sent):
    """Why a request is not needed any more, when they say so."""

    reason = _Text(load_default="", validate=_fit_reason)


class Rating(_Sent):
    """How content they are, and why."""

    score = _Text(load_default="", validate=_known_score)
    comment = _Text(load_default="", validate=_fit_comment)


def loaded(schema: type[Schema], sent: Mapping[str, Any]) -> dict[str, str]:
    """The checked values of a form.

    Raises:
        InvalidInput: with the messages by field.
    """
    # A missing field must meet its validators too: an empty text tells more than "required".
    filled = {}
    for name, field in schema().fields.items():
        key = field.data_key or name
        value = sent.get(key, field.load_default)
        # Sent twice it is no text; the last one holds, as with a control that a browser sends twice.
        filled[key] = value[-1] if isinstance(value, list) and value else value
    try:
        values: dict[str, str] = schema().load(filled)
    except ValidationError as error:
        problems = {str(name): [str(each) for each in messages] for name, messages in error.messages_dict.items()}
        raise InvalidInput(_("Something is missing below. What you wrote is kept."), problems) from None
    return values
