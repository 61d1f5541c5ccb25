"""Customers, their contacts, and the contracts with the hours that belong to them."""
