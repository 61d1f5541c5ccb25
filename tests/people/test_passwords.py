"""Passwords: what one check may take of the machine."""

from contextlib import ExitStack
from threading import Event, Thread

from flask import Flask

from app.people import passwords


def test_only_a_few_passwords_are_checked_at_once(app: Flask) -> None:
    """Each check takes memory on purpose; a crowd of strangers waits in line."""
    begun, answered = Event(), Event()

    def try_to_sign_in() -> None:
        with app.app_context():
            begun.set()
            passwords.matches(None, "a guess")
            answered.set()

    trying = Thread(target=try_to_sign_in)
    with ExitStack() as busy:
        for _ in range(passwords.MOST_AT_ONCE):
            busy.enter_context(passwords.AT_ONCE)
        trying.start()
        assert begun.wait(10)
        assert not answered.wait(0.2)

    trying.join(10)
    assert answered.is_set()
