"""Fixtures for tests of tickets."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.world import deploy_diagram


@pytest.fixture
def listening(session: Session) -> None:
    """A lifecycle that writes a note for each message it hears."""
    deploy_diagram(session, Path(__file__).parent / "diagrams" / "listening.bpmn")
