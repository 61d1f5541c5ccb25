"""The pages about oneself. Most are in files of their own; here are the language and the one-time password."""

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_babel import gettext as _
from flask_limiter import RateLimitExceeded
from flask_login import current_user

from app.db import db
from app.errors import InvalidInput
from app.people import service
from app.people.current import current_person
from app.texts import LANGUAGES
from app.web import errorpages, kept, link_views, session_views, sign_in_page, sign_in_views, throttling
from app.web.blueprint import blueprint
from app.web.language import COOKIE
from app.web.targets import safe_next

# Importing them registers them.
OWN_VIEWS = (sign_in_views.sign_in, link_views.ask_for_link, session_views.sessions)

YEAR_SECONDS = 31_536_000


@blueprint.post("/language")
def choose_language() -> ResponseReturnValue:
    """Read the desk in another language from now on."""
    wanted = request.form.get("language", "")
    if wanted not in LANGUAGES:
        raise InvalidInput(_("The desk does not speak “%(language)s”.", language=wanted[:20]))
    if current_user.is_authenticated:
        service.change_language(db.session(), current_person(), wanted)
    answer = redirect(safe_next(request.form.get("next")) or url_for("web.sign_in"))
    answer.set_cookie(COOKIE, wanted, max_age=YEAR_SECONDS, samesite="Lax", httponly=True)
    return answer


@blueprint.before_app_request
def ask_for_own_password() -> ResponseReturnValue | None:
    """Somebody with a one-time password chooses another before doing anything else."""
    allowed = {"web.new_password", "web.sign_out", "web.choose_language", "web.session_state", "static"}
    if request.endpoint in allowed or not current_user.is_authenticated or not current_user.must_change_password:
        return None
    return redirect(url_for("web.new_password"))


@blueprint.errorhandler(RateLimitExceeded)
def too_often(error: RateLimitExceeded) -> Response:
    """The form again, with when the next attempt is possible; what was typed and what is carried along stay."""
    said, email = throttling.words(), request.form.get("email", "")
    target = safe_next(request.values.get("next"))
    content, typed = kept.carried()
    if request.endpoint == "web.sign_in":
        page = sign_in_page.page(target, email=email, error=said, content=content, typed=typed)
    elif request.endpoint in ("web.ask_for_link", "web.forgotten"):
        page = link_views.asking_page(request.endpoint, email, target, {"email": [said]})
    elif request.endpoint == "web.new_password":
        page = render_template("auth/new_password.html", errors={"present": [said]}, asks_present=True)
    else:
        return errorpages.too_often(error)
    answer = make_response(page, errorpages.TOO_OFTEN)
    answer.headers["Retry-After"] = str(throttling.seconds_left(throttling.next_attempt_at()))
    return answer
