"""A mail server that answers as it is told, over a real socket."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from aiosmtpd.smtp import SMTP, Envelope, Session

TAKE = "250 2.0.0 Taken"
DROP = "drop"
STALL = "stall"


class ScriptedServer:
    """Takes mail, refuses it, hangs up or says nothing.

    Attributes:
        answers: what the next mails are answered with, in order; everything after that is taken.
        meanwhile: done while a sender waits for the answer to its mail.
        refused: addresses refused at RCPT, with the answer for each.
        taken: (sender, recipients, bytes) of every mail that was answered with 250, or dropped after its bytes came.
    """

    def __init__(self) -> None:
        self.answers: deque[str] = deque()
        self.refused: dict[str, str] = {}
        self.taken: list[tuple[str, list[str], bytes]] = []
        self.meanwhile: Callable[[], None] | None = None
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    @property
    def mails(self) -> list[Message]:
        """The mails taken, parsed."""
        return [BytesParser(policy=compat32).parsebytes(raw) for _, _, raw in self.taken]

    async def handle_RCPT(  # noqa: N802  # aiosmtpd finds its hooks by these names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds its hooks by these names
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.meanwhile is not None:
            await self._loop.run_in_executor(None, self.meanwhile)
        answer = self.answers.popleft() if self.answers else TAKE
        if answer in (TAKE, DROP):
            self.taken.append((envelope.mail_from or "", list(envelope.rcpt_tos), envelope.original_content or b""))
        if answer == DROP:
            # The bytes have arrived but nobody is told: the sender cannot know.
            transport = server.transport
            assert isinstance(transport, asyncio.Transport)
            transport.abort()
        if answer == STALL:
            await asyncio.sleep(3600)
        return answer

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(lambda: SMTP(self, hostname="mx.test", loop=self._loop), "127.0.0.1", 0)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
