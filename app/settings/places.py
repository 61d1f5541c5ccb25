"""The pages of the settings, in groups: what each is for, and what somebody may call it who looks for it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, url_for
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from app.texts import folded
from app.web.access import may_open


@dataclass(frozen=True)
class Place:
    """One page of the settings.

    Args:
        words: other words by which it is found.
        within: endpoints of pages that belong to it.
    """

    endpoint: str
    icon: str
    title: LazyString
    hint: LazyString
    words: LazyString
    within: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Its address."""
        return url_for(self.endpoint)

    @property
    def key(self) -> str:
        """Its endpoint without the blueprint."""
        return self.endpoint.rpartition(".")[2]

    @property
    def is_here(self) -> bool:
        """Whether the present page is it, or belongs to it."""
        return request.endpoint == self.endpoint or (request.endpoint or "").rpartition(".")[2] in self.within

    def is_found_by(self, words: list[str]) -> bool:
        """Whether each of these words, without case and diacritics, begins one of its own."""
        own = folded(f"{self.title} {self.hint} {self.words}").replace(",", " ").split()
        return all(any(each.startswith(word) for each in own) for word in words)


@dataclass(frozen=True)
class Group:
    """Pages that belong together."""

    title: LazyString
    places: tuple[Place, ...]


GROUPS = (
    Group(
        _("People"),
        (
            Place(
                "settings.people",
                "users",
                _("People"),
                _("Who works at the desk, what each may do, and how they sign in."),
                _("colleagues, roles, password, invite, deactivate, agents, administrators"),
                ("new_person", "add_person", "person", "change_person", "leaving", "reset_password"),
            ),
            Place(
                "settings.teams",
                "users-group",
                _("Teams"),
                _("Who works together, who leads, which requests come to them."),
                _("members, lead, mailbox"),
                ("new_team", "add_team", "team", "change_team"),
            ),
            Place(
                "settings.contacts",
                "address-book",
                _("Customer contacts"),
                _("Who may ask for what in the name of a customer."),
                _("customers, portal, phone, language"),
                ("contact", "change_contact"),
            ),
            Place(
                "settings.skills",
                "star",
                _("Skills"),
                _("What people are good at; escalations look for it."),
                _("levels, knowledge"),
                ("add_skill", "rename_skill"),
            ),
        ),
    ),
    Group(
        _("Requests"),
        (
            Place(
                "settings.types",
                "forms",
                _("Request types"),
                _("What customers choose from, and the process, team and priority each begins with."),
                _("kinds, incident, process, diagram, form, priority, estimated time"),
                ("new_type", "add_type", "type", "change_type"),
            ),
            Place(
                "settings.states",
                "progress-check",
                _("States"),
                _("The states a request goes through, and what they mean for its deadlines."),
                _("status, category, waiting, closed"),
                ("new_state", "add_state", "state", "change_state"),
            ),
            Place(
                "settings.priorities",
                "flag",
                _("Priorities"),
                _("How urgent a request is."),
                _("urgent, high, low"),
            ),
        ),
    ),
    Group(
        _("E-mail"),
        (
            Place(
                "settings.mail",
                "mail-cog",
                _("Mail settings"),
                _("How mail comes in and goes out, with a test."),
                _("SMTP, server, receiver, test mail, address"),
            ),
            Place(
                "settings.outgoing_mail",
                "mail-forward",
                _("Outgoing mail"),
                _("What the desk sent, keeps or could not deliver."),
                _("sent, failed, retry, outbox"),
                ("outgoing_one",),
            ),
            Place(
                "settings.received_mail",
                "inbox",
                _("Received mail"),
                _("Every mail as it came, and what became of it."),
                _("failed, ignored, source, retry"),
                ("received_one",),
            ),
        ),
    ),
    Group(
        _("Record"),
        (
            Place(
                "settings.changes",
                "history",
                _("Changes"),
                _("Who changed what in these settings, and when."),
                _("audit, log, history"),
            ),
        ),
    ),
    Group(
        _("Your own"),
        (
            Place(
                "settings.profile",
                "user",
                _("Your profile"),
                _("Name, language, time zone, signature, how the desk looks."),
                _("theme, dark, light, density, shortcuts, keys, password"),
            ),
            Place(
                "settings.notices",
                "bell",
                _("Your notifications"),
                _("What you hear of, by the bell and by mail."),
                _("bell, mail, notices"),
            ),
        ),
    ),
)


def groups() -> list[Group]:
    """The groups with the pages that the reader may open."""
    open_to_reader = [Group(group.title, tuple(p for p in group.places if may_open(p.endpoint))) for group in GROUPS]
    return [group for group in open_to_reader if group.places]


def here() -> Place | None:
    """The place that the present page belongs to."""
    return next((place for group in GROUPS for place in group.places if place.is_here), None)
