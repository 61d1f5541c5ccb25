"""A demo desk of its own, which nobody else looks at: started for the pictures, gone afterwards."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 120.0


class DeskDidNotStart(Exception):
    """The demo could not be started; the message is what it said."""


@contextmanager
def demo_desk() -> Iterator[str]:
    """A desk with the demo data; gives its address.

    Raises:
        DeskDidNotStart: with the last of what it said.
    """
    with TemporaryDirectory(prefix="suport-screenshots-") as folder:
        data, said = Path(folder) / "data", Path(folder) / "said.txt"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SUPORT_", "REDIS_URL"))}
        ports = ["--port", str(_free_port()), "--receiver-port", str(_free_port())]
        with said.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.supervision", "--data", str(data), *ports],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=inherited | {"SUPORT_DEVELOPMENT": "1", "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )
        try:
            yield _wait_for(process, data / "running.json", said)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def _wait_for(process: subprocess.Popen[bytes], running: Path, said: Path) -> str:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not running.exists():
        if process.poll() is not None or time.monotonic() > ends:
            raise DeskDidNotStart(said.read_text(errors="replace")[-2000:])
        time.sleep(0.1)
    address: str = json.loads(running.read_text())["url"]
    return address


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
