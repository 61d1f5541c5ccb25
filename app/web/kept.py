"""What was typed into a form that arrived when its sender was not signed in any more.

It is carried, signed by the desk, through the sign-in page. Forms that know drafts take it up as one and show it where
it was typed; of any other the reader sees what they wrote and sends it with one press. Nothing is sent by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import compare_digest, token_urlsafe
from typing import Any

from flask import current_app, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from app.db import run_in_transaction, transaction
from app.errors import DeskError
from app.people import queries as people
from app.people.models import Person
from app.web.targets import safe_next

FIELD = "kept"
# A random word in this browser's own cookie: what another browser was given to carry is not taken from this one.
COOKIE = "kept-by"
COOKIE_SECONDS = 24 * 3600
NOT_TYPED = frozenset({"csrf_token", FIELD})
# Shorter values without a space are choices and keys, which nobody would miss.
WORTH_SHOWING = 20

TakesUp = Callable[[Session, Person, Mapping[str, Any], "MultiDict[str, str]"], str]
_takers: dict[str, TakesUp] = {}


@dataclass(frozen=True)
class Kept:
    """A form that could not be taken.

    Args:
        action: where it was sent.
        page: the page it stood on.
        fields: names and texts, in order.
        had_files: files came along; a browser gives them once only, so they have to be chosen again.
    """

    action: str
    page: str
    fields: tuple[tuple[str, str], ...]
    had_files: bool

    @property
    def texts(self) -> list[str]:
        """What somebody may have written by hand, to be shown."""
        typed = [value for name, value in self.fields if not name.startswith("_")]
        return [value for value in typed if " " in value or len(value) > WORTH_SHOWING]


def takes_up(endpoint: str) -> Callable[[TakesUp], TakesUp]:
    """Register who keeps what was typed into a form as a draft: `taker(session, person, arguments, fields)`.

    It returns the address of the page that shows the draft.
    """

    def register(taker: TakesUp) -> TakesUp:
        _takers[endpoint] = taker
        return taker

    return register


def of_request() -> Kept | None:
    """The form of this request, when it is worth keeping and stood on a page of the desk, not on another site's."""
    typed = tuple((name, value) for name, value in request.form.items(multi=True) if name not in NOT_TYPED)
    if request.method != "POST" or not _is_ours() or not any(value.strip() for _name, value in typed):
        return None
    had_files = any(upload.filename for upload in request.files.values())
    return Kept(request.full_path.rstrip("?"), _page_of_form(), typed, had_files)


def carried() -> tuple[str, Kept | None]:
    """What a form of the sign-in pages carries along: as it came, and read; nothing when it is not ours."""
    sent = request.form.get(FIELD, "")
    try:
        read = _serializer().loads(sent) if sent else None
    except BadData:
        read = None
    if read is None or not compare_digest(str(read["by"]), request.cookies.get(COOKIE, "")):
        return "", None
    fields = tuple((str(name), str(value)) for name, value in read["fields"])
    return sent, Kept(read["action"], read["page"], fields, read["had_files"])


def packed(kept: Kept) -> tuple[str, str]:
    """A form to carry, and the word that belongs into this browser's cookie."""
    word = request.cookies.get(COOKIE) or token_urlsafe(16)
    content = {"action": kept.action, "page": kept.page, "fields": kept.fields, "had_files": kept.had_files}
    return str(_serializer().dumps({**content, "by": word})), word


def with_cookie(page: str, word: str, status: int) -> Response:
    """A page that gives this browser a form to carry."""
    answer = make_response(page, status)
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    answer.set_cookie(COOKIE, word, max_age=COOKIE_SECONDS, httponly=True, samesite="Strict", secure=secure)
    return answer


def go_on(person_id: int, kept: Kept) -> ResponseReturnValue:
    """After signing in: where what was typed is shown again, as a draft or to be sent from here.

    Call it with no transaction open.
    """
    address = _as_draft(person_id, kept)
    if address is None:
        with transaction(writing=False):
            return review(kept, _("You are signed in again"))
    return redirect(address)


def review(kept: Kept, title: str) -> str:
    """The page that shows what was typed and sends it when its reader says so."""
    return render_template("auth/kept.html", kept=kept, title=title)


def _as_draft(person_id: int, kept: Kept) -> str | None:
    try:
        endpoint, arguments = current_app.url_map.bind_to_environ(request.environ).match(kept.action, method="POST")
    except HTTPException:
        return None
    taker = _takers.get(str(endpoint))
    if taker is None:
        return None
    try:
        return run_in_transaction(
            lambda session: taker(session, people.get_person(session, person_id), arguments, MultiDict(kept.fields))
        )
    except DeskError:
        # Somebody else signed in, or the thing is gone: then it is shown, and its owner can copy it.
        return None


def _is_ours() -> bool:
    if g.get("csrf_valid"):
        return True
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return True
    return request.headers.get("Origin", "") == request.host_url.rstrip("/")


def _page_of_form() -> str:
    page = (request.referrer or "").removeprefix(request.host_url.rstrip("/"))
    return safe_next(page) or url_for("tasklist.my_work")


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SETTINGS"].secret_key, salt="kept-form")
