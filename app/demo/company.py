"""Who works at the demo's service company, and for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.contracts import service as contracts
from app.contracts.models import Customer
from app.people import queries as people_queries
from app.people import service as people
from app.people.models import Person, Role
from app.people.passwords import PasswordHash, hash_password
from app.tickets.models import RequestType
from app.web.demo_accounts import PASSWORD

# Name: account, roles, teams, skills with levels.
_STAFF: dict[str, tuple[str, tuple[Role, ...], tuple[str, ...], dict[str, int]]] = {
    "Ana Chiriac": ("ana", (Role.MANAGER, Role.APPROVER), (), {}),
    "Mihai Dobre": ("mihai", (Role.TEAM_LEAD, Role.APPROVER, Role.AGENT), ("support",), {"email": 4, "senior": 3}),
    "Radu Petcu": ("radu", (Role.AGENT,), ("network", "field"), {"network": 4, "hardware": 3}),
    "Elena Stan": (
        "elena",
        (Role.AGENT, Role.TEAM_LEAD, Role.APPROVER),
        ("network",),
        {"network": 5, "security": 4, "senior": 5},
    ),
    "Vlad Marin": ("vlad", (Role.AGENT,), ("network", "support"), {"network": 3, "email": 3}),
    "Ioana Lupu": ("ioana", (Role.AGENT,), ("support",), {"software": 4}),
    "Andrei Luca": ("andrei", (Role.AGENT,), ("field",), {"hardware": 5}),
    "Cristina Pop": ("cristina", (Role.TEAM_LEAD, Role.APPROVER, Role.AGENT), ("field",), {"hardware": 4, "senior": 4}),
    "Sorin Neagu": ("sorin", (Role.ANALYST,), (), {}),
    "Dana Ilie": ("dana", (Role.ADMINISTRATOR,), (), {}),
}
# Most work forty hours a week.
_HOURS_A_WEEK = {"Vlad Marin": 20, "Ioana Lupu": 30}
_TEAMS = {"support": "Dispecerat", "network": "Rețele", "field": "Teren Cluj"}
_LEADS = {"support": "Mihai Dobre", "network": "Elena Stan", "field": "Cristina Pop"}
_SKILLS = {
    "network": "Rețele",
    "hardware": "Echipamente",
    "software": "Aplicații",
    "email": "Mail și conturi",
    "senior": "Cazuri grele",
}
_TYPE_TEAMS = {"incident": "network", "request": "support", "question": "support", "change": "field"}

# Customer: mail domain, level, contacts, contract (number, name, level, hours, period, rounding, overrun).
_CUSTOMERS: dict[str, tuple[str, str, tuple[str, ...], tuple[str, str, str, int, str, int, str] | None]] = {
    "Alba Logistic SRL": (
        "albalogistic.example",
        "gold",
        ("Ioana Mureșan", "Petru Hanga"),
        ("C-2026/014", "Mentenanță Plus", "gold", 40, "quarter", 30, "approval"),
    ),
    "Medis Cluj": (
        "mediscluj.example",
        "silver",
        ("Horia Bota", "Simona Rus"),
        ("C-2026/021", "Suport clinică", "silver", 27, "term", 15, "approval"),
    ),
    "Panifcom Iași": (
        "panifcom.example",
        "standard",
        ("Gabriela Ursu",),
        ("C-2026/030", "Suport de bază", "standard", 4, "month", 30, "allowed"),
    ),
    "Textil Bihor": (
        "textilbihor.example",
        "silver",
        ("Zoltan Kiss", "Maria Varga"),
        ("C-2026/007", "Verificări lunare", "silver", 52, "term", 15, "approval"),
    ),
    "Hotel Belvedere": (
        "hotelbelvedere.example",
        "gold",
        ("Dan Olaru",),
        ("C-2026/018", "Non-stop recepție", "gold", 10, "month", 15, "refused"),
    ),
    "Farmacia Tilia": ("farmaciatilia.example", "standard", ("Corina Tudor",), None),
}


@dataclass
class Company:
    """The people and customers of the demo, by the names that the stories use."""

    staff: dict[str, Person] = field(default_factory=dict)
    contacts: dict[str, Person] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)

    def person(self, name: str) -> Person:
        """Staff by first name ("Radu"), contacts by full name."""
        return self.staff.get(name) or self.contacts[name]


def accounts() -> list[str]:
    """Who may sign in to a demo, one line each: address, password, what they do."""
    doing = {
        "ana": "manager",
        "radu": "agent",
        "elena": "team lead and approver",
        "sorin": "analyst",
        "dana": "administrator",
    }
    lines = [f"{name}@suport.example  {PASSWORD}  {work}" for name, work in doing.items()]
    return [*lines, f"ioana.muresan@albalogistic.example  {PASSWORD}  customer"]


def found(session: Session) -> Company:
    """Make the company: staff in three teams, six customers with their people and contracts."""
    company = Company()
    # One hash for all: nobody's secret is kept by these passwords.
    hashed = hash_password(PASSWORD)
    for key, name in _TEAMS.items():
        team = people_queries.team_by_key(session, key) or people.add_team(session, key=key, name=name)
        team.name = name
    known_skills = {skill.key for skill in people_queries.skills(session)}
    for key, name in _SKILLS.items():
        if key not in known_skills:
            people.add_skill(session, key=key, name=name)
    for name, (account, roles, teams, skills) in _STAFF.items():
        person = people.add_person(
            session,
            name=name,
            email=f"{account}@suport.example",
            roles=roles,
            language="ro" if account in {"ana", "mihai", "cristina"} else "en",
            password_hash=hashed,
        )
        company.staff[name.split()[0]] = person
        people.set_weekly_minutes(session, person, _HOURS_A_WEEK.get(name, 40) * 60)
        for key in teams:
            people.add_member(session, people_queries.get_team(session, key), person)
        for skill, level in skills.items():
            people.give_skill(session, person, skill, level)
    for key, name in _LEADS.items():
        people_queries.get_team(session, key).lead = company.staff[name.split()[0]]
    for kind, team_key in _TYPE_TEAMS.items():
        session.get_one(RequestType, kind).default_team_key = team_key
    _sign_contracts(session, company, hashed)
    session.flush()
    return company


def _sign_contracts(session: Session, company: Company, hashed: PasswordHash) -> None:
    # This happens long enough ago to cover the requests of the last months, in any season.
    begins = date(clock.now().year, clock.now().month, 1)
    responsible, substitute = company.staff["Ana"], company.staff["Mihai"]
    for name, (domain, level, contacts, contract) in _CUSTOMERS.items():
        customer = contracts.add_customer(session, name=name, level=level, responsible=responsible, domains=(domain,))
        company.customers[name] = customer
        for contact in contacts:
            person = people.add_person(
                session,
                name=contact,
                email=f"{_ascii(contact)}@{domain}",
                roles=(Role.CUSTOMER,),
                language="ro",
                password_hash=hashed,
            )
            contracts.add_contact(session, customer, person, phone="0264 000 000")
            company.contacts[contact] = person
        if contract is not None:
            number, title, contract_level, hours, period, rounding, overrun = contract
            contracts.add_contract(
                session,
                customer,
                number=number,
                name=title,
                valid_from=begins,
                valid_to=begins + timedelta(days=2 * 365),
                level=contract_level,
                included_minutes=hours * 60,
                period=period,
                rounding_minutes=rounding,
                overrun=overrun,
                responsible=responsible,
                substitute=substitute,
            )


def _ascii(name: str) -> str:
    return name.lower().translate(str.maketrans("ăâîșț ", "aaist.", ""))
