"""What diagrams read about the desk itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.engine.facts import provides_facts
from app.engine.subject import Subject
from app.people import queries


@provides_facts("desk", for_subjects=("ticket", "work_entry", "escalation"))
def desk(session: Session, subject: Subject) -> dict[str, Any]:
    """`default_team`: the key of the team that takes what no rule gives to another one."""
    team = queries.default_team(session)
    return {"default_team": team.key if team else None}
