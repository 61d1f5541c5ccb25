"""People, tickets and contracts for work entries."""

from tests.world import contact, contract, customer, person, team, ticket

__all__ = ["contact", "contract", "customer", "person", "team", "ticket"]
