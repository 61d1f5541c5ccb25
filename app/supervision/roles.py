"""Roles: the processes of the desk, forked from one loaded parent and started again when they die.

The parent has imported everything but opened nothing (no database, no queue), so that a fork is a ready process in
milliseconds and shares its memory. A child never outlives its parent: the kernel kills it, even after `kill -9`.
"""

import ctypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

# A process that lived this long was all right; one that died sooner is started again with growing pauses.
SETTLED_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0
LOG_BYTES = 10_000_000

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends (Linux; elsewhere only an orderly stop is covered)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        # The parent ended before the request was heard.
        os._exit(1)


@dataclass
class Role:
    """One process to keep alive.

    Args:
        body: runs in the child; its return value is the exit status.
        log: the file that takes what the process prints.
    """

    name: str
    body: Callable[[], int | None]
    log: Path
    pid: int | None = None
    started_at: float = 0.0
    deaths: int = 0
    not_before: float = 0.0
    inherited: list[int] = field(default_factory=list)

    def start(self) -> None:
        """Fork the child; it closes `inherited`, the descriptors that belong to the parent alone."""
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        self.started_at = time.monotonic()
        pid = os.fork()
        if pid == 0:
            self._be(parent)
        self.pid = pid

    def _be(self, parent: int) -> NoReturn:
        status = 1
        try:
            for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
                signal.signal(each, signal.SIG_DFL)
            # Ctrl-C reaches the whole foreground group; only the supervisor shall decide what stops when.
            os.setpgid(0, 0)
            die_with_parent(parent)
            for descriptor in self.inherited:
                os.close(descriptor)
            write_to(self.log)
            status = self.body() or 0
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                # Not sys.exit: the parent's clean-up is not the child's business.
                os._exit(status)

    def ended(self, status: int) -> str | None:
        """Note the end of the process and when to start it again; the line to tell, or None for a planned end."""
        self.pid = None
        if status == 0:
            # A worker that has done its number of jobs makes room for a fresh one.
            self.deaths, self.not_before = 0, 0.0
            return None
        lived = time.monotonic() - self.started_at
        self.deaths = self.deaths + 1 if lived < SETTLED_SECONDS else 0
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (self.deaths - 1), LONGEST_PAUSE_SECONDS) if self.deaths else 0.0
        self.not_before = time.monotonic() + pause
        how = f"was killed (signal {-status})" if status < 0 else f"stopped with status {status}"
        return f"{self.name} {how}; starting it again" + (f" in {pause:.1f} s, see {self.log}" if self.deaths else "")

    def signal(self, number: int) -> None:
        """Send a signal to the process, if it is there."""
        if self.pid is not None:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return


def write_to(log: Path) -> None:
    """Send this process's output to a file, one earlier file kept when it has grown large."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".1.log"))
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
