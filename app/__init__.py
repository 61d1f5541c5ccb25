"""The application: settings, database, features and interfaces put together.

Each feature is a package with files of fixed names; `create_app` imports those that exist, so a new feature is a
folder and one name in `FEATURES`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Settings

# In the order in which they may import each other: a feature calls downwards and is reached upwards by events.
FEATURES = (
    "engine",
    "forms",
    "people",
    "contracts",
    "tickets",
    "sla",
    "worklog",
    "escalations",
    "documents",
    "mail",
    "notifications",
)
INTERFACES = ("web", "tasklist", "unassigned", "monitor", "portal", "settings", "overview")
PARTS = ("models", "events", "facts", "operations", "subscribers", "panels", "jobs", "lint", "commands")


def create_app(settings: Settings | None = None, *, web: bool = True) -> Flask:
    """Build the desk.

    Args:
        settings: read from the environment when None.
        web: False for workers, the clock and the receiver, which serve no pages and start faster without them.
    """
    # Here, so that what needs no database and no web (trying an expression) starts without them.
    from app import jobs
    from app.config import Settings
    from app.connecting import engine_options
    from app.db import db as database

    settings = settings or Settings.from_env()
    import_parts(FEATURES, PARTS)
    import_parts(INTERFACES, ("models", "subscribers", "panels"))
    import_module("app.health")
    import_module("app.engine.iso_times").use_desk_zone(settings.zone)
    app = _flask(web)
    app.config.from_mapping(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
    )
    database.init_app(app)
    if settings.redis_url:
        jobs.connect(settings)
    import_module("app.web.language").init(app)
    if web:
        import_module("app.web").init(app)
        for package in (*FEATURES, *INTERFACES):
            if _exists(package, "views"):
                app.register_blueprint(import_module(f"app.{package}.views").blueprint)
    import_module("app.cli").init(app)
    return app


def import_parts(packages: tuple[str, ...], parts: tuple[str, ...]) -> None:
    """Import the files by which features make themselves known: tables, operations, subscribers, jobs, commands."""
    for package in packages:
        for part in parts:
            if _exists(package, part):
                import_module(f"app.{package}.{part}")


def _exists(package: str, part: str) -> bool:
    return find_spec(f"app.{package}") is not None and find_spec(f"app.{package}.{part}") is not None


def _flask(web: bool) -> Flask:
    if not web:
        from flask import Flask

        return Flask("app")
    desk: Flask = import_module("app.web.boundary").Desk("app")
    return desk
