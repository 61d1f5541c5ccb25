"""Strangers who write twice at the same moment, on both databases."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import create_app
from app.contracts import service
from app.contracts.models import Contact
from app.db import db, run_in_transaction
from tests.conftest import cheap_settings
from tests.world import add_lists


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    application = create_app(cheap_settings(tmp_path, database_url=url), web=False)
    with application.app_context():
        db.create_all()
        run_in_transaction(add_lists)
        yield application
        db.engine.dispose()


def test_a_strangers_first_mails_make_one_contact(desk: Flask) -> None:
    """Mail is received by several processes; neither mail may fail because the other was faster."""
    together = threading.Barrier(2)

    def receive(_mail: int) -> int:
        with desk.app_context():

            def body(session: Session) -> int:
                # On SQLite the second writer waits at BEGIN, so nobody may wait for it in here.
                if db.engine.dialect.name != "sqlite":
                    together.wait()
                return service.contact_for_address(session, "new@nowhere.example", "New").id

            return run_in_transaction(body)

    with ThreadPoolExecutor(2) as pool:
        ids = set(pool.map(receive, range(2)))

    counted = run_in_transaction(lambda session: session.scalar(select(func.count(Contact.id))), writing=False)
    assert len(ids) == 1
    assert counted == 1
