"""Where to go on to: only ever a page of this desk."""

from urllib.parse import urlsplit


def safe_next(target: str | None) -> str | None:
    """A place on this desk to go on to after signing in, or None: never another site (open redirect)."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        # Whoever asks may write anything there.
        return None
    if parts.scheme or parts.netloc or any(ord(char) < 32 for char in target):
        return None
    return target


def path_of(address: str) -> str:
    """The path of an address that a browser named; empty when it is none."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""
