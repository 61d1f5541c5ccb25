"""A desk after a year: the seeds, copied into as many tickets as wanted, most of them closed long ago."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Table, func, select, text
from sqlalchemy.orm import Session

from app.db import run_in_transaction
from app.engine.models import TaskState, UserTask
from app.tickets import subjects
from app.tickets.list_models import TicketWords
from app.tickets.models import Category, Message, MessageKind, Ticket, TicketState
from app.tickets.numbers import BEFORE_FIRST
from app.tickets.search import normalized, words_of
from bench.pages import words
from bench.pages.copying import Copy, copy_tickets, give_next_ids, stride_of
from bench.pages.crowd import Crowd, add_crowd

DAY = 86_400
DAYS = 400
# Of all tickets, so many are still worked on; they came lately.
ACTIVE_SHARE = 0.08
ACTIVE_SECONDS = 3 * DAY // 2
# A hundred colleagues, and customers who ask about once a week.
TICKETS_OF_A_HOUSE, MOST_HOUSES = 330, 300
TICKETS_OF_A_BRANCH, MOST_BRANCHES = 10_000, 10


@dataclass(frozen=True)
class _Seed:
    """What every copy of a ticket has in common; an active one still has something to do for somebody."""

    ticket_id: int
    is_active: bool
    customer_id: int
    requester_id: int
    subject: str
    said: tuple[str, ...]
    first: str


def multiply(tickets: int) -> None:
    """Add copies of the desk's tickets until there are so many; needs an application context."""
    run_in_transaction(lambda session: _multiply(session, tickets))


def _multiply(session: Session, tickets: int) -> None:
    seeds = _seeds(session)
    wanted = tickets - len(seeds)
    if wanted <= 0:
        return
    houses = max(1, min(MOST_HOUSES, tickets // TICKETS_OF_A_HOUSE))
    branches = max(1, min(MOST_BRANCHES, tickets // TICKETS_OF_A_BRANCH))
    crowd = add_crowd(session, houses, branches)
    table: Table = Ticket.__table__  # type: ignore[assignment]  # SQLAlchemy says less than it is
    stride = stride_of(session, table)
    copy_tickets(session, crowd, stride, _copies(seeds, crowd, wanted, stride))
    give_next_ids(session)


def tell_planner() -> None:
    """Let PostgreSQL look at the tables, as its own housekeeping does on a desk; SQLite keeps no such house."""
    from app.db import db

    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _copies(seeds: list[_Seed], crowd: Crowd, wanted: int, stride: int) -> Iterator[Copy]:
    """The oldest first; lately active ones at the end."""
    chance, sentence_of = random.Random(5), words.sentences()
    active = [seed for seed in seeds if seed.is_active]
    done = [seed for seed in seeds if not seed.is_active]
    first_active = wanted - int(wanted * ACTIVE_SHARE)
    said_by_all = {seed.ticket_id: words_of("\n".join([seed.subject, *seed.said])) for seed in seeds}
    for place in range(wanted):
        seed = chance.choice(active if place >= first_active else done)
        house, branch = chance.randrange(len(crowd.houses)), chance.randrange(crowd.branches)
        if place >= first_active:
            seconds = -round(ACTIVE_SECONDS * (1 - (place - first_active) / (wanted - first_active)))
        else:
            seconds = -round(DAY * (1 + (DAYS - 1) * (1 - place / first_active)))
        sentence = next(sentence_of)
        number = str(BEFORE_FIRST + seed.ticket_id + stride * (place + 1))
        names = _names(crowd, seed, house)
        own = words_of(" ".join([f"S-{number} S{number}", *names, sentence]))
        yield Copy(
            number=place + 1,
            seed_id=seed.ticket_id,
            house=house,
            branch=branch,
            seconds=seconds,
            sentence=sentence,
            search_text=normalized("\n".join([f"S-{number} S{number}", seed.subject, *names, sentence, seed.first])),
            words=" ".join(dict.fromkeys([*own, *said_by_all[seed.ticket_id]])),
        )


def _names(crowd: Crowd, seed: _Seed, house: int) -> list[str]:
    known = crowd.houses[house]
    found = (known.contacts.get(seed.requester_id, ""), known.customers.get(seed.customer_id, ""))
    return [name for name in found if name]


def _seeds(session: Session) -> list[_Seed]:
    over = set(session.scalars(select(TicketState.key).where(TicketState.category == Category.CLOSED)))
    waiting = {
        subjects.ticket_of(session, task.subject).id
        for task in session.scalars(select(UserTask).where(UserTask.state == TaskState.OPEN))
    }
    said: dict[int, list[str]] = {}
    spoken = select(Message.ticket_id, Message.text).where(Message.kind != MessageKind.SYSTEM).order_by(Message.id)
    for ticket_id, written in session.execute(spoken):
        said.setdefault(ticket_id, []).append(written)
    return [
        _Seed(
            ticket.id,
            ticket.state_key not in over or ticket.id in waiting,
            ticket.customer_id,
            ticket.requester_id,
            ticket.subject,
            tuple(said.get(ticket.id, ())),
            said.get(ticket.id, [""])[0],
        )
        for ticket in session.scalars(select(Ticket).order_by(Ticket.id))
    ]


def counted(session: Session) -> dict[str, int]:
    """How many rows there are, for the heading of the benchmark."""
    return {
        "tickets": session.scalar(select(func.count(Ticket.id))) or 0,
        "found by words": session.scalar(select(func.count(TicketWords.ticket_id))) or 0,
    }
