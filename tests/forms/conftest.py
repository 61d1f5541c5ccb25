"""Fixtures of the tests of forms."""

from collections.abc import Iterator

import pytest
from flask import Flask


@pytest.fixture
def app_context(app: Flask) -> Iterator[None]:
    """Messages are translated by the application."""
    with app.app_context():
        yield
