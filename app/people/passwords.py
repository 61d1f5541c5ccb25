"""Passwords: argon2id hashes, made and checked where no database lock is held.

A hash costs a good part of a second on purpose. Boundaries hash before they open a writing transaction and hand the
finished `PasswordHash` to `people.service.set_password`.
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from threading import BoundedSemaphore
from typing import NewType

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

from app.config import Settings
from app.errors import InvalidInput
from app.texts import gettext as _

PasswordHash = NewType("PasswordHash", str)

SHORTEST = 10
# Longer ones are refused before hashing, so that nobody makes the desk hash megabytes.
LONGEST = 256
# A hash takes 64 MiB: strangers who try to sign in all at once must not take the machine's memory.
MOST_AT_ONCE = 4
AT_ONCE = BoundedSemaphore(MOST_AT_ONCE)


def hash_password(password: str) -> PasswordHash:
    """Hash a password with the costs of the settings (`argon2_time_cost`, `argon2_memory_kib`).

    Raises:
        InvalidInput: the password is longer than anybody types.
    """
    if len(password) > LONGEST:
        raise InvalidInput(_("A password has at most %(most)s characters.", most=LONGEST))
    with AT_ONCE:
        return PasswordHash(_hasher().hash(password))


def check_strength(password: str) -> None:
    """Refuse a password somebody chooses that is too short.

    Raises:
        InvalidInput: with the message under `password`.
    """
    if len(password) < SHORTEST:
        message = _("Choose a password of at least %(least)s characters.", least=SHORTEST)
        raise InvalidInput(message, {"password": [message]})


def matches(stored: str | None, password: str) -> bool:
    """Whether a password fits a stored hash.

    Without a stored hash (no such account, or one that never signs in) a hash is checked all the same, so that the
    answer takes as long and tells nobody which addresses the desk knows.
    """
    hasher = _hasher()
    too_long = len(password) > LONGEST
    expected = stored or _stand_in(hasher.time_cost, hasher.memory_cost)
    try:
        with AT_ONCE:
            hasher.verify(expected, "" if too_long else password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None and not too_long


def one_time_password() -> str:
    """A random password to hand to somebody who will choose their own."""
    return secrets.token_urlsafe(12)


def _hasher() -> PasswordHasher:
    settings: Settings = current_app.config["SETTINGS"]
    return _hasher_with(settings.argon2_time_cost, settings.argon2_memory_kib)


@lru_cache
def _hasher_with(time_cost: int, memory_kib: int) -> PasswordHasher:
    # One lane: the web process has threads enough, and tests may go down to 8 KiB.
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)


@lru_cache
def _stand_in(time_cost: int, memory_kib: int) -> str:
    return _hasher_with(time_cost, memory_kib).hash(secrets.token_urlsafe())
