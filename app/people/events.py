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
