"""The accounts of the demo: offered on the sign-in page, and refused anywhere but on this machine."""

from ipaddress import ip_address

from flask import current_app, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.config import Settings
from app.people import queries
from app.people.models import Person, Role

# Every demo account has this password, so nothing that knows it may be reached from elsewhere.
PASSWORD = "suport-demo"
CUSTOMERS_SHOWN = 3
ROLES_SHOWN = 2
# What a proxy adds: then who asks is somewhere else, whatever the connection says.
_PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


def is_refused(password: str) -> bool:
    """Whether this is the demo's password, sent from or to an address that is not this machine's own."""
    return password == PASSWORD and not _is_local()


def offered(session: Session) -> list[tuple[Person, str]]:
    """The accounts a visitor of the demo may try, with what each is; none outside of it."""
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.demo or not _is_local():
        return []
    names = {
        Role.ADMINISTRATOR: _("administrator"),
        Role.MANAGER: _("manager"),
        Role.TEAM_LEAD: _("team lead"),
        Role.APPROVER: _("approver"),
        Role.ANALYST: _("analyst"),
        Role.AGENT: _("agent"),
        Role.CUSTOMER: _("customer"),
    }
    people = [person for person in queries.everybody(session) if person.password_hash]
    # As many roles as have room beside a name, those that may the most first.
    roles = {person.id: [names[role] for role in names if role in person.roles][:ROLES_SHOWN] for person in people}
    described = [(person, ", ".join(roles[person.id])) for person in people]
    staff = [each for each in described if each[0].is_staff]
    return staff + [each for each in described if not each[0].is_staff][:CUSTOMERS_SHOWN]


def _is_local() -> bool:
    """Both ends: who asks, and the name they asked for, which a proxy in front of us would have from outside."""
    if any(name in request.headers for name in _PASSED_ON):
        return False
    name = request.host.rsplit(":", 1)[0].strip("[]") if not request.host.endswith("]") else request.host.strip("[]")
    try:
        asked_for_local = name == "localhost" or ip_address(name).is_loopback
        return asked_for_local and ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
