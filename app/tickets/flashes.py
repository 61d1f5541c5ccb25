"""Messages of the desk that hold a button: what was just done can be taken back, or gone on with."""

from __future__ import annotations

from collections.abc import Mapping

from flask_wtf.csrf import generate_csrf
from markupsafe import Markup


def with_button(
    words: str, target: str, button: str, fields: Mapping[str, str] | None = None, *, is_quiet: bool = True
) -> Markup:
    """A message with a button that sends something.

    Args:
        fields: what it sends along.
        is_quiet: whether the page one is on stays; else the button leads somewhere else.
    """
    hidden = Markup("").join(
        Markup('<input type="hidden" name="{}" value="{}">').format(name, value)
        for name, value in {"csrf_token": generate_csrf(), **(fields or {})}.items()
    )
    form = Markup('<form method="post" action="{}"{}>{}<button>{}</button></form>')
    quiet = Markup(" data-quiet") if is_quiet else ""
    return Markup("{} {}").format(words, form.format(target, quiet, hidden, button))
