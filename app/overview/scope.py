"""Which part of the desk somebody looks at: its teams and, when chosen, one team and one customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.contracts.models import Customer
from app.errors import NotFound
from app.people import queries as people
from app.people.models import Person, Role, Team
from app.sla.compliance import Whose
from app.tickets import counting
from app.tickets import queries as tickets
from app.tickets.counting import ACTIVE
from app.tickets.filters import Filters

# They see every team; a team lead sees the teams that name them as their lead.
SEE_ALL = (Role.MANAGER, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class Scope:
    """What is looked at.

    Args:
        choices: the teams the reader may choose among.
        sees_all: whether that is every team, with the requests that have none.
        team: the chosen one; None for all of them.
    """

    choices: Sequence[Team]
    sees_all: bool
    team: Team | None = None
    customer: Customer | None = None

    @property
    def teams(self) -> Sequence[Team] | None:
        """The teams that count; None when everything does, also what has no team."""
        if self.team is not None:
            return [self.team]
        return None if self.sees_all else self.choices

    @property
    def team_ids(self) -> list[int] | None:
        """Their ids; None when everything counts."""
        return None if self.teams is None else [team.id for team in self.teams]

    @property
    def whose(self) -> Whose:
        """Whose deadlines count."""
        return Whose(self.team_ids, self.customer.id if self.customer else None)

    @property
    def contracts(self) -> ColumnElement[bool] | None:
        """The condition on `Contract` for what the teams work on; None for all of them."""
        return None if self.team_ids is None else counting.worked_on_by(self.team_ids)

    def filters(self, **more: Any) -> Filters:
        """Tickets that are not resolved, of the teams and the customer; `more` as for `tickets.filters.Filters`."""
        more.setdefault("categories", ACTIVE)
        return Filters(
            teams=[team.key for team in self.teams or ()],
            customer_id=self.customer.id if self.customer else None,
            **more,
        )

    @property
    def args(self) -> dict[str, Any]:
        """The scope as the address of this package's pages has it."""
        return {
            "team": self.team.key if self.team else None,
            "customer": self.customer.id if self.customer else None,
        }

    def link(self, endpoint: str, **more: Any) -> str:
        """The address of another page of this package, or of this one with something else."""
        return url_for(endpoint, **{**self.args, **more})

    def rows(self, endpoint: str, **more: Any) -> str:
        """The address of a list of another package, which knows teams by their keys."""
        keys = [team.key for team in self.teams or ()]
        return url_for(endpoint, team=keys, customer=self.args["customer"], **more)


def read(session: Session, reader: Person, args: Mapping[str, str]) -> Scope:
    """The scope that an address asks for.

    Raises:
        NotFound: it names a team that is not the reader's to look at, or a customer that is not there.
    """
    sees_all = reader.has_role(*SEE_ALL)
    choices = people.teams(session) if sees_all else people.led_by(session, reader)
    key, named = args.get("team", "").strip(), args.get("customer", "").strip()[:200]
    team = next((each for each in choices if each.key == key), None)
    if key and team is None:
        raise NotFound(_("There is no such team, or you do not lead it."))
    customer = session.get(Customer, tickets.customer_named(session, named)) if named else None
    if named and customer is None:
        raise NotFound(_("There is no such customer."))
    return Scope(choices, sees_all, team, customer)
