"""Which mails no person wrote, so that the desk never talks to another machine (RFC 3834, and what is common)."""

from __future__ import annotations

from app.mail.parsing import ParsedMail

_MACHINE_NAMES = ("mailer-daemon", "postmaster", "noreply", "no-reply", "no_reply", "donotreply", "do-not-reply")


def automatic_reason(mail: ParsedMail, envelope_from: str | None, own_addresses: frozenset[str]) -> str:
    """Why this mail must not be answered, in words for the list of received mail; empty when a person wrote it.

    Args:
        envelope_from: "" is the null sender; None when whoever handed the mail over did not say.
        own_addresses: the desk's mailboxes, lowercased.
    """
    headers = {name: value.strip().lower() for name, value in mail.automatic.items()}
    if mail.sender in own_addresses:
        return f"It comes from the desk's own address {mail.sender}."
    if not mail.sender:
        return "It names no sender that could be answered."
    if envelope_from == "" or headers.get("return-path", "").replace(" ", "") == "<>":
        return "It has the null sender: a delivery report."
    if mail.report_type or "x-failed-recipients" in headers:
        return "It is a delivery report."
    if headers.get("auto-submitted", "no").split(";")[0].strip() not in ("no", ""):
        return f"It was sent automatically (Auto-Submitted: {headers['auto-submitted']})."
    if headers.get("precedence", "") in ("bulk", "junk", "list", "auto_reply"):
        return f"It is bulk mail (Precedence: {headers['precedence']})."
    if "x-autoreply" in headers or "x-autorespond" in headers:
        return "It is an automatic reply."
    # Outlook sets this on mail people write too, with OOF alone; only these words come from programs.
    if {"all", "autoreply"} & {word.strip() for word in headers.get("x-auto-response-suppress", "").split(",")}:
        return "It was sent by a program that wants no automatic answer (X-Auto-Response-Suppress)."
    if any(name.startswith("list-") or name == "feedback-id" for name in headers):
        return "It came through a mailing list."
    if is_machine_address(mail.sender):
        return f"{mail.sender} is not read by a person."
    return ""


def is_machine_address(address: str) -> bool:
    """Whether nobody reads what is sent to an address."""
    return address.split("@")[0].lower() in _MACHINE_NAMES
