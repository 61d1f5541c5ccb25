"""Telling people: notices inside the desk and by mail, from templates in each reader's language."""
