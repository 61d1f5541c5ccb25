"""The desk's own SMTP door. It says 250 only after the bytes are committed."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from sqlalchemy.orm import Session as DatabaseSession

from app.config import Settings
from app.db import run_in_transaction
from app.mail import service
from app.mail.desk import desk_settings, mail_domain, own_addresses

log = structlog.get_logger(__name__)

RECIPIENTS = 50
CONNECTIONS = 100
# Writers of SQLite queue anyway; a few threads keep one slow disk from stopping the conversation with others.
STORING_THREADS = 4
COMMAND_SECONDS = 60.0


class Door:
    """aiosmtpd's handler: recipients are checked, bytes are stored."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.threads = ThreadPoolExecutor(STORING_THREADS, thread_name_prefix="mail-store")

    async def handle_RCPT(  # noqa: N802  # aiosmtpd finds its hooks by these names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take mail for our mailboxes only: the desk passes nothing on."""
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            ours = await asyncio.get_running_loop().run_in_executor(self.threads, self._own_addresses)
        except Exception:
            log.exception("recipient_not_checked")
            return "451 4.3.0 Try again later"
        if _without_tag(address) not in ours:
            return "550 5.1.1 There is no such mailbox here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds its hooks by these names
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Store the mail for each mailbox; anything but a commit is a 451, and the sender keeps the mail."""
        raw = envelope.original_content or b""
        try:
            await asyncio.get_running_loop().run_in_executor(self.threads, self._store, raw, envelope)
        except Exception:
            log.exception("mail_not_stored", size=len(raw))
            return "451 4.3.0 The mail could not be stored; try again later"
        return "250 2.0.0 Stored"

    def _own_addresses(self) -> frozenset[str]:
        with self.app.app_context():
            return run_in_transaction(lambda session: own_addresses(session, desk_settings()), writing=False)

    def _store(self, raw: bytes, envelope: Envelope) -> None:
        # aiosmtpd leaves the null sender in its brackets.
        sender = (envelope.mail_from or "").strip().strip("<>")
        mailboxes = dict.fromkeys(_without_tag(address) for address in envelope.rcpt_tos)

        def body(session: DatabaseSession) -> None:
            for mailbox in mailboxes:
                service.store_raw(session, raw, mailbox, sender)

        with self.app.app_context():
            run_in_transaction(body)


def _without_tag(address: str) -> str:
    """`Suport+anything@desk.example` is delivered to `suport@desk.example`."""
    local, _, domain = address.strip().lower().rpartition("@")
    return f"{local.split('+')[0]}@{domain}"


def serve(app: Flask, host: str, port: int, stop_event: threading.Event) -> None:
    """Take mail on an address until the event is set; mails being taken then are finished first.

    Raises:
        OSError: the address is taken or not ours.
    """
    asyncio.run(_serve(app, host, port, stop_event))


async def _serve(app: Flask, host: str, port: int, stop_event: threading.Event) -> None:
    door = Door(app)
    with app.app_context():
        settings = desk_settings()
    talking: set[SMTP] = set()

    server = await asyncio.get_running_loop().create_server(lambda: _Conversation(door, talking, settings), host, port)
    log.info("mail_receiver_ready", host=host, port=port)
    try:
        while not await asyncio.to_thread(stop_event.wait, 0.5):
            pass
    finally:
        server.close()
        await asyncio.to_thread(door.threads.shutdown)
        for smtp in list(talking):
            if smtp.transport is not None:
                smtp.transport.close()


class _Conversation(SMTP):
    """One connection; more than the allowed number are told to come back."""

    def __init__(self, door: Door, talking: set[SMTP], settings: Settings) -> None:
        super().__init__(
            door,
            data_size_limit=settings.mail_max_bytes,
            hostname=mail_domain(settings),
            ident="Suport",
            enable_SMTPUTF8=True,
            timeout=COMMAND_SECONDS,
            loop=asyncio.get_running_loop(),
        )
        self.talking = talking

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if len(self.talking) >= CONNECTIONS and isinstance(transport, asyncio.Transport):
            transport.write(b"421 4.3.2 Too many connections; try again later\r\n")
            transport.close()
            return
        self.talking.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self.talking:
            self.talking.discard(self)
            super().connection_lost(error)
