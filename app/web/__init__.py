"""The lowest interface: layout, sign-in, error pages, and what every request goes through."""

from flask import Flask


def init(app: Flask) -> None:
    """Give the application its layout, sign-in and security headers."""
