"""What a work entry sets going."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.engine import service as engine
from app.engine.subject import Subject
from app.events import reacts_to
from app.worklog.events import WorkCorrected, WorkSubmitted

PROCESS = "work_validation"


@reacts_to(WorkSubmitted)
def start_validation(session: Session, event: WorkSubmitted) -> None:
    """Every work entry runs the validation diagram, which may approve it at once."""
    engine.start(session, PROCESS, Subject("work_entry", event.work_entry_id), by_id=event.author_id)


@reacts_to(WorkCorrected)
def refresh_validation(session: Session, event: WorkCorrected) -> None:
    """Who has to approve may depend on the values that changed."""
    engine.refresh(session, Subject("work_entry", event.work_entry_id))
