"""The company of the journeys: who works there, and for whom."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.contracts import queries as contracts
from app.people import queries as people_queries
from app.people import service as people
from app.people.models import Person, Role
from tests import world

PASSWORD = "a-password-for-journeys"

ANA = "ana@staff.example"
DAN = "dan@staff.example"
LIA = "lia@staff.example"
VERA = "vera@staff.example"
MARA = "mara@staff.example"
RITA = "rita@staff.example"
ADMIN = "root@staff.example"
STAFF = (ANA, DAN, LIA, VERA, MARA, RITA)


def found_company(session: Session) -> None:
    """A team with agents, an approver and a lead, a manager, and a customer with a contract."""
    team = people_queries.get_team(session, people.DEFAULT_TEAM)

    def hire(email: str, *roles: Role, teams: bool = True) -> Person:
        name = email.partition("@")[0].capitalize()
        member_of = [team] if teams else []
        return world.add_person(session, name, roles=roles, teams=member_of, email=email, password=PASSWORD)

    hire(ANA, Role.AGENT)
    hire(DAN, Role.AGENT)
    hire(VERA, Role.APPROVER)
    team.lead = hire(LIA, Role.AGENT, Role.TEAM_LEAD)
    hire(MARA, Role.MANAGER, teams=False)
    hire(ADMIN, Role.ADMINISTRATOR, teams=False)
    rita = hire(RITA, Role.AGENT, teams=False)
    medis = world.add_customer(session, "Medis", level="silver", responsible=rita, domains=("medis.example",))
    world.add_contract(session, medis, number="C-MEDIS", included_minutes=600, rounding_minutes=15)


def add_contact(session: Session, email: str, language: str = "en") -> None:
    """Somebody at Medis who can sign in to the portal."""
    customer = contracts.customer_of_domain(session, email)
    name = email.partition("@")[0].capitalize()
    world.add_contact(session, customer, name, email=email, language=language, password=PASSWORD)
