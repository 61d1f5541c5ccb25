"""Links by mail: signing in without a password, and a new password for who forgot theirs.

Asking gets the same answer whether the desk knows the address or not. Opening a link only shows a button: programs
that look into mails open links too, and must not use them up.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address

from app.config import Settings
from app.db import db, run_in_transaction, transaction
from app.errors import InvalidInput, NotFound
from app.people import links, passwords, service
from app.people.models import LinkPurpose, Person, SignInWay
from app.web import identity, kept, sign_in_page
from app.web.blueprint import blueprint
from app.web.boundary import opens_own_transactions
from app.web.security import limiter
from app.web.sign_in_views import after_signing_in
from app.web.targets import safe_next
from app.web.throttling import LINKS_PER_ACCOUNT, PER_ADDRESS, by_account

LONGEST_TOKEN = 100


@blueprint.route("/sign-in/link", methods=["GET", "POST"])
@limiter.limit(PER_ADDRESS, key_func=get_remote_address, methods=["POST"])
@limiter.limit(LINKS_PER_ACCOUNT, key_func=by_account, methods=["POST"])
def ask_for_link() -> ResponseReturnValue:
    """Have a link mailed that signs in."""
    return _ask(LinkPurpose.SIGN_IN)


@blueprint.route("/sign-in/forgotten", methods=["GET", "POST"])
@limiter.limit(PER_ADDRESS, key_func=get_remote_address, methods=["POST"])
@limiter.limit(LINKS_PER_ACCOUNT, key_func=by_account, methods=["POST"])
def forgotten() -> ResponseReturnValue:
    """Have a link mailed under which a new password is chosen."""
    return _ask(LinkPurpose.PASSWORD)


@blueprint.route("/sign-in/link/<token>", methods=["GET", "POST"])
@limiter.limit(PER_ADDRESS, key_func=get_remote_address, methods=["POST"])
@opens_own_transactions
def open_link(token: str) -> ResponseReturnValue:
    """A mailed link: the page has the button that signs in."""
    try:
        with transaction(writing=False) as session:
            link = links.find(session, token[:LONGEST_TOKEN], LinkPurpose.SIGN_IN)
            if request.method == "GET":
                return render_template("auth/link.html", person=link.person, target=link.target)
        keep = "keep" in request.form
        sign_in_token, person, target = _use(token, SignInWay.LINK, keep=keep)
    except NotFound:
        return _dead(LinkPurpose.SIGN_IN)
    identity.take_up(sign_in_token, keep=keep)
    return after_signing_in(person, safe_next(target), None)


@blueprint.route("/sign-in/forgotten/<token>", methods=["GET", "POST"])
@limiter.limit(PER_ADDRESS, key_func=get_remote_address, methods=["POST"])
@opens_own_transactions
def reset_password(token: str) -> ResponseReturnValue:
    """A mailed link under which a new password is chosen; with it one is signed in here, and nowhere else."""
    errors: dict[str, list[str]] = {}
    try:
        with transaction(writing=False) as session:
            person = links.find(session, token[:LONGEST_TOKEN], LinkPurpose.PASSWORD).person
        if request.method == "POST":
            wanted = request.form.get("password", "")
            try:
                passwords.check_strength(wanted)
                # Slow by design: before the database is locked.
                hashed = passwords.hash_password(wanted)
            except InvalidInput as error:
                errors = error.errors or {"password": [error.message]}
            else:
                keep = "keep" in request.form
                identity.take_up(_reset(token, hashed, keep=keep), keep=keep)
                with transaction(writing=False):
                    flash(_("Your new password holds from now on. Other browsers were signed out."))
                return redirect(url_for("tasklist.my_work"))
    except NotFound:
        return _dead(LinkPurpose.PASSWORD)
    with transaction(writing=False):
        return render_template("auth/reset_password.html", errors=errors, person=person), 422 if errors else 200


def _ask(purpose: LinkPurpose) -> ResponseReturnValue:
    if not sign_in_page.mails_links():
        # Nothing could leave the house; the page says who helps.
        return render_template("auth/no_links.html", purpose=purpose.value)
    email, target = request.form.get("email", "").strip(), safe_next(request.values.get("next"))
    if request.method == "GET":
        return asking_page(request.endpoint, request.args.get("email", "")[:254], target, {})
    try:
        service.ask_for_link(db.session(), email, purpose, target=target or "")
    except InvalidInput as error:
        return asking_page(request.endpoint, email, target, error.errors), 422
    content, typed = kept.carried()
    settings: Settings = current_app.config["SETTINGS"]
    return render_template(
        "auth/link_sent.html",
        purpose=purpose.value,
        email=email,
        kept=content,
        typed=typed,
        minutes=links.MINUTES,
        sends_none=not settings.smtp_host,
    )


def asking_page(endpoint: str | None, email: str, target: str | None, errors: Mapping[str, list[str]]) -> str:
    """The page that asks for the address to which a link is mailed."""
    content, typed = kept.carried()
    purpose = LinkPurpose.PASSWORD if endpoint == "web.forgotten" else LinkPurpose.SIGN_IN
    shown = {"purpose": purpose.value, "target": target, "email": email, "kept": content, "typed": typed}
    return render_template("auth/ask_for_link.html", errors=errors, **shown)


def _use(token: str, way: SignInWay, *, keep: bool) -> tuple[str, Person, str]:
    """Use a link up and sign its person in, in one transaction: of two presses one succeeds."""

    def use(writing: object) -> tuple[str, Person, str]:
        session = db.session()
        link = links.find(session, token[:LONGEST_TOKEN], LinkPurpose.SIGN_IN)
        person = links.use(session, link)
        return identity.begin(session, person, way=way, keep=keep), person, link.target

    return run_in_transaction(use)


def _reset(token: str, hashed: passwords.PasswordHash, *, keep: bool) -> str:
    def reset(writing: object) -> str:
        session = db.session()
        person = links.use(session, links.find(session, token[:LONGEST_TOKEN], LinkPurpose.PASSWORD))
        service.set_password(session, person, hashed, by=person)
        return identity.begin(session, person, way=SignInWay.LINK, keep=keep)

    return run_in_transaction(reset)


def _dead(purpose: LinkPurpose) -> ResponseReturnValue:
    with transaction(writing=False):
        return render_template("auth/dead_link.html", purpose=purpose.value, minutes=links.MINUTES), 404
