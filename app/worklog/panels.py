"""The work done for a ticket on its page: the reader's timer, a form for work, the entries and what they add up to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.forms.rendering import written_duration
from app.people import queries as people
from app.people.models import Person, Role
from app.texts import gettext as _
from app.tickets.history import Happening, history_source
from app.tickets.models import Ticket
from app.tickets.panels import Content, panel
from app.worklog import queries, service, timers
from app.worklog.models import WorkEntry, WorkEntryChange, WorkState

WORKING = (Role.AGENT, Role.TEAM_LEAD, Role.MANAGER)
# The panel has the newest ones; a page of its own has all.
SHOWN = 6


@panel("worklog", order=5, live="mine")
def work_done(session: Session, ticket: Ticket, reader: Person) -> Content | None:
    """The reader's timer, the newest entries with how far each is on its way to being counted, and the sums."""
    may_log = reader.has_role(*WORKING)
    page = queries.newest_of_ticket(session, ticket, most=SHOWN)
    if not (page.entries or may_log):
        return None
    totals, planned = queries.totals(session, ticket), ticket.type.estimated_minutes
    timer = timers.of(session, ticket, reader) if may_log else None
    values = {
        "ticket": ticket,
        "entries": page.entries,
        "has_more": page.before is not None,
        "totals": totals,
        "waiting": queries.waiting_for_approval(session, ticket),
        "planned": planned,
        "authors": people.people_by_ids(session, [entry.author_id for entry in page.entries]),
        "may_log": may_log and not ticket.is_closed,
        "may_revise": service.may_revise,
        "timer": timer,
        "timer_minutes": timers.worked_minutes(timer) if timer is not None else 0,
        "timer_seconds": timers.seconds_of(timer) if timer is not None else 0,
    }
    return Content("worklog/panel.html", values, title=_("Work"), note=_sum(totals.minutes, planned))


def _sum(worked: int, planned: int | None) -> str:
    if planned is None:
        return written_duration(worked) if worked else ""
    return str(_("%(worked)s of %(planned)s", worked=written_duration(worked), planned=written_duration(planned)))


@history_source("work")
def history(session: Session, ticket: Ticket, reader: Person, until: datetime, most: int) -> list[Happening]:
    """Entries that were logged, corrected and decided."""
    own = select(WorkEntry).where(WorkEntry.ticket_id == ticket.id)
    logged = own.where(WorkEntry.created_at <= until).order_by(WorkEntry.created_at.desc(), WorkEntry.id.desc())
    decided = own.where(
        WorkEntry.decided_at <= until, or_(WorkEntry.state == WorkState.APPROVED, WorkEntry.state == WorkState.REJECTED)
    ).order_by(WorkEntry.decided_at.desc(), WorkEntry.id.desc())
    changed = (
        select(WorkEntryChange)
        .join(WorkEntry, WorkEntry.id == WorkEntryChange.work_entry_id)
        .where(WorkEntry.ticket_id == ticket.id, WorkEntryChange.at <= until)
        .order_by(WorkEntryChange.at.desc(), WorkEntryChange.id.desc())
    )
    return [
        *(_logged(entry) for entry in session.scalars(logged.limit(most))),
        *(_decided(entry) for entry in session.scalars(decided.limit(most))),
        *(
            Happening(change.at, 4 * change.id + 1, _("Corrected a work entry"), "pencil", change.by_id)
            for change in session.scalars(changed.limit(most))
        ),
    ]


def _logged(entry: WorkEntry) -> Happening:
    time = written_duration(entry.minutes + entry.travel_minutes)
    words = _("Logged %(time)s of work", time=time)
    if entry.state == WorkState.WITHDRAWN:
        words = _("Logged %(time)s of work, since withdrawn", time=time)
    return Happening(entry.created_at, 4 * entry.id, words, "clock", entry.author_id)


def _decided(entry: WorkEntry) -> Happening:
    time = written_duration(entry.minutes + entry.travel_minutes)
    approved = entry.state == WorkState.APPROVED
    words = _("Work of %(time)s approved", time=time) if approved else _("Work of %(time)s returned", time=time)
    icon = "check" if approved else "x"
    return Happening(entry.decided_at or entry.created_at, 4 * entry.id + 2, words, icon, entry.decided_by_id)
