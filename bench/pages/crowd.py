"""More colleagues and customers than the demo has: copies of its teams and companies under names of their own.

Ids say who is whose copy: in the nth copy, a row has its model's id and n times the table's stride.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from app.contracts.findable import found_by
from app.contracts.models import Contact, Contract, Customer
from app.engine.models import TEAM_SEPARATOR, TeamSet
from app.people.models import Membership, Person, PersonRole, PersonSkill, Team
from bench.engine.copies import insert_all
from bench.pages.words import listed

_FIRST: Final = listed(
    "Adina Adrian Alexandra Alina Anca Andreea Bogdan Carmen Cătălin Claudia Cornel Cosmin Daniela Delia Dorin "
    "Elena Emil Florin Gabriela Georgeta Ilinca Ionuț Irina Laurențiu Lidia Lucian Magda Marius Mircea Nicoleta "
    "Octavian Oana Paul Raluca Răzvan Roxana Sabina Ștefan Tudor Valentin Victoria Zenovia"
)
_LAST: Final = listed(
    "Albu Anton Avram Bălan Bratu Buzatu Călin Chiriță Cojocaru Constantinescu Crăciun Dănilă Diaconu Dragomir "
    "Enache Făgărășan Florea Gheorghiu Grosu Hurezeanu Iacob Ilieș Lazăr Lungu Manea Marinescu Moldovan Munteanu "
    "Neacșu Olteanu Oprea Păun Pătrașcu Preda Rădulescu Roșca Săvulescu Stanciu Șerban Toma Țăranu Ursache Văcaru "
    "Voicu Zamfir"
)
_PLACES: Final = listed(
    "Arad Bacău Bistrița Botoșani Brașov Brăila Buzău Călărași Craiova Deva Focșani Galați Giurgiu Mediaș Oradea "
    "Pitești Ploiești Reșița Roman Satu-Mare Sibiu Slatina Suceava Târgoviște Tecuci Timișoara Tulcea Turda Vaslui "
    "Zalău"
)


@dataclass(frozen=True)
class House:
    """The names of one copy of the demo's customers and contacts, by the ids of their models."""

    customers: Mapping[int, str]
    contacts: Mapping[int, str]


@dataclass(frozen=True)
class Crowd:
    """How the copies are numbered: strides by table name, and which people are contacts."""

    strides: Mapping[str, int]
    contact_ids: frozenset[int]
    unknown_customer_id: int
    houses: tuple[House, ...]
    branches: int


def add_crowd(session: Session, houses: int, branches: int) -> Crowd:
    """Add copies of the customers (`houses` in all, the demo's own included) and of the staff with their teams."""
    strides = {
        table.name: _stride(session, table) for table in map(_table, (Person, Team, Customer, Contract, Contact))
    }
    contacts = _rows(session, Contact)
    contact_ids = frozenset(row["person_id"] for row in contacts)
    customers = _rows(session, Customer)
    unknown = next(row["id"] for row in customers if row["is_unknown"])
    known = [row for row in customers if not row["is_unknown"]]
    people, roles = _rows(session, Person), _rows(session, PersonRole)
    asking = [row for row in people if row["id"] in contact_ids]
    working = [row for row in people if row["id"] not in contact_ids]
    chance, made = random.Random(3), [_first_house(known, asking)]
    for house in range(1, houses):
        made.append(_house(chance, known, asking, house))
        _add_house(session, strides, house, made[-1], known, asking, roles, contacts, unknown)
    sets = _rows(session, TeamSet)
    for branch in range(1, branches):
        _add_branch(session, strides, branch, chance, working, roles, sets)
    return Crowd(strides, contact_ids, unknown, tuple(made), branches)


def team_key(key: str, branch: int) -> str:
    """The key of a team's copy."""
    return f"{key}-{branch}" if branch else key


def _first_house(known: Iterable[dict[str, Any]], asking: Iterable[dict[str, Any]]) -> House:
    return House({row["id"]: row["name"] for row in known}, {row["id"]: row["name"] for row in asking})


