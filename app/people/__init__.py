"""Everybody the desk knows: staff and contacts, their roles, teams and skills, and how they sign in."""
