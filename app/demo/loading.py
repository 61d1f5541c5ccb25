"""Lets the demo's stories happen, one after the other, in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.demo import offers
from app.demo.company import Company, found
from app.demo.history import HISTORY
from app.demo.mails import receive
from app.demo.stories import STORIES
from app.demo.telling import Step, Story
from app.engine import service as engine
from app.engine.failures import StepFailed
from app.engine.models import Timer, UserTask
from app.escalations.models import Escalation
from app.mail import participants
from app.people.models import Person
from app.tasklist import service as tasklist
from app.tickets import conversation
from app.tickets import service as tickets
from app.tickets.models import Ticket
from app.worklog.models import WorkEntry

_ZONE = ZoneInfo("Europe/Bucharest")
_TOLD = (*HISTORY, *STORIES)


def load(session: Session) -> None:
    """Fill an empty desk. The same transaction holds all of it: a demo is loaded whole or not at all."""
    now = clock.now()
    earliest = min(_moment(story.at, now) for story in _TOLD)
    with clock.frozen(earliest - timedelta(days=30)):
        company = found(session)
        offers.draw(session, by=company.person("Sorin"))
    for moment, happen in _happenings(session, company, now):
        _fire_timers(session, until=moment)
        with clock.frozen(moment):
            happen()
            session.flush()
    _fire_timers(session, until=now)


def _happenings(session: Session, company: Company, now: datetime) -> Iterator[tuple[datetime, Callable[[], None]]]:
    """Every opening and step of every story, in the order of time; none of the future."""
    order = count()
    waiting: list[tuple[datetime, int, Callable[[], None]]] = []
    for story in _TOLD:
        told: dict[str, Ticket] = {}

        def begin(story: Story = story, told: dict[str, Ticket] = told) -> None:
            told["ticket"] = _open(session, company, story)

        heapq.heappush(waiting, (_moment(story.at, now), next(order), begin))
        for step in story.steps:

            def happen(step: Step = step, told: dict[str, Ticket] = told) -> None:
                _VERBS.get(step.verb, _complete)(session, company, told["ticket"], step)

            heapq.heappush(waiting, (_moment(step.at, now), next(order), happen))
    while waiting:
        moment, _, happen_now = heapq.heappop(waiting)
        if moment <= now:
            yield moment, happen_now


def _moment(written: str, now: datetime) -> datetime:
    """Read a story's moment: "-25m", "-4h", or working days ago and a time of day ("-3 09:12")."""
    if written.endswith("m"):
        return now + timedelta(minutes=int(written[:-1]))
    if written.endswith("h"):
        return now + timedelta(hours=int(written[:-1]))
    days, clock_time = written.split()
    day = now.astimezone(_ZONE).date()
    for _ in range(-int(days)):
        day -= timedelta(days=1)
        while day.weekday() >= 5:
            day -= timedelta(days=1)
    return datetime.combine(day, time.fromisoformat(clock_time), _ZONE)


def _fire_timers(session: Session, until: datetime) -> None:
    """Let the deadlines that came due before `until` fire at their own time, as the workers would have."""
    while timer := session.scalars(select(Timer).where(Timer.due_at <= until).order_by(Timer.due_at).limit(1)).first():
        with clock.frozen(timer.due_at):
            engine.wake(session, timer.id)
            session.flush()


def _open(session: Session, company: Company, story: Story) -> Ticket:
    return tickets.open_ticket(
        session,
        subject=story.subject,
        text=story.text,
        requester=company.person(story.requester),
        channel=story.channel,
        type_key=story.kind,
        priority=story.priority,
    )


def _complete(session: Session, company: Company, ticket: Ticket, step: Step) -> None:
    """Complete the open user task of that name, on the ticket's diagram or on one of its escalations and entries."""
    kinds = (
        ("ticket", [ticket.id]),
        ("escalation", list(session.scalars(select(Escalation.id).where(Escalation.ticket_id == ticket.id)))),
        ("work_entry", list(session.scalars(select(WorkEntry.id).where(WorkEntry.ticket_id == ticket.id)))),
    )
    for kind, ids in kinds:
        task = session.scalars(
            select(UserTask).where(
                UserTask.subject_kind == kind,
                UserTask.subject_id.in_(ids),
                UserTask.element == step.verb,
                UserTask.state == "open",
            )
        ).first()
        if task is not None:
            _answer(session, task, company.person(step.who), step)
            return
    raise LookupError(f"{ticket.number} ({ticket.subject}) has no open task {step.verb} at {step.at}")


def _answer(session: Session, task: UserTask, person: Person, step: Step) -> None:
    """Send a form as a page does: when the process fails at what follows, it stalls and keeps the answer."""
    try:
        with session.begin_nested():
            tasklist.complete(session, task, person, step.values)
    except StepFailed as failure:
        failure.aftermath(session)


def _offer(session: Session, company: Company, ticket: Ticket, step: Step) -> None:
    offers.begin(session, ticket, by=company.person(step.who))


def _writes(session: Session, company: Company, ticket: Ticket, step: Step) -> None:
    author = company.person(step.who)
    tickets.add_customer_message(session, ticket, author=author, text=step.values["text"], channel="email")


def _note(session: Session, company: Company, ticket: Ticket, step: Step) -> None:
    conversation.add_note(session, ticket, step.values["text"], author=company.person(step.who))


def _confirm(session: Session, company: Company, ticket: Ticket, step: Step) -> None:
    tickets.confirm(session, ticket, by=company.person(step.who))


def _cancel(session: Session, company: Company, ticket: Ticket, step: Step) -> None:
    tickets.cancel(session, ticket, step.values["reason"], by=company.person(step.who))


def _mails(session: Session, company: Company, ticket: Ticket, step: Step) -> None:
    receive(session, ticket, company.person(step.who), **step.values)


def _copies(session: Session, company: Company, ticket: Ticket, step: Step) -> None:
    participants.add(session, ticket, step.values["address"], by=company.person(step.who))


_VERBS: dict[str, Callable[[Session, Company, Ticket, Step], None]] = {
    "customer_writes": _writes,
    "mails": _mails,
    "copies": _copies,
    "note": _note,
    "confirm": _confirm,
    "cancel": _cancel,
    "offer": _offer,
    "mend_offer": lambda session, company, _ticket, step: offers.mend(session, by=company.person(step.who)),
}
