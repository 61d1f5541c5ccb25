"""The desk's side of mail: its settings, its own addresses, and the person behind an address."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.people.models import Team


def desk_settings() -> Settings:
    """The settings of the running desk."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def mail_domain(settings: Settings) -> str:
    """The domain of the desk's mailbox; Message-IDs are made in it."""
    return settings.desk_email.rpartition("@")[2] or "localhost"


def own_addresses(session: Session, settings: Settings) -> frozenset[str]:
    """Every address mail to which comes back to this desk: its mailbox and the teams'."""
    teams = session.scalars(select(Team.email).where(Team.email.is_not(None)))
    return frozenset({settings.desk_email.lower(), *(email.lower() for email in teams if email)})
