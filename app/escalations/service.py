"""Asking for an escalation, choosing who could take it, deciding, accepting, and the way back."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import clock, events
from app.engine import service as engine
from app.errors import Conflict, InvalidInput, NotAllowed
from app.escalations import queries, targets
from app.escalations.events import EscalationDecided, EscalationRequested
from app.escalations.models import Escalation, EscalationKind, EscalationState
from app.people.models import Person, Skill, Team
from app.texts import gettext as _
from app.tickets import service as tickets
from app.tickets.models import State, Ticket


def request(
    session: Session,
    ticket: Ticket,
    *,
    reason: str,
    kind: EscalationKind | str = EscalationKind.ASKED,
    skill: str | None = None,
    by: Person | None = None,
) -> Escalation:
    """Ask that somebody else take a ticket; the escalation diagram carries it from here.

    A deadline that asks while an escalation is open gets that one: asking twice helps nobody.

    Args:
        skill: what the receiver must be good at; the decision table chooses when None.

    Raises:
        Conflict: the ticket is resolved, or a person asks while an escalation is open.
        InvalidInput: there is no reason, or no such skill.
    """
    kind = _kind(kind)
    if ticket.is_resolved:
        raise Conflict(_("%(number)s is resolved; reopen it before escalating.", number=ticket.number))
    present = queries.open_escalation(session, ticket.id)
    if present is not None:
        if kind is EscalationKind.OVERDUE:
            return present
        raise _already_open(ticket)
    _check(session, reason, skill)
    escalation = Escalation(
        ticket_id=ticket.id,
        kind=kind.value,
        reason=reason.strip(),
        skill=skill or None,
        asked_by_id=by.id if by else None,
        from_team_id=ticket.team_id,
        from_person_id=ticket.assignee_id,
        state=EscalationState.ASKED.value,
        created_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(escalation)
    except IntegrityError:
        # Another transaction asked between our look and our write.
        raise _already_open(ticket) from None
    tickets.add_system_line(session, ticket, f"escalation_{kind.value}", by=by, reason=escalation.reason)
    if kind is EscalationKind.ASKED:
        tickets.change_state(session, ticket, State.ESCALATED, by=by)
    requested = EscalationRequested(escalation_id=escalation.id, ticket_id=ticket.id, by_id=by.id if by else None)
    events.record(session, requested)
    return escalation


def choose_target(session: Session, escalation: Escalation, *, team: Team | None, skill: str | None) -> None:
    """Find who could take the ticket: the best level of the skill, then the fewest open tickets.

    Args:
        team: stands in when nobody has the skill, or no skill is asked for.

    Raises:
        Conflict: neither somebody with the skill nor a team is there.
    """
    wanted = skill or escalation.skill
    best = targets.best_person(session, escalation, wanted, team) if wanted else None
    chosen = targets.team_for(session, best, team) if best is not None else team
    if chosen is None and escalation.from_team_id is not None:
        chosen = session.get_one(Team, escalation.from_team_id)
    if chosen is None and best is None:
        raise Conflict(_("Nobody at the desk could take this; name a team in the table of targets."))
    escalation.skill = wanted
    escalation.to_team_id = chosen.id if chosen is not None else None
    escalation.to_person_id = best.id if best is not None else None
    session.flush()


def approve(session: Session, escalation: Escalation, *, by: Person | None, reason: str | None = None) -> None:
    """Agree that the ticket may go; the receiver is asked next.

    Raises:
        NotAllowed: the one who asked.
        Conflict: it is over already.
    """
    if escalation.state == EscalationState.APPROVED:
        return
    _refuse_own(escalation, by)
    _expect(escalation, EscalationState.ASKED)
    escalation.decided_by_id = by.id if by else None
    escalation.decision_reason = (reason or "").strip() or None
    _move(session, escalation, EscalationState.APPROVED, by)


def refuse(session: Session, escalation: Escalation, *, by: Person | None, reason: str) -> None:
    """Keep the ticket where it is; the reason comes back as an internal note.

    Raises:
        InvalidInput: there is no reason.
        NotAllowed: the one who asked.
        Conflict: it is over already.
    """
    if escalation.state == EscalationState.REFUSED:
        return
    _refuse_own(escalation, by)
    _expect(escalation, EscalationState.ASKED)
    _return(session, escalation, EscalationState.REFUSED, by, reason)


def accept(session: Session, escalation: Escalation, *, by: Person | None) -> None:
    """Take the ticket: it moves to the receiving team and person.

    Raises:
        Conflict: it is not approved, or over already.
    """
    if escalation.state == EscalationState.ACCEPTED:
        return
    _expect(escalation, EscalationState.APPROVED)
    ticket = session.get_one(Ticket, escalation.ticket_id)
    receiver = by or (session.get(Person, escalation.to_person_id) if escalation.to_person_id else None)
    escalation.accepted_by_id = receiver.id if receiver is not None else None
    if escalation.to_team_id is not None:
        tickets.assign_to_team(session, ticket, session.get_one(Team, escalation.to_team_id), by=by)
    tickets.assign_to_person(session, ticket, receiver, by=by)
    _move(session, escalation, EscalationState.ACCEPTED, by)
    _leave_escalated(session, ticket, by)


def decline(session: Session, escalation: Escalation, *, by: Person | None, reason: str) -> None:
    """Send the ticket back as the receiver; the reason comes back as an internal note.

    Raises:
        InvalidInput: there is no reason.
        Conflict: it is not approved, or over already.
    """
    if escalation.state == EscalationState.DECLINED:
        return
    _expect(escalation, EscalationState.APPROVED)
    _return(session, escalation, EscalationState.DECLINED, by, reason)


def report_back(session: Session, escalation: Escalation) -> None:
    """Tell the ticket's process how it ended."""
    ticket = session.get_one(Ticket, escalation.ticket_id)
    payload = {"accepted": escalation.state == EscalationState.ACCEPTED, "escalation": escalation.id}
    engine.send_message(session, "escalation_decided", ticket.process_subject, payload)


