"""Who is told what, once, in which language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, events
from app.engine import operations
from app.engine.events import InstanceStalled
from app.engine.operations import Call
from app.engine.subject import Subject
from app.errors import InvalidInput
from app.escalations import service as escalations
from app.events import Delivery
from app.mail.models import OutgoingMail
from app.notifications import queries, service
from app.notifications.models import Notification
from app.people.models import Person, Role, Team
from app.tickets import ratings
from app.tickets import service as tickets
from app.tickets.models import Ticket
from app.worklog import service as worklog
from tests.world import Build


def run(session: Session, name: str, subject: Subject, *, element: str = "tell", **parameters: object) -> None:
    """Call an operation as a service task does."""
    call = Call(session, subject, instance_id=1, element=element, now=clock.now(), by_id=None)
    operations.get(name).call(call, parameters)


def told(session: Session) -> list[tuple[str, str]]:
    """(name, template) of everybody told so far."""
    rows = session.execute(
        select(Person.name, Notification.kind).join(Person, Person.id == Notification.person_id).order_by(Person.name)
    )
    return [(name, kind) for name, kind in rows]


def mailed(session: Session) -> list[str]:
    return sorted(session.scalars(select(OutgoingMail.to_address)))


@pytest.fixture
def network(person: Build[Person], team: Build[Team]) -> Team:
    """Elena and Dan, led by Radu, who approves."""
    radu = person("Radu", roles=[Role.TEAM_LEAD, Role.APPROVER], language="ro")
    return team("network", lead=radu, members=[person("Elena"), person("Dan")])


def named(session: Session, name: str) -> Person:
    return session.scalars(select(Person).where(Person.name == name)).one()


def test_a_customer_is_told_in_their_language_in_the_desk_and_by_mail(
    session: Session, ticket: Build[Ticket], contact: Build[object]
) -> None:
    ioana = contact(name="Ioana Radu", email="ioana@medis.example", language="ro").person  # type: ignore[attr-defined]  # a Contact
    printer = ticket(requester=ioana, mail_message_id="<first@medis.example>")

    run(session, "notify.customer", Subject("ticket", printer.id), template="received")

    (mail,) = session.scalars(select(OutgoingMail))
    assert mail.subject == f"[{printer.number}] Am primit cererea dumneavoastră: The printer prints stripes"
    assert mail.text.startswith("Bună ziua, Ioana Radu,")
    assert mail.html is not None
    assert (mail.language, mail.kind, mail.in_reply_to) == ("ro", "notice", "<first@medis.example>")
    assert told(session) == [("Ioana Radu", "received")]


def test_the_last_mail_asks_how_it_went_unless_that_is_known(session: Session, ticket: Build[Ticket]) -> None:
    asked, rated = ticket(), ticket()
    for each in (asked, rated):
        tickets.resolve(session, each, by=None)
    ratings.rate(session, rated, 5, by=rated.requester)

    for each in (asked, rated):
        run(session, "notify.customer", Subject("ticket", each.id), template="closed")

    texts = {mail.ticket_id: mail.text for mail in session.scalars(select(OutgoingMail))}
    assert f"/portal/requests/{asked.number}#rating" in texts[asked.id]
    assert "#rating" not in texts[rated.id]


def test_a_repeated_step_tells_nobody_twice_but_a_later_round_does(
    session: Session, ticket: Build[Ticket], at: Callable[[datetime], None]
) -> None:
    subject = Subject("ticket", ticket().id)

    run(session, "notify.customer", subject, template="reminder")
    run(session, "notify.customer", subject, template="reminder")
    assert len(mailed(session)) == 1
    at(clock.now() + timedelta(days=2))
    run(session, "notify.customer", subject, template="reminder")

    assert len(mailed(session)) == 2


def test_somebody_who_is_meant_by_two_words_is_told_once(
    session: Session, ticket: Build[Ticket], network: Team, person: Build[Person]
) -> None:
    person("Maria", roles=[Role.MANAGER])
    late = ticket(team=network, assignee=named(session, "Radu"))

    words = ["assignee", "team_lead", "responsible", "managers"]
    run(session, "notify.staff", Subject("ticket", late.id), template="response_overdue", to=words)

    assert told(session) == [("Maria", "response_overdue"), ("Radu", "response_overdue")]


@pytest.mark.parametrize(
    ("assigned", "expected"), [(True, ["Elena"]), (False, ["Dan", "Elena", "Radu"])], ids=["somebody's", "nobody's"]
)
def test_the_team_is_told_while_nobody_has_the_ticket(
    session: Session, ticket: Build[Ticket], network: Team, assigned: bool, expected: list[str]
) -> None:
    soon = ticket(team=network, assignee=named(session, "Elena") if assigned else None)

    words = ["assignee", "team_if_unassigned"]
    run(session, "notify.staff", Subject("ticket", soon.id), template="response_soon", to=words)

    assert [name for name, _ in told(session)] == expected


def test_what_concerns_nobody_is_told_to_the_managers(
    session: Session, ticket: Build[Ticket], person: Build[Person]
) -> None:
    person("Maria", roles=[Role.MANAGER])

    run(session, "notify.team", Subject("ticket", ticket().id), template="team_new")

    assert told(session) == [("Maria", "team_new")]


def test_the_contracts_responsible_is_told_before_the_customers(
    session: Session,
    ticket: Build[Ticket],
    person: Build[Person],
    customer: Build[object],
    contract: Build[object],
) -> None:
    medis = customer("Medis", responsible=person("Ana"))
    contract(medis, responsible=person("Vlad"))
    run(session, "notify.responsible", Subject("ticket", ticket(customer=medis).id), template="response_overdue")

    assert told(session) == [("Vlad", "response_overdue")]


def test_approvers_of_work_are_told_and_never_its_author(
    session: Session, ticket: Build[Ticket], network: Team, person: Build[Person]
) -> None:
    radu = named(session, "Radu")
    person("Maria", roles=[Role.MANAGER])
    job = ticket(team=network)
    elenas = worklog.log_work(session, job, author=named(session, "Elena"), minutes=65, note="La client.")
    radus = worklog.log_work(session, job, author=radu, minutes=30)

    run(session, "notify.approvers", Subject("work_entry", elenas.id), template="work_to_approve", element="a")
    run(session, "notify.approvers", Subject("work_entry", radus.id), template="work_to_approve", element="b")

    assert told(session) == [("Maria", "work_to_approve"), ("Radu", "work_to_approve")]
    to_radu = session.scalars(select(OutgoingMail).where(OutgoingMail.to_address == radu.email)).one()
    assert "Activitate de aprobat: Elena, 1\u00a0h\u00a005".replace("\u00a0", " ") in to_radu.subject.replace(
        "\u00a0", " "
    )
    assert to_radu.text.startswith("Aprobă sau respinge activitatea")


def test_a_rejected_entry_goes_back_to_its_author_with_the_reason(
    session: Session, ticket: Build[Ticket], network: Team
) -> None:
    entry = worklog.log_work(session, ticket(team=network), author=named(session, "Elena"), minutes=65)
    worklog.reject(session, entry, by=named(session, "Radu"), reason="Lipsește nota.")

    run(session, "notify.staff", Subject("work_entry", entry.id), template="work_rejected", to=["author"])

    (mail,) = session.scalars(select(OutgoingMail))
    assert told(session) == [("Elena", "work_rejected")]
    assert "Radu sent it back. Reason: Lipsește nota." in mail.text


def test_an_escalation_tells_its_approvers_its_receiver_and_who_asked(
    session: Session, ticket: Build[Ticket], network: Team, team: Build[Team], person: Build[Person]
) -> None:
    elena = named(session, "Elena")
    servers = team("servers", members=[person("Sorin")])
    asked = escalations.request(session, ticket(team=network, assignee=elena), reason="Nu am acces.", by=elena)
    escalations.choose_target(session, asked, team=servers, skill=None)
    subject = Subject("escalation", asked.id)

    run(session, "notify.approvers", subject, template="escalation_to_approve")
    run(session, "notify.staff", subject, template="escalation_arrived", to=["receiver"])
    escalations.refuse(session, asked, by=named(session, "Radu"), reason="Mai încearcă.")
    run(session, "notify.staff", subject, template="escalation_refused", to=["asker", "assignee"])

    assert told(session) == [
        ("Elena", "escalation_refused"),
        ("Radu", "escalation_to_approve"),
        ("Sorin", "escalation_arrived"),
    ]
    back = session.scalars(select(OutgoingMail).where(OutgoingMail.to_address == elena.email)).one()
    assert "Mai încearcă." in back.text


def test_one_person_can_be_named_and_nobody_too(session: Session, ticket: Build[Ticket], person: Build[Person]) -> None:
    subject, ana = Subject("ticket", ticket().id), person("Ana")

    run(session, "notify.person", subject, template="unassigned", person=ana.id)
    run(session, "notify.person", subject, template="unassigned", person=None)

    assert told(session) == [("Ana", "unassigned")]


@pytest.mark.parametrize("parameters", [{"template": "nothing"}, {"template": "unassigned", "to": ["everybody"]}, {}])
def test_a_diagram_that_names_no_text_or_nobody_is_refused(
    session: Session, ticket: Build[Ticket], parameters: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        run(session, "notify.staff", Subject("ticket", ticket().id), **parameters)


def test_a_notice_has_its_title_in_every_language_and_its_mail_is_in_one(
    session: Session, ticket: Build[Ticket], network: Team
) -> None:
    """Who reads Romanian now may read English tomorrow, and their notices with it."""
    run(session, "notify.team", Subject("ticket", ticket(team=network).id), template="team_new")

    notices = session.scalars(select(Notification)).all()
    titles = {
        "en": "New for Network: The printer prints stripes",
        "ro": "Nou pentru Network: The printer prints stripes",
    }
    assert [each.titles for each in notices] == [titles] * 3
    subjects = {mail.to_name: mail.subject for mail in session.scalars(select(OutgoingMail))}
    assert subjects["Elena"].endswith(titles["en"])
    assert subjects["Radu"].endswith(titles["ro"])


def test_people_who_left_are_told_nothing(session: Session, ticket: Build[Ticket], network: Team) -> None:
    named(session, "Dan").is_active = False

    run(session, "notify.team", Subject("ticket", ticket(team=network).id), template="team_new")

    assert [name for name, _ in told(session)] == ["Elena", "Radu"]


def test_a_reply_is_mailed_once_to_the_requester_with_participants_in_copy(
    session: Session, ticket: Build[Ticket], person: Build[Person], contact: Build[object]
) -> None:
    dan = contact(name="Dan", email="dan@medis.example").person  # type: ignore[attr-defined]  # a Contact
    printer = ticket(participants=[dan])

    message = tickets.reply(session, printer, "Încercați acum.", author=person("Elena"))
    service.send_reply(session, printer, message)

    (mail,) = session.scalars(select(OutgoingMail))
    assert mail.to_address == printer.requester.email
    assert mail.cc == [["Dan", "dan@medis.example"]]
    assert mail.kind == "reply"
    assert mail.text.startswith("Încercați acum.")
    assert message.mail_message_id == mail.message_id_header


def test_a_reply_the_process_wrote_is_a_notice(session: Session, ticket: Build[Ticket]) -> None:
    tickets.reply(session, ticket(), "Am închis cererea.", author=None)

    assert session.scalars(select(OutgoingMail)).one().kind == "notice"


def test_managers_hear_of_a_stalled_instance(session: Session, ticket: Build[Ticket], person: Build[Person]) -> None:
    person("Maria", roles=[Role.MANAGER])
    stalled = InstanceStalled(
        instance_id=7,
        process_key="ticket_lifecycle",
        subject_kind="ticket",
        subject_id=ticket().id,
        element="route",
        reason="There is no team “x”.",
    )

    events.record(session, stalled)
    (delivery,) = session.scalars(select(Delivery).where(Delivery.subscriber == "notifications.stalled"))
    events._run(session, delivery.id)

    (mail,) = session.scalars(select(OutgoingMail))
    assert "/instances/7" in mail.text.split("\n")[0]
    assert told(session) == [("Maria", "stalled")]


def test_read_notices_are_counted_no_more(session: Session, ticket: Build[Ticket], person: Build[Person]) -> None:
    ana, printer = person("Ana"), ticket()
    service.notify(session, [ana], "unassigned", ticket=printer)
    (first,) = service.notify(session, [ana], "response_soon", ticket=printer)
    service.notify(session, [ana], "response_overdue", ticket=printer)

    service.mark_read(session, ana, up_to=first.id)

    assert session.scalar(queries.UNREAD, {"reader_id": ana.id}) == 1
    told = [each.notice for each in queries.page(session, ana).rows]
    assert [each.kind for each in told] == ["response_overdue", "response_soon", "unassigned"]
    assert told[0].link == f"/tickets/{printer.number}"
