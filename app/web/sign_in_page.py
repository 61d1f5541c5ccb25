"""The sign-in page, by itself or in place of a form that came too late."""

from __future__ import annotations

from flask import current_app, render_template
from flask.wrappers import Response

from app.config import Settings
from app.db import db
from app.web import demo_accounts, identity, kept
from app.web.kept import Kept

UNAUTHORIZED = 401


def page(target: str | None, *, email: str = "", error: str = "", content: str = "", typed: Kept | None = None) -> str:
    """The page.

    Args:
        target: where to go on to.
        content, typed: a form that is carried along, as it travels and as it is shown.
    """
    return render_template(
        "auth/sign_in.html",
        target=target,
        email=email,
        error=error,
        kept=content,
        typed=typed,
        ended=typed is not None or identity.came_without_knowing(),
        links=mails_links(),
        demo=demo_accounts.offered(db.session()),
        demo_password=demo_accounts.PASSWORD,
    )


def ask_again(typed: Kept) -> Response:
    """The page in answer to a form whose sender is not signed in any more: calm, with what they wrote."""
    content, word = kept.packed(typed)
    return kept.with_cookie(page(typed.page, content=content, typed=typed), word, UNAUTHORIZED)


def mails_links() -> bool:
    """Whether a link can be mailed: there is a mail server, or a demo in whose settings the mail can be read."""
    settings: Settings = current_app.config["SETTINGS"]
    return bool(settings.smtp_host) or settings.demo
