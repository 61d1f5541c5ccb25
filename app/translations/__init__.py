"""The catalogues: English stands in the code, Romanian in `ro/LC_MESSAGES/messages.po`.

`python -m app.translations` looks through the code and the templates, brings the catalogue up to date and compiles it
(`messages.mo`, which the desk reads). A test fails while a text has no translation.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

APP = Path(__file__).resolve().parent.parent
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "_say": None}


def catalogue_path(language: str) -> Path:
    """Where the catalogue of a language lies."""
    return Path(__file__).resolve().parent / language / "LC_MESSAGES" / "messages.po"


def extracted() -> Catalog:
    """Every text in the code and the templates that a reader may see."""
    template = Catalog(charset="utf-8")
    found = extract_from_dir(APP, method_map=METHODS, keywords=KEYWORDS, comment_tags=("Translators:",))
    for file, _line, message, comments, context in found:
        # Without line numbers: they would change the catalogue with every edit elsewhere.
        template.add(message, None, [(file, 0)], auto_comments=comments, context=context)
    return template


def read(language: str) -> Catalog:
    """The catalogue of a language as it is kept."""
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """What the desk loads: the catalogue as `gettext` reads it."""
    buffer = BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def update(language: str) -> list[str]:
    """Bring a catalogue up to date, compile it, and return the texts that still have no translation."""
    catalogue, path = read(language), catalogue_path(language)
    template = extracted()
    # The moment of extraction would change the file each time.
    template.creation_date = catalogue.creation_date
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, include_lineno=False, sort_output=True, omit_header=False)
    path.with_suffix(".mo").write_bytes(compiled(read(language)))
    return untranslated(catalogue)


def untranslated(catalogue: Catalog) -> list[str]:
    """The texts of a catalogue without a translation, or with one that is only guessed (*fuzzy*), which nobody sees."""
    wanting = (each for each in catalogue if each.id and (each.fuzzy or not all(_forms(each.string))))
    return [_first(message.id) for message in wanting]


def _first(message_id: str | tuple[str, ...] | list[str]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def _forms(string: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [string or ""] if isinstance(string, str) or string is None else list(string)
