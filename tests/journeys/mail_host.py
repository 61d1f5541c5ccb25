"""The mail server of the rest of the world: takes what the desk sends, and can be switched off and on."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.running.desk import free_port


class MailHost:
    """A server on one port for as long as it lives.

    Attributes:
        taken: every mail it said 250 to, with its recipients, in order; the same mail may have come twice.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: list[tuple[list[str], EmailMessage]] = []
        self._controller: Controller | None = None

    def switch_on(self) -> None:
        """Take mail from now on."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, server_hostname="mx.test")
        self._controller.start()

    def switch_off(self) -> None:
        """Refuse every connection from now on."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds its hooks by these names
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        self.taken.append((list(envelope.rcpt_tos), mail))
        return "250 2.0.0 Taken"

    def mails_to(self, address: str, about: str) -> list[EmailMessage]:
        """The different mails (by Message-ID) for an address whose subject names a ticket."""
        found = {
            str(mail["Message-ID"]): mail for rcpt, mail in self.taken if address in rcpt and about in mail["Subject"]
        }
        return list(found.values())
