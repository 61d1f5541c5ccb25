"""The web role: gunicorn with threads, on a socket that the supervisor has bound already."""

import os
import socket
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from app import create_app, logs
from app.config import Settings
from app.garbage import keep_what_is_loaded
from app.supervision.roles import die_with_parent

GRACEFUL_SECONDS = 8


def bind(host: str, port: int) -> socket.socket:
    """Bind and listen.

    The supervisor holds the socket: a taken port is known at once, and while the web process starts or starts again,
    browsers wait in the backlog instead of being refused.

    Raises:
        OSError: the address is taken or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    def __init__(self, app: Flask, settings: Settings, listener: socket.socket) -> None:
        self.app, self.desk, self.listener = app, settings, listener
        super().__init__()

    def load_config(self) -> None:
        arbiter = os.getpid()

        def end_with_arbiter(_server: object, _worker: object) -> None:
            die_with_parent(arbiter)

        for name, value in {
            "bind": f"fd://{self.listener.fileno()}",
            "workers": self.desk.web_workers,
            "worker_class": "gthread",
            "threads": self.desk.web_threads,
            "worker_connections": 1000,
            "keepalive": 5,
            "timeout": 60,
            "graceful_timeout": GRACEFUL_SECONDS,
            "loglevel": "warning",
            "preload_app": True,
            "control_socket_disable": True,
            "post_fork": end_with_arbiter,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self.app


def serve(app: Flask, settings: Settings, listener: socket.socket) -> None:
    """Serve pages until told to stop."""
    _Server(app, settings, listener).run()


def application() -> Flask:
    """The desk for a gunicorn that somebody else starts, logging as all of its processes do."""
    logs.configure()
    app = create_app()
    keep_what_is_loaded()
    return app


class FirstPage:
    """Asks for a page without ever waiting, so that the asker can go on watching its processes meanwhile."""

    def __init__(self, listener: socket.socket) -> None:
        self.address = listener.getsockname()[:2]
        self.family = listener.family
        self.asking: socket.socket | None = None

    def answers(self) -> bool:
        """Whether the first bytes of an answer have come by now."""
        try:
            if self.asking is None:
                self.asking = self._ask()
            if self.asking.recv(1):
                return True
            # Closed without an answer: the process that had taken the question died.
            self._forget()
            return False
        except BlockingIOError:
            return False
        except OSError:
            # The process that had taken the question died.
            self._forget()
            return False

    def _ask(self) -> socket.socket:
        asking = socket.socket(self.family, socket.SOCK_STREAM)
        # The socket listens already: connecting does not wait for a process to accept.
        asking.settimeout(2)
        asking.connect(self.address)
        asking.sendall(b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        asking.setblocking(False)
        return asking

    def _forget(self) -> None:
        if self.asking is not None:
            self.asking.close()
            self.asking = None
