"""A desk started as a person starts it, by `./run`, for tests to look at and to break."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60.0


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for real processes; fails with `what` when it does not come true."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, f"waited {seconds} s in vain: {what}"
        time.sleep(0.05)


class StartedDesk:
    """One `./run`.

    Attributes:
        url: where its pages are.
        output: everything it has said so far.
    """

    def __init__(
        self, data: Path, *options: str, port: int | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self.data = data
        self.port = port or free_port()
        self.receiver_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._said = data.parent / f"said-{self.port}.txt"
        ports = ["--port", str(self.port), "--receiver-port", str(self.receiver_port)]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SUPORT_", "REDIS_URL"))}
        with self._said.open("wb") as out:
            self.process = subprocess.Popen(
                [ROOT / "run", "--data", data, *ports, *options],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=inherited
                | {"SUPORT_ARGON2_TIME_COST": "1", "SUPORT_ARGON2_MEMORY_KIB": "64"}
                | dict(environment or {}),
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._said.read_text()

    def wait_until_ready(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for the line that names the address, and for every part to be well."""
        until(lambda: "Suport is ready" in self.output or self.process.poll() is not None, "the desk starts", seconds)
        assert self.process.poll() is None, self.output
        until(lambda: self.health().get("status") == "well", f"the desk is well: {self.health()}")

    def health(self) -> dict[str, Any]:
        """What `/health` says; empty while nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as answer:
            found = json.load(answer)
        except OSError:
            return {}
        return found

    def roles(self) -> dict[str, int]:
        """The processes by role, as the supervisor has written them down."""
        found: dict[str, int] = json.loads((self.data / "running.json").read_text())["roles"]
        return found

    def processes(self) -> set[int]:
        """The supervisor and everything below it."""
        return {self.process.pid} | below(self.process.pid)

    def processor_seconds(self) -> float:
        """What all processes of the desk have computed so far."""
        ticks = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            # User and system time, of itself and of children that have ended (proc(5), fields 14 to 17).
            ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self) -> int:
        """Ask it to stop, and wait; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def end(self) -> None:
        """Leave nothing behind, whatever the test did."""
        for pid in self.processes() if self.process.poll() is None else ():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait(timeout=PATIENCE_SECONDS)


@contextmanager
def started(data: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[StartedDesk]:
    """A desk without demo data that is ready; stopped when the test leaves it."""
    desk = StartedDesk(data, "--no-demo", *options, environment=environment)
    try:
        desk.wait_until_ready()
        yield desk
        desk.stop()
    finally:
        desk.end()


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def below(pid: int) -> set[int]:
    """All processes that this one has started, and those that they have."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            found.add(child)
            waiting.append(child)
    return found
