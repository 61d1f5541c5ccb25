"""The place of all screens of tickets under `/tickets`."""

from flask import Blueprint

blueprint = Blueprint("tickets", __name__, url_prefix="/tickets", template_folder="templates")
