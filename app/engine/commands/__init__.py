"""The engine on the desk's command line."""

from app.engine.commands.instances import instances_group
from app.engine.commands.processes import group
from app.engine.commands.timers import timers_group

__all__ = ["group", "instances_group", "timers_group"]
