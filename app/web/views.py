"""Signing in and out, choosing one's own password and language."""

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address
from flask_login import current_user, logout_user

from app.db import db, run_in_transaction, transaction
from app.errors import InvalidInput, NotAllowed
from app.people import passwords, queries, service
from app.people.current import current_person
from app.people.models import Person
from app.texts import LANGUAGES
from app.web import demo_accounts, identity
from app.web.access import safe_next
from app.web.boundary import opens_own_transactions
from app.web.language import COOKIE
from app.web.security import limiter

YEAR_SECONDS = 31_536_000

blueprint = Blueprint("web", __name__)


def _account() -> str:
    return f"account:{request.form.get('email', '').strip().lower()[:254]}"


def _person() -> str:
    return f"password:{current_user.get_id()}"


def _refused(response: object) -> bool:
    return getattr(response, "status_code", 200) == 422


@blueprint.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("40/minute", key_func=get_remote_address, methods=["POST"], deduct_when=_refused)
@limiter.limit("8/5 minutes", key_func=_account, methods=["POST"], deduct_when=_refused)
@opens_own_transactions
def sign_in() -> ResponseReturnValue:
    """The sign-in page; checks the password where no database lock is held."""
    target = safe_next(request.values.get("next"))
    if request.method == "GET":
        with transaction(writing=False):
            if current_user.is_authenticated:
                return redirect(target or url_for("tasklist.my_work"))
            return _sign_in_page(target)
    email, password = request.form.get("email", ""), request.form.get("password", "")
    if demo_accounts.is_refused(password):
        raise NotAllowed(_("The demo's accounts work only on the machine it runs on."))
    with transaction(writing=False) as reading:
        person = service.check_password(reading, email, password)
    if person is None:
        with transaction(writing=False):
            return _sign_in_page(target, email, _("The address and the password do not fit together.")), 422
    identity.sign_in(person, remember="remember" in request.form)
    if person.must_change_password:
        return redirect(url_for("web.new_password"))
    return redirect(target or url_for("tasklist.my_work"))


def _sign_in_page(target: str | None, email: str = "", error: str = "") -> str:
    demo = demo_accounts.offered(db.session())
    shown = {"target": target, "email": email, "error": error, "demo": demo, "demo_password": demo_accounts.PASSWORD}
    return render_template("auth/sign_in.html", **shown)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the person's sessions, here and elsewhere: a copy of a cookie is worth nothing afterwards."""
    service.end_sessions(db.session(), current_person())
    logout_user()
    session.clear()
    # Flask-Login asks for the remember cookie's removal through the session it has just lost.
    session["_remember"] = "clear"
    return redirect(url_for("web.sign_in"))


@blueprint.route("/password", methods=["GET", "POST"])
# Somebody at an unlocked screen must not find the present password out by trying.
@limiter.limit("8/5 minutes", key_func=_person, methods=["POST"], deduct_when=_refused)
@opens_own_transactions
def new_password() -> ResponseReturnValue:
    """Choose one's own password: asked for at once after a one-time one, else from the profile menu."""
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            person = _change_password(request.form.get("present", ""), request.form.get("password", ""))
        except InvalidInput as error:
            errors = error.errors or {"password": [error.message]}
        else:
            identity.sign_in(person, remember=False)
            flash(_("Your new password holds from now on. Other browsers were signed out."))
            return redirect(url_for("tasklist.my_work"))
    g.pop("_login_user", None)
    with transaction(writing=False):
        return render_template("auth/new_password.html", errors=errors), 422 if errors else 200


def _change_password(present: str, wanted: str) -> Person:
    """Check the present password and store the new one's hash, made before the writing transaction opens."""
    person_id, stored = current_person().id, current_person().password_hash
    if not passwords.matches(stored, present):
        wrong = _("This is not your present password.")
        raise InvalidInput(wrong, {"present": [wrong]})
    passwords.check_strength(wanted)
    if wanted == present:
        same = _("Choose another password than the present one.")
        raise InvalidInput(same, {"password": [same]})
    hashed = passwords.hash_password(wanted)

    def store(writing: object) -> Person:
        opened = db.session()
        person = queries.get_person(opened, person_id)
        service.set_password(opened, person, hashed, by=person)
        return person

    return run_in_transaction(store)


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
    allowed = {"web.new_password", "web.sign_out", "web.choose_language", "static"}
    if request.endpoint in allowed or not current_user.is_authenticated or not current_user.must_change_password:
        return None
    return redirect(url_for("web.new_password"))
