"""Who may open what: every endpoint has a row here, and a route without one fails the tests.

This table decides by role. Whether somebody may see *this* ticket or work on *this* task is decided by the queries
and services that read it: what one may not see is 404, what one sees but may not do is 403.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.errors import NotAllowed, NotFound
from app.people.models import STAFF_ROLES, Role


@dataclass(frozen=True)
class Rule:
    """Who may reach an endpoint.

    Args:
        roles: at least one of these is needed; None when anybody may, signed in or not.
        hidden: others are told that there is nothing (404) instead of that they may not (403).
    """

    roles: frozenset[Role] | None
    hidden: bool = True


ANYBODY = Rule(None)
SIGNED_IN = Rule(frozenset(Role))
STAFF = Rule(STAFF_ROLES)
WORKING = Rule(frozenset({Role.AGENT, Role.TEAM_LEAD, Role.MANAGER}), hidden=False)
CUSTOMERS = Rule(frozenset({Role.CUSTOMER}))
WATCHING = Rule(STAFF_ROLES)
MENDING = Rule(frozenset({Role.MANAGER, Role.ANALYST, Role.ADMINISTRATOR}), hidden=False)
ADMINISTRATORS = Rule(frozenset({Role.ADMINISTRATOR, Role.MANAGER}))

ACCESS: dict[str, Rule] = {
    "static": ANYBODY,
    "health.show": ANYBODY,
    "web.sign_in": ANYBODY,
    "web.sign_out": SIGNED_IN,
    "web.new_password": SIGNED_IN,
    "web.choose_language": ANYBODY,
    "styleguide.show": ANYBODY,  # 404 outside of development
    # Hints that something changed, for staff's pages that look again.
    "live.stream": STAFF,
    # My work and tasks. Customers have none; who may work on which task is `tasklist.service.may_work_on`.
    "tasklist.my_work": SIGNED_IN,  # sends customers to the portal
    "tasklist.show": STAFF,
    "tasklist.complete": STAFF,
    "tasklist.fields": STAFF,
    "tasklist.draft": STAFF,
    "tasklist.claim": STAFF,
    "tasklist.release": STAFF,
    # Tickets
    "tickets.index": STAFF,
    "tickets.show": STAFF,
    "tickets.new": WORKING,
    "tickets.add": WORKING,
    "tickets.callers_found": WORKING,
    "tickets.caller": WORKING,
    # Drafts are each person's own
    "tickets.keep_new": WORKING,
    "tickets.forget_new": WORKING,
    "tickets.note": STAFF,
    "tickets.assign": WORKING,
    "tickets.change": WORKING,
    "tickets.cancel": WORKING,
    "tickets.tag": WORKING,
    # The list: views are their owner's, results of bulk changes their author's (`saved_views`, `bulk`)
    "tickets.export_rows": STAFF,
    "tickets.save_view": STAFF,
    "tickets.change_view": STAFF,
    "tickets.delete_view": STAFF,
    "tickets.restore_view": STAFF,
    "tickets.choose_first_view": STAFF,
    "tickets.bulk": WORKING,
    "tickets.bulk_result": WORKING,
    "tickets.undo_bulk": WORKING,
    # Documents follow their ticket
    "documents.download": SIGNED_IN,
    "documents.add": STAFF,
    # What one was told: one's own only
    "notifications.index": SIGNED_IN,
    "notifications.open_one": SIGNED_IN,
    "notifications.mark_read": SIGNED_IN,
    # Instances
    "monitor.index": WATCHING,
    "monitor.show": WATCHING,
    "monitor.diagram": WATCHING,
    "monitor.retry": MENDING,
    "monitor.cancel": MENDING,
    # Portal
    "portal.index": CUSTOMERS,
    "portal.new": CUSTOMERS,
    "portal.add": CUSTOMERS,
    "portal.show": CUSTOMERS,
    "portal.reply": CUSTOMERS,
    "portal.confirm": CUSTOMERS,
    "portal.reopen": CUSTOMERS,
    "portal.cancel": CUSTOMERS,
    # Settings
    "settings.index": ADMINISTRATORS,
    "settings.outgoing_mail": ADMINISTRATORS,
    "settings.outgoing_one": ADMINISTRATORS,
    "settings.outgoing_html": ADMINISTRATORS,
    "settings.retry_outgoing": ADMINISTRATORS,
    "settings.received_mail": ADMINISTRATORS,
    "settings.received_one": ADMINISTRATORS,
    "settings.received_source": ADMINISTRATORS,
    "settings.retry_received": ADMINISTRATORS,
    "settings.profile": SIGNED_IN,
}


def check() -> ResponseReturnValue | None:
    """Before each request: refuse it, send it to the sign-in page, or let it through.

    Raises:
        NotFound: the endpoint is not for this person's roles, who need not know of it.
        NotAllowed: they see it but may not do it.
    """
    if request.endpoint is None:
        return None  # no such address: the routing error answers
    rule = ACCESS[request.endpoint]
    if rule.roles is None:
        return None
    if not current_user.is_authenticated:
        return _to_sign_in()
    if current_user.has_role(*rule.roles):
        return None
    if rule.hidden:
        raise NotFound(_("There is nothing here, or it is not for you."))
    raise NotAllowed(_("Your account may look at this, but not change it. Somebody who leads the team can."))


def may_open(endpoint: str) -> bool:
    """Whether the reader's roles open an endpoint: templates show only what works."""
    rule = ACCESS[endpoint]
    return rule.roles is None or (current_user.is_authenticated and current_user.has_role(*rule.roles))


def safe_next(target: str | None) -> str | None:
    """A place on this desk to go on to after signing in, or None: never another site (open redirect)."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return None
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or any(ord(char) < 32 for char in target):
        return None
    return target


def _to_sign_in() -> ResponseReturnValue:
    # A form that was sent after the session ended cannot be repeated by address: its page can.
    wanted = request.full_path.rstrip("?") if request.method == "GET" else _path_of(request.referrer or "")
    target = url_for("web.sign_in", next=safe_next(wanted) if wanted != "/" else None)
    if request.headers.get("HX-Request"):
        return "", 204, {"HX-Redirect": target}
    return redirect(target)


def _path_of(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        # Whoever asks may write anything there.
        return ""


def init(app: Flask) -> None:
    """Check every request."""
    app.before_request(check)
