"""The customers' pages. Every one works without JavaScript."""

from flask import Blueprint

blueprint = Blueprint("portal", __name__, url_prefix="/portal", template_folder="templates")
