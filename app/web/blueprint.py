"""The pages about oneself: signing in and out, password, sessions, language."""

from flask import Blueprint

blueprint = Blueprint("web", __name__)
