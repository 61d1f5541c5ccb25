"""The tables of customers, contacts, contracts and counted hours."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model, UTCDateTime, one_of
from app.people.models import Language, Person


class Level(StrEnum):
    """The service level a customer has; decision tables turn it into targets."""

    STANDARD = "standard"
    SILVER = "silver"
    GOLD = "gold"


class Period(StrEnum):
    """How often the hours of a contract start anew; `term` means never."""

    MONTH = "month"
    QUARTER = "quarter"
    TERM = "term"


class Overrun(StrEnum):
    """What happens with work beyond the included hours."""

    ALLOWED = "allowed"
    APPROVAL = "approval"
    REFUSED = "refused"


class Customer(Model):
    """An organisation that asks for support. Exactly one is the unknown customer, where strangers wait to be sorted."""

    __tablename__ = "customer"
    __table_args__ = (
        CheckConstraint(one_of("language", Language), name="language_known"),
        CheckConstraint(one_of("level", Level), name="level_known"),
        Index(
            "one_unknown_customer",
            "is_unknown",
            unique=True,
            sqlite_where=text("is_unknown"),
            postgresql_where=text("is_unknown"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    language: Mapped[str] = mapped_column(String(2), default=Language.RO)
    level: Mapped[str] = mapped_column(String(10), default=Level.STANDARD)
    is_unknown: Mapped[bool] = mapped_column(default=False)
    responsible_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    responsible: Mapped[Person | None] = relationship()

    def __repr__(self) -> str:
        return f"<Customer {self.id} {self.name}>"


class CustomerDomain(Model):
    """Mail from this domain (`example.ro`) comes from this customer."""

    __tablename__ = "customer_domain"
    __table_args__ = (CheckConstraint("domain = lower(domain)", name="domain_lower"),)

    domain: Mapped[str] = mapped_column(String(253), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)

    customer: Mapped[Customer] = relationship()


class Contact(Model):
    """A person who speaks for a customer; one customer per person."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    phone: Mapped[str | None] = mapped_column(String(40))
    # Whether they see every request of their customer and its contract, or only what they take part in themselves.
    sees_company: Mapped[bool] = mapped_column(default=True)
    # The words a caller is found by, each after a space (see `contracts/callers.py`).
    found_by: Mapped[str] = mapped_column(String(600), default="", server_default="")

    person: Mapped[Person] = relationship()
    customer: Mapped[Customer] = relationship()


class Contract(Model):
    """What was agreed with a customer; both dates are part of its validity, no end means until further notice.

    `included_minutes` None means that hours are not limited. `rounding_minutes` is the step billed minutes are rounded
    up to; 1 bills what was worked.
    """

    __tablename__ = "contract"
    __table_args__ = (
        CheckConstraint(one_of("level", Level), name="level_known"),
        CheckConstraint(one_of("period", Period), name="period_known"),
        CheckConstraint(one_of("overrun", Overrun), name="overrun_known"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity_order"),
        CheckConstraint("included_minutes IS NULL OR included_minutes >= 0", name="included_not_negative"),
        CheckConstraint("rounding_minutes >= 1", name="rounding_positive"),
        Index("ix_contract_customer_valid", "customer_id", "valid_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(50), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    name: Mapped[str] = mapped_column(String(200))
    level: Mapped[str] = mapped_column(String(10), default=Level.STANDARD)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    included_minutes: Mapped[int | None]
    period: Mapped[str] = mapped_column(String(10), default=Period.MONTH)
    rounding_minutes: Mapped[int] = mapped_column(default=1)
    overrun: Mapped[str] = mapped_column(String(10), default=Overrun.APPROVAL)
    # Whether the customer reads in the portal how many hours are used and left.
    shows_hours: Mapped[bool] = mapped_column(default=True)
    responsible_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    substitute_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    lock_version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    responsible: Mapped[Person | None] = relationship(foreign_keys=[responsible_id])
    substitute: Mapped[Person | None] = relationship(foreign_keys=[substitute_id])

    __mapper_args__ = {"version_id_col": lock_version}

    def is_valid_on(self, day: date) -> bool:
        """Whether the contract holds on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def __repr__(self) -> str:
        return f"<Contract {self.number}>"


class HoursEntry(Model):
    """Minutes counted against a contract once for each source, such as `work_entry:12`."""

    __tablename__ = "hours_entry"
    # The minutes are in it, so that a period is added up without looking at the rows.
    __table_args__ = (Index("ix_hours_entry_contract_day", "contract_id", "on_date", "minutes"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    source: Mapped[str] = mapped_column(String(60), unique=True)
    minutes: Mapped[int]
    on_date: Mapped[date]
    counted_at: Mapped[datetime] = mapped_column(UTCDateTime)

    contract: Mapped[Contract] = relationship()
