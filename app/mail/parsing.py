"""Read a mail's bytes, whatever is wrong with them.

Everything here is pure and expects hostile input: it runs in a child process with limits (`parser_process.py`). Caps
are checked on the bytes before the parser sees them, because nesting, part counts and huge headers hang it otherwise.
The `compat32` policy is used on purpose: the modern one raises on broken dates, charsets and Message-IDs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import collapse_rfc2231_value, getaddresses

from app.mail.markup import cleaned_html, laid_out_html, text_of_html
from app.mail.quoting import split_quoted

HEADER_BYTES = 128 * 1024
PARTS = 300
DEPTH = 40
ADDRESSES = 50
REFERENCES = 30
TEXT_CHARACTERS = 500_000
HTML_CHARACTERS = 500_000

# Header names that say a mail was written by a program, with the value kept (RFC 3834 and what is common besides).
AUTOMATIC_HEADERS = (
    "auto-submitted", "precedence", "x-auto-response-suppress", "x-autoreply", "x-autorespond", "x-loop",
    "list-id", "list-unsubscribe", "list-post", "list-help", "feedback-id", "return-path", "x-failed-recipients",
)  # fmt: skip
_ENDS_HEADERS = re.compile(rb"\r?\n\r?\n")
_BOUNDARY = re.compile(rb"boundary\s*=\s*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,400}>")
# What a delivery report quotes of the mail that did not arrive: our Message-ID leads to its ticket.
_OUR_MESSAGE_ID = re.compile(rb"<suport\.[0-9a-f]{32}\.\d{1,18}\.[0-9a-f]{24}@[^<>@\s]{1,200}>")
_ENCODED_WORD = re.compile(r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=")
_PUT_ASIDE = re.compile(r"=\?(\d{1,5})\?=")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ud800-\udfff]")
_ADDRESS = re.compile(r"[^@\s<>\"(),:;\[\]\\]{1,64}@[^@\s<>\"(),:;\[\]\\]{1,189}")


class Unreadable(Exception):
    """The mail is outside what the desk reads; the text says what and how much is allowed."""


@dataclass
class Attached:
    """A file that came with a mail."""

    name: str
    content_type: str
    content: bytes = field(repr=False)
    # What the mail's HTML calls it (`cid:`, RFC 2392), without brackets; empty when it calls it nothing.
    content_id: str = ""


@dataclass
class ParsedMail:
    """What a mail says. Texts hold no control characters; header values are single lines."""

    subject: str = ""
    sender_name: str = ""
    # Lowercased; empty when the mail names no usable address.
    sender: str = ""
    to: list[tuple[str, str]] = field(default_factory=list)
    cc: list[tuple[str, str]] = field(default_factory=list)
    message_id: str = ""
    # Message-IDs this mail answers, the nearest first.
    references: list[str] = field(default_factory=list)
    automatic: dict[str, str] = field(default_factory=dict)
    # multipart/report and its kind: delivery-status, disposition-notification…
    report_type: str = ""
    # What the sender wrote now, without the quoted history, and that history.
    text: str = ""
    quoted: str = ""
    # Sanitised, without images; only when nothing was quoted (the history would come back with it).
    html: str | None = None
    # The whole mail as its sender laid it out, cleaned; how many of its images are on other servers.
    page: str | None = None
    remote_images: int = 0
    was_cut: bool = False
    attachments: list[Attached] = field(default_factory=list)

    def as_plain(self) -> dict[str, object]:
        """The mail as JSON-ready data, without the attachments' bytes."""
        plain = asdict(self)
        plain["attachments"] = [
            (one.name, one.content_type, len(one.content), one.content_id) for one in self.attachments
        ]
        return plain


