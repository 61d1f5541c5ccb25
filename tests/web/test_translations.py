"""Every text a reader may see exists in Romanian, with the same values in it."""

import re

from flask_babel import force_locale, gettext

from app import translations
from tests.pages import Pages

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{\}")
CEDILLAS = "şţŞŢ"


def test_every_text_has_a_translation() -> None:
    """Run `python -m app.translations`, translate what it names, run it again."""
    kept = translations.read("ro")
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in kept if message.id}

    found = [message.id for message in translations.extracted() if message.id]

    assert [text for text in found if (text if isinstance(text, str) else text[0]) not in known] == []
    assert translations.untranslated(kept) == []


def test_translations_name_the_same_values() -> None:
    """A value that is missing or misspelled breaks the page it stands on."""
    wrong = []
    for message in translations.read("ro"):
        if not message.id or isinstance(message.id, list | tuple):
            continue
        if set(PLACEHOLDER.findall(message.id)) != set(PLACEHOLDER.findall(str(message.string))):
            wrong.append(message.id)

    assert wrong == []


def test_the_compiled_catalogue_is_of_the_same_texts() -> None:
    path = translations.catalogue_path("ro").with_suffix(".mo")

    assert path.read_bytes() == translations.compiled(translations.read("ro"))


def test_romanian_is_written_with_commas_below() -> None:
    texts = translations.catalogue_path("ro").read_text(encoding="utf-8")

    assert [letter for letter in CEDILLAS if letter in texts] == []


def test_pages_speak_romanian(desk: Pages) -> None:
    with desk.app.test_request_context(), force_locale("ro"):
        assert gettext("My work") == "Munca mea"
