"""Every component in every state on one page, for whoever builds screens: `/styleguide`, with SUPORT_DEVELOPMENT only.

The page draws what the screens draw, from the same macros, so that a change to one is seen here first.
"""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, current_app, render_template
from flask_babel import gettext as _

from app import clock
from app.config import Settings
from app.errors import NotFound
from app.web.errorpages import words_for

blueprint = Blueprint("styleguide", __name__)

ELENA = SimpleNamespace(id=1, name="Elena Stan")
RADU = SimpleNamespace(id=2, name="Radu Pop")
GABRIELA = SimpleNamespace(id=3, name="Gabriela Ursu")


@blueprint.get("/styleguide")
def show() -> str:
    """The living page.

    Raises:
        NotFound: this desk is not somebody's workshop.
    """
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.development:
        raise NotFound(_("There is nothing here, or it is not for you."))
    problems = [(status, words_for(status, said)) for status, said in _PROBLEMS]
    shown = {"clocks": _clocks(), "messages": _messages(), "problems": problems, "me": RADU, "elena": ELENA}
    return render_template("styleguide/page.html", ticket=SimpleNamespace(language="ro"), **shown)


_PROBLEMS = (
    (403, "Only whoever leads the team may change this."),
    (404, ""),
    (409, "Elena Stan completed this at 10:40."),
    (500, ""),
)


def _clock(kind: str, look: str, minutes: int, state: str = "running") -> SimpleNamespace:
    now = clock.now()
    due = now + timedelta(minutes=minutes)
    return SimpleNamespace(
        kind=kind,
        look=look,
        state=state,
        due_at=due,
        warn_at=None,
        minutes_left=max(minutes, 0),
        late_minutes=max(-minutes, 0),
        late_since=due,
        ticks_until=None,
        on_other_day=minutes >= 60 * 24,
    )


def _clocks() -> list[SimpleNamespace]:
    return [
        _clock("response", "is-ok", 208),
        _clock("response", "is-soon", 9),
        _clock("resolution", "is-late", -25),
        _clock("resolution", "is-far", 60 * 24 * 3),
        _clock("resolution", "", 430, "paused"),
        _clock("response", "is-ok", 42, "met"),
        _clock("response", "is-soon", 60 * 24 * 2),
    ]


def _messages() -> list[dict[str, Any]]:
    said = (
        ("customer", GABRIELA, "Imprimanta Zebra de la ambalare derulează ribonul în gol. Avem livrare mâine la 6."),
        ("reply", RADU, "Am văzut. Vă rog să opriți imprimanta; ajung la dumneavoastră în două ore."),
        ("note", ELENA, "Piesa e în depozit, raftul 4."),
    )
    now = clock.now()
    return [
        {
            "message": SimpleNamespace(
                kind=kind, author=author, uuid=f"sample-{at}", channel="phone", sent_at=now - timedelta(minutes=30 - at)
            ),
            "words": words,
            "waits": kind == "customer",
        }
        for at, (kind, author, words) in enumerate(said)
    ]
