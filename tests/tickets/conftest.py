"""Fixtures for tests of tickets."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.engine import definitions


@pytest.fixture
def listening(session: Session) -> None:
    """A lifecycle that writes a note for each message it hears."""
    definitions.deploy(session, [definitions.source_file(Path(__file__).parent / "diagrams" / "listening.bpmn")])
