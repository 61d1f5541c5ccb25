"""Speaking to the mail server: one mail, time-outs on everything, and what its answer means."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.charset import QP, Charset
from email.mime.text import MIMEText
from email.utils import formataddr, parseaddr
from types import TracebackType

from flask import Flask, current_app
from flask_mail import Attachment, BadHeaderError, Connection, Mail, Message
from sqlalchemy.orm import Session

from app.config import Settings
from app.documents import queries as documents
from app.mail.desk import desk_settings
from app.mail.models import HIDDEN, OutgoingKind, OutgoingMail
from app.people import links
from app.people.models import Person, SignInLink
from app.tickets.models import Message as TicketMessage

# Attachments grow by a third on their way (base64): together they may take this percentage of what a mail may be.
MOST_OF_IT = 70


class NotNow(Exception):
    """The server could not be reached or said "later" (4xx): the mail is tried again."""


class Refused(Exception):
    """The server will not take this mail (5xx): a person has to look at it."""


@dataclass(frozen=True)
class Parcel:
    """A mail as it goes out; holds no database rows, so that nothing stays locked while it is sent."""

    message_id: str
    sender: str
    to: tuple[str, str]
    cc: tuple[tuple[str, str], ...]
    subject: str
    text: str
    html: str | None
    headers: dict[str, str]
    attachments: list[tuple[str, str, bytes]] = field(default_factory=list, repr=False)


class TooOld(Exception):
    """What the mail is about is over: nobody needs it any more."""


def parcel_of(session: Session, mail: OutgoingMail) -> Parcel:
    """Everything needed to send a mail, read once.

    Raises:
        TooOld: the link it brings would not work any more.
    """
    settings, token = desk_settings(), _token_of(session, mail)
    headers = {}
    if mail.in_reply_to:
        headers = {"In-Reply-To": mail.in_reply_to, "References": " ".join(mail.references)}
    if mail.kind == OutgoingKind.NOTICE:
        # RFC 3834 §5; Exchange listens to the second one only.
        headers |= {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    author, attachments, left_out = None, [], []
    if mail.message_id is not None:
        message = session.get_one(TicketMessage, mail.message_id)
        author = session.get(Person, message.author_id) if message.author_id else None
        room = settings.mail_max_bytes * MOST_OF_IT // 100
        for one in documents.of_message(session, message):
            room -= one.size
            if room >= 0:
                attachments.append((one.name, one.content_type, documents.content(one)))
            else:
                left_out.append(one.name)
    name = f"{author.name} · {settings.desk_name}" if author and mail.kind == OutgoingKind.REPLY else settings.desk_name
    return Parcel(
        message_id=mail.message_id_header,
        sender=formataddr((name, settings.desk_email)),
        to=(mail.to_name, mail.to_address),
        cc=tuple((copy[0], copy[1]) for copy in mail.cc),
        subject=mail.subject,
        text=mail.text.replace(HIDDEN, token) + _too_large(left_out, mail.language),
        # The sentence about what is left out stands in the text only; then the text is what everybody gets.
        html=None if left_out else (mail.html or "").replace(HIDDEN, token) or None,
        headers=headers,
        attachments=attachments,
    )


def _token_of(session: Session, mail: OutgoingMail) -> str:
    """The secret of the link a mail brings; what stands for it in every other mail is a word like any."""
    if mail.sign_in_link_id is None:
        return HIDDEN
    link = session.get(SignInLink, mail.sign_in_link_id)
    if link is None or not links.holds(link):
        raise TooOld("The link in it had run out before it could be sent.")
    return links.token_of(link)


def _too_large(names: list[str], language: str) -> str:
    if not names:
        return ""
    words = "Prea mari pentru un mail, păstrate la cerere" if language == "ro" else "Too large for a mail, kept with it"
    return f"\n\n{words}: {', '.join(names)}"


def send(parcel: Parcel) -> str:
    """Hand a mail to the mail server; returns who of several was refused, usually nothing.

    Raises:
        NotNow: try again later.
        Refused: trying again would meet the same answer.
    """
    settings = desk_settings()
    if not settings.smtp_host:
        raise NotNow("No SMTP server is set.")
    try:
        with _mail().connect() as connection:
            connection.send(_message(parcel, settings), envelope_from=settings.desk_email)
            return _refused_of(connection)
    except smtplib.SMTPRecipientsRefused as error:
        answers = [_answer(who, code, text) for who, (code, text) in error.recipients.items()]
        later = any(400 <= code < 500 for code, _ in error.recipients.values())
        raise (NotNow if later else Refused)("; ".join(answers)) from error
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        words = _words(error.smtp_code, error.smtp_error)
        raise (Refused if error.smtp_code >= 500 else NotNow)(words) from error
    except smtplib.SMTPResponseException as error:
        # Greeting, HELO, log-in: this says something about the server or our settings, nothing about the mail.
        raise NotNow(_words(error.smtp_code, error.smtp_error)) from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotNow(f"The mail server did not answer properly: {str(error) or type(error).__name__}") from error
    except (BadHeaderError, ValueError) as error:
        raise Refused(f"The mail cannot be written: {str(error) or type(error).__name__}") from error


def _answer(recipient: str, code: int, text: bytes | str) -> str:
    return f"{parseaddr(recipient)[1]}: {_words(code, text)}"


def _words(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(said.split())}"[:500]


class _Letter(Message):
    """Flask-Mail writes texts as 8 bits in lines of any length, which mail servers may break; this one does not."""

    def _mimetext(self, text: str | None, subtype: str = "plain") -> MIMEText:
        utf8 = Charset("utf-8")
        utf8.body_encoding = QP
        part = MIMEText("", _subtype=subtype, _charset="utf-8")
        del part["Content-Transfer-Encoding"]
        part.set_payload(text or "", utf8)
        return part


def _message(parcel: Parcel, settings: Settings) -> Message:
    message = _Letter(
        subject=parcel.subject,
        recipients=[parcel.to],
        cc=list(parcel.cc),
        body=parcel.text,
        html=parcel.html,
        sender=parcel.sender,
        reply_to=settings.desk_email,
        extra_headers=parcel.headers,
        attachments=[
            Attachment(filename=name, content_type=kind, data=content) for name, kind, content in parcel.attachments
        ],
    )
    # The same mail keeps its identity however often it is tried.
    message.msgId = parcel.message_id
    return message


class _Client(smtplib.SMTP):
    """Remembers which of several recipients the server refused; the others have the mail."""

    refused: dict[str, tuple[int, bytes]] = {}

    def sendmail(self, *args: object, **options: object) -> dict[str, tuple[int, bytes]]:
        self.refused = super().sendmail(*args, **options)  # type: ignore[arg-type]  # passed on as they came
        return self.refused


class _TlsClient(_Client, smtplib.SMTP_SSL):
    pass


class _Connection(Connection):
    """Flask-Mail's connection with what it lacks: time-outs, verified certificates, and a quiet good-bye."""

    def configure_host(self) -> smtplib.SMTP:
        settings = desk_settings()
        secure = ssl.create_default_context()
        name, port, timeout = settings.smtp_host, settings.smtp_port, settings.smtp_timeout_seconds
        if settings.smtp_security in ("tls", "ssl"):
            host: _Client = _TlsClient(name, port, timeout=timeout, context=secure)
        else:
            host = _Client(name, port, timeout=timeout)
            if settings.smtp_security == "starttls":
                host.starttls(context=secure)
        if settings.smtp_user:
            host.login(settings.smtp_user, settings.smtp_password)
        return host

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self.host is None:
            return
        if exc_value is not None and not isinstance(exc_value, smtplib.SMTPException):
            # The conversation broke off in the middle: a server that says nothing says no good-bye either.
            self.host.close()
            return
        try:
            self.host.quit()
        except (smtplib.SMTPException, OSError):
            # The server hung up first. Whether it took the mail was decided before.
            self.host.close()


def _refused_of(connection: Connection) -> str:
    refused = connection.host.refused if isinstance(connection.host, _Client) else {}
    return "; ".join(_answer(who, code, text) for who, (code, text) in refused.items())


class DeskMail(Mail):
    """Flask-Mail speaking through `_Connection`."""

    def connect(self) -> Connection:
        return _Connection(current_app.extensions["mail"])


def _mail() -> DeskMail:
    app: Flask = current_app
    if "mail" not in app.extensions:
        app.config.setdefault("MAIL_DEFAULT_SENDER", desk_settings().desk_email)
        # Flask-Mail would send nothing while testing; our tests have a real server.
        app.config.setdefault("MAIL_SUPPRESS_SEND", False)
        app.extensions["desk_mail"] = DeskMail(app)
    mail: DeskMail = app.extensions["desk_mail"]
    return mail
