"""How content customers are: said once for each request, changeable for some days, counted for managers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from app import clock, events
from app.config import Settings
from app.errors import Conflict, InvalidInput
from app.people.models import Person
from app.texts import gettext as _
from app.tickets.conversation import add_system_line, storable
from app.tickets.events import TicketRated
from app.tickets.models import State, Ticket, TicketRating

LONGEST_COMMENT = 2000

# What each score is called, best first.
WORDS: dict[int, dict[str, str]] = {
    5: {"en": "very good", "ro": "foarte bine"},
    4: {"en": "good", "ro": "bine"},
    3: {"en": "so-so", "ro": "așa și așa"},
    2: {"en": "poor", "ro": "slab"},
    1: {"en": "very poor", "ro": "foarte slab"},
}


@dataclass(frozen=True)
class Satisfaction:
    """How content customers were with the requests they rated in a time.

    Args:
        average: of the scores, 1 to 5; None when nobody rated anything.
        by_score: how many gave each score.
    """

    count: int
    average: float | None
    by_score: dict[int, int]

    @property
    def content_percent(self) -> int | None:
        """The share of good and very good ones."""
        return round(100 * (self.by_score[4] + self.by_score[5]) / self.count) if self.count else None


def may_be_rated_until(ticket: Ticket) -> datetime | None:
    """Until when a ticket may be rated, or its rating changed; None when it may not: open, cancelled, not asked."""
    if not ticket.is_resolved or ticket.state_key == State.CANCELLED:
        return None
    solved_at = ticket.closed_at or ticket.resolved_at
    settings: Settings = current_app.config["SETTINGS"]
    if solved_at is None or not settings.rating_days:
        return None
    return solved_at + timedelta(days=settings.rating_days)


def may_be_rated(ticket: Ticket) -> bool:
    """Whether a ticket may be rated now."""
    until = may_be_rated_until(ticket)
    return until is not None and clock.now() <= until


def rate(session: Session, ticket: Ticket, score: int, comment: str = "", *, by: Person) -> TicketRating:
    """Say how content the customer is; saying the same again changes nothing.

    Raises:
        Conflict: the ticket is not solved, or it was too long ago.
        InvalidInput: there is no such score, or the comment is too long.
    """
    if not may_be_rated(ticket):
        raise Conflict(_("%(number)s cannot be rated now.", number=ticket.number))
    if score not in WORDS:
        raise InvalidInput(_("Choose one of the answers."), {"score": [_("Choose one of the answers.")]})
    words = storable(comment).strip()
    if len(words) > LONGEST_COMMENT:
        too_long = _("Keep this to %(most)s characters.", most=LONGEST_COMMENT)
        raise InvalidInput(too_long, {"comment": [too_long]})
    rating = session.get(TicketRating, ticket.id)
    if rating is not None and (rating.score, rating.comment) == (score, words):
        return rating
    previous = rating.score if rating is not None else None
    if rating is None:
        rating = TicketRating(ticket_id=ticket.id, rated_at=clock.now())
        session.add(rating)
    else:
        rating.changed_at = clock.now()
    rating.score, rating.comment, rating.by = score, words, by
    session.flush()
    if score != previous:
        add_system_line(session, ticket, "rated", by=by, person=by.name, words=WORDS[score], score=score)
    events.record(session, TicketRated(ticket_id=ticket.id, score=score, by_id=by.id, previous_score=previous))
    return rating


def rating_of(session: Session, ticket: Ticket) -> TicketRating | None:
    """What the customer said of a ticket."""
    found = select(TicketRating).where(TicketRating.ticket_id == ticket.id).options(joinedload(TicketRating.by))
    return session.scalar(found)


def satisfaction(
    session: Session,
    since: datetime,
    until: datetime | None = None,
    *,
    team_id: int | None = None,
    assignee_id: int | None = None,
    customer_id: int | None = None,
) -> Satisfaction:
    """How content customers were with the requests they rated in a time.

    Args:
        until: now when None.
        team_id, assignee_id, customer_id: whose requests only; everybody's when None.
    """
    counted = select(TicketRating.score, func.count()).where(*_rated_between(since, until))
    whose = {Ticket.team_id: team_id, Ticket.assignee_id: assignee_id, Ticket.customer_id: customer_id}
    wanted = [column == value for column, value in whose.items() if value is not None]
    if wanted:
        counted = counted.join(Ticket, Ticket.id == TicketRating.ticket_id).where(*wanted)
    by_score = dict.fromkeys(sorted(WORDS), 0)
    by_score |= {score: int(number) for score, number in session.execute(counted.group_by(TicketRating.score))}
    count = sum(by_score.values())
    total = sum(score * number for score, number in by_score.items())
    return Satisfaction(count, total / count if count else None, by_score)


def was_rated(since: datetime, until: datetime | None = None, scores: tuple[int, ...] = ()) -> ColumnElement[bool]:
    """The condition on `Ticket` that it was rated in a time, with one of these scores: the rows behind the figure."""
    found = select(TicketRating.ticket_id).where(*_rated_between(since, until))
    return Ticket.id.in_(found.where(TicketRating.score.in_(scores)) if scores else found)


def _rated_between(since: datetime, until: datetime | None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return TicketRating.rated_at >= since, TicketRating.rated_at < (until or clock.now() + timedelta(seconds=1))
