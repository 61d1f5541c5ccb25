"""What features declare about their facts is what their providers return, for each kind of subject."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.contracts.models import Contract
from app.engine import facts
from app.engine.facts import Attribute, FactScope, Kind
from app.engine.subject import Subject
from app.escalations import service as escalations
from app.people.models import Person, Team
from app.tickets.models import Ticket
from app.worklog import service as worklog

PYTHON: dict[Kind, tuple[type, ...]] = {
    Kind.NUMBER: (int, float),
    Kind.TEXT: (str,),
    Kind.TRUTH: (bool,),
    Kind.MOMENT: (datetime,),
}


def wrong(name: str, shape: Any, given: dict[str, Any]) -> list[str]:
    """What differs between a declaration and what came."""
    return [f"{name}.{key} is not declared" for key in given.keys() - shape.keys()] + [
        f"{name}.{key} is declared and not {each}: {given.get(key, 'missing')!r}"
        for key, each in shape.items()
        if key not in given or not fits(given[key], each)
    ]


def fits(value: object, declared: Attribute) -> bool:
    if value is None:
        return declared.optional
    return isinstance(value, PYTHON[declared.kind]) and (declared.kind == Kind.TRUTH or not isinstance(value, bool))


def test_facts_hold_what_they_declare(
    session: Session,
    ticket: Callable[..., Ticket],
    person: Callable[..., Person],
    team: Callable[..., Team],
    contract: Callable[..., Contract],
) -> None:
    network = team("network")
    agent = person(teams=[network])
    asked, bare = ticket(team=network, assignee=agent), ticket()
    asked.contract = contract(asked.customer)
    session.flush()
    entry = worklog.log_work(session, asked, author=agent, minutes=30)
    wish = escalations.request(session, asked, reason="Needs a switch", by=agent)
    subjects = [Subject("ticket", asked.id), Subject("ticket", bare.id)]
    subjects += [Subject("work_entry", entry.id), Subject("escalation", wish.id)]

    found = []
    for subject in subjects:
        scope = FactScope(session, subject)
        for name, shape in facts.shapes(subject.kind).items():
            found += wrong(name, shape, scope[name])

    assert found == []


def test_every_fact_of_the_desk_declares_its_attributes() -> None:
    provided = {name for kind in ("ticket", "work_entry", "escalation") for name in facts.known_facts(kind)}

    assert provided == set(facts.shapes())
    assert facts.attributes("ticket").keys() == {"contract", "customer", "desk", "sla", "ticket"}
    assert facts.attributes("work_entry").keys() - facts.attributes("ticket").keys() == {"work"}
    assert facts.attributes("escalation")["escalation"]["reason"] == "why"
    assert facts.attributes("mouse") == {}
