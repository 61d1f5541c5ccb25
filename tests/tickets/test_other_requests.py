"""What else the same person asked for stands beside a ticket."""

from __future__ import annotations

from app.people.models import Role
from tests.pages import Pages


def test_other_requests_of_the_same_person_are_on_the_page(desk: Pages) -> None:
    agent = desk.client(desk.staff(Role.AGENT, team="support"))
    requester, _customer = desk.contact()
    number, other = desk.ticket(requester), desk.ticket(requester, "Her other wish")
    strangers = desk.ticket(desk.contact()[0], "Not hers")

    panel = agent.get(f"/tickets/{number}").text.split('data-panel="others"')[1].split("</details>")[0]

    assert other in panel
    assert strangers not in panel
