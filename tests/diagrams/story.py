"""A desk on which people act and time passes, as one readable story on the shipped diagrams.

Everything goes through the services that pages and workers use, in the test's transaction. Each act happens a second
after the one before, and timers that come due meanwhile fire in the order of their due times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.contracts.models import Contract
from app.engine import definitions
from app.engine import queries as engine_queries
from app.engine import service as engine
from app.engine.models import HistoryEntry, InstanceState, ProcessInstance, Timer, UserTask
from app.engine.subject import Subject
from app.escalations import queries as escalations
from app.escalations.models import Escalation
from app.mail.models import OutgoingMail
from app.notifications.models import Notification
from app.people import queries as people_queries
from app.people import service as people
from app.people.models import Person, Role, Team
from app.sla import queries as sla
from app.sla.models import ClockKind
from app.sla.queries import ClockView
from app.tasklist import service as tasklist
from app.tickets import queries as tickets_queries
from app.tickets import service as tickets
from app.tickets.models import MessageKind, Ticket
from app.worklog.models import WorkEntry
from tests import world

ZONE = ZoneInfo("Europe/Bucharest")


class Story:
    """One request and everybody who has to do with it.

    Attributes:
        ana, dan: agents of the team; dan knows networks best.
        lead: leads the team and, like `vera`, approves what it does.
        boss: the manager.
        rita: responsible for the contract.
        ioana: the customer's contact.
    """

    def __init__(self, session: Session, at: Callable[[datetime], None]) -> None:
        self.session, self._at = session, at
        world.add_lists(session)
        definitions.deploy_shipped(session)
        team = world.add_team(session, people.DEFAULT_TEAM)
        self.team = team
        self.ana = self._staff("Ana", Role.AGENT)
        self.dan = self._staff("Dan", Role.AGENT)
        self.lead = self._staff("Lia", Role.AGENT, Role.TEAM_LEAD)
        self.vera = self._staff("Vera", Role.APPROVER)
        self.boss = world.add_person(session, "Mara", roles=[Role.MANAGER])
        self.rita = world.add_person(session, "Rita", roles=[Role.AGENT])
        team.lead = self.lead
        people.give_skill(session, self.dan, "network", 5)
        customer = world.add_customer(session, "Medis", level="silver", responsible=self.rita)
        self.ioana = world.add_contact(session, customer, "Ioana", language="en").person
        self.contract: Contract = world.add_contract(session, customer, included_minutes=600, rounding_minutes=15)
        self.ticket: Ticket

    def _staff(self, name: str, *roles: Role) -> Person:
        return world.add_person(self.session, name, roles=roles, teams=[self.team])

    def another_team(self, key: str, member: str) -> Team:
        """A team that has nothing to do with the request yet."""
        return world.add_team(self.session, key, members=[world.add_person(self.session, member)])

    def members(self, team: Team) -> Sequence[Person]:
        """Who works in a team."""
        return people_queries.members(self.session, team)

    # What people do.

    def opened(self, *, priority: str = "normal", type_key: str = "incident") -> Story:
        """Ioana asks for something by mail."""
        self._tick()
        self.ticket = tickets.open_ticket(
            self.session,
            subject="No network in hall B",
            text="Since this morning.",
            requester=self.ioana,
            channel="email",
            type_key=type_key,
            priority=priority,
            mail_message_id="<first@medis.example>",
        )
        return self

    def taken_over(self, by: Person | None = None) -> Story:
        """Somebody takes the request; Ana when nobody is named."""
        return self.does("take_over", by or self.ana, outcome="mine")

    def worked(self, outcome: str, by: Person | None = None, **typed: object) -> Story:
        """Whoever has the request fills in the form "Work on the request"."""
        words = {"reply": "We are on it."} if outcome != "escalate" else {"escalation_reason": "Not our field."}
        answer = {"outcome": outcome, "minutes": 0, "kind": "remote", "billable": True, **words, **typed}
        return self.does("work", by or self.ticket.assignee or self.ana, **answer)

    def does(self, element: str, by: Person, **typed: object) -> Story:
        """Somebody completes the open task of an element, with what they typed."""
        self._tick()
        task = self.task(element)
        tasklist.complete(self.session, task, by, {key: str(value) for key, value in typed.items()})
        return self

    def customer_writes(self, text: str = "And now?") -> Story:
        """A reply of the customer's arrives."""
        self._tick()
        tickets.add_customer_message(self.session, self.ticket, author=self.ioana, text=text, channel="email")
        return self

    def customer_confirms(self) -> Story:
        """The customer says that all is well."""
        self._tick()
        tickets.confirm(self.session, self.ticket, by=self.ioana)
        return self

    def customer_reopens(self) -> Story:
        """The customer says in the portal that something is still wrong."""
        self._tick()
        tickets.reopen(self.session, self.ticket, by=self.ioana)
        return self

    def customer_cancels(self) -> Story:
        """The customer does not need it any more."""
        self._tick()
        tickets.cancel(self.session, self.ticket, "It works again.", by=self.ioana)
        return self

    def priority_becomes(self, priority: str) -> Story:
        """Ana changes the priority."""
        self._tick()
        tickets.change_priority(self.session, self.ticket, priority, by=self.ana)
        return self

    # How time passes.

    def until(self, moment: datetime) -> Story:
        """Nobody does anything until then; what comes due fires at its own time, earliest first."""
        while True:
            due = self.session.scalars(
                select(Timer).where(Timer.due_at <= moment).order_by(Timer.due_at, Timer.id).limit(1)
            ).one_or_none()
            if due is None:
                break
            self._at(max(due.due_at, clock.now() + timedelta(seconds=1)))
            engine.wake(self.session, due.id)
        self._at(max(moment, clock.now()))
        return self

    def until_fires(self, element: str) -> Story:
        """Nobody does anything until a timer of the diagrams has fired, and whatever comes due before it."""
        return self.until(self.timer(element).due_at)

    def _tick(self) -> None:
        self._at(clock.now() + timedelta(seconds=1))

    # What there is to see.

    def task(self, element: str) -> UserTask:
        """The open task of an element; there is exactly one."""
        (task,) = self.session.scalars(select(UserTask).where(UserTask.element == element, UserTask.state == "open"))
        return task

    def open_tasks(self) -> list[str]:
        """The elements whose tasks are open, of all instances."""
        return list(self.session.scalars(select(UserTask.element).where(UserTask.state == "open").order_by("id")))

    def timer(self, element: str) -> Timer:
        """The waiting timer of an element; there is exactly one."""
        (timer,) = self.session.scalars(select(Timer).where(Timer.element == element))
        return timer

    def waits_for(self, element: str) -> bool:
        """Whether a timer of this element waits."""
        return self.session.scalar(select(Timer.id).where(Timer.element == element)) is not None

    def passed(self, element: str) -> int:
        """How often an element was passed, of all instances."""
        entries = select(HistoryEntry).where(HistoryEntry.element == element, HistoryEntry.left_at.is_not(None))
        return len([each for each in self.session.scalars(entries) if each.outcome != "cancelled"])

    def clock(self, kind: ClockKind | str) -> ClockView:
        """What one of the request's clocks says."""
        return sla.clocks(self.session, self.ticket)[ClockKind(kind)]

    def told(self, template: str) -> dict[str, int]:
        """Who was told something and how often. Each notice must have left as one mail of its own."""
        notices = list(self.session.scalars(select(Notification).where(Notification.kind == template)))
        for notice in notices:
            person = self.session.get_one(Person, notice.person_id)
            same = [each for each in notices if each.person_id == person.id and each.titles == notice.titles]
            assert len(self._mails_to(person, notice.titles[person.language])) == len(same)
        return dict(Counter(self.session.get_one(Person, each.person_id).name for each in notices))

    def _mails_to(self, person: Person, subject: str) -> Sequence[OutgoingMail]:
        found = select(OutgoingMail).where(OutgoingMail.to_address == person.email)
        return [mail for mail in self.session.scalars(found) if mail.subject.endswith(subject)]

    def notes(self) -> list[str]:
        """The internal notes of the request."""
        return self._said(MessageKind.NOTE)

    def replies(self) -> list[str]:
        """What the customer was answered."""
        return self._said(MessageKind.REPLY)

    def _said(self, kind: MessageKind) -> list[str]:
        spoken = tickets_queries.conversation(self.session, self.ticket, for_customer=False)
        return [each.text for each in spoken if each.kind == kind]

    def escalations(self) -> Sequence[Escalation]:
        """The escalations of the request, oldest first."""
        return escalations.of_ticket(self.session, self.ticket)

    def entry(self) -> WorkEntry:
        """The only work entry."""
        return self.session.scalars(select(WorkEntry)).one()

    def instance(self, subject: Subject | None = None) -> ProcessInstance:
        """The newest instance of the request, or of another subject."""
        return engine_queries.instances_of(self.session, subject or self.ticket.process_subject)[-1]

    def subject_of(self, thing: Escalation | WorkEntry) -> Subject:
        """What an escalation or a work entry is to its process."""
        return Subject("escalation" if isinstance(thing, Escalation) else "work_entry", thing.id)

    def is_over(self) -> bool:
        """Whether the request's process has ended by itself, leaving nothing behind."""
        instance = self.instance()
        tasks = engine_queries.open_tasks(self.session, instance.subject)
        timers = engine_queries.timers_of(self.session, instance)
        return instance.state == InstanceState.COMPLETED and not tasks and not timers

    def nothing_stalled(self) -> bool:
        """Whether no instance stumbled."""
        stalled = select(ProcessInstance).where(ProcessInstance.state == InstanceState.STALLED)
        return not [each.stalled_reason for each in self.session.scalars(stalled)]


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A moment as the desk's clocks on the wall say it."""
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


def is_about(moment: datetime | None, expected: datetime) -> bool:
    """Whether two moments are the same but for the seconds that acts take."""
    return moment is not None and timedelta(0) <= moment - expected < timedelta(seconds=10)
