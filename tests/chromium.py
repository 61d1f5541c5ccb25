"""A real browser on a real server, for what only a browser shows: scripts under the content policy, drawing, focus."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import expect
from werkzeug.serving import make_server

from app import db as database
from tests import world

PASSWORD = "a-password-for-tests"

# A busy machine draws late; only what never comes is a failure.
expect.set_options(timeout=60_000)


def executable() -> str:
    """Where Chromium is; skips the test without one, unless everything is required."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("SUPORT_REQUIRE_ALL") == "1":
            pytest.fail("Chromium is required and was not found.")
        pytest.skip("needs Chromium")
    return found


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The desk on a free port; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=60)


def person_who_signs_in(app: Flask, *roles: str, language: str = "en") -> str:
    """The address of somebody new whose password is `PASSWORD`."""
    with app.app_context(), database.transaction() as session:
        return world.add_person(session, roles=roles, password=PASSWORD, language=language).email
