"""What happens to the data before the first page: schema, shipped lists and diagrams, the first people."""

import logging
from dataclasses import asdict, dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import logs
from app.config import Settings

ADMINISTRATOR = "admin@desk.example"


@dataclass
class Prepared:
    """What the preparation found or made.

    Attributes:
        demo: the desk holds demo data.
        accounts: lines that tell who may sign in, shown once the desk answers.
    """

    demo: bool = False
    accounts: list[str] = field(default_factory=list)
    refused: str = ""

    def as_json(self) -> dict[str, object]:
        """Plain values, to be handed from process to process."""
        return asdict(self)


def demo_mark(settings: Settings) -> Path:
    """The file that says that this data folder belongs to a demo: its time may be moved, its passwords are known."""
    return settings.data / "demo"


def prepare(app: Flask, *, wants_demo: bool) -> Prepared:
    """Bring the database to this code's schema and content; on an empty one, make the first people."""
    from app.db import transaction
    from app.migrating import bring_up_to_date
    from app.people.models import Person

    settings: Settings = app.config["SETTINGS"]
    bring_up_to_date(settings)
    with app.app_context():
        ensure_shipped()
        with transaction(writing=False) as session:
            is_empty = not session.scalar(select(func.count()).select_from(Person))
        if not is_empty:
            marked = demo_mark(settings).exists()
            return Prepared(demo=marked, accounts=demo_accounts() if marked else [])
        if wants_demo:
            # Two weeks of a desk's life happen at once; what its log would say of them is no news to a visitor.
            logs.configure(logging.WARNING)
            load_demo(settings)
            logs.configure()
            return Prepared(demo=True, accounts=demo_accounts())
        return Prepared(accounts=add_administrator())


def ensure_shipped() -> None:
    """Add the lists every desk starts with, and deploy the shipped diagrams that are newer than the stored ones."""
    from app import FEATURES
    from app.db import run_in_transaction

    def body(session: Session) -> None:
        for feature in FEATURES:
            if find_spec(f"app.{feature}.service") is not None:
                ensure_lists = getattr(import_module(f"app.{feature}.service"), "ensure_lists", None)
                if ensure_lists is not None:
                    ensure_lists(session)
        import_module("app.engine.definitions").deploy_shipped(session)

    run_in_transaction(body)


def load_demo(settings: Settings) -> None:
    """Fill the desk with a company to try it on."""
    from app.db import run_in_transaction

    # Marked first: if loading breaks off, these data must never pass for a real desk's.
    demo_mark(settings).touch()
    run_in_transaction(import_module("app.demo").load)


def demo_accounts() -> list[str]:
    """Who may sign in to a demo, one line each."""
    return [str(line) for line in import_module("app.demo").accounts()]


def add_administrator() -> list[str]:
    """Make the first administrator; the password is shown once and has to be changed at the first sign-in."""
    from app.db import run_in_transaction
    from app.people import service
    from app.people.models import Role
    from app.people.passwords import hash_password, one_time_password

    password = one_time_password()
    # Before the transaction: hashing is slow on purpose.
    hashed = hash_password(password)

    def body(session: Session) -> None:
        person = service.add_person(session, name="Administrator", email=ADMINISTRATOR, roles=[Role.ADMINISTRATOR])
        service.set_password(session, person, hashed, by=None, one_time=True)

    run_in_transaction(body)
    return [f"{ADMINISTRATOR}   one-time password: {password}   (you choose your own when you sign in)"]
