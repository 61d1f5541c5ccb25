"""An application on a database of the test's own: these tests commit."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app import db as database
from app.config import Settings
from tests.conftest import cheap_settings


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The desk inside an application context, with empty tables, on each database."""
    if request.param == "sqlite":
        settings: Settings = cheap_settings(tmp_path)
    else:
        settings = cheap_settings(tmp_path, database_url=request.getfixturevalue("postgres_url"))
    application = create_app(settings, web=False)
    with application.app_context():
        database.db.create_all()
        yield application
        database.db.engine.dispose()
