"""Texts in the reader's language where no request says what that is."""

from collections.abc import Mapping

from flask_babel import force_locale, gettext

# Services and queries take `gettext` from here as `_`: they know no Flask.
__all__ = ["LANGUAGES", "gettext", "gettext_in", "translated"]

LANGUAGES = ("en", "ro")


def translated(texts: Mapping[str, str] | None, language: str) -> str:
    """Pick a language from texts such as {"en": "Closed", "ro": "Închisă"}; English, then any, when it is missing."""
    if not texts:
        return ""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()))


def gettext_in(language: str, message: str, **values: object) -> str:
    """A catalogue message in a given language, with its %(placeholders)s filled."""
    with force_locale(language):
        return str(gettext(message, **values))