def check_shape(raw: bytes) -> None:
    """Refuse what would make the parser run away.

    Raises:
        Unreadable: too many header bytes, parts or levels.
    """
    end = _ENDS_HEADERS.search(raw, 0, HEADER_BYTES + 4)
    if end is None and len(raw) > HEADER_BYTES:
        raise Unreadable(f"Its headers are longer than {HEADER_BYTES // 1024} KiB.")
    boundaries = set()
    for found in _BOUNDARY.finditer(raw):
        boundaries.add(found[1] or found[2])
        if len(boundaries) > DEPTH:
            raise Unreadable(f"It has more than {DEPTH} levels of parts.")
    if raw.lower().count(b"message/rfc822") > DEPTH:
        raise Unreadable(f"It has more than {DEPTH} mails inside one another.")
    if sum(raw.count(b"\n--" + boundary) for boundary in boundaries) > PARTS:
        raise Unreadable(f"It has more than {PARTS} parts.")


def parse(raw: bytes) -> ParsedMail:
    """Read a mail.

    Raises:
        Unreadable: it is outside the caps, or empty.
    """
    if not raw.strip():
        raise Unreadable("It is empty.")
    check_shape(raw)
    message = BytesParser(policy=compat32).parsebytes(raw)
    headers = _headers(message)
    parsed = ParsedMail(
        subject=decoded(_first(headers, "subject"))[:500],
        to=addresses(headers.get("to", [])),
        cc=addresses(headers.get("cc", [])),
        automatic={name: _first(headers, name) for name in AUTOMATIC_HEADERS if name in headers},
        message_id=next(iter(_MESSAGE_ID.findall(_first(headers, "message-id"))), ""),
        references=_references(headers),
    )
    # Reply-To says where a person wants the answer, but From says who they are; mail without From may have Sender.
    senders = addresses(headers.get("from", [])) or addresses(headers.get("sender", []))
    if senders:
        parsed.sender_name, parsed.sender = senders[0]
    if message.get_content_type() == "multipart/report":
        parsed.report_type = str(message.get_param("report-type") or "report").lower()
    quoted = [found.decode() for found in _OUR_MESSAGE_ID.findall(raw)[:REFERENCES]]
    if parsed.report_type or "x-failed-recipients" in headers:
        parsed.references = list(dict.fromkeys([*parsed.references, *quoted]))
    _read_body(message, parsed)
    return parsed


def addresses(values: list[str]) -> list[tuple[str, str]]:
    """(name, lowercased address) of address headers; what is no address is left out, twice the same comes once.

    Encoded words are put aside while the addresses are told apart, so that no name turns into an address.
    """
    words: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        words.append(found[0])
        return f"=?{len(words) - 1}?="

    found: dict[str, str] = {}
    for name, address in getaddresses([_ENCODED_WORD.sub(put_aside, value[:20_000]) for value in values]):
        one = address.strip().strip(".").lower()
        if _ADDRESS.fullmatch(one) and "=?" not in one:
            found.setdefault(one, decoded(_PUT_ASIDE.sub(lambda place: _word(words, place), name))[:200])
        if len(found) >= ADDRESSES:
            break
    return [(name, address) for address, name in found.items()]


def _word(words: list[str], place: re.Match[str]) -> str:
    # Somebody may have written such a mark themselves.
    return words[int(place[1])] if int(place[1]) < len(words) else place[0]


def _headers(message: Message) -> dict[str, list[str]]:
    """Header values by lowercased name: single lines, capped, encoded words as they are."""
    headers: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        values = headers.setdefault(name.lower().strip(), [])
        if len(values) < 20:
            values.append(_unfolded(str(value)[:40_000]))
    return headers


def _first(headers: dict[str, list[str]], name: str) -> str:
    return headers.get(name, [""])[0]


def _line(text: str) -> str:
    return " ".join(_CONTROL.sub("", text).split())


def _unfolded(value: str) -> str:
    """A raw header value on one line; the parser keeps bytes beyond ASCII as surrogates, here they are guessed."""
    try:
        content = value.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        content = value.encode("utf-8", "replace")
    return _line(_guess(content, None))


def decoded(value: str) -> str:
    """A header value with its encoded words (RFC 2047) decoded: one line, whatever they hid."""
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        return _line(value)
    return _line("".join(_guess(piece, charset) if isinstance(piece, bytes) else piece for piece, charset in pieces))


