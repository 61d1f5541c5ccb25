"""`/health`: whether the desk works, for load balancers, monitoring and the supervisor."""

from dataclasses import asdict

from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue

from app import health
from app.db import db
from app.web.boundary import UNAVAILABLE

blueprint = Blueprint("health", __name__)


def init(app: Flask) -> None:
    """Give the application its `/health`."""
    app.register_blueprint(blueprint)


@blueprint.get("/health")
def show() -> ResponseReturnValue:
    """200 when everything works, 503 otherwise; the body says which part does not."""
    return _answer(health.look(db.session()))


def _without_database(_error: Exception) -> ResponseReturnValue:
    return _answer(health.without_database())


for _kind in UNAVAILABLE:
    blueprint.register_error_handler(_kind, _without_database)


def _answer(found: health.Health) -> ResponseReturnValue:
    answer = jsonify({"status": "well" if found.is_well else "unwell", **asdict(found)})
    answer.headers["Cache-Control"] = "no-store"
    return answer, 200 if found.is_well else 503
