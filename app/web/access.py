"""Who may open what: every endpoint has a row here, and a route without one fails the tests.

This table decides by role. Whether somebody may see *this* ticket or work on *this* task is decided by the queries
and services that read it: what one may not see is 404, what one sees but may not do is 403.
"""

from dataclasses import dataclass

from flask import Flask, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.errors import NotAllowed, NotFound
from app.people.models import STAFF_ROLES, Role
from app.web import kept, sign_in_page
from app.web.targets import path_of, safe_next

# Says to a script that its reader is not signed in any more, and where they may.
SIGNED_OUT = "X-Signed-Out"

__all__ = ["ACCESS", "Rule", "check", "init", "may_open", "safe_next"]


@dataclass(frozen=True)
class Rule:
    """Who may reach an endpoint.

    Args:
        roles: at least one of these is needed; None when anybody may, signed in or not.
        hidden: others are told that there is nothing (404) instead of that they may not (403).
        seen_by: of those others, these see it all the same, and are told that they may not.
    """

    roles: frozenset[Role] | None
    hidden: bool = True
    seen_by: frozenset[Role] = frozenset()


ANYBODY = Rule(None)
SIGNED_IN = Rule(frozenset(Role))
STAFF = Rule(STAFF_ROLES)
WORKING = Rule(frozenset({Role.AGENT, Role.TEAM_LEAD, Role.MANAGER}), hidden=False)
CUSTOMERS = Rule(frozenset({Role.CUSTOMER}))
WATCHING = Rule(STAFF_ROLES)
MENDING = Rule(frozenset({Role.MANAGER, Role.ANALYST, Role.ADMINISTRATOR}), hidden=False)
OVERSEEING = Rule(frozenset({Role.MANAGER, Role.TEAM_LEAD, Role.ADMINISTRATOR}))
ADMINISTRATORS = Rule(frozenset({Role.ADMINISTRATOR, Role.MANAGER}))
# Managers look after people and teams; what requests are made of, only administrators change.
SETTING_UP = Rule(frozenset({Role.ADMINISTRATOR}), seen_by=frozenset({Role.MANAGER}))
RECORDS = Rule(frozenset({Role.ADMINISTRATOR}))

