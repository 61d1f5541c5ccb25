"""What people may do to a running instance: cancel, hold and resume, retry, move a token, set a variable.

The engine knows no people: whoever does registers with `permitted_by` who may. Each change holds the instance, is
written into its history with who, what, before and after, and why, and is refused when it makes no sense.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from keyword import iskeyword
from typing import Any

from app import clock
from app.db import Session
from app.engine import definitions, queries, service, timers
from app.engine.facts import known_facts
from app.engine.failures import locked
from app.engine.models import HistoryEntry, InstanceState, ProcessInstance, TaskState, UserTask
from app.engine.refusals import refuse_suspended
from app.engine.steps import Step, StepKind
from app.engine.subject import Subject
from app.engine.values import ExpressionError, plain
from app.errors import Conflict, InvalidInput, NotAllowed
from app.texts import gettext as _

INTERVENTION = queries.INTERVENTION
LONGEST_REASON = 500
_SHOWN = 300
_LIVE = (InstanceState.RUNNING, InstanceState.STALLED)

Check = Callable[[Session, int, Subject], bool]
_check: Check | None = None


def permitted_by(check: Check) -> Check:
    """Register who may intervene: `check(session, person_id, subject)`. Without it, nobody but the desk itself may."""
    global _check
    _check = check
    return check


def cancel(
    session: Session, instance: ProcessInstance, reason: str, *, by_id: int | None, lock_version: int | None = None
) -> None:
    """End an instance before its time.

    Args:
        by_id: the person; None is the desk itself (a command).
        lock_version: what the person saw; another one since then is a conflict.

    Raises:
        NotAllowed: the person may not.
        InvalidInput: there is no reason, or it is too long.
        Conflict: it has ended, or has changed since it was looked at.
    """
    held = _held(session, instance, by_id, lock_version)
    why = _reason(reason)
    _note(session, held, "cancelled", why, by_id)
    service.cancel(session, held, why, by_id=by_id)


def suspend(
    session: Session, instance: ProcessInstance, reason: str, *, by_id: int | None, lock_version: int | None = None
) -> None:
    """Hold an instance: it takes no step, its timers and messages wait until it is resumed.

    Raises:
        NotAllowed: the person may not.
        InvalidInput: there is no reason, or it is too long.
        Conflict: it is on hold already, has ended, or has changed since it was looked at.
    """
    held = _held(session, instance, by_id, lock_version)
    refuse_suspended(session, held)
    held.suspended_at, held.suspended_by_id, held.suspended_reason = clock.now(), by_id, _reason(reason)
    session.flush()
    timers.park(session, held.id)
    _note(session, held, "suspended", held.suspended_reason, by_id)


def resume(session: Session, instance: ProcessInstance, *, by_id: int | None, lock_version: int | None = None) -> None:
    """Let a held instance go on: deadlines are looked up anew, then it receives what came meanwhile, oldest first.

    Raises:
        NotAllowed: the person may not.
        Conflict: it is not on hold, or has changed since it was looked at.
    """
    held = _held(session, instance, by_id, lock_version)
    if held.suspended_at is None:
        raise Conflict(_("This process is not on hold."))
    before = held.suspended_reason or ""
    held.suspended_at = held.suspended_by_id = held.suspended_reason = None
    session.flush()
    timers.unpark(session, held.id)
    _note(session, held, "resumed", f"it was on hold: {before}", by_id)
    service.refresh(session, held.subject)
    service.serve_kept(session, held.id)


def retry(session: Session, instance: ProcessInstance, *, by_id: int | None, lock_version: int | None = None) -> None:
    """Run a stalled instance's failed steps again; it stalls again when they fail again.

    Raises:
        NotAllowed: the person may not.
        Conflict: it is not stalled, is on hold, or has changed since it was looked at.
    """
    held = _held(session, instance, by_id, lock_version)
    element, why = held.stalled_element, held.stalled_reason
    if held.state == InstanceState.STALLED:
        _note(session, held, "retried", f"it had stalled: {why}", by_id, element=element)
    service.retry(session, held, by_id=by_id)


def move(
    session: Session,
    instance: ProcessInstance,
    *,
    cancel: str | None = None,
    start: str | None = None,
    task_id: str | None = None,
    reason: str,
    by_id: int | None,
    lock_version: int | None = None,
) -> None:
    """Cancel what waits at one element, start at another one, or both on the same level of the process.

    Args:
        cancel: the id of the element where something waits.
        start: the id of the element that begins now.
        task_id: which token is cancelled, where several wait at the element.

    Raises:
        NotAllowed: the person may not.
        InvalidInput: neither element is given, or there is no reason.
        Conflict: it makes no sense there (the message names the element and says why), the element that started
            failed, the instance is on hold, has ended or has changed since it was looked at. Nothing was done then.
    """
    held = _held(session, instance, by_id, lock_version)
    if not cancel and not start:
        raise InvalidInput(_("Say at which element to cancel, at which to start, or both."))
    why = _reason(reason)
    refuse_suspended(session, held)
    _refuse_unstarted(held)
    # Written first: what the element that starts now does is told after it.
    outcome = "moved" if cancel and start else "token_cancelled" if cancel else "token_started"
    what = " → ".join(_element_name(held, each) for each in (cancel, start) if each)
    data = {"cancel": cancel or None, "start": start or None, "task_id": task_id}
    with session.begin_nested():
        _note(session, held, outcome, f"{what}. {why}", by_id, element=start or cancel)
        service.run_now(session, held.id, Step(StepKind.MOVE, data, by_id))


def set_variable(
    session: Session,
    instance: ProcessInstance,
    name: str,
    value: Any,
    *,
    task: UserTask | None = None,
    reason: str,
    by_id: int | None,
    lock_version: int | None = None,
) -> None:
    """Give a process variable another value: everywhere the instance goes on from, or for one open task only.

    Raises:
        NotAllowed: the person may not.
        InvalidInput: the name or the value is none that a diagram could have, or there is no reason.
        Conflict: the task is not open, the instance has ended or has changed since it was looked at.
    """
    held = _held(session, instance, by_id, lock_version)
    why = _reason(reason)
    _refuse_unstarted(held)
    _refuse_name(name, held.subject_kind)
    try:
        kept = plain(value)
    except ExpressionError as error:
        raise InvalidInput(str(error), {"value": [str(error)]}) from error
    if task is not None and (task.instance_id != held.id or task.state != TaskState.OPEN):
        raise Conflict(_("This task is not open in this process."))
    variables = queries.variables(session, held)
    before = _shown(variables[name]) if name in variables else "–"
    data = {"name": name, "value": kept, "task_id": task.task_id if task is not None else None}
    with session.begin_nested():
        note = f"{name}: {before} → {_shown(kept)}. {why}"
        _note(session, held, "variable_set", note, by_id, element=task.element if task is not None else None)
        service.run_now(session, held.id, Step(StepKind.SET, data, by_id))


def _held(session: Session, instance: ProcessInstance, by_id: int | None, lock_version: int | None) -> ProcessInstance:
    """The instance as it is now, locked, if the person may change it and saw it so."""
    if by_id is not None and (_check is None or not _check(session, by_id, instance.subject)):
        raise NotAllowed(_("Only managers, analysts and administrators may change a running process."))
    held = locked(session, instance.id)
    if held is None or held.state not in _LIVE:
        raise Conflict(_("This process has ended."))
    if lock_version is not None and held.lock_version != lock_version:
        raise Conflict(_("This process has gone on since you looked at it. Look again, then repeat what you did."))
    return held


def _refuse_unstarted(instance: ProcessInstance) -> None:
    if instance.blob is None:
        raise Conflict(_("The first step of this process failed; retry it first: it does not stand anywhere yet."))


def _refuse_name(name: str, subject_kind: str) -> None:
    """Only what a diagram could write, and what does not hide something that it reads."""
    if not name.isidentifier() or iskeyword(name) or name.startswith("_"):
        message = _("“%(name)s” is no name of a variable: letters, digits and underscores, a letter first.", name=name)
        raise InvalidInput(message, {"name": [message]})
    if name in known_facts(subject_kind):
        message = _("“%(name)s” is what the desk knows; a variable of that name would hide it.", name=name)
        raise InvalidInput(message, {"name": [message]})


def _reason(text: str) -> str:
    reason = text.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        message = _("Say in a sentence why (at most %(count)s characters).", count=LONGEST_REASON)
        raise InvalidInput(message, {"reason": [message]})
    return reason


def _note(
    session: Session, instance: ProcessInstance, what: str, note: str, by_id: int | None, *, element: str | None = None
) -> None:
    now = clock.now()
    session.add(
        HistoryEntry(
            instance_id=instance.id,
            task_id="",
            element=(element or instance.definition.key)[:200],
            element_type=INTERVENTION,
            entered_at=now,
            left_at=now,
            actor_id=by_id,
            outcome=what,
            note=note,
        )
    )
    session.flush()


def _element_name(instance: ProcessInstance, element: str) -> str:
    return definitions.compiled(instance.definition).name_of(element) or element


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
