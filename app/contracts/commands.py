"""`./run customers …` and `./run contracts …`: see and add customers, their people and their contracts."""

from __future__ import annotations

import json
from datetime import datetime

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.contracts import service
from app.contracts.models import Contract, Customer, Level, Overrun, Period
from app.db import run_in_transaction, transaction
from app.people import queries as people_queries
from app.people import service as people
from app.people.models import Language, Role

customers_group = AppGroup("customers", help="See and add customers and their people.")
contracts_group = AppGroup("contracts", help="See and add contracts.")

_LEVELS = click.Choice([each.value for each in Level])
_DAY = click.DateTime(["%Y-%m-%d"])


@customers_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def list_customers(as_json: bool) -> None:
    """List the customers by name."""
    with transaction(writing=False) as session:
        found = session.scalars(select(Customer).order_by(Customer.name)).all()
        rows = [{"id": each.id, "name": each.name, "level": str(each.level)} for each in found]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(f"{row['id']:>5}  {row['name']:<40} {row['level']}")


@customers_group.command("add")
@click.argument("name")
@click.option("--level", type=_LEVELS, default="standard", show_default=True, help="Service level without a contract.")
@click.option("--domain", "domains", multiple=True, help="Mail domain of its people; repeatable.")
@click.option(
    "--language",
    type=click.Choice([each.value for each in Language]),
    default="ro",
    show_default=True,
    help="Of its mails.",
)
def add_customer(name: str, level: str, domains: tuple[str, ...], language: str) -> None:
    """Add the customer NAME; mail from its domains belongs to it."""
    run_in_transaction(
        lambda session: service.add_customer(session, name=name, level=level, domains=domains, language=language)
    )
    click.echo(f"{name} is a customer.")


@customers_group.command("contact")
@click.argument("customer")
@click.argument("address")
@click.option("--name", required=True, help="How the person is called.")
@click.option("--phone", help="Where they can be called.")
@click.option(
    "--sees-company/--sees-own",
    default=True,
    show_default=True,
    help="See every request of the customer in the portal, or only what they take part in.",
)
def add_contact(customer: str, address: str, name: str, phone: str | None, sees_company: bool) -> None:
    """Add somebody who speaks for CUSTOMER, or change what they see.

    They sign in with a link by mail, or with a password from `people password`.
    """

    def add(session: Session) -> None:
        owner = _customer(session, customer)
        person = people_queries.person_by_email(session, address) or people.add_person(
            session, name=name, email=address, roles=(Role.CUSTOMER,), language=owner.language
        )
        contact = service.add_contact(session, owner, person, phone=phone)
        service.let_see_company(session, contact, sees_company)

    run_in_transaction(add)
    click.echo(f"{address} speaks for {customer}.")


@contracts_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def list_contracts(as_json: bool) -> None:
    """List the contracts by number."""
    with transaction(writing=False) as session:
        found = session.scalars(select(Contract).order_by(Contract.number)).all()
        rows = [
            {
                "number": each.number,
                "customer": each.customer.name,
                "name": each.name,
                "level": str(each.level),
                "valid_from": each.valid_from.isoformat(),
                "valid_to": each.valid_to.isoformat() if each.valid_to else None,
                "included_minutes": each.included_minutes,
                "period": str(each.period),
            }
            for each in found
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(
            f"{row['number']:<14} {row['customer']:<32} {row['level']:<9} {row['valid_from']} – {row['valid_to']}"
        )


@contracts_group.command("add")
@click.argument("customer")
@click.argument("number")
@click.option("--name", required=True, help="What the contract is called.")
@click.option("--from", "valid_from", type=_DAY, required=True, help="First day, like 2026-01-01.")
@click.option("--to", "valid_to", type=_DAY, help="Last day; open when left out.")
@click.option("--level", type=_LEVELS, help="Service level; the customer's when left out.")
@click.option("--hours", type=click.IntRange(min=1), help="Included hours per period; unlimited when left out.")
@click.option("--period", type=click.Choice([each.value for each in Period]), default="month", help="Of the hours.")
@click.option("--rounding", type=click.IntRange(1, 480), default=1, show_default=True, help="Billed minutes per step.")
@click.option(
    "--overrun", type=click.Choice([each.value for each in Overrun]), default="approval", help="When used up."
)
@click.option(
    "--show-hours/--hide-hours", default=True, show_default=True, help="Whether the customer sees used and left hours."
)
@click.option("--responsible", help="Address of the colleague who answers for it.")
def add_contract(
    customer: str,
    number: str,
    name: str,
    valid_from: datetime,
    valid_to: datetime | None,
    level: str | None,
    hours: int | None,
    period: str,
    rounding: int,
    overrun: str,
    show_hours: bool,
    responsible: str | None,
) -> None:
    """Add the contract NUMBER of CUSTOMER."""

    def add(session: Session) -> None:
        person = people_queries.person_by_email(session, responsible) if responsible else None
        if responsible and person is None:
            raise click.ClickException(f"Nobody has the address {responsible}.")
        service.add_contract(
            session,
            _customer(session, customer),
            number=number,
            name=name,
            valid_from=valid_from.date(),
            valid_to=valid_to.date() if valid_to else None,
            level=level,
            included_minutes=hours * 60 if hours else None,
            period=period,
            rounding_minutes=rounding,
            overrun=overrun,
            shows_hours=show_hours,
            responsible=person,
        )

    run_in_transaction(add)
    click.echo(f"The contract {number} is there.")


def _customer(session: Session, name: str) -> Customer:
    customer = session.scalar(select(Customer).where(Customer.name == name))
    if customer is None:
        raise click.ClickException(f"There is no customer called {name}; see `customers list`.")
    return customer
