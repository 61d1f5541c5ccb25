"""How content customers are: one rating for each request, and what it adds up to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.contracts.models import Contact
from app.errors import Conflict, InvalidInput
from app.people.models import Person, Team
from app.tickets import lines, queries, ratings
from app.tickets import service as tickets
from app.tickets.models import Ticket
from tests.conftest import MORNING
from tests.world import Build, Recorded

At = Callable[[datetime], None]


@pytest.fixture
def solved(session: Session, ticket: Build[Ticket]) -> Build[Ticket]:
    def build(**details: object) -> Ticket:
        found = ticket(**details)
        tickets.resolve(session, found, by=None)
        return found

    return build


def test_a_request_has_one_rating_whoever_thinks_better_of_it(
    session: Session, solved: Build[Ticket], contact: Build[Contact], recorded: Recorded
) -> None:
    asked, ana = solved(), contact().person

    ratings.rate(session, asked, 2, "Slow.", by=ana)
    ratings.rate(session, asked, 4, by=ana)
    ratings.rate(session, asked, 4, by=ana)

    found = ratings.rating_of(session, asked)
    assert found is not None
    assert (found.score, found.comment, found.by, found.changed_at is not None) == (4, "", ana, True)
    assert [(each.payload["score"], each.payload["previous_score"]) for each in recorded("TicketRated")] == [
        (2, None),
        (4, 2),
    ]


def test_only_another_score_is_a_line_in_the_conversation(
    session: Session, solved: Build[Ticket], contact: Build[Contact]
) -> None:
    """Staff read it; customers, who said it, do not need to."""
    asked, ana = solved(), contact(name="Ana Pop").person
    ratings.rate(session, asked, 5, by=ana)
    ratings.rate(session, asked, 5, "And quick.", by=ana)

    lines = [each for each in queries.conversation(session, asked, for_customer=False) if each.line_key == "rated"]
    assert [line.text for line in lines] == ["Ana Pop rated the work: very good (5 of 5)."]
    assert all(each.line_key != "rated" for each in queries.conversation(session, asked, for_customer=True))


def test_what_is_open_or_cancelled_or_long_ago_is_not_rated(
    session: Session, ticket: Build[Ticket], solved: Build[Ticket], contact: Build[Contact], at: At
) -> None:
    ana = contact().person
    open_one, cancelled, old = ticket(), ticket(), solved()
    tickets.cancel(session, cancelled, "Not needed", by=ana)

    for each in (open_one, cancelled):
        with pytest.raises(Conflict):
            ratings.rate(session, each, 5, by=ana)
    at(MORNING + timedelta(days=14))
    ratings.rate(session, old, 5, by=ana)
    at(MORNING + timedelta(days=14, seconds=1))
    with pytest.raises(Conflict):
        ratings.rate(session, old, 4, by=ana)


def test_a_desk_that_asks_for_no_ratings_takes_none(
    app: Flask, session: Session, solved: Build[Ticket], contact: Build[Contact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], rating_days=0))
    asked = solved()

    assert not ratings.may_be_rated(asked)
    with pytest.raises(Conflict):
        ratings.rate(session, asked, 5, by=contact().person)


@pytest.mark.parametrize("score", [0, 6, -1])
def test_there_are_five_scores(session: Session, solved: Build[Ticket], contact: Build[Contact], score: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        ratings.rate(session, solved(), score, by=contact().person)

    assert list(refused.value.errors) == ["score"]


def test_ratings_add_up_for_a_time_a_team_and_a_customer(
    session: Session, solved: Build[Ticket], contact: Build[Contact], team: Build[Team], at: At
) -> None:
    network, ana, ion = team("network"), contact(), contact()
    for score, who, whose in ((5, ana, network), (4, ana, None), (1, ion, network)):
        asked = solved(requester=who.person)
        if whose is not None:
            asked.team = whose
        ratings.rate(session, asked, score, by=who.person)
    session.flush()
    at(MORNING + timedelta(days=10))
    ratings.rate(session, solved(requester=ion.person), 3, by=ion.person)

    def asked_of(**of: int) -> tuple[int, float | None, int | None]:
        found = ratings.satisfaction(session, MORNING, MORNING + timedelta(days=1), **of)
        return found.count, found.average, found.content_percent

    assert asked_of() == (3, 10 / 3, 67)
    assert asked_of(team_id=network.id) == (2, 3.0, 50)
    assert asked_of(customer_id=ana.customer_id) == (2, 4.5, 100)
    assert ratings.satisfaction(session, MORNING).count == 4
    nobody = ratings.satisfaction(session, MORNING + timedelta(days=20))
    assert (nobody.count, nobody.average, nobody.content_percent) == (0, None, None)
    low = session.query(Ticket).filter(ratings.was_rated(MORNING, scores=(1, 2))).all()
    assert [each.requester for each in low] == [ion.person]


def test_a_person_is_named_in_the_readers_language(
    session: Session, solved: Build[Ticket], person: Build[Person]
) -> None:
    asked = solved()
    ratings.rate(session, asked, 1, by=person(name="Ana"))

    line = next(each for each in queries.conversation(session, asked, for_customer=False) if each.line_key == "rated")
    assert lines.text_in("ro", line) == "Ana a evaluat: foarte slab (1 din 5)."
