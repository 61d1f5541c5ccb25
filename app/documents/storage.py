"""The bytes of documents: files named by their SHA-256 under the data folder, whole or not there at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flask import current_app

from app.config import Settings

CHUNK_BYTES = 256 * 1024
# No upload takes this long; a temporary file that is older belongs to nobody.
ABANDONED_SECONDS = 24 * 3600


class TooLarge(Exception):
    """More bytes came than allowed; nothing was kept."""


@dataclass(frozen=True)
class Stored:
    """A file that is safely on the disk."""

    sha256: str
    size: int


def limits() -> Settings:
    """The settings that bound a document and a message's number of them."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def root() -> Path:
    """The folder of all documents."""
    return limits().data / "documents"


def path_of(sha256: str) -> Path:
    """Where the bytes with this hash lie: two levels of folders keep each of them small."""
    return root() / sha256[:2] / sha256[2:4] / sha256


def keep(stream: IO[bytes], most_bytes: int) -> Stored:
    """Write a stream to the disk, once per content.

    The bytes go to a temporary file first and take their name only when they are all on the disk, so a crash or a
    full disk leaves no half document behind a good name.

    Raises:
        TooLarge: the stream has more than `most_bytes`.
        OSError: the disk is full or broken.
    """
    folder = root() / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    descriptor, name = tempfile.mkstemp(dir=folder)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            stored = _copy(stream, file, most_bytes)
            file.flush()
            os.fsync(file.fileno())
        _take_name(temporary, path_of(stored.sha256))
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    return stored


def _sweep(folder: Path) -> None:
    """Remove what processes that were killed in the middle of a file left behind."""
    oldest = time.time() - ABANDONED_SECONDS
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):
            if entry.stat().st_mtime < oldest:
                os.unlink(entry.path)


def _copy(stream: IO[bytes], file: IO[bytes], most_bytes: int) -> Stored:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK_BYTES):
        size += len(chunk)
        if size > most_bytes:
            raise TooLarge
        digest.update(chunk)
        file.write(chunk)
    return Stored(digest.hexdigest(), size)


def _take_name(temporary: Path, path: Path) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    os.replace(temporary, path)
    # The new names themselves must survive a power cut too.
    for folder in (path.parent, path.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
