"""Texts in the reader's language where no request says what that is."""

import unicodedata
from collections.abc import Mapping

from flask_babel import force_locale, gettext

# Services and queries take `gettext` from here as `_`: they know no Flask.
__all__ = ["LANGUAGES", "folded", "gettext", "gettext_in", "translated"]

LANGUAGES = ("en", "ro")

# Letters that Unicode does not take apart into a letter and a mark.
_LETTERS = str.maketrans({"đ": "d", "ð": "d", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})


def folded(written: str) -> str:
    """A text without case and diacritics, so that "muresan" finds "Mureșan"."""
    if written.isascii():
        return written.lower()
    letters = (each for each in unicodedata.normalize("NFKD", written) if not unicodedata.combining(each))
    # Decomposed again: the capital of a letter may be written with a mark that its small one is not.
    small = "".join(letters).casefold().translate(_LETTERS)
    return "".join(each for each in small if not unicodedata.combining(each))


def translated(texts: Mapping[str, str] | None, language: str) -> str:
    """Pick a language from texts such as {"en": "Closed", "ro": "Închisă"}; English, then any, when it is missing."""
    if not texts:
        return ""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()))


def gettext_in(language: str, message: str, **values: object) -> str:
    """A catalogue message in a given language, with its %(placeholders)s filled."""
    with force_locale(language):
        return str(gettext(message, **values))
