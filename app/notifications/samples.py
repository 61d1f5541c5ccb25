"""A reply as customers get it, for whoever writes the signature under theirs."""

from __future__ import annotations

from app.mail.desk import desk_settings
from app.notifications.rendering import render
from app.people.models import Person
from app.texts import gettext_in

_MARK = "\ufffc"


def _(message: str) -> str:
    """Mark a text for the catalogues; it is translated when somebody reads it."""
    return message


_SAMPLE = _("The printer has paper again and prints. Please try it.")


def reply_around_signature(person: Person) -> tuple[str, str]:
    """The text of a reply of theirs before the signature and after it."""
    settings, language = desk_settings(), str(person.language)
    values = {
        "ticket": {"subject": "–", "number": f"{settings.number_prefix}10482", "portal_url": ""},
        "message": {
            "text": gettext_in(language, _SAMPLE),
            "author": person.name,
            "signature": _MARK,
        },
        "desk": {"name": settings.desk_name},
    }
    before, _mark, after = render("reply", language, values).text.partition(_MARK)
    return before, after
