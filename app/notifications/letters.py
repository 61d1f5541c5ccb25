"""What people are told that is about no ticket: that they have an account, a password, that mail arrives."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.mail import service as mail
from app.mail.desk import desk_settings
from app.mail.models import OutgoingMail
from app.notifications.rendering import ACCOUNT, render
from app.people.models import Person


def can_be_mailed() -> bool:
    """Whether mail leaves this desk at all; without a server it is only kept, which no secret should be."""
    return bool(desk_settings().smtp_host)


def send_invitation(session: Session, person: Person, password: str, *, by: Person | None) -> OutgoingMail:
    """Mail somebody new the password for their first sign-in."""
    return _send(session, person, "invitation", by, password)


def send_password(session: Session, person: Person, password: str, *, by: Person | None) -> OutgoingMail:
    """Mail somebody the one-time password that replaces theirs."""
    return _send(session, person, "one_time_password", by, password)


def send_test(session: Session, person: Person) -> OutgoingMail:
    """Mail somebody a few words, on the way that all mail takes."""
    return _send(session, person, "test_mail", person, "")


def _send(session: Session, person: Person, template: str, by: Person | None, password: str) -> OutgoingMail:
    settings = desk_settings()
    values = {
        "desk": {"name": settings.desk_name, "url": settings.base_url.rstrip("/"), "email": settings.desk_email},
        "person": {"name": person.name, "email": person.email},
        "by": by.name if by is not None else "",
        "password": password,
    }
    notice = render(template, person.language, values, folder=ACCOUNT)
    return mail.queue_mail(
        session,
        to_address=person.email,
        to_name=person.name,
        subject=notice.subject,
        text=notice.text,
        html=notice.html,
        language=person.language,
        is_confidential=bool(password),
    )
