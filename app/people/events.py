"""What happens to people and teams. `by_id` is who did it; None is the command line, or the desk itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.events import Change, Event


@dataclass(frozen=True)
class OfPerson(Change):
    """Something about one person."""

    person_id: int

    @property
    def about(self) -> str | None:
        """The person."""
        return f"person:{self.person_id}"


@dataclass(frozen=True)
class OfTeam(Change):
    """Something about one team."""

    team_id: int

    @property
    def about(self) -> str | None:
        """The team."""
        return f"team:{self.team_id}"


@dataclass(frozen=True)
class PersonAdded(OfPerson):
    """Somebody new is known to the desk. Strangers who write for the first time are no change of the desk."""

    by_id: int | None = None
    roles: list[str] = field(default_factory=list)

    @property
    def about(self) -> str | None:
        """The person, if somebody added them or they work at the desk."""
        return super().about if self.by_id is not None or set(self.roles) - {"customer"} else None


@dataclass(frozen=True)
class PersonChanged(OfPerson):
    """Somebody's name, address, language or other details are different: {field: [before, after]}."""

    fields: dict[str, list[Any]]
    by_id: int | None = None


@dataclass(frozen=True)
class RolesChanged(OfPerson):
    """Somebody may do more or less than before."""

    given: list[str]
    taken: list[str]
    by_id: int | None = None


@dataclass(frozen=True)
class PasswordSet(OfPerson):
    """Somebody has a new password; their other sessions ended.

    `first` is whether they had none before.
    """

    by_id: int | None = None
    first: bool = False


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
class PersonDeactivated(OfPerson):
    """Somebody may no longer sign in or be given work."""

    by_id: int | None = None


@dataclass(frozen=True)
class PersonReactivated(OfPerson):
    """Somebody may sign in and be given work again."""

    by_id: int | None = None


@dataclass(frozen=True)
class SkillChanged(OfPerson):
    """Somebody is better or worse at something; level 0 is not at all."""

    skill_key: str
    from_level: int
    to_level: int
    by_id: int | None = None


@dataclass(frozen=True)
class MembershipChanged(OfPerson):
    """Somebody joined or left a team."""

    team_id: int
    is_member: bool
    by_id: int | None = None


@dataclass(frozen=True)
class TeamAdded(OfTeam):
    """There is a new team."""

    by_id: int | None = None


@dataclass(frozen=True)
class TeamChanged(OfTeam):
    """A team's name, address or lead is different: {field: [before, after]}."""

    fields: dict[str, list[Any]]
    by_id: int | None = None


@dataclass(frozen=True)
class TeamDeactivated(OfTeam):
    """A team takes no requests any more."""

    by_id: int | None = None


@dataclass(frozen=True)
class TeamReactivated(OfTeam):
    """A team takes requests again."""

    by_id: int | None = None


@dataclass(frozen=True)
class SkillListed(Change):
    """A skill is on the list, or is called something else: {field: [before, after]}."""

    skill_key: str
    fields: dict[str, list[Any]]
    by_id: int | None = None

    @property
    def about(self) -> str | None:
        """The skill."""
        return f"skill:{self.skill_key}"
