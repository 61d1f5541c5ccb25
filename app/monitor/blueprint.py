"""Where the instance screens are found."""

from flask import Blueprint

blueprint = Blueprint("monitor", __name__, url_prefix="/instances", template_folder="templates")