def _house(
    chance: random.Random, known: Iterable[dict[str, Any]], asking: Iterable[dict[str, Any]], house: int
) -> House:
    return House(
        {row["id"]: f"{row['name'].split()[0]} {chance.choice(_PLACES)} {house}" for row in known},
        {row["id"]: f"{chance.choice(_FIRST)} {chance.choice(_LAST)}" for row in asking},
    )


def _add_house(
    session: Session,
    strides: Mapping[str, int],
    house: int,
    names: House,
    known: list[dict[str, Any]],
    asking: list[dict[str, Any]],
    roles: list[dict[str, Any]],
    contacts: list[dict[str, Any]],
    unknown_id: int,
) -> None:
    person, customer = strides["person"] * house, strides["customer"] * house
    insert_all(
        session,
        _table(Customer),
        ({**row, "id": row["id"] + customer, "name": names.customers[row["id"]]} for row in known),
    )
    _add_people(session, asking, roles, person, lambda row: names.contacts[row["id"]], f"h{house}")
    insert_all(
        session,
        _table(Contact),
        (
            {
                **row,
                "id": row["id"] + strides["contact"] * house,
                "person_id": row["person_id"] + person,
                "customer_id": row["customer_id"] + (0 if row["customer_id"] == unknown_id else customer),
                "found_by": found_by(
                    names.contacts[row["person_id"]], "", names.customers.get(row["customer_id"], ""), row["phone"]
                ),
            }
            for row in contacts
        ),
    )
    contracts = session.execute(select(_table(Contract)).where(Contract.id < strides["contract"])).mappings().all()
    insert_all(
        session,
        _table(Contract),
        (
            {
                **row,
                "id": row["id"] + strides["contract"] * house,
                "customer_id": row["customer_id"] + customer,
                "number": f"{row['number']}/{house}",
            }
            for row in contracts
        ),
    )


def _add_branch(
    session: Session,
    strides: Mapping[str, int],
    branch: int,
    chance: random.Random,
    working: list[dict[str, Any]],
    roles: list[dict[str, Any]],
    sets: list[dict[str, Any]],
) -> None:
    person, team = strides["person"] * branch, strides["team"] * branch
    _add_people(
        session, working, roles, person, lambda _row: f"{chance.choice(_FIRST)} {chance.choice(_LAST)}", f"b{branch}"
    )
    teams = session.execute(select(_table(Team)).where(Team.id < strides["team"])).mappings().all()
    insert_all(
        session,
        _table(Team),
        (
            {
                **row,
                "id": row["id"] + team,
                "key": team_key(row["key"], branch),
                "name": f"{row['name']} {branch}",
                "lead_id": row["lead_id"] + person if row["lead_id"] else None,
            }
            for row in teams
        ),
    )
    insert_all(
        session,
        _table(TeamSet),
        (
            {
                "name": TEAM_SEPARATOR.join(team_key(key, branch) for key in row["name"].split(TEAM_SEPARATOR)),
                "team_key": team_key(row["team_key"], branch),
            }
            for row in sets
        ),
    )
    for model, moved in ((Membership, {"team_id": team, "person_id": person}), (PersonSkill, {"person_id": person})):
        table = _table(model)
        rows = session.execute(select(table).where(table.c.person_id < strides["person"])).mappings().all()
        insert_all(session, table, ({**row, **{name: row[name] + by for name, by in moved.items()}} for row in rows))


def _add_people(
    session: Session,
    models: Iterable[dict[str, Any]],
    roles: Iterable[dict[str, Any]],
    stride: int,
    name_of: Any,
    prefix: str,
) -> None:
    ids = {row["id"] for row in models}
    insert_all(
        session,
        _table(Person),
        (
            {**row, "id": row["id"] + stride, "name": name_of(row), "email": f"{prefix}.{row['email']}"}
            for row in models
        ),
    )
    own = [row for row in roles if row["person_id"] in ids]
    insert_all(session, _table(PersonRole), ({**row, "person_id": row["person_id"] + stride} for row in own))


def _stride(session: Session, table: Table) -> int:
    return (session.scalar(select(func.max(table.c.id))) or 0) + 1


def _rows(session: Session, model: type) -> list[dict[str, Any]]:
    return [dict(row) for row in session.execute(select(_table(model))).mappings()]


def _table(model: type) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]  # every model has one
    return table
