"""Which language a text is in and which zone a time is in: the reader's, else the desk's."""

from typing import Any

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, current_app, has_request_context, request
from flask_babel import Babel, get_locale, get_translations
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from app.texts import LANGUAGES

# What somebody who is not signed in chose; signed-in people have it with their account.
COOKIE = "language"

babel = Babel()


def init(app: Flask) -> None:
    """Load the catalogues; also needed where no request runs (mail, notifications)."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", app.config["SETTINGS"].language)
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", app.config["SETTINGS"].zone)
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "translations")
    babel.init_app(app, locale_selector=reader_language, timezone_selector=reader_zone)
    # A page asks for hundreds of texts; Flask-Babel would look its catalogue up anew for each.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # comes with the extension
        gettext=lambda text: _catalogue().ugettext(text),
        ngettext=lambda one, many, number: _catalogue().ungettext(one, many, number),
        newstyle=True,
    )
    app.jinja_env.globals["_"] = _text


@pass_eval_context
def _text(where: EvalContext, text: str, /, **variables: Any) -> str:
    """As Jinja's own `_`; the texts without variables, which are most of a page, are not put through a format."""
    said: str = _catalogue().ugettext(text)
    if where.autoescape:
        said = Markup(said)  # ours, and translated by us; the format escapes what is put in
    return said % variables if variables or "%" in said else said


_catalogues: dict[Locale | None, NullTranslations] = {}


def _catalogue() -> NullTranslations:
    """The texts in the language that is spoken now."""
    locale = get_locale()
    found = _catalogues.get(locale)
    if found is None:
        found = _catalogues[locale] = get_translations()
    return found


def reader_language() -> str:
    """The language of whoever reads this page: their account's, their browser's choice, the desk's."""
    if has_request_context():
        reader = _reader()
        if reader is not None:
            return str(reader.language)
        chosen = request.cookies.get(COOKIE)
        if chosen in LANGUAGES:
            return chosen
        preferred = request.accept_languages.best_match(LANGUAGES)
        if preferred:
            return preferred
    return str(current_app.config["SETTINGS"].language)


def reader_zone() -> str:
    """The zone in which whoever reads this page sees times."""
    reader = _reader() if has_request_context() else None
    return str(reader.zone if reader is not None else current_app.config["SETTINGS"].zone)


def _reader() -> Any | None:
    """Whoever is signed in, themselves: a page asks very often, and each look through the proxy costs."""
    # Workers have no login manager, and some pages (the database is away) may not load a person.
    if not hasattr(current_app, "login_manager"):
        return None
    reader = current_user._get_current_object()
    return reader if reader and reader.is_authenticated else None
