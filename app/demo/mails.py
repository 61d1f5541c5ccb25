"""Mails of the demo's stories, as a customer's mail program would write them."""

from __future__ import annotations

import struct
import zlib
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from sqlalchemy.orm import Session

from app import clock
from app.mail import inbound
from app.mail import service as mail
from app.mail.desk import desk_settings
from app.mail.parsing import parse
from app.people.models import Person
from app.tickets.models import Ticket

_HTML = """<div style="font-family:Calibri,sans-serif;font-size:15px">{paragraphs}
<p style="color:#5c5e66"><b>{name}</b><br>Alba Logistic SRL · Depozit Sebeș</p>
<p><img src="cid:sigla" alt="Alba Logistic" width="96" height="32"></p>
<p><img src="https://mail.albalogistic.example/vazut.gif" alt="" width="1" height="1"></p>
<blockquote style="border-left:2px solid #b9caff;padding-left:10px;color:#5c5e66">{quoted}</blockquote></div>"""


def receive(session: Session, ticket: Ticket, author: Person, text: str, quoted: str, files: dict[str, bytes]) -> None:
    """Let a mail about a ticket arrive, with what it quotes of the reply before, its layout and its files."""
    settings = desk_settings()
    written = EmailMessage()
    written["From"], written["To"] = f"{author.name} <{author.email}>", settings.desk_email
    written["Subject"] = f"Re: [{ticket.number}] {ticket.subject}"
    written["Date"], written["Message-ID"] = format_datetime(clock.now()), make_msgid(domain=author.email.split("@")[1])
    history = f"{clock.now():%d.%m.%Y} {settings.desk_name} <{settings.desk_email}> a scris:"
    lines = "\n".join(f"> {line}" for line in quoted.splitlines())
    written.set_content(f"{text}\n\nÎn data de {history}\n\n{lines}\n")
    paragraphs = "".join(f"<p>{line}</p>" for line in text.split("\n\n"))
    written.add_alternative(_HTML.format(paragraphs=paragraphs, name=author.name, quoted=quoted), subtype="html")
    page = written.get_payload(1)
    if isinstance(page, EmailMessage):
        page.add_related(drawn(96, 32, (43, 80, 200)), "image", "png", cid="<sigla>", filename="sigla.png")
    for name, content in files.items():
        kind, subtype = ("image", "png") if name.endswith(".png") else ("text", "plain")
        written.add_attachment(content, maintype=kind, subtype=subtype, filename=name)
    raw = written.as_bytes()
    inbound.take(session, mail.store_raw(session, raw, settings.desk_email, author.email), parse(raw))


def drawn(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A PNG picture with stripes of one colour (PNG specification, 2nd edition)."""
    light = bytes(255 - (255 - each) // 5 for each in colour)
    rows = b"".join(b"\0" + (bytes(colour) if y // 8 % 2 == 0 else light) * width for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, (b"IHDR", b"IDAT", b"IEND"), (head, zlib.compress(rows), b"")))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
