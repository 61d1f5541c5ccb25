"""System lines: the sentences in a conversation that tell what happened to the ticket.

They are stored as a key and values and written out in each reader's language. A higher feature adds its own:
`lines.register("escalated", _("Escalated to %(team)s."), public=False)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from app.texts import gettext_in, translated
from app.tickets.models import Message


@dataclass(frozen=True)
class Line:
    """A kind of system line; customers read only the public ones."""

    message: str
    public: bool


_LINES: Final[dict[str, Line]] = {}


def _(message: str) -> str:
    """Mark a sentence for the catalogues; it is translated when somebody reads it."""
    return message


def register(key: str, message: str, *, public: bool = False) -> None:
    """Offer a system line: an English sentence with %(named)s values."""
    _LINES[key] = Line(message, public)


def is_public(key: str) -> bool:
    """Whether customers read lines of this kind; unknown ones stay inside."""
    return key in _LINES and _LINES[key].public


def text_in(language: str, message: Message) -> str:
    """What a message says in a language; only system lines differ by language."""
    if message.line_key is None:
        return message.text
    return sentence(language, message.line_key, message.line_values or {})


def sentence(language: str, key: str, values: dict[str, Any]) -> str:
    """A system line written out. A value may be a text per language, such as a state's label."""
    line = _LINES.get(key)
    if line is None:
        return " ".join([key, *(str(value) for value in values.values())])
    spoken = {name: translated(value, language) if isinstance(value, dict) else value for name, value in values.items()}
    return gettext_in(language, line.message, **spoken)


register("assigned_team", _("Assigned to the team %(team)s."))
register("assigned_person", _("Assigned to %(person)s."))
register("no_team", _("Taken back from its team."))
register("unassigned", _("Assigned to nobody in particular."))
register("state", _("State: %(state)s."))
register("priority", _("Priority: %(priority)s."))
register("type", _("Type: %(type)s."))
register("customer", _("Customer: %(customer)s."))
register("tagged", _("Tag added: %(tag)s."))
register("untagged", _("Tag removed: %(tag)s."))
register("participant", _("%(person)s now gets the replies too."))
register("no_participant", _("%(person)s gets no further replies."))
register("subject", _("Subject: %(subject)s"))
register("linked", _("Linked with %(number)s."))
register("unlinked", _("No longer linked with %(number)s."))
register("follows", _("Follows %(number)s, which was closed."), public=True)
register("resolved", _("Resolved."), public=True)
register("confirmed", _("%(person)s confirmed the solution."), public=True)
register("rated", _("%(person)s rated the work: %(words)s (%(score)s of 5)."))
register("on_behalf", _("%(person)s asked this for %(other)s."), public=True)
register("closed", _("Closed."), public=True)
register("cancelled", _("Cancelled: %(reason)s"), public=True)
register("reopened", _("Reopened."), public=True)
