"""Who is signed in: what the session cookie holds, how it is checked, and when it was last seen."""

from datetime import timedelta

import structlog
from flask import Flask, Response, g, request, session
from flask_login import LoginManager, current_user
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.db import run_in_transaction
from app.errors import DeskError
from app.people import sign_ins
from app.people.current import load_person
from app.people.models import Person, SignInWay
from app.web.session_cookie import SessionCookie

# Where Flask-Login looks; what stands there is the token of a `SignIn`.
TOKEN = "_user_id"
# Of the desk's first versions, which kept the sign-in in it: no longer read, and taken out of browsers.
OLD_REMEMBERED = "suport-remembered"

log = structlog.get_logger(__name__)

login_manager = LoginManager()


def begin(writing: Session, person: Person, *, way: SignInWay, keep: bool) -> str:
    """Sign somebody in at this browser, in whose place whoever was signed in here is not any more.

    Returns the token for `take_up`, which is called once the transaction has committed.
    """
    before = session.get(TOKEN)
    if isinstance(before, str):
        sign_ins.end_by_token(writing, before)
    agent, address = request.user_agent.string, request.remote_addr or ""
    return sign_ins.begin(writing, person, way=way, keep=keep, user_agent=agent, address=address)


def take_up(token: str, *, keep: bool) -> None:
    """Put a fresh session into the browser: nothing of the one before lives on (session fixation)."""
    session.clear()
    session[TOKEN] = token
    # Without it the cookie ends with the browser.
    session.permanent = keep
    forget_who_asked()


def sign_out(writing: Session) -> None:
    """End this browser's sign-in and empty its session."""
    token = session.get(TOKEN)
    if isinstance(token, str):
        sign_ins.end_by_token(writing, token)
    session.clear()
    forget_who_asked()


def came_without_knowing() -> bool:
    """Whether the cookie names a sign-in that does not hold any more: it ran out, or was ended elsewhere."""
    return TOKEN in session and not current_user.is_authenticated


def forget_who_asked() -> None:
    """Ask the database anew who this is: it changed in this very request."""
    g.pop("_login_user", None)
    g.pop("sign_in", None)


def _note_seen(response: Response) -> Response:
    """Now and then, after the answer is made, write down that this browser is in use."""
    sign_in = g.get("sign_in")
    if sign_in is None or not sign_ins.is_worth_noting(sign_in):
        return response
    address = request.remote_addr or ""
    try:
        run_in_transaction(lambda writing: sign_ins.note_seen(writing, sign_in, address))
    except (SQLAlchemyError, DeskError) as error:
        # The answer is there; the next request writes it down.
        log.warning("sign_in_not_noted", error=str(error))
    return response


def _tidy(response: Response) -> Response:
    if OLD_REMEMBERED in request.cookies:
        response.delete_cookie(OLD_REMEMBERED)
    return response


def init(app: Flask) -> None:
    """Load people from a cookie that scripts cannot read and other sites cannot send."""
    settings = app.config["SETTINGS"]
    app.config.update(
        SESSION_COOKIE_NAME="suport",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies or settings.base_url.startswith("https://"),
        # The cookie may live as long as any sign-in; the table says when one ends.
        PERMANENT_SESSION_LIFETIME=timedelta(days=sign_ins.LONGEST.days),
        # Flask-Login's own cookie is not used, and one of this name never written.
        REMEMBER_COOKIE_NAME="suport-unused",
    )
    app.session_interface = SessionCookie()
    # Bound to no address: people move between networks. What is stolen is ended from the list of sessions.
    login_manager.session_protection = None
    login_manager.user_loader(load_person)
    login_manager.init_app(app)
    app.after_request(_note_seen)
    app.after_request(_tidy)
