"""What the forms of the ticket screens may send."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate, validates_schema

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


class NewRequest(_Sent):
    """A request that staff take down for somebody. `requester` is the id of who asks, or `new` for somebody new."""

    requester = fields.String(load_default="", validate=validate.Regexp(r"^(\d{1,9}|new)$"))
    name = fields.String(load_default="", validate=validate.Length(max=200))
    email = fields.Email(load_default="", validate=validate.Length(max=254))
    phone = fields.String(load_default="", validate=validate.Length(max=40))
    company = fields.String(load_default="", validate=validate.Length(max=200))
    about = fields.String(load_default="", validate=validate.Length(max=40))
    subject = fields.String(load_default="", validate=validate.Length(max=300))
    text = fields.String(required=True, validate=validate.Length(max=LONGEST_TEXT))
    note = fields.String(load_default="", validate=validate.Length(max=LONGEST_TEXT))
    channel = fields.String(load_default=Channel.PHONE.value, validate=validate.OneOf([*TAKEN_DOWN_BY]))
    type = fields.String(required=True, validate=validate.Length(max=30))
    priority = fields.String(load_default=None, validate=validate.OneOf([*Priority]))

    def __init__(self) -> None:
        super().__init__()
        # Said when the form is checked, in the reader's language.
        self.fields["text"].error_messages.update(_needed(_("Write down what they need.")))
        self.fields["type"].error_messages.update(_needed(_("Choose what kind of request it is.")))
        self.fields["email"].error_messages.update({"invalid": _("This is no e-mail address.")})

    # Looked at with all the rest: whoever fills a form in is told of everything at once.
    @validates_schema(skip_on_field_errors=False)
    def check_what_and_whose(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """What is added to a request that is there has its subject already; somebody new has an address or a number."""
        problems = {}
        if not data.get("subject") and not data.get("about"):
            problems["subject"] = [_("Say in a few words what it is about.")]
        if not any(data.get(name) for name in ("requester", "email", "phone")):
            problems["caller"] = [_("Choose who is asking, or say who they are.")]
        if problems:
            raise ValidationError(problems)


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
    customer = fields.String(load_default="", validate=validate.Length(max=200))


class Cancellation(_Sent):
    """Why a request is not wanted any more."""

    reason = fields.String(required=True, validate=validate.Length(max=500))
