"""What people are told that is about no ticket, by mail only: an account, a link, a password; that mail arrives."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.mail import service as mail
from app.mail.desk import desk_settings
from app.mail.models import HIDDEN, OutgoingMail
from app.notifications.context import moment
from app.notifications.rendering import ACCOUNT, render
from app.people import links
from app.people.models import LinkPurpose, Person, SignInLink

# Where links lead; the views are in `app/web`.
PATHS = {LinkPurpose.SIGN_IN: "/sign-in/link/", LinkPurpose.PASSWORD: "/sign-in/forgotten/"}
TEMPLATES = {LinkPurpose.SIGN_IN: "sign_in_link", LinkPurpose.PASSWORD: "new_password_link"}


def can_be_mailed() -> bool:
    """Whether mail leaves this desk at all; without a server it is only kept, which no secret should be."""
    return bool(desk_settings().smtp_host)


def send_link(session: Session, person: Person, purpose: LinkPurpose, target: str = "") -> OutgoingMail:
    """Mail somebody a new link. What is kept of the mail hides its secret, except in a demo, which sends no mail."""
    link = links.make(session, person, purpose, target=target)
    values = {"link": {"url": _address_of(link), "minutes": links.MINUTES}}
    return _send(session, person, TEMPLATES[purpose], values, link=link)


def send_invitation(session: Session, person: Person, *, by: Person | None) -> OutgoingMail:
    """Mail somebody who has no password a link under which they choose one; it holds for some days."""
    link = links.make(session, person, LinkPurpose.PASSWORD, lifetime=links.INVITED)
    told = {"url": _address_of(link), "days": links.INVITED_DAYS, "another_url": _address("/sign-in/forgotten")}
    return _send(session, person, "invitation", {"by": _name(by), "link": told}, link=link)


def tell_of_new_password(session: Session, person: Person, by: Person | None) -> OutgoingMail:
    """Tell somebody that their password is another one now, whoever chose it."""
    changed_by = by.name if by is not None and by.id != person.id else ""
    changed = {"at": moment(clock.now(), person), "by": changed_by, "url": _address("/sign-in/forgotten")}
    return _send(session, person, "password_changed", {"changed": changed})


def send_password(session: Session, person: Person, password: str, *, by: Person | None) -> OutgoingMail:
    """Mail somebody the one-time password that replaces theirs."""
    brought = {"by": _name(by), "password": password}
    return _send(session, person, "one_time_password", brought, is_confidential=True)


def send_test(session: Session, person: Person) -> OutgoingMail:
    """Mail somebody a few words, on the way that all mail takes."""
    return _send(session, person, "test_mail", {"by": person.name})


def _name(by: Person | None) -> str:
    return by.name if by is not None else ""


def _address_of(link: SignInLink) -> str:
    settings = desk_settings()
    shows_it = settings.demo and not settings.smtp_host
    return _address(PATHS[LinkPurpose(link.purpose)] + (links.token_of(link) if shows_it else HIDDEN))


def _send(
    session: Session,
    person: Person,
    template: str,
    values: dict[str, Any],
    *,
    link: SignInLink | None = None,
    is_confidential: bool = False,
) -> OutgoingMail:
    settings = desk_settings()
    known = {
        "desk": {"name": settings.desk_name, "url": _address(""), "email": settings.desk_email},
        "person": {"name": person.name, "email": person.email},
    }
    notice = render(template, person.language, {**known, **values}, folder=ACCOUNT)
    return mail.queue_mail(
        session,
        to_address=person.email,
        to_name=person.name,
        subject=notice.subject,
        text=notice.text,
        html=notice.html,
        language=person.language,
        link=link,
        is_confidential=is_confidential,
    )


def _address(path: str) -> str:
    return desk_settings().base_url.rstrip("/") + path
