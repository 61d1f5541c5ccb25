"""Tickets: a customer's request, its conversation, and where it stands."""
