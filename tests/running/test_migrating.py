"""Bringing a database to the code's schema."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, insert, inspect, select
from sqlalchemy.orm import Session

from app import create_app, migrating
from app.config import Settings
from app.connecting import standalone_engine
from app.db import db
from app.engine.models import TeamSet, UserTask
from app.errors import Conflict
from app.notifications.models import Notification


def settings_for(folder: Path, database_url: str = "") -> Settings:
    return Settings(data=folder, secret_key="tests-only", database_url=database_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = "" if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    settings = settings_for(tmp_path, url)
    create_app(settings, web=False)
    return settings


def test_an_empty_database_gets_every_table(empty: Settings) -> None:
    migrating.bring_up_to_date(empty)

    engine = standalone_engine(empty.database_url)
    assert set(db.metadata.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_processes_that_start_together_migrate_once(empty: Settings) -> None:
    """Two desks on one database, or a desk and a command, start at the same moment."""
    together = threading.Barrier(4)

    def migrate(_number: int) -> str:
        together.wait()
        return migrating.bring_up_to_date(empty)

    with ThreadPoolExecutor(4) as threads:
        revisions = set(threads.map(migrate, range(4)))

    assert len(revisions) == 1


def test_a_copy_of_a_running_sqlite_database_is_complete(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    create_app(settings, web=False)
    migrating.bring_up_to_date(settings)

    copy = migrating.copy_sqlite(settings, tmp_path / "copy.db")

    engine = standalone_engine(f"sqlite:///{copy}")
    assert set(db.metadata.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_a_copy_never_overwrites_a_file(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    taken = tmp_path / "copy.db"
    taken.write_text("precious")

    with pytest.raises(Conflict, match="exists already"):
        migrating.copy_sqlite(settings, taken)
    assert taken.read_text() == "precious"


def test_the_models_and_the_schema_agree(empty: Settings) -> None:
    """A changed model without its migration would work on new databases only."""
    migrating.bring_up_to_date(empty)

    engine = standalone_engine(empty.database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, db.metadata)
    engine.dispose()

    # The full-text index and what SQLite keeps for it is no model; its own tests search with it on both databases.
    not_models = ("alembic_version", "ticket_words_index", "ix_ticket_words_words")
    ours = [each for each in differences if not any(name in str(each) for name in not_models)]
    assert ours == []


@pytest.fixture
def one_migration(empty: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A folder of migrations whose only one makes all present tables."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrating.FOLDER, folder, ignore=shutil.ignore_patterns("[0-9]*.py", "__pycache__"))
    monkeypatch.setattr(migrating, "FOLDER", folder)
    migrating.write_revision(empty, "First schema")
    return empty


def test_a_written_migration_makes_every_table(one_migration: Settings) -> None:
    assert migrating.bring_up_to_date(one_migration) == "0001"
    assert migrating.bring_up_to_date(one_migration) == "0001"

    assert migrating.state(one_migration) == ("0001", "0001")
    engine = standalone_engine(one_migration.database_url)
    assert set(db.metadata.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused(one_migration: Settings) -> None:
    """Going on with a schema this code does not know could destroy what it does not understand."""
    migrating.bring_up_to_date(one_migration)
    engine = standalone_engine(one_migration.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()

    with pytest.raises(Conflict, match="newer version"):
        migrating.bring_up_to_date(one_migration)


def test_a_sqlite_file_is_copied_before_it_is_migrated(one_migration: Settings) -> None:
    migrating.bring_up_to_date(one_migration)
    migrating.write_revision(one_migration, "Nothing new")

    migrating.bring_up_to_date(one_migration)

    copies = [each.name for each in one_migration.data.glob("*.before-*")]
    assert copies == (["suport.db.before-0002"] if one_migration.on_sqlite else [])


def test_tasks_keep_the_teams_they_are_for(empty: Settings) -> None:
    """Revision 0011 turns a row for each team of a task into the name of a set."""
    teams_before = {1: ["support", "field"], 2: ["network"], 3: []}
    engine = standalone_engine(empty.database_url)
    with engine.begin() as connection:
        _upgrade(connection, "0010")
        tables = MetaData()
        tables.reflect(connection)
        _insert(connection, tables.tables["process_definition"], id=1, origin="shipped")
        _insert(connection, tables.tables["process_instance"], id=1, definition_id=1, state="running")
        for task_id, keys in teams_before.items():
            about = {"instance_id": 1, "task_id": str(task_id), "uuid": str(task_id), "state": "open"}
            _insert(connection, tables.tables["user_task"], id=task_id, candidate_role="", **about)
            for key in keys:
                _insert(connection, tables.tables["user_task_team"], user_task_id=task_id, team_key=key)

    migrating.bring_up_to_date(empty)

    with Session(engine) as session:
        tasks = session.scalars(select(UserTask).order_by(UserTask.id)).all()
        assert {task.id: task.team_keys for task in tasks} == {1: ["field", "support"], 2: ["network"], 3: []}
        assert {task.candidate_role for task in tasks} == {None}
        assert set(session.execute(select(TeamSet.name, TeamSet.team_key))) == {
            ("field|support", "field"),
            ("field|support", "support"),
            ("network", "network"),
        }
    engine.dispose()


def test_notices_keep_their_title_under_the_language_of_their_reader(empty: Settings) -> None:
    """Revision 0012 gives a notice its title by language; what was told before was told in one."""
    told = {1: ("en", "Reply overdue: “Toner” \\ paper"), 2: ("ro", "Răspuns întârziat: Imprimanta\ttace")}
    engine = standalone_engine(empty.database_url)
    with engine.begin() as connection:
        _upgrade(connection, "0011")
        tables = MetaData()
        tables.reflect(connection)
        for number, (language, title) in told.items():
            about = {"email": f"{number}@desk.example", "language": language, "theme": "system"}
            _insert(connection, tables.tables["person"], id=number, density="comfortable", **about)
            _insert(connection, tables.tables["notification"], id=number, person_id=number, title=title)

    migrating.bring_up_to_date(empty)

    with Session(engine) as session:
        notices = session.scalars(select(Notification).order_by(Notification.id)).all()
        assert {notice.id: notice.titles for notice in notices} == {
            number: {language: title} for number, (language, title) in told.items()
        }
    engine.dispose()


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrating.FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _insert(connection: Connection, table: Table, **given: object) -> None:
    """A row that holds what is given, and in every other column that needs a value anything of its type."""
    anything: dict[type, object] = {
        bool: False, int: 0, str: "", bytes: b"", object: {}, datetime: datetime(2026, 1, 1, tzinfo=UTC)
    }  # fmt: skip
    needed = {each.name: anything[each.type.python_type] for each in table.columns if not each.nullable}
    connection.execute(insert(table).values({**needed, **given}))
