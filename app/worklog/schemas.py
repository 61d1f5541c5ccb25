"""What the forms of work entries may send."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate

from app.forms.durations import typed_minutes
from app.texts import gettext as _
from app.worklog.models import WorkKind

LONGEST_NOTE = 2_000


class Duration(fields.Field[int]):
    """Minutes as people write them: `1 h 20`, `1:20` or `80`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        minutes = typed_minutes(str(value))
        if minutes is None:
            raise ValidationError(_("Write a duration such as 1 h 20, 1:20 or 80 (minutes)."))
        return minutes


class Entry(Schema):
    """A work entry as its form brings it; empty fields are not sent."""

    class Meta:
        unknown = EXCLUDE

    minutes = Duration(load_default=0)
    kind = fields.String(load_default=WorkKind.REMOTE.value, validate=validate.OneOf([*WorkKind]))
    billable = fields.Boolean(load_default=False)
    note = fields.String(load_default="", validate=validate.Length(max=LONGEST_NOTE))
    worked_on = fields.Date(load_default=None)
    travel_minutes = Duration(load_default=0)
    travel_km = fields.Integer(load_default=0)

    def __init__(self) -> None:
        super().__init__()
        # Said when the form is checked, in the reader's language.
        self.fields["worked_on"].error_messages["invalid"] = _("This is not a valid date or time.")
        self.fields["travel_km"].error_messages["invalid"] = _("Write whole kilometres.")

    @pre_load
    def trim(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Trim every text."""
        return {key: value.strip() for key, value in data.items() if value.strip()}
