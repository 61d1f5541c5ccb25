"""The supervisor: prepares the data, starts the roles, keeps them alive, stops them in order."""

import fcntl
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from app.config import Settings
from app.supervision import queue_server
from app.supervision.roles import Role, die_with_parent

if TYPE_CHECKING:
    from socket import socket

    from flask import Flask

    from app.supervision.preparing import Prepared

TICK_SECONDS = 0.05
# Long enough for a job, a form or a mail in hand; what is still there then is killed and loses nothing it had promised.
STOP_SECONDS = 12.0


class CannotStart(Exception):
    """The desk cannot start here; the message names the way out."""


def lock_data(data: Path) -> IO[str]:
    """Take the data folder for this desk alone; the lock ends with the process, however it ends.

    Raises:
        CannotStart: another desk is running on it.
    """
    data.mkdir(parents=True, exist_ok=True)
    held = (data / "running.lock").open("a+")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.seek(0)
        where = held.read().strip() or "unknown"
        held.close()
        raise CannotStart(
            f"The data folder {data} is in use by a desk that is running already ({where}). "
            "Stop that one first, or choose another folder with --data."
        ) from None
    return held


class Supervisor:
    """One running desk.

    Args:
        held: the data folder's lock, kept open for as long as this process lives.
        listener: the web's socket, bound already.
    """

    def __init__(self, settings: Settings, held: IO[str], listener: "socket") -> None:
        self.settings = settings
        self.held = held
        self.listener = listener
        self.logs = settings.data / "log"
        self.roles: list[Role] = []
        self.queue: Role | None = None
        self.socket_folder: Path | None = None
        self.stop_asked = 0

    # ── starting ──

    def start_queue(self) -> None:
        """Start the embedded queue unless a Redis is configured, and let every role know it by its address."""
        if self.settings.redis_url:
            return
        server = queue_server.find_server()
        if server is None:
            raise CannotStart("No queue server: install Valkey or Redis, or set REDIS_URL to one that is running.")
        self._forget_old_socket()
        self.socket_folder = queue_server.make_socket_folder()
        path = self.socket_folder / "queue.sock"
        self.settings = replace(self.settings, redis_url=f"unix://{path}")
        self.queue = self._role(
            "queue", lambda: queue_server.become_server(server, path, self.settings.data / "queue"), web=False
        )
        self.queue.start()

    def prepare(self, app: "Flask", *, wants_demo: bool) -> "Prepared":
        """Prepare the data in a child, so that the parent stays without connections and can be forked safely.

        Raises:
            CannotStart: the preparation failed; its message has been shown.
        """
        from app.supervision.preparing import Prepared, prepare

        reading, writing = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(reading)
                self._default_signals()
                die_with_parent(parent)
                prepared = prepare(app, wants_demo=wants_demo)
                with os.fdopen(writing, "w") as answer:
                    json.dump(prepared.as_json(), answer)
                status = 0
            except BaseException as error:
                self._tell_failure(error)
            finally:
                sys.stdout.flush()
                os._exit(status)
        os.close(writing)
        with os.fdopen(reading) as answer:
            text = answer.read()
        _, status = os.waitpid(pid, 0)
        if status != 0:
            raise CannotStart("The database could not be prepared.")
        return Prepared(**json.loads(text))

    def start_web(self, app: "Flask") -> None:
        """Start the pages."""
        from app.supervision.web_server import serve

        self._add("web", lambda: serve(app, self.settings, self.listener), web=True)

    def start_others(self, app: "Flask") -> None:
        """Start workers, clock and mail receiver."""
        import worker

        for number in range(1, self.settings.workers + 1):
            self._add(f"worker-{number}", lambda: worker.run_worker(app))
        self._add("clock", lambda: worker.run_clock(app))
        self._add("receiver", lambda: worker.run_receiver(app))

    def write_running(self) -> None:
        """Write down where this desk is, for the next one that is refused and for the command line."""
        facts = {
            "pid": os.getpid(),
            "url": self.settings.base_url,
            "redis_url": self.settings.redis_url,
            "roles": {each.name: each.pid for each in self._everything()},
        }
        target = self.settings.data / "running.json"
        draft = target.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(facts, indent=1))
        draft.replace(target)
        self.held.truncate(0)
        self.held.write(f"process {os.getpid()}, {self.settings.base_url}")
        self.held.flush()

    def wait_for_page(self, most_seconds: float = 60.0) -> bool:
        """Keep the roles alive until the first page answers; False when asked to stop or when it never does."""
        from app.supervision.web_server import FirstPage

        page = FirstPage(self.listener)
        until = time.monotonic() + most_seconds
        while not self.stop_asked and time.monotonic() < until:
            self.tick()
            if page.answers():
                return True
            time.sleep(TICK_SECONDS)
        return False

    # ── watching ──

    def watch(self) -> None:
        """Keep everything running until somebody asks to stop."""
        while not self.stop_asked:
            self.tick()
            time.sleep(TICK_SECONDS)

    def tick(self) -> None:
        """Start again what has died, when its pause is over."""
        changed = False
        for pid, status in self._reaped():
            for role in self._everything():
                if role.pid == pid and (line := role.ended(status)):
                    say(line)
        for role in self._everything():
            if role.pid is None and time.monotonic() >= role.not_before and not self.stop_asked:
                role.start()
                changed = True
        if changed:
            try:
                self.write_running()
            except OSError as error:
                # A full disk is no reason to stop what runs: the file only tells others where this desk is.
                say(f"{self.settings.data / 'running.json'} could not be written: {error.strerror}")

    # ── stopping ──

    def ask_to_stop(self, *_: object) -> None:
        """Note the wish; a second one ends the patience."""
        self.stop_asked += 1

    def stop(self) -> None:
        """Stop all roles together, then the queue they still needed; kill what does not stop in time."""
        self.listener.close()
        self._end(self.roles, STOP_SECONDS)
        self._end([self.queue] if self.queue else [], STOP_SECONDS)
        (self.settings.data / "running.json").unlink(missing_ok=True)
        if self.socket_folder is not None:
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def _end(self, roles: list[Role], seconds: float) -> None:
        for role in roles:
            role.signal(signal.SIGTERM)
        until = time.monotonic() + seconds
        while any(role.pid for role in roles):
            for pid, _ in self._reaped():
                for role in self._everything():
                    if role.pid == pid:
                        role.pid = None
            if time.monotonic() > until or self.stop_asked > 1:
                for role in roles:
                    role.signal(signal.SIGKILL)
            time.sleep(TICK_SECONDS)

    # ── small parts ──

    def _role(self, name: str, body: Callable[[], int | None], *, web: bool) -> Role:
        self.logs.mkdir(parents=True, exist_ok=True)
        own = [self.held.fileno()]
        return Role(name, body, self.logs / f"{name}.log", inherited=own if web else [*own, self.listener.fileno()])

    def _add(self, name: str, body: Callable[[], int | None], *, web: bool = False) -> None:
        role = self._role(name, body, web=web)
        self.roles.append(role)
        role.start()

    def _everything(self) -> list[Role]:
        return ([self.queue] if self.queue else []) + self.roles

    def _reaped(self) -> list[tuple[int, int]]:
        ended: list[tuple[int, int]] = []
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                ended.append((pid, os.waitstatus_to_exitcode(status)))
        return ended

    def _forget_old_socket(self) -> None:
        """A desk that was killed could not remove its socket folder."""
        try:
            address = json.loads((self.settings.data / "running.json").read_text())["redis_url"]
        except (OSError, ValueError, KeyError):
            return
        folder = Path(str(address).removeprefix("unix://")).parent
        if folder.name.startswith("suport-"):
            shutil.rmtree(folder, ignore_errors=True)

    def _default_signals(self) -> None:
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, signal.SIG_DFL)

    def _tell_failure(self, error: BaseException) -> None:
        from app.errors import DeskError

        if isinstance(error, DeskError):
            say(error.message)
        else:
            sys.excepthook(type(error), error, error.__traceback__)


def say(line: str) -> None:
    """Tell the person at the terminal."""
    print(line, flush=True)
