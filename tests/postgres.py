"""A private PostgreSQL for tests: started once per test process, one fresh database for each test that asks.

`postgres_url` is a database with the desk's empty tables. Without a PostgreSQL installation such tests are skipped,
unless SUPORT_REQUIRE_ALL=1 (as on the build machine), where they fail.
"""

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from app import create_app
from app.config import Settings
from app.migrating import bring_up_to_date

_numbers = itertools.count(1)


def missing(what: str) -> None:
    """Skip the test, or fail it where everything is required."""
    if os.environ.get("SUPORT_REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is required here (SUPORT_REQUIRE_ALL=1) but not installed.")
    pytest.skip(f"{what} is not installed")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """A running server; the folder holds its unix socket, and user postgres may do everything without a password."""
    if programs() is None:
        missing("PostgreSQL")
    with private_server() as folder:
        yield folder


@contextmanager
def private_server() -> Iterator[Path]:
    """A server of our own, without a password, gone with all its data at the end; the folder of its unix socket."""
    found = programs()
    if found is None:
        raise RuntimeError("PostgreSQL is not installed")
    # Not pytest's tmp_path: a socket's path is short, and another user must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="suport-pg-", dir="/tmp"))
    user = _user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    try:
        data = folder / "data"
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync"]
        _as_user(user, folder, [found / "initdb", *options, "-D", data]).wait()
        server = _as_user(user, folder, [found / "postgres", "-D", data, *_settings(folder)])
        try:
            _wait_until_ready(folder, server)
            yield folder
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database that has the desk's tables, for copying."""
    execute(postgres_server, "CREATE DATABASE desk")
    settings = Settings(
        data=tmp_path_factory.mktemp("template"), secret_key="tests-only", database_url=url_of(postgres_server, "desk")
    )
    create_app(settings, web=False)
    bring_up_to_date(settings)
    return "desk"


@pytest.fixture
def postgres_url(postgres_server: Path, postgres_template: str) -> Iterator[str]:
    """The address of a database of this test's own, with the desk's empty tables."""
    name = f"test_{next(_numbers)}"
    execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield url_of(postgres_server, name)
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_postgres_url(postgres_server: Path) -> Iterator[str]:
    """The address of a database without any table."""
    name = f"empty_{next(_numbers)}"
    execute(postgres_server, f"CREATE DATABASE {name}")
    yield url_of(postgres_server, name)
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def url_of(server: Path, name: str) -> str:
    """The address of one of the server's databases."""
    return f"postgresql://postgres@/{name}?host={server}"


def execute(server: Path, statement: str) -> None:
    """Run one statement as the server's owner, outside any transaction."""
    with psycopg.connect(f"host={server} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute(statement.encode())


def programs() -> Path | None:
    """The folder of initdb and postgres: Debian keeps it off PATH."""
    for candidate in (shutil.which("initdb"), *sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)):
        if candidate:
            folder = Path(candidate).resolve().parent
            if (folder / "postgres").exists():
                return folder
    return None


def _user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then another user runs it."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("running as root, and there is no other user to run PostgreSQL as")


def _settings(folder: Path) -> list[str]:
    """Nothing here outlives the tests, so nothing waits for a disk."""
    values = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
        "shared_buffers": "64MB",
        "log_min_messages": "fatal",
        "deadlock_timeout": "200ms",
    }
    return [word for name, value in values.items() for word in ("-c", f"{name}={value}")]


def _as_user(user: pwd.struct_passwd | None, folder: Path, command: list[str | Path]) -> "subprocess.Popen[bytes]":
    identity: dict[str, object] = {}
    if user is not None:
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    log = (folder / "server.log").open("ab")
    with log:
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]  # the identity is passed on by name
            [str(word) for word in command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_end_with_parent,
            **identity,
        )


def _end_with_parent() -> None:
    # Runs after the change of user, which would take the wish back. A killed test run leaves no server behind.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT, 0, 0, 0)


def _wait_until_ready(folder: Path, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 30
    while True:
        try:
            execute(folder, "SELECT 1")
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'server.log').read_text()}") from None
            time.sleep(0.02)
