"""Parse mails in a child process: a mail that hangs or eats memory takes nothing with it.

`ParserProcess` keeps one small, single-threaded server process; that one forks for each mail, sets hard limits in the
fork, and passes the answer on. Frames on its pipes are a length (8 bytes, big endian) and that many bytes; the
answer's head is JSON, the attachments' bytes follow in order.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from app.mail.parsing import Attached, ParsedMail, Unreadable, parse

CPU_SECONDS = 10
WALL_SECONDS = 25
# Address space a fork may use: the interpreter, the mail several times over, and room for its parts.
MEMORY_BYTES = 1024 * 1024 * 1024
_PACKAGE = Path(__file__).resolve().parent.parent
# The package `app` is only a folder here: loading the whole desk would take the server seconds and megabytes.
_START = """
import sys, types
package = types.ModuleType("app")
package.__path__ = [sys.argv[1]]
sys.modules["app"] = package
from app.mail.parser_process import serve
serve()
"""


def _encode(mail: ParsedMail) -> bytes:
    head = json.dumps(mail.as_plain()).encode()
    return b"".join([struct.pack(">Q", len(head)), head, *(one.content for one in mail.attachments)])


def _decode(answer: bytes) -> ParsedMail:
    (size,) = struct.unpack_from(">Q", answer)
    plain = json.loads(answer[8 : 8 + size])
    if "unreadable" in plain:
        raise Unreadable(plain["unreadable"])
    files, position = [], 8 + size
    for name, content_type, length, content_id in plain.pop("attachments"):
        files.append(Attached(name, content_type, answer[position : position + length], content_id))
        position += length
    for field in ("to", "cc"):
        plain[field] = [(name, address) for name, address in plain[field]]
    return ParsedMail(**plain, attachments=files)


def _refusal(reason: str) -> bytes:
    head = json.dumps({"unreadable": reason}).encode()
    return struct.pack(">Q", len(head)) + head


def serve() -> None:
    """The server's loop: one mail in, one answer out, until the parent closes the pipe."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while size := source.read(8):
        raw = source.read(*struct.unpack(">Q", size))
        answer = _parsed_in_fork(raw)
        sink.write(struct.pack(">Q", len(answer)))
        sink.write(answer)
        sink.flush()


def _parsed_in_fork(raw: bytes) -> bytes:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _answer_and_leave(raw, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        why = "took too long" if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) else "broke off"
        return _refusal(f"Reading it {why}.")
    return answer or _refusal("Reading it broke off.")


def _answer_and_leave(raw: bytes, writing: int) -> None:
    """In the fork: limits first, then the mail; never returns, so that nothing of the server runs twice."""
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        try:
            answer = _encode(parse(raw))
        except Unreadable as reason:
            answer = _refusal(str(reason))
        except (MemoryError, RecursionError):
            answer = _refusal("Reading it needs more memory than a mail may take.")
        except Exception as error:  # noqa: BLE001  # whatever a hostile mail provokes becomes its visible reason
            answer = _refusal(f"It is malformed ({type(error).__name__}: {str(error)[:200]}).")
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(answer)
    finally:
        os._exit(0)


class ParserProcess:
    """The parsing server of this process; started when first used, and again after it died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None

    def parse(self, raw: bytes) -> ParsedMail:
        """Parse one mail under limits.

        Raises:
            Unreadable: it cannot be read; the text says why.
        """
        with self._lock:
            try:
                answer = self._ask(raw)
            except TimeoutError:
                raise Unreadable("Reading it took too long.") from None
            except (OSError, EOFError):
                # The server itself was killed (memory, an operator): this says nothing about the mail.
                answer = self._ask(raw)
        return _decode(answer)

    def close(self) -> None:
        """End the server."""
        with self._lock:
            self._stop()

    def _ask(self, raw: bytes) -> bytes:
        try:
            return self._answer(raw)
        except BaseException:
            # Whatever broke it off (a job's time may be over at any line): what the server says later about this mail
            # must never be taken for the answer about the next one.
            self._stop()
            raise

    def _answer(self, raw: bytes) -> bytes:
        if self._server is None or self._server.poll() is not None:
            self._stop()
            self._server = subprocess.Popen(
                [sys.executable, "-c", _START, str(_PACKAGE)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # A group of its own, so that Ctrl-C ends it by its closed pipe and a time-out ends its forks too.
                start_new_session=True,
            )
        stdin, stdout = self._server.stdin, self._server.stdout
        if stdin is None or stdout is None:
            raise EOFError("the parser has no pipes")
        stdin.write(struct.pack(">Q", len(raw)) + raw)
        stdin.flush()
        ends_at = time.monotonic() + WALL_SECONDS
        (size,) = struct.unpack(">Q", _read_exactly(stdout, 8, ends_at))
        return _read_exactly(stdout, size, ends_at)

    def _stop(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        for pipe in (server.stdin, server.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    # Unsent bytes of the mail that was being asked about; it is asked again.
                    continue


def _read_exactly(pipe: IO[bytes], size: int, ends_at: float) -> bytes:
    descriptor = pipe.fileno()
    pieces = bytearray()
    while len(pieces) < size:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, ends_at - time.monotonic()))
        if not ready:
            raise TimeoutError
        piece = os.read(descriptor, min(size - len(pieces), 1 << 20))
        if not piece:
            raise EOFError
        pieces += piece
    return bytes(pieces)


_parser = ParserProcess()


def parse_apart(raw: bytes) -> ParsedMail:
    """Parse a mail in this process's limited child.

    Raises:
        Unreadable: it cannot be read; the text says why.
    """
    return _parser.parse(raw)