def _guess(content: bytes, charset: str | None) -> str:
    """Bytes as text: the declared charset when it fits, else UTF-8, else the Central European one."""
    for name in (charset, "utf-8", "cp1250"):
        if not name or name in ("unknown-8bit", "8bit"):
            continue
        try:
            return content.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    return content.decode("latin-1")


def _references(headers: dict[str, list[str]]) -> list[str]:
    """In-Reply-To first, then References from the newest back.

    Both are decoded although RFC 5322 knows no encoded words there: some senders fold a long line into one.
    """
    answered = _MESSAGE_ID.findall(decoded(_first(headers, "in-reply-to")))[:REFERENCES]
    thread = _MESSAGE_ID.findall(decoded(_first(headers, "references")))[::-1][:REFERENCES]
    return list(dict.fromkeys([*answered, *thread]))


def _read_body(message: Message, parsed: ParsedMail) -> None:
    texts: list[str] = []
    pages: list[str] = []
    for part in _leaves(message):
        kind = part.get_content_type()
        disposition = (part.get_content_disposition() or "").lower()
        if kind in ("text/plain", "text/html") and disposition != "attachment" and not _file_name(part):
            content = _text(part)
            (texts if kind == "text/plain" else pages).append(content)
        elif not (part is message and kind.startswith("multipart/")):
            attached = _attached(part, len(parsed.attachments) + 1)
            attached.content_id = _unfolded(str(part.get("content-id", "")))[:400].strip("<> ")
            parsed.attachments.append(attached)
    page = "\n".join(pages)[:HTML_CHARACTERS]
    whole = "\n\n".join(text for text in texts if text.strip())
    if not whole.strip() and page:
        whole = text_of_html(page)
    parsed.was_cut = len(whole) > TEXT_CHARACTERS
    parsed.text, parsed.quoted = split_quoted(whole[:TEXT_CHARACTERS])
    if page and not parsed.quoted:
        parsed.html = cleaned_html(page) or None
    if page:
        laid_out, parsed.remote_images = laid_out_html(page)
        parsed.page = laid_out or None


def _leaves(message: Message) -> Iterator[Message]:
    """Parts that hold content; of multipart/alternative both texts, a mail inside a mail as one part."""
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting[:0] = [one for one in payload if isinstance(one, Message)]
        else:
            yield part


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    charset = part.get_param("charset")
    named = collapse_rfc2231_value(charset).strip().lower() if charset else None
    text = _guess(content, named).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text)


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (LookupError, UnicodeError, ValueError, TypeError):
        return "file"
    # A path or a control character in the sender's file name means nothing here.
    return decoded(name).replace("\\", "/").rsplit("/", 1)[-1].strip(" .")[:200]


def _attached(part: Message, position: int) -> Attached:
    kind = part.get_content_type()
    payload = part.get_payload()
    if kind == "message/rfc822" and isinstance(payload, list) and payload and isinstance(payload[0], Message):
        try:
            content = payload[0].as_bytes()
        except (LookupError, UnicodeError, ValueError, AttributeError, TypeError):
            content = str(payload[0].get_payload()).encode("utf-8", "replace")
        subject = decoded(str(payload[0].get("subject", "")))[:80]
        return Attached(
            f"{_file_name(part) or subject or f'mail-{position}'}".removesuffix(".eml") + ".eml", kind, content
        )
    decoded_payload = part.get_payload(decode=True)
    if isinstance(decoded_payload, bytes):
        content = decoded_payload
    else:
        # message/delivery-status and the like hold header blocks instead of bytes.
        content = (
            "\n".join(str(one) for one in payload).encode("utf-8", "replace") if isinstance(payload, list) else b""
        )
    extension = {"text/plain": ".txt", "text/html": ".html", "image/png": ".png", "image/jpeg": ".jpg"}.get(kind, "")
    return Attached(_file_name(part) or f"file-{position}{extension}", kind, content)
