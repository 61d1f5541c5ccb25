"""Statements that are made once, asked on the driver's own connection: what they give is what the session would."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.db import run_in_transaction
from app.people.models import Person
from app.sql import Among
from app.statements import Question

PEOPLE = Question(
    select(Person.id, Person.name, Person.is_active, Person.created_at)
    .where(Among(Person.id, "ids"), Person.name != bindparam("name", None))
    .order_by(Person.id)
)
MOMENT = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)


def person(number: int) -> Person:
    return Person(id=number, name=f"Person {number}", email=f"p{number}@desk.example", created_at=MOMENT)


def test_rows_are_found_by_many_numbers_and_have_names(desk: Flask) -> None:
    """More numbers than a driver takes as parameters of their own; what was just added is written before."""

    def ask(session: Session) -> list[Any]:
        session.add_all(person(number) for number in range(1, 301))
        return PEOPLE.all(session, {"ids": range(2, 40_000, 2), "name": "Person 4"})

    rows = run_in_transaction(ask)

    assert [row.id for row in rows] == [2, *range(6, 301, 2)]
    assert rows[0] == (2, "Person 2", True, MOMENT)
    assert rows[0].is_active is True
    assert rows[0].created_at.tzinfo is UTC


@pytest.mark.parametrize("ids", [[], [7]])
def test_no_row_is_no_row(desk: Flask, ids: list[int]) -> None:
    found = run_in_transaction(
        lambda session: (PEOPLE.all(session, {"ids": ids, "name": ""}), PEOPLE.first(session, {"ids": ids, "name": ""}))
    )

    assert found == ([], None)


def test_columns_with_one_name_are_told_apart(desk: Flask) -> None:
    twice = Question(select(func.count(Person.id).label("number"), func.count(Person.name).label("number")))

    assert run_in_transaction(lambda session: twice.all(session, {})) == [(0, 0)]
