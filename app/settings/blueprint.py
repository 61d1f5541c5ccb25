"""The place of all settings screens under `/settings`."""

from flask import Blueprint

blueprint = Blueprint("settings", __name__, url_prefix="/settings", template_folder="templates")
