"""`./run people …` and `./run teams …`: see and add people and teams, give passwords."""

from __future__ import annotations

import json
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app.db import run_in_transaction, transaction
from app.people import colleagues, passwords, queries, service, teams
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
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="What they may do; repeatable.",
)
@click.option(
    "--language",
    default="en",
    type=click.Choice([each.value for each in Language]),
    show_default=True,
    help="Language of the pages and mails they get.",
)
@click.option("--team", "team_keys", multiple=True, help="Key of a team to put the person into; repeatable.")
def add_person(email: str, name: str, roles: tuple[str, ...], language: str, team_keys: tuple[str, ...]) -> None:
    """Add somebody and print a one-time password for their first sign-in."""
    password = passwords.one_time_password()
    hashed = passwords.hash_password(password)

    def add(session: Session) -> None:
        details = {"name": name, "email": email, "language": language}
        person = colleagues.add_colleague(session, details, roles, by=None, password_hash=hashed)
        for key in team_keys:
            service.add_member(session, queries.get_team(session, key), person)

    run_in_transaction(add)
    click.echo(f"{email} can sign in with the password {password}")


@group.command("password")
@click.argument("email")
@click.option("--ask", is_flag=True, help="Type the password instead of getting a random one.")
def give_password(email: str, ask: bool) -> None:
    """Give somebody a new password, one that works once unless you type it; their sessions end."""
    password = passwords.one_time_password()
    if ask:
        password = click.prompt("New password", hide_input=True, confirmation_prompt=True)
    passwords.check_strength(password)
    # Hashing is slow by design: it is done before the database is locked.
    hashed = passwords.hash_password(password)

    def change(session: Session) -> None:
        person = _person(session, email)
        if ask:
            service.set_password(session, person, hashed, by=None)
        else:
            colleagues.reset_password(session, person, hashed, by=None)

    run_in_transaction(change)
    click.echo("The password is changed." if ask else f"{email} can sign in with the password {password}")


teams_group = AppGroup("teams", help="See and add teams, and put people into them.")


@teams_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def list_teams(as_json: bool) -> None:
    """List the active teams with their leads and members."""
    with transaction(writing=False) as session:
        rows: list[dict[str, Any]] = [
            {
                "key": team.key,
                "name": team.name,
                "lead": team.lead.email if team.lead else None,
                "members": [person.email for person in queries.members(session, team)],
            }
            for team in queries.teams(session)
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(f"{row['key']:<16} {row['name']:<28} {', '.join(row['members'])}")


@teams_group.command("add")
@click.argument("key")
@click.option("--name", required=True, help="What people call the team.")
@click.option("--email", help="A mailbox of the team.")
@click.option("--lead", "lead_address", help="Address of the person who leads it; they become a member too.")
def add_team(key: str, name: str, email: str | None, lead_address: str | None) -> None:
    """Add a team; diagrams and decision tables know it by KEY."""

    def add(session: Session) -> None:
        lead = _person(session, lead_address) if lead_address else None
        details = {"key": key, "name": name, "email": email or "", "lead": str(lead.id) if lead else ""}
        teams.add_team(session, details, by=None)

    run_in_transaction(add)
    click.echo(f"The team {key} is there.")


@teams_group.command("join")
@click.argument("key")
@click.argument("addresses", nargs=-1, required=True)
def join_team(key: str, addresses: tuple[str, ...]) -> None:
    """Put people into the team KEY."""

    def join(session: Session) -> None:
        team = queries.get_team(session, key)
        for address in addresses:
            service.add_member(session, team, _person(session, address))

    run_in_transaction(join)
    click.echo(f"{', '.join(addresses)}: in {key}.")


def _person(session: Session, address: str) -> Person:
    person = queries.person_by_email(session, address)
    if person is None:
        raise click.ClickException(f"Nobody has the address {address}.")
    return person


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
