"""Too many attempts: when the next one is possible, said in the reader's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import request
from flask_babel import gettext as _
from flask_login import current_user

from app import clock
from app.web.formats import clock_time
from app.web.security import limiter

# For one address of the network, whoever it asks for: an office behind one address has many people.
PER_ADDRESS = "40/minute"
# For one account, from wherever: wrong passwords, and mails with links.
WRONG_PER_ACCOUNT = "8/5 minutes"
LINKS_PER_ACCOUNT = "3/15 minutes"


def by_account() -> str:
    """The account that a form names. One that does not exist is counted like any other, so nobody learns of it."""
    return f"account:{request.form.get('email', '').strip().lower()[:254]}"


def by_person() -> str:
    """Whoever is signed in."""
    return f"password:{current_user.id}"


def was_wrong(response: object) -> bool:
    """Only refused attempts count."""
    return getattr(response, "status_code", 200) == 422


def next_attempt_at() -> datetime | None:
    """When the limit that this request met lets somebody try again, as the desk's clock has it."""
    limit = limiter.current_limit
    if limit is None:
        return None
    return datetime.fromtimestamp(limit.reset_at, UTC) + clock.offset()


def words() -> str:
    """What somebody is told who tried too often."""
    moment = next_attempt_at()
    if moment is None:
        return str(_("Too many attempts in a short time. Wait a few minutes, then try again."))
    # The minute that is said has to be long enough for whoever comes as it begins.
    said = clock_time(moment + timedelta(seconds=59))
    return str(_("Too many attempts in a short time. You can try again at %(time)s.", time=said))


def seconds_left(moment: datetime | None) -> int:
    """Whole seconds until then, for the header that programs read."""
    if moment is None:
        return 60
    return max(1, round((moment - clock.offset() - clock.real_now()).total_seconds()))
