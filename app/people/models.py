"""The tables of people, teams and skills."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Model, UTCDateTime, one_of


class Role(StrEnum):
    """What somebody may do at the desk; one person may have several."""

    CUSTOMER = "customer"
    AGENT = "agent"
    TEAM_LEAD = "team_lead"
    APPROVER = "approver"
    MANAGER = "manager"
    ANALYST = "analyst"
    ADMINISTRATOR = "administrator"


STAFF_ROLES = frozenset(Role) - {Role.CUSTOMER}


class Language(StrEnum):
    """The languages the desk speaks."""

    EN = "en"
    RO = "ro"


class Person(Model):
    """Somebody the desk knows: staff, a customer's contact, or both. E-mail addresses are stored in lower case."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint(one_of("language", Language), name="language_known"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("weekly_minutes BETWEEN 0 AND 10080", name="weekly_minutes_sane"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    # Stands in every session cookie; a new one (with each new password) signs out all other browsers.
    session_stamp: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(2), default=Language.EN)
    zone: Mapped[str] = mapped_column(String(60), default="Europe/Bucharest")
    is_active: Mapped[bool] = mapped_column(default=True)
    # The password is a one-time one: signing in leads to choosing another before anything else.
    must_change_password: Mapped[bool] = mapped_column(default=False)
    # How long somebody works in an ordinary week; None for as long as the desk is open.
    weekly_minutes: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    role_rows: Mapped[list[PersonRole]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, back_populates="person"
    )

    # What Flask-Login asks of a user, so that this module need not know it.
    is_authenticated = True
    is_anonymous = False

    def get_id(self) -> str:
        """What a session cookie remembers: the id, and the stamp that a new password changes."""
        return f"{self.id}.{self.session_stamp}"

    @property
    def roles(self) -> frozenset[Role]:
        """The roles this person has."""
        return frozenset(Role(row.role) for row in self.role_rows)

    def has_role(self, *roles: Role | str) -> bool:
        """Whether this person has at least one of these roles."""
        return any(role in self.roles for role in roles)

    @property
    def is_staff(self) -> bool:
        """Whether this person works at the desk in any role."""
        return bool(self.roles & STAFF_ROLES)

    @property
    def initials(self) -> str:
        """One or two letters for an avatar."""
        words = self.name.split() or [self.email]
        return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()

    def __repr__(self) -> str:
        return f"<Person {self.id} {self.email}>"


class PersonRole(Model):
    """One role of one person."""

    __tablename__ = "person_role"
    __table_args__ = (CheckConstraint(one_of("role", Role), name="role_known"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True, index=True)

    person: Mapped[Person] = relationship(back_populates="role_rows")


class Team(Model):
    """A group that takes requests over; `key` is what diagrams and decision tables call it."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(50), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(254))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    is_active: Mapped[bool] = mapped_column(default=True)

    lead: Mapped[Person | None] = relationship()

    def __repr__(self) -> str:
        return f"<Team {self.key}>"


class Membership(Model):
    """Somebody works in a team."""

    __tablename__ = "membership"

    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)

    team: Mapped[Team] = relationship()
    person: Mapped[Person] = relationship()


class Skill(Model):
    """Something people at the desk are more or less good at; escalations look for it."""

    __tablename__ = "skill"

    key: Mapped[str] = mapped_column(String(50), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


class PersonSkill(Model):
    """How good somebody is at a skill, from 1 (beginner) to 5 (the one others ask)."""

    __tablename__ = "person_skill"
    __table_args__ = (
        UniqueConstraint("skill_key", "person_id"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level_range"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    skill_key: Mapped[str] = mapped_column(ForeignKey("skill.key", ondelete="CASCADE"), primary_key=True)
    level: Mapped[int]

    person: Mapped[Person] = relationship()
    skill: Mapped[Skill] = relationship()
