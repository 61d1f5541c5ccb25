"""The engine's door: everything the rest of the desk may do with process instances."""

from __future__ import annotations

from typing import Any

from app.db import Session
from app.engine.models import ProcessInstance, UserTask
from app.engine.subject import Subject


def start(
    session: Session,
    process_key: str,
    subject: Subject,
    *,
    variables: dict[str, Any] | None = None,
    by_id: int | None = None,
) -> ProcessInstance:
    """Start the newest version of a process for a subject and run it to its first wait states."""
    raise NotImplementedError


def complete_task(session: Session, task: UserTask, answer: dict[str, Any], *, by_id: int | None) -> None:
    """Complete an open user task with a form's answer and run the instance on."""
    raise NotImplementedError


def claim(session: Session, task: UserTask, person_id: int) -> None:
    """Take an open user task: nobody else's any more."""
    raise NotImplementedError


def release(session: Session, task: UserTask, by_id: int | None) -> None:
    """Give a claimed user task back to those who may take it."""
    raise NotImplementedError


def send_message(session: Session, name: str, subject: Subject, payload: dict[str, Any] | None = None) -> None:
    """Deliver a message to every instance of the subject that waits for it."""
    raise NotImplementedError


def refresh(session: Session, subject: Subject) -> None:
    """Facts of the subject changed: re-arm its waiting timers and its open user tasks."""
    raise NotImplementedError


def wake(session: Session, timer_id: int) -> None:
    """Fire a due timer; nothing happens when it is gone or no longer due."""
    raise NotImplementedError


def retry(session: Session, instance: ProcessInstance, *, by_id: int | None) -> None:
    """Run a stalled instance's failed step again."""
    raise NotImplementedError


def cancel(session: Session, instance: ProcessInstance, reason: str, *, by_id: int | None) -> None:
    """End an instance before its time."""
    raise NotImplementedError
