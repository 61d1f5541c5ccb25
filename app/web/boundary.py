"""The request boundary: one transaction around each request."""

from flask import Flask


class Desk(Flask):
    """The Flask application whose requests are transactions."""
