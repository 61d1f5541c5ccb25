"""The request boundary: one transaction around each request.

The body is read first, because a slow upload inside a writing transaction would make every other writer wait. Then
GET and HEAD run in a reading transaction, everything else in a writing one, which commits when the view returns and
rolls back when it raises. A lost race runs the request again; a failed process step writes its aftermath.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import structlog
from flask import Flask, g, request, session
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_babel import gettext as _
from jinja2 import FileSystemLoader
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from app.db import record_aftermath, retrying, run_in_transaction, transaction
from app.errors import NotFound
from app.uploads import is_for_files

log = structlog.get_logger(__name__)

READING = frozenset({"GET", "HEAD", "OPTIONS"})
# The database does not answer, or not in time: pages about it may not ask it anything.
UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout)
# PostgreSQL's state; SQLite's driver raises OverflowError.
NUMBER_OUT_OF_RANGE = "22003"
_OWN = "_opens_own_transactions"

F = TypeVar("F", bound=Callable[..., Any])
Rescue = Callable[[Session], object]


def opens_own_transactions(view: F) -> F:
    """Mark a view that opens its own transactions, or none.

    For what must not hold the database while it computes or waits: checking a password, streaming, being asked
    whether the database is there at all.
    """
    setattr(view, _OWN, True)
    return view


def rescue(save: Rescue) -> None:
    """Should this request fail, run `save` in a second transaction after the rollback: it keeps what was typed."""
    g.setdefault("rescues", []).append(save)


class Desk(Flask):
    """The Flask application whose requests are transactions."""

    def __init__(self, import_name: str) -> None:
        super().__init__(
            import_name, static_folder="web/static", static_url_path="/static", template_folder="web/templates"
        )
        # Features without screens of their own draw panels: every `app/<package>/templates` is looked through.
        folders = sorted(Path(self.root_path).glob("*/templates"))
        self.jinja_loader = FileSystemLoader([str(folder) for folder in folders])

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Run everything of a request, from loading who is signed in to the view, in its transaction.

        Flask's later call of `dispatch_request` never happens, because this returns the finished answer: it leaves
        only after the commit, and whatever is raised here reaches `handle_user_exception` after the rollback.
        """
        # Also refuses bodies that are too large, before anything is locked.
        if not self._may_bring_files():
            request.max_content_length = self.config["MAX_FORM_MEMORY_SIZE"]
        request.get_data(cache=True, parse_form_data=True)
        cookie = dict(session)

        def forget() -> None:
            session.clear()
            session.update(cookie)
            _forget_rolled_back()

        return retrying(self._run_once, before_again=forget)

    def handle_user_exception(self, e: Exception) -> HTTPException | ResponseReturnValue:
        """Write down what a failed request leaves behind, then answer it with a page read in a fresh transaction."""
        _forget_rolled_back()
        if isinstance(e, UNAVAILABLE):
            return super().handle_user_exception(e)
        if _is_number_of_nothing(e):
            e = NotFound(_("There is nothing with this number."))
        record_aftermath(e)
        for save in g.pop("rescues", []):
            run_in_transaction(save)
        with transaction(writing=False):
            return self.make_response(super().handle_user_exception(e))

    def _may_bring_files(self) -> bool:
        # What is no form would be read into memory whole; a form's files go to the disk.
        view = self.view_functions.get(request.endpoint or "")
        if not is_for_files(view) or request.mimetype != "multipart/form-data":
            return False
        # The cookie is signed; whether its person still may is asked later, in the transaction.
        return "_user_id" in session

    def _run_once(self) -> Response:
        g.pop("rescues", None)
        if request.endpoint == "static":
            return self.make_response(self.dispatch_request())
        view = self.view_functions.get(request.endpoint or "")
        if getattr(view, _OWN, False):
            with transaction(writing=False):
                answer = super().preprocess_request()
            return self.make_response(self.dispatch_request() if answer is None else answer)
        with transaction(writing=request.method not in READING):
            answer = super().preprocess_request()
            return self.make_response(self.dispatch_request() if answer is None else answer)


def _is_number_of_nothing(error: Exception) -> bool:
    """Whether an address or a form named a row by a number larger than the database can hold."""
    if isinstance(error, DataError):
        return getattr(error.orig, "sqlstate", None) == NUMBER_OUT_OF_RANGE
    return isinstance(error, OverflowError)


def _forget_rolled_back() -> None:
    """Flask-Login keeps the person it loaded, which the rollback has emptied."""
    g.pop("_login_user", None)
    request_ctx.flashes = None
