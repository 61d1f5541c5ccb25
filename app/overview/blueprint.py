"""Where the overview and the rows behind its numbers are found."""

from flask import Blueprint

blueprint = Blueprint("overview", __name__, url_prefix="/overview", template_folder="templates")
