"""Settings: what they keep to themselves, and the secret a trial makes for itself."""

from pathlib import Path

from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from app.config import Settings
from app.db import db, transaction


def test_a_printed_setting_shows_no_secret(tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path,
        secret_key="hidden-1",
        smtp_password="hidden-2",
        database_url="postgresql://desk:hidden-3@database/desk",
        redis_url="redis://:hidden-4@queue:6379/0",
    )

    assert "hidden" not in repr(settings)


def test_a_trial_keeps_its_secret_for_its_own_user(tmp_path: Path) -> None:
    first, second = Settings(data=tmp_path), Settings(data=tmp_path)

    assert len(first.secret_key) > 40
    assert first.secret_key == second.secret_key
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir()] == ["secret-key"]


def test_a_failing_statement_does_not_tell_its_values(desk: Flask) -> None:
    """Errors of the database go to logs and to pages of administrators; letters and hashes must not go with them."""
    told = ""
    with transaction(writing=False):
        try:
            db.session().execute(text("SELECT * FROM nowhere WHERE hash = :hash"), {"hash": "secret-value"})
        except DatabaseError as error:
            told = str(error)
            db.session().rollback()

    assert "nowhere" in told
    assert "secret-value" not in told
