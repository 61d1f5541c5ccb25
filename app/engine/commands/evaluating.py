"""`./run processes evaluate …`: the command that tries an expression, in the group it belongs to."""

from app.engine.commands.processes import group
from app.engine.evaluating import evaluate

group.add_command(evaluate)
