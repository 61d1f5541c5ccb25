"""Who is signed in: what the session cookie remembers, and how it is checked."""

from datetime import timedelta

from flask import Flask, session
from flask_login import LoginManager, login_user

from app.people.current import load_person
from app.people.models import Person
from app.web.session_cookie import SessionCookie

SESSION_LIFETIME = timedelta(hours=12)
REMEMBERED = timedelta(days=30)

login_manager = LoginManager()


def sign_in(person: Person, *, remember: bool) -> None:
    """Start a fresh session for this person: nothing of the anonymous one lives on (session fixation)."""
    session.clear()
    session.permanent = True
    login_user(person, remember=remember, duration=REMEMBERED)


def init(app: Flask) -> None:
    """Load people from cookies that scripts cannot read and other sites cannot send."""
    settings = app.config["SETTINGS"]
    secure = settings.secure_cookies or settings.base_url.startswith("https://")
    app.config.update(
        SESSION_COOKIE_NAME="suport",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        REMEMBER_COOKIE_NAME="suport-remembered",
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=secure,
    )
    app.session_interface = SessionCookie()
    login_manager.session_protection = "basic"
    login_manager.user_loader(load_person)
    login_manager.init_app(app)
