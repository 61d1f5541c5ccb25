"""The web role: gunicorn with threads, on a socket that the supervisor has bound already."""

import os
import socket
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from app.config import Settings
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
            "post_fork": lambda *_: die_with_parent(arbiter),
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self.app


def serve(app: Flask, settings: Settings, listener: socket.socket) -> None:
    """Serve pages until told to stop."""
    _Server(app, settings, listener).run()
