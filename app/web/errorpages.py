"""Error pages: what happened, what was kept, what to do next."""

from dataclasses import dataclass

import structlog
from flask import Flask, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_limiter import RateLimitExceeded
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError, generate_csrf
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from app.errors import DeskError
from app.web import kept, sign_in_page, throttling
from app.web.access import SIGNED_OUT
from app.web.boundary import UNAVAILABLE

TOO_OFTEN = 429

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Words:
    """The three parts of an error page, and whether it may ask who is signed in."""

    title: str
    message: str
    way_out: str
    icon: str = "alert-triangle"


def words_for(status: int, message: str = "") -> Words:
    """What to tell somebody who meets this status; `message` is the desk's own explanation, if it has one."""
    if status == 403:
        return Words(_("This is not yours to do"), message, _("Ask whoever leads the team."), "lock")
    if status == 404:
        found = _("There is nothing here, or it is not for you.")
        return Words(_("Nothing here"), message or found, _("Check the address, or search for the number."), "search")
    if status == 405:
        return Words(_("Nothing here"), _("This address only receives forms."), _("Go back and use the button."))
    if status == 409:
        return Words(_("Somebody was faster"), message, _("Go back to see how it stands now."), "users")
    if status == 413:
        too_large = message or _("What you sent is too large. Nothing was stored.")
        return Words(_("Too large"), too_large, _("Send smaller files, or fewer at once."), "paperclip")
    if status == 422:
        return Words(_("Something does not fit"), message, _("Go back; your browser still has what you typed."))
    if status == 429:
        often = message or _("Too many attempts in a short time.")
        return Words(_("A short break"), often, _("What you tried before that was not done."), "clock")
    if status == 503:
        away = _("The desk's database does not answer. What was sent just now was not stored.")
        return Words(_("The desk is resting"), away, _("Wait a moment, then send it again."), "plug")
    if status >= 500:
        bug = _(
            "This is our mistake, and it is on record. Nothing was half done: what this page was changing is as before."
        )
        again = _("Try it once more; if it breaks again, tell the administrator when.")
        return Words(_("Something went wrong"), bug, again)
    return Words(_("That did not work"), message, _("Go back and try again."))


def page(status: int, words: Words, reference: str = "") -> Response:
    """The error as a full page, or as a fragment for a partial update."""
    if request.headers.get("HX-Request"):
        response = make_response(render_template("errors/fragment.html", words=words, status=status))
    else:
        response = make_response(render_template(_frame(status), words=words, status=status, reference=reference))
    response.status_code = status
    return response


def _frame(status: int) -> str:
    """The page around the words: the reader's own, or nothing where that page itself may be what broke."""
    if status >= 500 or not current_user.is_authenticated:
        return "errors/bare.html"
    return "errors/framed.html" if current_user.is_staff else "errors/portal.html"


def _forget_reader() -> None:
    """Nobody can be loaded any more in this request; the page must not try."""
    g._login_user = AnonymousUserMixin()


def _desk_error(error: DeskError) -> Response:
    return page(error.status, words_for(error.status, error.message))


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    return page(status, words_for(status))


def _form_too_old(_error: CSRFError) -> Response:
    """A form from before its reader signed out or in: what was typed into it is kept, and may be sent from here."""
    if request.headers.get("HX-Request"):
        return _page_too_old()
    typed = kept.of_request()
    if typed is not None:
        if not current_user.is_authenticated:
            return sign_in_page.ask_again(typed)
        return make_response(kept.review(typed, _("This page was open for a while")), 400)
    title = _("This form is too old")
    message = _("You signed out or in since it was opened, so nothing was stored.")
    return page(400, Words(title, message, _("Open the page again and repeat what you did."), "clock"))


def _page_too_old() -> Response:
    """For a script, whose page stays as it is: the token of the present session, or that its reader must sign in."""
    answer = make_response("", 204)
    if current_user.is_authenticated:
        answer.headers["X-CSRFToken"] = generate_csrf()
    else:
        answer.headers[SIGNED_OUT] = url_for("web.sign_in")
    return answer


def too_often(_error: RateLimitExceeded) -> Response:
    """The page for who tried too often, with when they may again."""
    response = page(TOO_OFTEN, words_for(TOO_OFTEN, throttling.words()))
    response.headers["Retry-After"] = str(throttling.seconds_left(throttling.next_attempt_at()))
    return response


def _too_large(_error: RequestEntityTooLarge) -> Response:
    return page(413, words_for(413))


def _unavailable(error: Exception) -> Response:
    log.error("database_unavailable", error=str(error))
    _forget_reader()
    response = page(503, words_for(503))
    response.headers["Retry-After"] = "10"
    return response


def _bug(error: InternalServerError) -> Response:
    log.error("request_broke", path=request.path, method=request.method, exc_info=error.original_exception)
    _forget_reader()
    return page(500, words_for(500))


def init(app: Flask) -> None:
    """Answer every error with one of these pages."""
    app.register_error_handler(DeskError, _desk_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _form_too_old)
    app.register_error_handler(RateLimitExceeded, too_often)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(InternalServerError, _bug)
    for unavailable in UNAVAILABLE:
        app.register_error_handler(unavailable, _unavailable)
