"""Which language a text is in: the reader's, else the desk's."""

from flask import Flask
from flask_babel import Babel

babel = Babel()


def init(app: Flask) -> None:
    """Load the catalogues; also needed where no request runs (mail, notifications)."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", app.config["SETTINGS"].language)
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "translations")
    babel.init_app(app)
