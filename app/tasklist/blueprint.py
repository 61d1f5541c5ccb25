"""The blueprint of My work and of tasks."""

from flask import Blueprint

blueprint = Blueprint("tasklist", __name__, template_folder="templates")
