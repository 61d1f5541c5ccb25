"""What diagrams may read about an escalation."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.engine.facts import Attribute, Kind, provides_facts
from app.engine.subject import Subject
from app.escalations import queries
from app.escalations.models import Escalation
from app.people.models import Team
from app.tickets.subjects import finds_ticket_of


@finds_ticket_of("escalation")
def ticket_id_of(session: Session, escalation_id: int) -> int | None:
    """The ticket that is escalated."""
    escalation = session.get(Escalation, escalation_id)
    return escalation.ticket_id if escalation is not None else None


ESCALATION = {
    "id": Attribute(Kind.NUMBER, "which escalation"),
    "reason": Attribute(Kind.TEXT, "why"),
    "kind": Attribute(Kind.TEXT, "`asked` or `overdue`"),
    "skill": Attribute(Kind.TEXT, "key of the skill it asks for", optional=True),
    "state": Attribute(Kind.TEXT, "where it stands"),
    "from_team": Attribute(Kind.TEXT, "key of the team it comes from", optional=True),
    "from_person": Attribute(Kind.NUMBER, "person it comes from", optional=True),
    "to_team": Attribute(Kind.TEXT, "key of the team it goes to, once chosen", optional=True),
    "to_person": Attribute(Kind.NUMBER, "person it goes to, once chosen", optional=True),
    "asked_by": Attribute(Kind.NUMBER, "person who asked", optional=True),
    "decided_by": Attribute(Kind.NUMBER, "person who decided", optional=True),
    "ticket_id": Attribute(Kind.NUMBER, "which ticket"),
}


@provides_facts("escalation", for_subjects=("escalation",), attributes=ESCALATION)
def escalation(session: Session, subject: Subject) -> dict[str, Any]:
    """The escalation; teams by key, people by id."""
    found = queries.get(session, subject.id)
    return {
        "id": found.id,
        "reason": found.reason,
        "kind": found.kind,
        "skill": found.skill,
        "state": found.state,
        "from_team": _team_key(session, found.from_team_id),
        "from_person": found.from_person_id,
        "to_team": _team_key(session, found.to_team_id),
        "to_person": found.to_person_id,
        "asked_by": found.asked_by_id,
        "decided_by": found.decided_by_id,
        "ticket_id": found.ticket_id,
    }


def _team_key(session: Session, team_id: int | None) -> str | None:
    team = session.get(Team, team_id) if team_id is not None else None
    return team.key if team is not None else None
