"""Messages: who waits for them, and what becomes of those that nobody waits for yet.

A wait is found by name, subject and correlation key. A message that came early is kept only when its sender said for
how long; whatever became of it stays visible until it is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Row, Select, Table, and_, bindparam, delete, or_, select, update
from sqlalchemy.orm.util import identity_key

from app import clock
from app.db import Session
from app.engine.models import EarlyMessage, InstanceState, MessageState, MessageWait, ProcessInstance
from app.engine.steps import Step, StepKind
from app.engine.subject import Subject
from app.engine.values import plain
from app.statements import Batch, Outcome, Statement

# How long one can look up what became of a message.
REMEMBERED = timedelta(days=90)
LONGEST_KEPT = timedelta(days=366)
# Where a session notes what was found for the instances that began to wait in the steps under way.
_KEPT = "kept_messages"
_LIVE = (InstanceState.RUNNING, InstanceState.STALLED)


@dataclass(frozen=True)
class Receiver:
    """An instance that waits for a message."""

    instance_id: int
    is_suspended: bool


def is_awaited(session: Session, name: str, subject: Subject) -> bool:
    """Whether an instance of the subject waits for this message now."""
    query = select(MessageWait.id).where(*_waits_of(name, subject))
    return session.scalars(query.limit(1)).first() is not None


def receivers(session: Session, name: str, subject: Subject, key: str | None) -> list[Receiver]:
    """The instances that wait for this message, in the order they were started."""
    query = (
        select(MessageWait.instance_id, ProcessInstance.suspended_at)
        .join(ProcessInstance, ProcessInstance.id == MessageWait.instance_id)
        .where(*_waits_of(name, subject), MessageWait.key.is_(None) | (MessageWait.key == key))
        .distinct()
        .order_by(MessageWait.instance_id)
    )
    return [Receiver(found, suspended is not None) for found, suspended in session.execute(query)]


def keep(
    session: Session,
    name: str,
    subject: Subject,
    payload: dict[str, Any],
    *,
    key: str | None,
    keep_for: timedelta | None,
    held_for: int | None = None,
) -> EarlyMessage:
    """Write down a message that nobody could take.

    Args:
        keep_for: how long it waits for a receiver; without, it is only on record as not received.
        held_for: the suspended instance that will have it, however long that takes.
    """
    now = clock.now()
    is_kept = held_for is not None or (keep_for is not None and keep_for > timedelta())
    expires_at = None if held_for is not None else now + min(keep_for or timedelta(), LONGEST_KEPT)
    message = EarlyMessage(
        name=name,
        subject_kind=subject.kind,
        subject_id=subject.id,
        key=key,
        payload=plain(payload),
        state=(MessageState.WAITING if is_kept else MessageState.EXPIRED).value,
        held_for_id=held_for,
        sent_at=now,
        expires_at=expires_at,
        closed_at=None if is_kept else now,
    )
    session.add(message)
    session.flush()
    return message


def as_step(name: str, payload: dict[str, Any], key: str | None, keep_for: timedelta | None) -> Step:
    """The step that gives an instance a message."""
    data: dict[str, Any] = {"name": name, "payload": payload}
    if key is not None:
        data["key"] = key
    if keep_for is not None:
        data["keep_for"] = keep_for.total_seconds()
    return Step(StepKind.MESSAGE, data)


def keep_untaken(session: Session, subject: Subject, steps: Iterable[Step]) -> None:
    """Messages an instance was given and cannot take any more are as those that came when nobody waited."""
    for step in steps:
        if step.kind == StepKind.MESSAGE:
            seconds = step.data.get("keep_for")
            keep_for = timedelta(seconds=seconds) if seconds is not None else None
            keep(session, step.data["name"], subject, step.data["payload"], key=step.data.get("key"), keep_for=keep_for)


def look_for_kept(session: Session, batch: Batch, instance: ProcessInstance, waits: Sequence[dict[str, Any]]) -> None:
    """An instance begins these waits in the step under way: look whether a message is kept for one of them."""
    here = {"instance": instance.id, "kind": instance.subject_kind, "subject": instance.subject_id, "now": clock.now()}
    found = batch.add(_LOOK_FOR_KEPT, [{**here, "waits_for": each["name"], "with_key": each["key"]} for each in waits])
    session.info.setdefault(_KEPT, {})[instance.id] = found


def has_kept(session: Session, instance_id: int) -> bool:
    """Whether the step before began a wait for which a message is kept; once, then somebody has seen to it."""
    looked_for: dict[int, Outcome] = session.info.get(_KEPT, {})
    found = looked_for.pop(instance_id, None)
    return found is not None and found.count > 0


def take(session: Session, instance_id: int) -> Row[Any] | None:
    """Take the oldest kept message that the instance waits for; None when there is none.

    The caller holds the instance. Whoever else looks at the same message takes it or leaves it, never both: the row
    changes its state once.
    """
    now = clock.now()
    session.flush()
    connection = session.connection()
    while True:
        message = connection.execute(_KEPT_FOR, {"instance": instance_id, "now": now}).first()
        if message is None:
            return None
        batch = Batch()
        taken = batch.add(_TAKE, [{"this": message.id, "at": now, "instance": instance_id}])
        batch.run(session)
        if taken.count == 1:
            _tell_held(session, message.id)
            return message


_EARLY, _WAITS = EarlyMessage.__table__, MessageWait.__table__
assert isinstance(_EARLY, Table)
# Of the tables, not of the models, and made once: every step that begins a wait asks this.
_KEPT_FOR: Select[Any] = (
    select(_EARLY.c.id, _EARLY.c.name, _EARLY.c.payload, _EARLY.c.key, _EARLY.c.expires_at)
    .join(
        _WAITS,
        and_(
            _WAITS.c.name == _EARLY.c.name,
            _WAITS.c.subject_kind == _EARLY.c.subject_kind,
            _WAITS.c.subject_id == _EARLY.c.subject_id,
            or_(_WAITS.c.key.is_(None), _WAITS.c.key == _EARLY.c.key),
        ),
    )
    .where(
        _WAITS.c.instance_id == bindparam("instance"),
        _EARLY.c.state == MessageState.WAITING.value,
        _EARLY.c.held_for_id.is_(None) | (_EARLY.c.held_for_id == bindparam("instance")),
        _EARLY.c.expires_at.is_(None) | (_EARLY.c.expires_at > bindparam("now")),
    )
    .order_by(_EARLY.c.id)
    .limit(1)
)
_WITH_KEY = bindparam("with_key", type_=_EARLY.c.key.type)
_LOOK_FOR_KEPT = Statement(
    select(_EARLY.c.id)
    .where(
        _EARLY.c.name == bindparam("waits_for"),
        _EARLY.c.subject_kind == bindparam("kind"),
        _EARLY.c.subject_id == bindparam("subject"),
        or_(_WITH_KEY.is_(None), _EARLY.c.key == _WITH_KEY),
        _EARLY.c.state == MessageState.WAITING.value,
        _EARLY.c.held_for_id.is_(None) | (_EARLY.c.held_for_id == bindparam("instance")),
        _EARLY.c.expires_at.is_(None) | (_EARLY.c.expires_at > bindparam("now")),
    )
    .limit(1)
)
_TAKE = Statement(
    update(_EARLY)
    .where(_EARLY.c.id == bindparam("this"), _EARLY.c.state == MessageState.WAITING.value)
    .values(state=MessageState.DELIVERED.value, closed_at=bindparam("at"), delivered_to_id=bindparam("instance"))
)


def _tell_held(session: Session, message_id: int) -> None:
    """Whoever holds the message in this transaction reads anew what became of it."""
    held = session.identity_map.get(identity_key(EarlyMessage, message_id))
    if held is not None:
        session.expire(held)


def instances_to_serve(session: Session, limit: int = 100) -> list[int]:
    """Instances that wait for a message which is kept: those that began to wait while it was being sent."""
    query = (
        select(MessageWait.instance_id)
        .join(ProcessInstance, ProcessInstance.id == MessageWait.instance_id)
        .join(
            EarlyMessage,
            and_(
                MessageWait.name == EarlyMessage.name,
                MessageWait.subject_kind == EarlyMessage.subject_kind,
                MessageWait.subject_id == EarlyMessage.subject_id,
                or_(MessageWait.key.is_(None), MessageWait.key == EarlyMessage.key),
            ),
        )
        .where(
            EarlyMessage.state == MessageState.WAITING.value,
            EarlyMessage.held_for_id.is_(None) | (EarlyMessage.held_for_id == MessageWait.instance_id),
            EarlyMessage.expires_at.is_(None) | (EarlyMessage.expires_at > clock.now()),
            ProcessInstance.suspended_at.is_(None),
        )
        .distinct()
        .limit(limit)
    )
    return list(session.scalars(query))


def expire(session: Session, limit: int = 200) -> int:
    """Close kept messages whose time is over, or whose instance has ended; returns how many."""
    now = clock.now()
    ended = select(ProcessInstance.id).where(ProcessInstance.state.not_in(_LIVE))
    over = (
        select(EarlyMessage.id)
        .where(
            EarlyMessage.state == MessageState.WAITING.value,
            (EarlyMessage.expires_at <= now) | EarlyMessage.held_for_id.in_(ended),
        )
        .order_by(EarlyMessage.id)
        .limit(limit)
    )
    found = session.scalars(over).all()
    if not found:
        return 0
    done = session.execute(
        update(EarlyMessage)
        .where(EarlyMessage.id.in_(found), EarlyMessage.state == MessageState.WAITING.value)
        .values(state=MessageState.EXPIRED.value, closed_at=now)
    )
    return cast(CursorResult[Any], done).rowcount


def forget(session: Session, limit: int = 200) -> int:
    """Remove messages that were closed long ago; returns how many."""
    old = (
        select(EarlyMessage.id)
        .where(
            EarlyMessage.state != MessageState.WAITING.value,
            EarlyMessage.closed_at < clock.now() - REMEMBERED,
        )
        .limit(limit)
    )
    found = session.scalars(old).all()
    if not found:
        return 0
    done = session.execute(delete(EarlyMessage).where(EarlyMessage.id.in_(found)))
    return cast(CursorResult[Any], done).rowcount


def listed(
    session: Session,
    *,
    state: MessageState | None = None,
    subject: Subject | None = None,
    name: str | None = None,
    limit: int = 100,
) -> list[EarlyMessage]:
    """Messages that came when nothing waited for them, newest first."""
    query = select(EarlyMessage).order_by(EarlyMessage.id.desc()).limit(limit)
    if state is not None:
        query = query.where(EarlyMessage.state == state.value)
    if subject is not None:
        query = query.where(EarlyMessage.subject_kind == subject.kind, EarlyMessage.subject_id == subject.id)
    if name is not None:
        query = query.where(EarlyMessage.name == name)
    return list(session.scalars(query))


def of_instance(session: Session, instance: ProcessInstance, limit: int = 20) -> Sequence[EarlyMessage]:
    """Messages about the instance's subject, or kept for it, that nobody has received, and those it received late."""
    of_subject = and_(
        EarlyMessage.subject_kind == instance.subject_kind,
        EarlyMessage.subject_id == instance.subject_id,
        EarlyMessage.sent_at >= instance.started_at,
        EarlyMessage.sent_at <= instance.ended_at if instance.ended_at is not None else EarlyMessage.id.is_not(None),
        EarlyMessage.delivered_to_id.is_(None) | (EarlyMessage.delivered_to_id == instance.id),
    )
    query = select(EarlyMessage).where(of_subject).order_by(EarlyMessage.id.desc()).limit(limit)
    return session.scalars(query).all()


def needs_tending(session: Session) -> bool:
    """Whether `expire` or `forget` has anything to do; a cheap look for the clock."""
    now = clock.now()
    ended = select(ProcessInstance.id).where(ProcessInstance.state.not_in(_LIVE))
    over = select(EarlyMessage.id).where(
        EarlyMessage.state == MessageState.WAITING.value,
        (EarlyMessage.expires_at <= now) | EarlyMessage.held_for_id.in_(ended),
    )
    if session.scalars(over.limit(1)).first() is not None:
        return True
    # The oldest tells enough: what was closed out of order waits until that one goes.
    closed = select(EarlyMessage.closed_at).where(EarlyMessage.closed_at.is_not(None)).order_by(EarlyMessage.id)
    oldest = session.scalar(closed.limit(1))
    return oldest is not None and oldest < now - REMEMBERED


def tend(session: Session, limit: int = 200) -> tuple[int, int]:
    """Close what is over and forget what is old; how many of each."""
    return expire(session, limit), forget(session, limit)


def _waits_of(name: str, subject: Subject) -> tuple[Any, ...]:
    return (
        MessageWait.name == name,
        MessageWait.subject_kind == subject.kind,
        MessageWait.subject_id == subject.id,
    )