def cancel(session: Session, escalation: Escalation, *, by: Person | None = None) -> None:
    """End an escalation that has become pointless; one that is over stays as it ended."""
    if escalation.is_open:
        _move(session, escalation, EscalationState.CANCELLED, by)


def _return(session: Session, escalation: Escalation, state: EscalationState, by: Person | None, reason: str) -> None:
    if not reason.strip():
        message = _("Say why, so that the team knows how to go on.")
        raise InvalidInput(message, {"reason": [message]})
    ticket = session.get_one(Ticket, escalation.ticket_id)
    if state is EscalationState.REFUSED:
        escalation.decided_by_id = by.id if by else None
    escalation.decision_reason = reason.strip()
    _move(session, escalation, state, by)
    tickets.add_system_line(session, ticket, f"escalation_{state.value}", by=by)
    tickets.add_note(session, ticket, reason.strip(), author=by)
    _leave_escalated(session, ticket, by)


def _move(session: Session, escalation: Escalation, state: EscalationState, by: Person | None) -> None:
    escalation.state = state
    if not escalation.is_open:
        escalation.ended_at = clock.now()
    session.flush()
    decided = EscalationDecided(
        escalation_id=escalation.id,
        ticket_id=escalation.ticket_id,
        state=state.value,
        by_id=by.id if by else None,
    )
    events.record(session, decided)


def _leave_escalated(session: Session, ticket: Ticket, by: Person | None) -> None:
    if ticket.state_key == State.ESCALATED:
        back = State.IN_PROGRESS if ticket.assignee_id is not None else State.ASSIGNED
        tickets.change_state(session, ticket, back, by=by)


def _check(session: Session, reason: str, skill: str | None) -> None:
    errors: dict[str, list[str]] = {}
    if not reason.strip():
        errors["reason"] = [_("Say why somebody else should take it.")]
    if skill and session.get(Skill, skill) is None:
        errors["skill"] = [_("There is no skill “%(key)s”.", key=skill)]
    if errors:
        raise InvalidInput(_("This cannot be escalated as it is."), errors)


def _kind(kind: EscalationKind | str) -> EscalationKind:
    try:
        return EscalationKind(kind)
    except ValueError as error:
        raise InvalidInput(_("An escalation is asked for or overdue, not “%(kind)s”.", kind=kind)) from error


def _already_open(ticket: Ticket) -> Conflict:
    return Conflict(_("%(number)s is being escalated already; wait for that decision.", number=ticket.number))


def _refuse_own(escalation: Escalation, by: Person | None) -> None:
    if by is not None and by.id == escalation.asked_by_id:
        raise NotAllowed(_("Nobody decides on their own escalation; another approver will."))


def _expect(escalation: Escalation, state: EscalationState) -> None:
    if escalation.state != state:
        raise Conflict(_("This escalation is %(state)s already.", state=escalation.state))
