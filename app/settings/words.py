"""What roles, fields and states are called on the settings screens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask_babel import gettext as _

from app.people.models import Role
from app.texts import translated
from app.tickets.models import Category, Priority, RequestType, TicketState
from app.web.language import reader_language


def role_names() -> dict[str, str]:
    """What each role is called, those that may the most first."""
    return {
        Role.ADMINISTRATOR: _("Administrator"),
        Role.MANAGER: _("Manager"),
        Role.TEAM_LEAD: _("Team lead"),
        Role.APPROVER: _("Approver"),
        Role.AGENT: _("Agent"),
        Role.ANALYST: _("Analyst"),
        Role.CUSTOMER: _("Customer"),
    }


def role_hints() -> dict[str, str]:
    """What each role may do."""
    return {
        Role.ADMINISTRATOR: _("Changes everything in these settings, mends instances, sees all mail."),
        Role.MANAGER: _("Looks after people and teams, steps in with any request, approves where a team cannot."),
        Role.TEAM_LEAD: _("Writes down, assigns, changes and cancels requests."),
        Role.APPROVER: _("Approves the work and the escalations of their teams."),
        Role.AGENT: _("Takes the tasks of their teams, answers and solves requests."),
        Role.ANALYST: _("Looks after the diagrams and mends instances."),
        Role.CUSTOMER: _("Uses the portal for their customer's requests."),
    }


def field_names() -> dict[str, str]:
    """What the fields are called that can be changed."""
    return {
        "name": _("name"),
        "email": _("e-mail address"),
        "language": _("language"),
        "zone": _("time zone"),
        "weekly_minutes": _("hours a week"),
        "phone": _("phone"),
        "customer": _("customer"),
        "signature": _("signature"),
        "theme": _("light or dark"),
        "density": _("density of tables"),
        "single_keys": _("keyboard shortcuts"),
        "told_by": _("notifications"),
        "roles": _("roles"),
        "teams": _("teams"),
        "skills": _("skills"),
        "lead": _("team lead"),
        "labels": _("name"),
        "descriptions": _("description"),
        "category": _("meaning"),
        "position": _("order"),
        "process_key": _("process"),
        "default_priority": _("priority"),
        "default_team_key": _("team"),
        "estimated_minutes": _("estimated time"),
    }


def named_fields(fields: Iterable[str]) -> str:
    """The names of fields, one after the other, each once."""
    names = field_names()
    return ", ".join(dict.fromkeys(names.get(each, each) for each in fields))


def category_names() -> dict[str, str]:
    """What the categories of states are called."""
    return {
        Category.NEW: _("New"),
        Category.OPEN: _("Open"),
        Category.PENDING: _("Pending"),
        Category.RESOLVED: _("Resolved"),
        Category.CLOSED: _("Closed"),
    }


def category_hints() -> dict[str, str]:
    """What the categories mean for the clocks."""
    return {
        Category.NEW: _("Nobody has begun. The deadlines run."),
        Category.OPEN: _("Somebody works on it. The deadlines run."),
        Category.PENDING: _("The customer has to do something. The time to solve it rests."),
        Category.RESOLVED: _("The work is done. The deadlines have stopped."),
        Category.CLOSED: _("It is over. The deadlines have ended."),
    }


def priority_names() -> dict[str, str]:
    """What the priorities are called, the most pressing first."""
    return {
        Priority.URGENT: _("Urgent"),
        Priority.HIGH: _("High"),
        Priority.NORMAL: _("Normal"),
        Priority.LOW: _("Low"),
    }


def labelled(entry: TicketState | RequestType) -> str:
    """What an entry of a list is called in the reader's language."""
    return translated(entry.labels, reader_language())


def label_fields(labels: Mapping[str, str], name: str = "label") -> dict[str, str]:
    """Texts by language as the fields of a form: `label_en`, `label_ro`."""
    return {f"{name}_{language}": text for language, text in labels.items()}


def language_names() -> dict[str, str]:
    """The languages the desk speaks, each in itself."""
    return {"en": "English", "ro": "Română"}
