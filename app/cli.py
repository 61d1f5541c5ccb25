"""The desk's own command line: `./run WORD …` runs `flask WORD …` with the groups of every feature."""

from importlib import import_module
from importlib.util import find_spec

import click
from flask import Flask


def init(app: Flask) -> None:
    """Add each feature's `commands.py` groups."""
    from app import FEATURES

    for feature in FEATURES:
        if find_spec(f"app.{feature}") is None or find_spec(f"app.{feature}.commands") is None:
            continue
        for member in vars(import_module(f"app.{feature}.commands")).values():
            if isinstance(member, click.Group):
                app.cli.add_command(member)
