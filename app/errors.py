"""The errors a person can cause or meet; everything else is a bug and answers 500."""

from collections.abc import Mapping


class DeskError(Exception):
    """What went wrong and the way out, in words for the person who reads it."""

    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(DeskError):
    """The thing does not exist, or the asker may not know that it does."""

    status = 404


class NotAllowed(DeskError):
    """The asker sees the thing but may not do this with it."""

    status = 403


class Conflict(DeskError):
    """Somebody or something else was first; the message says who and what now holds."""

    status = 409


class InvalidInput(DeskError):
    """What was sent cannot be accepted.

    Args:
        errors: messages by field or element name; empty when the message says it all.
    """

    status = 422

    def __init__(self, message: str, errors: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.errors: dict[str, list[str]] = dict(errors or {})
