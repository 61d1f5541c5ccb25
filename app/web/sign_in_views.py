"""Signing in with a password, signing out, and choosing another password."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address
from flask_login import current_user

from app.db import db, run_in_transaction, transaction
from app.errors import InvalidInput, NotAllowed
from app.people import passwords, queries, service
from app.people.current import current_person, current_sign_in
from app.people.models import Person, SignInWay
from app.web import demo_accounts, identity, kept, sign_in_page
from app.web.blueprint import blueprint
from app.web.boundary import opens_own_transactions
from app.web.security import limiter
from app.web.targets import safe_next
from app.web.throttling import PER_ADDRESS, WRONG_PER_ACCOUNT, by_account, by_person, was_wrong


@blueprint.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(PER_ADDRESS, key_func=get_remote_address, methods=["POST"], deduct_when=was_wrong)
@limiter.limit(WRONG_PER_ACCOUNT, key_func=by_account, methods=["POST"], deduct_when=was_wrong)
@opens_own_transactions
def sign_in() -> ResponseReturnValue:
    """The sign-in page; checks the password where no database lock is held."""
    target = safe_next(request.values.get("next"))
    if request.method == "GET":
        with transaction(writing=False):
            if current_user.is_authenticated:
                return redirect(target or url_for("tasklist.my_work"))
            return sign_in_page.page(target)
    email, password = request.form.get("email", ""), request.form.get("password", "")
    content, typed = kept.carried()
    if demo_accounts.is_refused(password):
        raise NotAllowed(_("The demo's accounts work only on the machine it runs on."))
    with transaction(writing=False) as reading:
        person = service.check_password(reading, email, password)
    if person is None:
        wrong = _("The address and the password do not fit together.")
        with transaction(writing=False):
            return sign_in_page.page(target, email=email, error=wrong, content=content, typed=typed), 422
    sign_in_here(person.id, SignInWay.PASSWORD, keep="keep" in request.form)
    return after_signing_in(person, target, typed)


def sign_in_here(person_id: int, way: SignInWay, *, keep: bool) -> None:
    """Sign somebody in at this browser, in a transaction of its own."""
    token = run_in_transaction(
        lambda writing: identity.begin(writing, queries.get_person(writing, person_id), way=way, keep=keep)
    )
    identity.take_up(token, keep=keep)


def after_signing_in(person: Person, target: str | None, typed: kept.Kept | None) -> ResponseReturnValue:
    """Where somebody goes who has just signed in: to what they had typed, or where they wanted to."""
    if typed is not None:
        answer = kept.go_on(person.id, typed)
        if not person.must_change_password:
            return answer
    if person.must_change_password:
        return redirect(url_for("web.new_password"))
    return redirect(target or url_for("tasklist.my_work"))


@blueprint.post("/sign-in/go-on")
@opens_own_transactions
def go_on() -> ResponseReturnValue:
    """Go on with what was typed, for somebody who signed in in another tab meanwhile."""
    content, typed = kept.carried()
    with transaction(writing=False):
        person = current_person() if current_user.is_authenticated else None
        if person is None:
            return sign_in_page.page(typed.page if typed else None, content=content, typed=typed), 401
    return after_signing_in(person, None, typed)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this browser's session: a copy of its cookie is worth nothing afterwards. Others go on."""
    identity.sign_out(db.session())
    return redirect(url_for("web.sign_in"))


@blueprint.route("/password", methods=["GET", "POST"])
# Somebody at an unlocked screen must not find the present password out by trying.
@limiter.limit(WRONG_PER_ACCOUNT, key_func=by_person, methods=["POST"], deduct_when=was_wrong)
@opens_own_transactions
def new_password() -> ResponseReturnValue:
    """Choose one's own password: asked for at once after a one-time one, else from the profile menu."""
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            token, keep = _change_password(request.form.get("present", ""), request.form.get("password", ""))
        except InvalidInput as error:
            errors = error.errors or {"password": [error.message]}
        else:
            identity.take_up(token, keep=keep)
            with transaction(writing=False):
                flash(_("Your new password holds from now on. Other browsers were signed out."))
            return redirect(url_for("tasklist.my_work"))
    with transaction(writing=False):
        identity.forget_who_asked()
        asks_present = _asks_present(current_person())
        page = render_template("auth/new_password.html", errors=errors, asks_present=asks_present)
        return page, 422 if errors else 200


def _asks_present(person: Person) -> bool:
    """Whether somebody has to know the present password: not who has none, or was given one and came by a link."""
    if person.password_hash is None:
        return False
    here = current_sign_in()
    return not (person.must_change_password and here is not None and here.way == SignInWay.LINK)


def _change_password(present: str, wanted: str) -> tuple[str, bool]:
    """Check the present password, store the new one's hash (made before the writing transaction opens) and go on.

    Returns this browser's new token, and whether it stays signed in.
    """
    person, here = current_person(), current_sign_in()
    person_id, keep = person.id, here is not None and here.is_kept
    way = here.way if here is not None else SignInWay.PASSWORD
    if _asks_present(person):
        if not passwords.matches(person.password_hash, present):
            wrong = _("This is not your current password.")
            raise InvalidInput(wrong, {"present": [wrong]})
        if wanted == present:
            same = _("Choose another password than the present one.")
            raise InvalidInput(same, {"password": [same]})
    passwords.check_strength(wanted)
    hashed = passwords.hash_password(wanted)

    def store(writing: object) -> str:
        opened = db.session()
        changed = queries.get_person(opened, person_id)
        service.set_password(opened, changed, hashed, by=changed)
        return identity.begin(opened, changed, way=way, keep=keep)

    return run_in_transaction(store), keep
