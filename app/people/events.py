"""What happens to people."""

from __future__ import annotations

from dataclasses import dataclass

from app.events import Event


@dataclass(frozen=True)
class PersonAdded(Event):
    """Somebody new is known to the desk."""

    person_id: int


@dataclass(frozen=True)
class PasswordSet(Event):
    """Somebody has a new password; their other sessions ended."""

    person_id: int
    by_id: int | None = None


@dataclass(frozen=True)
class SignInLinkAsked(Event):
    """Somebody who says that an address is theirs wants a link mailed to it; whether the desk knows it is seen later.

    Writing this down takes as long for an unknown address as for a known one, so the answer gives nothing away.
    `target` is the page they wanted to see.
    """

    address: str
    purpose: str
    target: str = ""


@dataclass(frozen=True)
class PersonDeactivated(Event):
    """Somebody may no longer sign in or be given work."""

    person_id: int
    by_id: int | None = None


@dataclass(frozen=True)
class MembershipChanged(Event):
    """Somebody joined or left a team."""

    person_id: int
    team_id: int
    is_member: bool
