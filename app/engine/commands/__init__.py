"""The engine on the desk's command line."""

import app.engine.commands.evaluating  # noqa: F401  # adds its command to a group
from app.engine.commands import checking as checking
from app.engine.commands import moving as moving
from app.engine.commands.instances import instances_group
from app.engine.commands.messages import messages_group
from app.engine.commands.processes import group
from app.engine.commands.timers import timers_group

__all__ = ["group", "instances_group", "messages_group", "timers_group"]
