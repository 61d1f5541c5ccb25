"""A desk with its calendar, and a lifecycle that asks the table of targets and starts the clocks."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.engine import definitions
from app.sla import service
from tests.world import contact, contract, customer, person, team, ticket

__all__ = ["contact", "contract", "customer", "deadlines", "person", "team", "ticket"]

DIAGRAMS = Path(__file__).parent / "diagrams"


@pytest.fixture
def deadlines(session: Session) -> None:
    """Targets by level and priority: gold 30/240, urgent 60/480, low none, others 120/960 working minutes."""
    service.ensure_calendar(session)
    definitions.deploy(session, [definitions.source_file(path) for path in sorted(DIAGRAMS.iterdir())])
