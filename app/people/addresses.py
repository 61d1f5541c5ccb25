"""People without an e-mail address: whoever calls may have none, and every person is known by one."""

from __future__ import annotations

import uuid

# No mail ever leaves for it (RFC 2606).
_NOWHERE = "no-mail.invalid"


def placeholder() -> str:
    """What stands for the address of somebody who has none."""
    return f"{uuid.uuid4().hex[:16]}@{_NOWHERE}"


def has_mail(address: str) -> bool:
    """Whether an address is one that mail can be sent to, and not a placeholder."""
    return not address.endswith(f"@{_NOWHERE}")
