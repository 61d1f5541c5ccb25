"""What the overview takes from the desk's settings."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import current_app

from app.config import Settings


def goal() -> float:
    """The share of deadlines, in percent, that the desk means to keep."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.kept_goal_percent


def zone_of_desk() -> ZoneInfo:
    """Weeks begin at midnight there."""
    settings: Settings = current_app.config["SETTINGS"]
    return ZoneInfo(settings.zone)
