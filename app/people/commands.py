"""`./run people …`: see and add people, give passwords."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app.db import run_in_transaction, transaction
from app.errors import DeskError
from app.people import passwords, queries, service
from app.people.models import Language, Person, Role

group = AppGroup("people", help="See and add people, give passwords.")


@group.command("list")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Only people with this role.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def list_people(role: str | None, as_json: bool) -> None:
    """List the active people by name."""
    with transaction(writing=False) as session:
        rows = [_row(person) for person in queries.everybody(session, role=role)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(f"{row['name']:<28} {row['email']:<36} {', '.join(row['roles'])}")


@group.command("add")
@click.argument("email")
@click.option("--name", required=True, help="How the person is called.")
@click.option("--role", "roles", multiple=True, type=click.Choice([role.value for role in Role]), help="Repeatable.")
@click.option(
    "--language",
    default="en",
    type=click.Choice([each.value for each in Language]),
    show_default=True,
    help="Language of the pages and mails they get.",
)
@click.option("--team", "teams", multiple=True, help="Key of a team to put the person into; repeatable.")
def add_person(email: str, name: str, roles: tuple[str, ...], language: str, teams: tuple[str, ...]) -> None:
    """Add somebody and print a password for their first sign-in."""
    password = passwords.one_time_password()
    hashed = passwords.hash_password(password)

    def add(session: Session) -> None:
        person = service.add_person(
            session, name=name, email=email, roles=roles, language=language, password_hash=hashed
        )
        for key in teams:
            service.add_member(session, queries.get_team(session, key), person)

    _run(add)
    click.echo(f"{email} can sign in with the password {password}")


@group.command("password")
@click.argument("email")
@click.option("--ask", is_flag=True, help="Type the password instead of getting a random one.")
def give_password(email: str, ask: bool) -> None:
    """Give somebody a new password; their sessions end."""
    password = passwords.one_time_password()
    if ask:
        password = click.prompt("New password", hide_input=True, confirmation_prompt=True)
    try:
        passwords.check_strength(password)
    except DeskError as error:
        raise click.ClickException(error.message) from error
    # Hashing is slow by design: it is done before the database is locked.
    hashed = passwords.hash_password(password)

    def change(session: Session) -> None:
        person = queries.person_by_email(session, email)
        if person is None:
            raise click.ClickException(f"Nobody has the address {email}.")
        service.set_password(session, person, hashed, by=None)

    _run(change)
    click.echo("The password is changed." if ask else f"{email} can sign in with the password {password}")


def _run(change: Callable[[Session], None]) -> None:
    try:
        run_in_transaction(change)
    except DeskError as error:
        raise click.ClickException(error.message) from error


def _row(person: Person) -> dict[str, Any]:
    roles = sorted(role.value for role in person.roles)
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "roles": roles,
        "language": str(person.language),
        "can_sign_in": person.password_hash is not None,
    }