ACCESS: dict[str, Rule] = {
    "static": ANYBODY,
    "health.show": ANYBODY,
    # Signing in and what belongs to it; sessions are their owner's only (`people.sign_ins.own`)
    "web.sign_in": ANYBODY,
    "web.ask_for_link": ANYBODY,
    "web.open_link": ANYBODY,
    "web.forgotten": ANYBODY,
    "web.reset_password": ANYBODY,
    "web.go_on": ANYBODY,
    "web.session_state": ANYBODY,
    "web.signed_in": SIGNED_IN,
    "web.sign_out": SIGNED_IN,
    "web.new_password": SIGNED_IN,
    "web.sessions": SIGNED_IN,
    "web.end_session": SIGNED_IN,
    "web.end_other_sessions": SIGNED_IN,
    "web.choose_language": ANYBODY,
    "styleguide.show": ANYBODY,  # 404 outside of development
    # Hints that something changed, for pages that look again; what each reader is told is in `web.live`.
    "live.stream": SIGNED_IN,
    # My work and tasks. Customers have none; who may work on which task is `tasklist.service.may_work_on`.
    "tasklist.my_work": SIGNED_IN,  # sends customers to the portal
    "tasklist.show": STAFF,
    "tasklist.complete": STAFF,
    "tasklist.fields": STAFF,
    "tasklist.draft": STAFF,
    "tasklist.forget": STAFF,
    "tasklist.claim": STAFF,
    "tasklist.release": STAFF,
    # Saved filters are one's own, results of what was done to many their author's (`saved_filters`, `bulk`).
    "tasklist.save_filter": STAFF,
    "tasklist.change_filter": STAFF,
    "tasklist.delete_filter": STAFF,
    "tasklist.restore_filter": STAFF,
    "tasklist.choose_first_filter": STAFF,
    "tasklist.bulk": STAFF,
    "tasklist.undo_bulk": STAFF,
    # Tickets
    "tickets.index": STAFF,
    "tickets.show": STAFF,
    "tickets.new": WORKING,
    "tickets.add": WORKING,
    "tickets.messages": STAFF,
    "tickets.show_history": STAFF,
    "tickets.callers_found": WORKING,
    "tickets.caller": WORKING,
    # Drafts are each person's own
    "tickets.keep_new": WORKING,
    "tickets.forget_new": WORKING,
    "tickets.note": STAFF,
    "tickets.save_note_draft": STAFF,
    "tickets.assign": WORKING,
    "tickets.change": WORKING,
    "tickets.rename": WORKING,
    "tickets.undo": WORKING,
    "tickets.reopen": WORKING,
    "tickets.cancel": WORKING,
    "tickets.link_other": WORKING,
    "tickets.unlink_other": WORKING,
    "tickets.tag": WORKING,
    # The list: views are their owner's, results of bulk changes their author's (`saved_views`, `bulk`)
    "tickets.filter_form": STAFF,
    "tickets.customers_found": STAFF,
    "tickets.export_rows": STAFF,
    "tickets.save_view": STAFF,
    "tickets.change_view": STAFF,
    "tickets.delete_view": STAFF,
    "tickets.restore_view": STAFF,
    "tickets.choose_first_view": STAFF,
    "tickets.bulk": WORKING,
    "tickets.bulk_fields": WORKING,
    "tickets.choose_bulk": WORKING,
    "tickets.bulk_result": WORKING,
    "tickets.undo_bulk": WORKING,
    # Documents follow their ticket
    "documents.download": SIGNED_IN,
    "documents.preview": SIGNED_IN,
    "documents.index": STAFF,
    "documents.add": STAFF,
    "documents.remove": STAFF,  # only what one added oneself (`documents.service.take_back`)
    "documents.restore": STAFF,
    # Work and timers: customers never see them; entries are changed by their authors (`worklog.views`)
    "worklog.index": STAFF,
    "worklog.log": WORKING,
    "worklog.edit": WORKING,
    "worklog.revise": WORKING,
    "worklog.withdraw": WORKING,
    "worklog.start_timer": WORKING,
    "worklog.pause_timer": WORKING,
    "worklog.discard_timer": WORKING,
    "worklog.restore_timer": WORKING,
    # What a message leaves out of its mail, and who gets the mails
    "mail.original": STAFF,
    "mail.html": STAFF,
    "mail.frame": STAFF,
    "mail.add_participant": WORKING,
    "mail.remove_participant": WORKING,
    # What one was told: one's own only
    "notifications.index": SIGNED_IN,
    "notifications.open_one": SIGNED_IN,
    "notifications.mark_read": SIGNED_IN,
    "notifications.mark_one": SIGNED_IN,
    # Requests that nobody has
    "unassigned.index": STAFF,
    "unassigned.candidates": WORKING,
    "unassigned.assign": WORKING,
    # The overview. Team leads see the teams they lead only (`overview.scope`).
    "overview.index": OVERSEEING,
    "overview.deadlines": OVERSEEING,
    "overview.loads": OVERSEEING,
    "overview.work": OVERSEEING,
    "overview.contract_hours": OVERSEEING,
    "overview.contract": OVERSEEING,
    # Instances
    "monitor.index": WATCHING,
    "monitor.show": WATCHING,
    "monitor.diagram": WATCHING,
    "monitor.retry": MENDING,
    "monitor.retry_many": MENDING,
    "monitor.retried": MENDING,
    "monitor.suspend": MENDING,
    "monitor.resume": MENDING,
    "monitor.cancel": MENDING,
    # Portal: which requests somebody sees is `portal.queries.may_see`; drafts are their writer's only
    "portal.index": CUSTOMERS,
    "portal.contract": CUSTOMERS,
    "portal.new": CUSTOMERS,
    "portal.add": CUSTOMERS,
    "portal.questions": CUSTOMERS,
    "portal.keep_draft": CUSTOMERS,
    "portal.forget_draft": CUSTOMERS,
    "portal.show": CUSTOMERS,
    "portal.reply": CUSTOMERS,
    "portal.keep_reply": CUSTOMERS,
    "portal.confirm": CUSTOMERS,
    "portal.reopen": CUSTOMERS,
    "portal.cancel": CUSTOMERS,
    "portal.rate": CUSTOMERS,
    # Settings. Who may change whom is decided by `people.authority`.
    "settings.index": ADMINISTRATORS,
    "settings.people": ADMINISTRATORS,
    "settings.new_person": ADMINISTRATORS,
    "settings.add_person": ADMINISTRATORS,
    "settings.person": ADMINISTRATORS,
    "settings.change_person": ADMINISTRATORS,
    "settings.leaving": ADMINISTRATORS,
    "settings.deactivate_person": ADMINISTRATORS,
    "settings.reactivate_person": ADMINISTRATORS,
    "settings.reset_password": ADMINISTRATORS,
    "settings.invite_person": ADMINISTRATORS,
    "settings.contacts": ADMINISTRATORS,
    "settings.contact": ADMINISTRATORS,
    "settings.change_contact": ADMINISTRATORS,
    "settings.teams": ADMINISTRATORS,
    "settings.new_team": ADMINISTRATORS,
    "settings.add_team": ADMINISTRATORS,
    "settings.team": ADMINISTRATORS,
    "settings.change_team": ADMINISTRATORS,
    "settings.switch_team": ADMINISTRATORS,
    "settings.add_member": ADMINISTRATORS,
    "settings.remove_member": ADMINISTRATORS,
    "settings.skills": ADMINISTRATORS,
    "settings.add_skill": ADMINISTRATORS,
    "settings.rename_skill": ADMINISTRATORS,
    "settings.states": ADMINISTRATORS,
    "settings.new_state": SETTING_UP,
    "settings.add_state": SETTING_UP,
    "settings.state": SETTING_UP,
    "settings.change_state": SETTING_UP,
    "settings.move_state": SETTING_UP,
    "settings.switch_state": SETTING_UP,
    "settings.remove_state": SETTING_UP,
    "settings.types": ADMINISTRATORS,
    "settings.new_type": SETTING_UP,
    "settings.add_type": SETTING_UP,
    "settings.type": SETTING_UP,
    "settings.change_type": SETTING_UP,
    "settings.move_type": SETTING_UP,
    "settings.switch_type": SETTING_UP,
    "settings.remove_type": SETTING_UP,
    "settings.priorities": ADMINISTRATORS,
    "settings.changes": RECORDS,
    "settings.mail": ADMINISTRATORS,
    "settings.send_test": ADMINISTRATORS,
    "settings.outgoing_mail": ADMINISTRATORS,
    "settings.outgoing_one": ADMINISTRATORS,
    "settings.outgoing_html": ADMINISTRATORS,
    "settings.retry_outgoing": ADMINISTRATORS,
    "settings.retry_failed_outgoing": ADMINISTRATORS,
    "settings.received_mail": ADMINISTRATORS,
    "settings.received_one": ADMINISTRATORS,
    "settings.received_source": ADMINISTRATORS,
    "settings.retry_received": ADMINISTRATORS,
    "settings.retry_failed_received": ADMINISTRATORS,
    "settings.profile": SIGNED_IN,
    "settings.change_profile": SIGNED_IN,
    "settings.notices": SIGNED_IN,
    "settings.choose_notices": SIGNED_IN,
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
    if rule.hidden and not current_user.has_role(*rule.seen_by):
        raise NotFound(_("There is nothing here, or it is not for you."))
    raise NotAllowed(_("Your account may look at this, but not change it. Somebody who leads the team can."))


def may_open(endpoint: str) -> bool:
    """Whether the reader's roles open an endpoint: templates show only what works."""
    rule = ACCESS[endpoint]
    return rule.roles is None or (current_user.is_authenticated and current_user.has_role(*rule.roles))


def _to_sign_in() -> ResponseReturnValue:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else path_of(request.referrer or "")
    target = safe_next(wanted) if wanted != "/" else None
    if request.headers.get("HX-Request"):
        # The page stays as it is, with all that is typed on it, and says what happened.
        return "", 204, {SIGNED_OUT: url_for("web.sign_in", next=target)}
    typed = kept.of_request()
    if typed is not None:
        return sign_in_page.ask_again(typed)
    return redirect(url_for("web.sign_in", next=target))


def init(app: Flask) -> None:
    """Check every request."""
    app.before_request(check)
