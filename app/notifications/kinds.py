"""What people can be told, and how it reaches them: behind the bell, by mail, both, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from app.people.models import Person, Role
from app.people.preferences import store
from app.texts import gettext

_LEADING = frozenset({Role.TEAM_LEAD, Role.MANAGER})
_DECIDING = frozenset({Role.APPROVER, Role.TEAM_LEAD, Role.MANAGER})
_WORKING = frozenset({Role.AGENT, Role.TEAM_LEAD, Role.MANAGER})
_MENDING = frozenset({Role.MANAGER})
_CUSTOMERS = frozenset({Role.CUSTOMER})


class Way(StrEnum):
    """How a notice reaches somebody."""

    BOTH = "both"
    BELL = "bell"
    MAIL = "mail"
    NONE = "none"

    @property
    def by_bell(self) -> bool:
        """Whether it stands behind the bell."""
        return self in (Way.BOTH, Way.BELL)

    @property
    def by_mail(self) -> bool:
        """Whether it is mailed."""
        return self in (Way.BOTH, Way.MAIL)


def way_of(*, bell: bool, mail: bool) -> Way:
    """The way that has these two."""
    return {(True, True): Way.BOTH, (True, False): Way.BELL, (False, True): Way.MAIL}.get((bell, mail), Way.NONE)


def _(message: str) -> str:
    """Mark a text for the catalogues; it is translated when somebody reads it."""
    return message


@dataclass(frozen=True)
class Kind:
    """Something people are told.

    Args:
        name: of its text; `also` names texts that say the same of another case.
        roles: who is told such things; others are not asked about it.
        bell_stays, mail_stays: nobody may switch this off, because somebody waits for what they do about it.
    """

    name: str
    title: str
    hint: str
    roles: frozenset[Role]
    usual: Way = Way.BOTH
    bell_stays: bool = False
    mail_stays: bool = False
    also: tuple[str, ...] = ()

    def allowed(self, way: Way) -> Way:
        """The way with what cannot be switched off."""
        return way_of(bell=way.by_bell or self.bell_stays, mail=way.by_mail or self.mail_stays)


_MINE_OR_NOBODYS = _("For my requests, and for unassigned ones.")
_YES_OR_NO = _("It waits for a yes or no.")

KINDS: Final = (
    Kind("team_new", _("A new request for my team"), _("Everybody in the team hears of it."), _WORKING),
    Kind("unassigned", _("A request that nobody takes"), _("After the time that the diagram gives it."), _LEADING),
    Kind("response_soon", _("A reply is due soon"), _MINE_OR_NOBODYS, _WORKING),
    Kind("response_overdue", _("A reply is late"), _MINE_OR_NOBODYS, _WORKING, bell_stays=True),
    Kind("resolution_soon", _("A solution is due soon"), _MINE_OR_NOBODYS, _WORKING),
    Kind("resolution_overdue", _("A solution is late"), _MINE_OR_NOBODYS, _WORKING, bell_stays=True),
    Kind("escalation_arrived", _("A request is escalated to me"), _YES_OR_NO, _WORKING, bell_stays=True),
    Kind("escalation_refused", _("My escalation is turned down"), _("With the reason."), _WORKING),
    Kind("escalation_to_approve", _("An escalation to approve"), _YES_OR_NO, _DECIDING, bell_stays=True),
    Kind("work_to_approve", _("Work to approve"), _YES_OR_NO, _DECIDING, bell_stays=True),
    Kind("work_rejected", _("My work is rejected"), _("It waits to be corrected."), _WORKING, bell_stays=True),
    Kind("stalled", _("A process stopped"), _("It waits until somebody mends it."), _MENDING, bell_stays=True),
    Kind("received", _("My request has arrived"), _("With its number."), _CUSTOMERS),
    Kind("reminder", _("My answer is awaited"), _("The request rests until it comes."), _CUSTOMERS, mail_stays=True),
    Kind("solved", _("My request is solved"), _("With the question whether all is well."), _CUSTOMERS, mail_stays=True),
    Kind("closed", _("My request is closed"), "", _CUSTOMERS, also=("closed_silent",)),
    Kind("cancelled", _("My request is cancelled"), "", _CUSTOMERS),
)
_BY_NAME: Final = {name: kind for kind in KINDS for name in (kind.name, *kind.also)}


def kinds_for(person: Person) -> list[Kind]:
    """What somebody may be told, by their roles."""
    return [kind for kind in KINDS if person.roles & kind.roles]


def chosen_way(person: Person, name: str) -> Way:
    """How a notice with this text reaches somebody; by both ways when nobody may choose about it."""
    kind = _BY_NAME.get(name)
    if kind is None:
        return Way.BOTH
    chosen = _chosen(person).get(kind.name, kind.usual)
    return kind.allowed(Way(chosen) if chosen in set(Way) else kind.usual)


def choose_ways(session: Session, person: Person, wanted: Mapping[str, Way]) -> list[Kind]:
    """Let notices reach somebody as they want, by kind; those that are different now. What must reach them does."""
    known = kinds_for(person)
    before = {kind: chosen_way(person, kind.name) for kind in known}
    after = {kind: kind.allowed(wanted.get(kind.name, Way.NONE)) for kind in known}
    others = {name: way for name, way in _chosen(person).items() if name not in {kind.name for kind in known}}
    own = {kind.name: way.value for kind, way in after.items() if way != kind.allowed(kind.usual)}
    store(session, person, {"told_by": " ".join(f"{name}:{way}" for name, way in sorted({**others, **own}.items()))})
    return [kind for kind in known if before[kind] != after[kind]]


def _chosen(person: Person) -> dict[str, str]:
    """What somebody chose otherwise than usual, by kind."""
    return {name: way for name, _colon, way in (each.partition(":") for each in person.told_by.split())}


def titles(kinds: Iterable[Kind]) -> str:
    """What kinds are called, in the reader's language, one after the other."""
    return ", ".join(gettext(kind.title) for kind in kinds)
