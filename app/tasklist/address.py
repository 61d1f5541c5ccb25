"""The address of My work: whose tasks, and every filter, so that they are there again when one comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.tasklist.filters import TaskFilters
from app.tasklist.grouping import GROUPS
from app.tasklist.kinds import Kind
from app.tickets.list_address import ListAddress, Pairs
from app.tickets.models import Priority

MINE: Final = "me"
TEAMS: Final = "teams"


@dataclass(frozen=True)
class WorkAddress(ListAddress):
    """What the address of My work asks for."""

    narrowing = ("q", "team", "customer", "type", "priority", "kind", "due")
    repeated = ("team", "type", "priority", "kind", "due")

    @classmethod
    def looks(cls, given: Mapping[str, list[str]]) -> Pairs:
        """Whose tasks: one's own, or those of one's teams."""
        of = given.get("of", [""])[0]
        return (("of", of),) if of in (MINE, TEAMS) else ()

    @property
    def is_of_teams(self) -> bool:
        """Whether the tasks of the teams are asked for, which is what one sees without saying."""
        return self.one("of") != MINE

    def whose(self, of: str) -> WorkAddress:
        """The same filters for one's own tasks, or for those of the teams."""
        return self.plus("of", of)

    @property
    def without_filters(self) -> WorkAddress:
        """The same tasks, all of them."""
        return WorkAddress.of(self.laid_out or (("of", TEAMS),))

    def filters(self, customer_id: int | None) -> TaskFilters:
        """The filters it names; a word that means nothing is passed over.

        Args:
            customer_id: who the customer is that it names by id or by name; 0 for nobody.
        """
        return TaskFilters(
            text=self.text,
            teams=self.many("team"),
            customer_id=customer_id,
            types=self.many("type"),
            priorities=[each for each in self.many("priority") if each in set(Priority)],
            kinds=[Kind(each) for each in self.many("kind") if each in set(Kind)],
            due=[each for each in self.many("due") if each in GROUPS],
        )
