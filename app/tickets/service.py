"""What may be done to a ticket. `by` is the person who does it, None when the process does."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app import clock, events
from app.errors import Conflict, InvalidInput
from app.people import queries as people
from app.people.models import Person, Team
from app.texts import gettext as _
from app.tickets import reopening
from app.tickets.changing import (
    LONGEST_SUBJECT,
    change_customer,
    change_priority,
    change_subject,
    change_type,
    state_of,
)
from app.tickets.conversation import (
    add_message,
    add_note,
    add_participant,
    add_system_line,
    remove_participant,
    reply,
    storable,
)
from app.tickets.events import (
    CustomerWrote,
    TicketAssigned,
    TicketCancelled,
    TicketConfirmed,
    TicketReopened,
    TicketStateChanged,
)
from app.tickets.lists import ensure_lists
from app.tickets.models import (
    Category,
    Channel,
    Message,
    MessageKind,
    State,
    Ticket,
    TicketState,
)
from app.tickets.opening import open_ticket

__all__ = [
    "LONGEST_SUBJECT",
    "add_customer_message",
    "add_note",
    "add_participant",
    "add_system_line",
    "assign_to_person",
    "assign_to_team",
    "cancel",
    "change_customer",
    "change_priority",
    "change_state",
    "change_subject",
    "change_type",
    "close",
    "confirm",
    "ensure_lists",
    "open_ticket",
    "remove_participant",
    "reopen",
    "reply",
    "resolve",
    "take_from_team",
    "take_over",
]


def add_customer_message(
    session: Session,
    ticket: Ticket,
    *,
    author: Person,
    text: str,
    html: str | None = None,
    channel: Channel | str,
    mail_message_id: str | None = None,
) -> Message:
    """Add what the customer wrote; the process learns of it.

    A ticket closed not long ago (`reopen_working_days`) opens again with a new process. Later, the message opens a
    new ticket that follows the closed one: look at `message.ticket`.
    """
    if ticket.is_closed and not reopening.may_reopen(session, ticket):
        following = open_ticket(
            session,
            subject=ticket.subject,
            text=text,
            requester=author,
            channel=channel,
            type_key=ticket.type_key,
            customer=ticket.customer,
            html=html,
            mail_message_id=mail_message_id,
            previous=ticket,
        )
        return session.query(Message).filter_by(ticket_id=following.id).order_by(Message.id).limit(1).one()
    if ticket.is_closed:
        reopen(session, ticket, by=author)
    written = add_message(
        session,
        ticket,
        MessageKind.CUSTOMER,
        text,
        author=author,
        channel=channel,
        html=html,
        mail_message_id=mail_message_id,
    )
    events.record(session, CustomerWrote(ticket_id=ticket.id, message_id=written.id, author_id=author.id))
    return written


def assign_to_team(session: Session, ticket: Ticket, team: Team, *, by: Person | None) -> None:
    """Hand the ticket to a team; an assignee who does not work in it is released.

    Raises:
        Conflict: the ticket is already resolved.
    """
    _refuse_resolved(ticket)
    # A retried process step calls us twice: only a real change may notify.
    if ticket.team_id == team.id:
        return
    keeps = ticket.assignee_id is not None and people.is_member(session, team.id, ticket.assignee_id)
    _assign(session, ticket, team, ticket.assignee if keeps else None, by, "assigned_team", team=team.name)


def assign_to_person(session: Session, ticket: Ticket, person: Person | None, *, by: Person | None) -> None:
    """Make somebody at the desk responsible, or, with None, nobody in particular.

    Raises:
        Conflict: the ticket is already resolved.
        InvalidInput: the person does not work at the desk.
    """
    _refuse_resolved(ticket)
    if ticket.assignee_id == (person.id if person else None):
        return
    if person is not None and not (person.is_active and person.is_staff):
        raise InvalidInput(_("%(name)s does not work at the desk.", name=person.name))
    if person is not None:
        _assign(session, ticket, ticket.team, person, by, "assigned_person", person=person.name)
    else:
        _assign(session, ticket, ticket.team, None, by, "unassigned")


def take_from_team(session: Session, ticket: Ticket, *, by: Person | None) -> None:
    """Leave the ticket without a team, as it was before somebody gave it to one; whoever has it keeps it.

    Raises:
        Conflict: the ticket is already resolved.
    """
    _refuse_resolved(ticket)
    if ticket.team_id is not None:
        _assign(session, ticket, None, ticket.assignee, by, "no_team")


def take_over(session: Session, ticket: Ticket, person: Person, *, by: Person | None) -> None:
    """Let somebody begin to work on the ticket."""
    assign_to_person(session, ticket, person, by=by)
    change_state(session, ticket, State.IN_PROGRESS, by=by)


def change_state(session: Session, ticket: Ticket, state_key: State | str, *, by: Person | None) -> None:
    """Move the ticket to a state of the list; the state's category moves the clocks.

    Raises:
        InvalidInput: the list has no such state.
        Conflict: the ticket is closed; only `reopen` opens it again.
    """
    state = state_of(session, state_key)
    if ticket.state_key == state.key:
        return
    if ticket.is_closed:
        raise Conflict(_("%(number)s is closed; reopen it first.", number=ticket.number))
    line = state.key if state.key in (State.RESOLVED, State.CLOSED) else "state"
    _move(session, ticket, state, by, line, **({"state": state.labels} if line == "state" else {}))


def resolve(session: Session, ticket: Ticket, *, by: Person | None) -> None:
    """Say that the work is done; a ticket that is resolved or closed stays so."""
    if not ticket.is_resolved:
        change_state(session, ticket, State.RESOLVED, by=by)


def close(session: Session, ticket: Ticket, *, by: Person | None) -> None:
    """Put the ticket away; a closed or cancelled one stays so."""
    if not ticket.is_closed:
        change_state(session, ticket, State.CLOSED, by=by)


def cancel(session: Session, ticket: Ticket, reason: str, *, by: Person | None) -> None:
    """End a request that is not wanted any more; its process ends with it.

    Raises:
        Conflict: the ticket is closed already.
    """
    if ticket.state_key == State.CANCELLED:
        return
    if ticket.is_closed:
        raise Conflict(_("%(number)s is closed already.", number=ticket.number))
    _move(session, ticket, state_of(session, State.CANCELLED), by, "cancelled", reason=storable(reason))
    events.record(session, TicketCancelled(ticket_id=ticket.id, reason=storable(reason), by_id=_id(by)))


def confirm(session: Session, ticket: Ticket, *, by: Person | None) -> None:
    """Take down that the customer is content with the solution; a closed ticket needs no confirming.

    Raises:
        Conflict: there is no solution yet.
    """
    if ticket.is_closed:
        return
    if not ticket.is_resolved:
        raise Conflict(_("%(number)s is not resolved yet.", number=ticket.number))
    add_system_line(session, ticket, "confirmed", by=by, person=by.name if by else ticket.requester.name)
    events.record(session, TicketConfirmed(ticket_id=ticket.id, by_id=_id(by)))


def reopen(session: Session, ticket: Ticket, *, by: Person | None) -> None:
    """Open a resolved or closed ticket again; a closed one begins a new process. An open one stays as it is."""
    if not ticket.is_resolved:
        return
    was_closed = ticket.is_closed
    back = State.IN_PROGRESS if ticket.assignee_id else State.ASSIGNED if ticket.team_id else State.NEW
    ticket.reopened_count += 1
    _move(session, ticket, state_of(session, back), by, "reopened")
    events.record(session, TicketReopened(ticket_id=ticket.id, was_closed=was_closed, by_id=_id(by)))


def _assign(
    session: Session,
    ticket: Ticket,
    team: Team | None,
    person: Person | None,
    by: Person | None,
    line: str,
    /,
    **values: Any,
) -> None:
    before = (ticket.team_id, ticket.assignee_id)
    ticket.team, ticket.assignee = team, person
    _note_whether_assigned(ticket)
    # Its flush writes the ticket too.
    add_system_line(session, ticket, line, by=by, **values)
    events.record(
        session,
        TicketAssigned(
            ticket_id=ticket.id,
            team_id=ticket.team_id,
            assignee_id=ticket.assignee_id,
            previous_team_id=before[0],
            previous_assignee_id=before[1],
            by_id=_id(by),
        ),
    )


def _move(session: Session, ticket: Ticket, state: TicketState, by: Person | None, line: str, /, **values: Any) -> None:
    before, moment = ticket.state, clock.now()
    category = Category(state.category)
    ticket.state = state
    ticket.updated_at = moment
    if category in (Category.RESOLVED, Category.CLOSED):
        # Closing keeps the moment of the solution; a ticket closed or cancelled without one has none.
        ticket.resolved_at = ticket.resolved_at or (moment if category is Category.RESOLVED else None)
        ticket.closed_at = moment if category is Category.CLOSED else None
    else:
        ticket.resolved_at = ticket.closed_at = None
    _note_whether_assigned(ticket)
    # Its flush writes the ticket too.
    add_system_line(session, ticket, line, by=by, **values)
    events.record(
        session,
        TicketStateChanged(
            ticket_id=ticket.id,
            from_state=before.key,
            to_state=state.key,
            from_category=before.category,
            to_category=state.category,
            by_id=_id(by),
        ),
    )


def _note_whether_assigned(ticket: Ticket) -> None:
    """Begin, keep or end the time in which nobody in particular has the ticket."""
    if ticket.assignee is not None or ticket.is_resolved:
        ticket.unassigned_since = None
    elif ticket.unassigned_since is None:
        ticket.unassigned_since = clock.now()


def _refuse_resolved(ticket: Ticket) -> None:
    if ticket.is_resolved:
        raise Conflict(_("%(number)s is resolved; reopen it before assigning.", number=ticket.number))


def _id(person: Person | None) -> int | None:
    return person.id if person else None
