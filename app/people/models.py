"""The tables of people, teams and skills, and of where somebody is signed in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from app.db import Model, UTCDateTime, one_of
from app.texts import folded


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


class Theme(StrEnum):
    """How the pages look to somebody; the system's choice is theirs as long as they make none."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Density(StrEnum):
    """How much room the rows of tables have."""

    COMFORTABLE = "comfortable"
    DENSE = "dense"


class Person(Model):
    """Somebody the desk knows: staff, a customer's contact, or both. E-mail addresses are stored in lower case."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint(one_of("language", Language), name="language_known"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint(one_of("theme", Theme), name="theme_known"),
        CheckConstraint(one_of("density", Density), name="density_known"),
        # Lists of people go by it, and go on where a page ended.
        Index("ix_person_search_text", "search_text", "id"),
        CheckConstraint("weekly_minutes BETWEEN 0 AND 10080", name="weekly_minutes_sane"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(2), default=Language.EN)
    zone: Mapped[str] = mapped_column(String(60), default="Europe/Bucharest")
    is_active: Mapped[bool] = mapped_column(default=True)
    # The password is a one-time one: signing in leads to choosing another before anything else.
    must_change_password: Mapped[bool] = mapped_column(default=False)
    # How long somebody works in an ordinary week; None for as long as the desk is open.
    weekly_minutes: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Name and address without case and diacritics: what lists are ordered by and looked through.
    search_text: Mapped[str] = mapped_column(String(500), default="")
    # Plain text under the replies they send by mail.
    signature: Mapped[str] = mapped_column(Text, default="")
    theme: Mapped[str] = mapped_column(String(10), default=Theme.SYSTEM)
    density: Mapped[str] = mapped_column(String(15), default=Density.COMFORTABLE)
    # Whether single letters are shortcuts (WCAG 2.1.4 wants them to be switched off).
    single_keys: Mapped[bool] = mapped_column(default=True)
    # How notices reach them where they chose otherwise than usual, by kind: "team_new:bell closed:none".
    told_by: Mapped[str] = mapped_column(Text, default="")

    role_rows: Mapped[list[PersonRole]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, back_populates="person"
    )

    # What Flask-Login asks of a user, so that this module need not know it.
    is_authenticated = True
    is_anonymous = False

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


@event.listens_for(Person, "before_insert")
@event.listens_for(Person, "before_update")
def _keep_findable(_mapper: Mapper[Any], _connection: Connection, person: Person) -> None:
    person.search_text = " ".join(folded(f"{person.name} {person.email}").split())[:500]


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


class SignInWay(StrEnum):
    """How somebody proved who they are."""

    PASSWORD = "password"
    LINK = "link"


class SignIn(Model):
    """One browser in which somebody is signed in. Its cookie holds a token, of which only the hash is kept here.

    Its times are the machine's, which nothing moves: a demo that jumps a week ahead signs nobody out.
    """

    __tablename__ = "sign_in"
    __table_args__ = (
        CheckConstraint(one_of("way", SignInWay), name="way_known"),
        Index("ix_sign_in_person_id_last_seen_at", "person_id", "last_seen_at"),
        Index("ix_sign_in_expires_at", "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    # SHA-256 in hexadecimal: the token is random enough that a slow hash would protect nothing more.
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    way: Mapped[str] = mapped_column(String(10))
    # "Stay signed in": it outlives the browser window.
    is_kept: Mapped[bool]
    user_agent: Mapped[str] = mapped_column(String(300))
    address: Mapped[str] = mapped_column(String(45))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)

    person: Mapped[Person] = relationship()


class LinkPurpose(StrEnum):
    """What a link that was mailed is good for."""

    SIGN_IN = "sign_in"
    PASSWORD = "password"


class SignInLink(Model):
    """A link mailed to somebody, good once and not for long. Its token stands in no table: see `people.links`."""

    __tablename__ = "sign_in_link"
    __table_args__ = (CheckConstraint(one_of("purpose", LinkPurpose), name="purpose_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(10))
    # What the token is made of, with the desk's secret key.
    seed: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # The page of the desk that its reader wanted to see when they asked for it.
    target: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    person: Mapped[Person] = relationship()
