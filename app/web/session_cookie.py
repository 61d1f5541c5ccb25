"""When the session cookie is sent anew: with pages that somebody opens, never with what their page asks for by itself.

A session lasts as long as somebody uses the desk; a page that looks again each minute is no use. And an answer that was
on its way for a while would bring the cookie as it was before: what has been said meanwhile ("Reply sent") were lost.
"""

from __future__ import annotations

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

# Sent by pages that look again, and by parts of pages.
BY_ITSELF = ("X-Live", "HX-Request")


class SessionCookie(SecureCookieSessionInterface):
    """Flask's own cookie, refreshed by whole pages only."""

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether this answer brings the cookie: always when it changed."""
        if session.modified:
            return True
        if request.endpoint == "live.stream" or any(name in request.headers for name in BY_ITSELF):
            return False
        return super().should_set_cookie(app, session)
