"""What the forms of the ticket screens may send."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, pre_load, validate

from app.texts import gettext as _
from app.tickets.models import Channel, Priority

LONGEST_TEXT = 50_000
# The ways in which staff write a request down for somebody.
TAKEN_DOWN_BY = (Channel.PHONE, Channel.DIRECT, Channel.CHAT, Channel.EMAIL)


def _needed(message: str) -> dict[str, str]:
    return {"required": message, "null": message, "invalid": message}


class _Sent(Schema):
    """A form: unknown fields are dropped, texts trimmed, empty ones taken as not sent."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def trim(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Trim every text."""
        return {key: value.strip() for key, value in data.items() if value.strip()}


class NewTicket(_Sent):
    """A request that staff take down for a customer."""

    email = fields.Email(required=True, validate=validate.Length(max=254))
    name = fields.String(load_default="", validate=validate.Length(max=200))
    subject = fields.String(required=True, validate=validate.Length(max=300))
    text = fields.String(required=True, validate=validate.Length(max=LONGEST_TEXT))
    channel = fields.String(load_default=Channel.PHONE.value, validate=validate.OneOf([*TAKEN_DOWN_BY]))
    type = fields.String(required=True, validate=validate.Length(max=30))
    priority = fields.String(load_default=None, validate=validate.OneOf([*Priority]))
    customer = fields.Integer(load_default=None)

    def __init__(self) -> None:
        super().__init__()
        # Said when the form is checked, in the reader's language.
        for key, message in (
            ("email", _("Write the e-mail address of whoever asks.")),
            ("subject", _("Say in a few words what it is about.")),
            ("text", _("Write down what they need.")),
            ("type", _("Choose what kind of request it is.")),
        ):
            self.fields[key].error_messages.update(_needed(message))


class Note(_Sent):
    """An internal note."""

    text = fields.String(required=True, validate=validate.Length(max=LONGEST_TEXT))

    def __init__(self) -> None:
        super().__init__()
        self.fields["text"].error_messages.update(_needed(_("Write what your colleagues should know.")))


class Assignment(_Sent):
    """Who takes the ticket: a team, a person, or both; `nobody` as person takes it off whoever has it."""

    team = fields.String(load_default=None, validate=validate.Length(max=50))
    person = fields.String(load_default=None, validate=validate.Regexp(r"^(\d{1,15}|nobody)$"))


class Change(_Sent):
    """What may be changed at any time."""

    priority = fields.String(load_default=None, validate=validate.OneOf([*Priority]))
    type = fields.String(load_default=None, validate=validate.Length(max=30))
    customer = fields.Integer(load_default=None)


class Cancellation(_Sent):
    """Why a request is not wanted any more."""

    reason = fields.String(required=True, validate=validate.Length(max=500))
