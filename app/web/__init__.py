"""The lowest interface: layout, sign-in, error pages, and what every request goes through."""

from flask import Flask


def init(app: Flask) -> None:
    """Give the application its layout, sign-in, access table, error pages and security headers."""
    # Imported here: workers build the application without any of this.
    from app.web import (
        access,
        appearance,
        assets,
        errorpages,
        formats,
        health,
        identity,
        live,
        navigation,
        security,
        styleguide,
        timers,
    )

    parts = (assets, formats, appearance, identity, security, access, navigation, timers, errorpages, health, live)
    for part in parts:
        part.init(app)
    app.register_blueprint(styleguide.blueprint)
