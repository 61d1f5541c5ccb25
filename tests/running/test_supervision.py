"""`./run` as its users meet it: real processes, killed for real."""

import os
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running.desk import StartedDesk, below, is_alive, started, until

pytestmark = pytest.mark.processes

ROLES = ["queue", "web", "worker-1", "worker-2", "clock", "receiver"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartedDesk]:
    with started(tmp_path_factory.mktemp("desk") / "data") as running:
        yield running


def test_a_first_start_without_demo_names_one_administrator_once(desk: StartedDesk) -> None:
    assert "one-time password" in desk.output
    assert desk.output.count("admin@desk.example") == 1
    assert "demo" not in desk.output.lower()


def test_the_first_page_asks_to_sign_in(desk: StartedDesk) -> None:
    with urllib.request.urlopen(desk.url, timeout=60) as page:
        assert page.status == 200
        assert page.url.startswith(f"{desk.url}/sign-in")


def test_other_users_of_the_machine_cannot_read_what_the_desk_keeps(desk: StartedDesk) -> None:
    readable = [path.name for path in desk.data.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]

    assert readable == []


def test_a_second_desk_on_the_same_data_is_refused(desk: StartedDesk) -> None:
    second = StartedDesk(desk.data, "--no-demo")

    assert second.process.wait(timeout=120) == 1
    assert "is in use by a desk that is running already" in second.output
    assert desk.url in second.output
    assert desk.health()["status"] == "well"


def test_a_taken_port_is_named_with_the_way_out(desk: StartedDesk, tmp_path: Path) -> None:
    second = StartedDesk(tmp_path / "data", "--no-demo", port=desk.port)

    assert second.process.wait(timeout=120) == 1
    assert f"127.0.0.1:{desk.port} cannot be used for the pages" in second.output
    assert "--port" in second.output


def test_a_taken_mail_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        second = StartedDesk(tmp_path / "data", "--no-demo", "--receiver-port", str(port))

        assert second.process.wait(timeout=120) == 1

    assert f"127.0.0.1:{port} cannot be used to take mail" in second.output


def test_demo_accounts_are_refused_on_an_open_address(tmp_path: Path) -> None:
    """Everybody knows their passwords."""
    second = StartedDesk(tmp_path / "data", "--host", "0.0.0.0")

    assert second.process.wait(timeout=120) == 1
    assert "demo accounts" in second.output
    assert "--no-demo" in second.output


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    second = StartedDesk(tmp_path / "data", environment={"SUPORT_WEB_THREADS": "many"})

    assert second.process.wait(timeout=120) == 1
    assert "SUPORT_WEB_THREADS" in second.output


@pytest.mark.parametrize("role", ROLES)
def test_a_killed_process_is_started_again(desk: StartedDesk, role: str) -> None:
    killed = desk.roles()[role]

    os.kill(killed, signal.SIGKILL)

    until(lambda: desk.roles()[role] not in (killed, None), f"{role} has a new process")
    until(lambda: desk.health().get("status") == "well", "the desk is well again")
    assert is_alive(desk.roles()[role])
    assert f"{role} was killed" in desk.output


def test_a_full_disk_does_not_stop_what_runs(desk: StartedDesk) -> None:
    """A folder stands where the supervisor writes down its processes; they are started again all the same."""
    in_the_way = desk.data / "running.new"
    in_the_way.mkdir()
    os.kill(desk.roles()["clock"], signal.SIGKILL)
    until(lambda: "running.json could not be written" in desk.output, "the supervisor says so")
    until(lambda: desk.health().get("status") == "well", "the desk is well")
    assert desk.process.poll() is None

    in_the_way.rmdir()
    before = desk.roles()
    os.kill(before["worker-1"], signal.SIGKILL)
    until(lambda: desk.roles()["worker-1"] != before["worker-1"], "the processes are written down again")


def test_pages_wait_while_the_web_process_starts_again(desk: StartedDesk) -> None:
    """The supervisor holds the socket: a browser waits for its page instead of being refused."""
    old = desk.roles()["web"]
    family = {old} | below(old)
    os.kill(old, signal.SIGKILL)
    until(lambda: not any(map(is_alive, family)), "the old web processes have ended")

    with urllib.request.urlopen(f"{desk.url}/sign-in", timeout=60) as page:
        assert page.status == 200


def test_a_killed_supervisor_leaves_no_process_behind(tmp_path: Path) -> None:
    with started(tmp_path / "data") as desk:
        family = desk.processes()
        assert len(family) >= 1 + len(ROLES)

        os.kill(desk.process.pid, signal.SIGKILL)
        desk.process.wait(timeout=60)

        until(lambda: not any(map(is_alive, family)), "all processes have ended", seconds=60)

        # And the next start finds nothing in its way.
        again = StartedDesk(desk.data, "--no-demo")
        try:
            again.wait_until_ready()
            assert again.stop() == 0
        finally:
            again.end()


def test_a_stop_is_orderly_and_complete(tmp_path: Path) -> None:
    with started(tmp_path / "data") as desk:
        family = desk.processes()

        began = time.monotonic()
        status = desk.stop()

        assert status == 0
        assert time.monotonic() - began < 10
        assert not any(map(is_alive, family))
        assert not (desk.data / "running.json").exists()
        assert "starting it again" not in desk.output


def test_a_second_start_does_nothing_again_and_costs_little(tmp_path: Path) -> None:
    """The first page is to come within four seconds; the machine's other work does not count here."""
    with started(tmp_path / "data"):
        pass

    with started(tmp_path / "data") as again:
        until(lambda: "Suport is ready" in again.output, "the desk is ready")
        spent = again.processor_seconds()

    assert "Setting up" not in again.output
    assert "Preparing" not in again.output
    assert "one-time password" not in again.output
    assert spent < 6.0
