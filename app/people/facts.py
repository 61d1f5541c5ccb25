"""What diagrams read about the desk itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.engine.facts import Attribute, Kind, provides_facts
from app.engine.interventions import permitted_by
from app.engine.service import names_come_from
from app.engine.subject import Subject
from app.people import queries
from app.people.models import Role

DESK = {
    "default_team": Attribute(Kind.TEXT, "key of the team that takes what no rule gives to another one", optional=True),
}


@provides_facts("desk", for_subjects=("ticket", "work_entry", "escalation"), attributes=DESK)
def desk(session: Session, subject: Subject) -> dict[str, Any]:
    """`default_team`: the key of the team that takes what no rule gives to another one."""
    team = queries.default_team(session)
    return {"default_team": team.key if team else None}


@names_come_from
def name_of(session: Session, person_id: int) -> str | None:
    """Who the engine means when it says that somebody was first."""
    found = queries.people_by_ids(session, [person_id])
    return found[person_id].name if found else None


# Who may change a running process; the pages that do so ask the same of their readers.
MENDING = frozenset({Role.MANAGER, Role.ANALYST, Role.ADMINISTRATOR})


@permitted_by
def may_mend(session: Session, person_id: int, _subject: Subject) -> bool:
    """Whether a person may hold, move or otherwise mend a running process."""
    person = queries.people_by_ids(session, [person_id]).get(person_id)
    return person is not None and person.is_active and not MENDING.isdisjoint(person.roles)
