"""The page of an instance over HTTP, on the shipped processes."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy.orm import Session

from app.engine import definitions, interventions, queries, service
from app.engine.models import ProcessInstance
from app.engine.xml import FileKind, SourceFile
from app.errors import NotAllowed
from app.people.models import Role
from tests.monitor.instances import instance_of, stall
from tests.pages import Pages, ticket_of


def test_the_page_tells_history_variables_and_waits(desk: Pages) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id)
    desk.complete(number, agent_id, {"outcome": "mine", "person": None})

    page = desk.client(desk.staff(Role.MANAGER)).get(f"/instances/{instance_of(desk, number)}").text

    history, waiting = page[page.index("h-history") : page.index("h-waits")], page[page.index("h-waits") :]
    assert "Take over the request" in history
    assert "I take it" in history
    assert "Has someone taken it?" not in history
    assert "Work on the request" in waiting
    assert "Request cancelled" in waiting
    assert "<code>team</code>" in waiting


def test_everything_shows_gateways_too(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    manager = desk.client(desk.staff(Role.MANAGER))

    assert "Has someone taken it?" in manager.get(f"/instances/{instance_of(desk, number)}?detail=all").text


def test_the_overlay_says_where_the_token_is_and_for_how_long(desk: Pages) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    number = desk.ticket(person_id)
    began = desk.moment
    try:
        desk.moment = began + timedelta(minutes=95)
        desk.complete(number, agent_id, {"outcome": "mine", "person": None})
    finally:
        desk.moment = began

    drawing = desk.client(agent_id).get(f"/instances/{instance_of(desk, number)}/diagram.json").get_json()

    marks = {mark["element"]: mark for mark in drawing["marks"]}
    assert marks["take_over"]["state"] == "done"
    assert marks["take_over"]["label"] == "1\u00a0h\u00a035"
    assert marks["work"]["state"] == "waiting"
    assert marks["service_level"]["label"] == ""
    assert drawing["focus"] == "work"


def test_the_diagram_speaks_the_readers_language(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    address = f"/instances/{instance_of(desk, number)}/diagram.json"
    manager = desk.client(desk.staff(Role.MANAGER))
    english = manager.get(address).get_json()["xml"]
    manager.post("/settings/profile", data={"language": "ro", "zone": "Europe/Bucharest"})

    romanian = manager.get(address).get_json()["xml"]

    assert 'name="Start the clocks"' in english
    assert 'name="Pornește termenele"' in romanian


def test_an_instance_is_drawn_in_its_own_version(desk: Pages) -> None:
    """A newer version may have other steps: the token would stand nowhere."""
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    old = instance_of(desk, number)

    def redraw(session: Session) -> None:
        files = [
            SourceFile(
                cast(FileKind, file.kind), file.name, file.content.replace("Ticket lifecycle", "Redrawn").encode()
            )
            for file in queries.definition_files(session, session.get_one(ProcessInstance, old).definition_id)
        ]
        definitions.deploy(session, files, origin="edited")

    desk.write(redraw)
    manager = desk.client(desk.staff(Role.MANAGER))

    assert "Redrawn" not in manager.get(f"/instances/{old}/diagram.json").get_json()["xml"]
    assert "(newest is" in manager.get(f"/instances/{old}").text


def test_a_stalled_instance_says_why_and_leads_the_count(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    instance_id = stall(desk, number, desk.staff(Role.AGENT))
    manager = desk.client(desk.staff(Role.MANAGER))

    page = manager.get(f"/instances/{instance_id}").text
    drawing = manager.get(f"/instances/{instance_id}/diagram.json").get_json()

    assert "“Note who has it” failed" in page
    assert "has no <code>outcome</code>" in page
    assert "Retry this step" in page
    assert drawing["focus"] == "note_owner"
    assert {mark["element"]: mark["state"] for mark in drawing["marks"]}["note_owner"] == "stalled"
    assert number in manager.get("/instances/?state=stalled").text


def test_customers_see_no_instances(desk: Pages) -> None:
    person_id, _ = desk.contact()
    instance_id = instance_of(desk, desk.ticket(person_id))
    browser = desk.client(person_id)

    for address in ("/instances/", f"/instances/{instance_id}", f"/instances/{instance_id}/diagram.json"):
        assert browser.get(address).status_code == 404


def test_an_instance_nobody_started_is_not_found(desk: Pages) -> None:
    manager = desk.client(desk.staff(Role.MANAGER))

    assert manager.get("/instances/999999").status_code == 404
    assert manager.get("/instances/999999/diagram.json").status_code == 404


def test_a_held_process_says_who_holds_it_and_why_and_keeps_its_messages(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    instance_id = instance_of(desk, number)
    manager_id = desk.staff(Role.MANAGER)

    def hold(session: Session) -> None:
        held = session.get_one(ProcessInstance, instance_id)
        interventions.suspend(session, held, "Waiting for the new contract.", by_id=manager_id)
        service.send_message(session, "ticket_cancelled", held.subject, {"by": person_id, "reason": "No"})

    desk.write(hold)
    page = desk.client(manager_id).get(f"/instances/{instance_id}").text

    assert "On hold" in page
    assert "has put this process on hold" in page
    assert "Waiting for the new contract." in page
    assert "Put on hold" in page[page.index("h-history") :]
    kept = page[page.index("h-messages") :]
    assert "ticket_cancelled" in kept
    assert "kept until the process is resumed" in kept


def test_a_message_that_nothing_waited_for_is_shown(desk: Pages) -> None:
    person_id, _ = desk.contact()
    number = desk.ticket(person_id)
    instance_id = instance_of(desk, number)
    manager = desk.client(desk.staff(Role.MANAGER))
    assert "h-messages" not in manager.get(f"/instances/{instance_id}").text

    desk.write(
        lambda session: service.send_message(session, "nobody_knows_it", ticket_of(session, number).process_subject)
    )

    page = manager.get(f"/instances/{instance_id}").text
    assert "nobody_knows_it" in page
    assert "nothing waited for it" in page


def test_what_people_changed_by_hand_stands_in_the_history(desk: Pages) -> None:
    person_id, _ = desk.contact()
    instance_id = instance_of(desk, desk.ticket(person_id))
    manager_id = desk.staff(Role.MANAGER)

    def change(session: Session) -> None:
        instance = session.get_one(ProcessInstance, instance_id)
        interventions.set_variable(session, instance, "floor", 3, reason="It was asked.", by_id=manager_id)

    desk.write(change)
    history = desk.client(manager_id).get(f"/instances/{instance_id}").text

    assert "Variable changed by hand" in history
    assert "floor: – → 3. It was asked." in history


def test_an_agent_may_not_change_a_process_by_hand(desk: Pages) -> None:
    person_id, _ = desk.contact()
    agent_id = desk.staff(Role.AGENT)
    instance_id = instance_of(desk, desk.ticket(person_id))

    def change(session: Session) -> None:
        interventions.suspend(session, session.get_one(ProcessInstance, instance_id), "Mine", by_id=agent_id)

    with pytest.raises(NotAllowed):
        desk.write(change)
