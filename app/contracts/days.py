"""The desk's calendar day: contracts begin and end at midnight in the desk's zone."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import current_app

from app import clock
from app.config import Settings


def desk_day(moment: datetime) -> date:
    """The day it is at the desk at an aware moment."""
    settings: Settings = current_app.config["SETTINGS"]
    return moment.astimezone(ZoneInfo(settings.zone)).date()


def today() -> date:
    """The day it is at the desk now."""
    return desk_day(clock.now())
