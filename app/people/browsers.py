"""What a browser says of itself, in words: "Firefox on Windows"."""

from __future__ import annotations

from typing import Final

from app.texts import gettext as _

# What stands in a user agent, and whose it is: the first that is found, because all call themselves Safari too.
BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
POCKET: Final = frozenset({"iPhone", "iPad", "Android"})


def browser_and_system(user_agent: str) -> str:
    """The browser and the system it runs on, as far as they are known."""
    browser, system = _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)
    if browser and system:
        return str(_("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(_("Unknown browser"))


def is_pocketable(user_agent: str) -> bool:
    """Whether it is a phone or a tablet."""
    return _first(SYSTEMS, user_agent) in POCKET


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for mark, name in known if mark in user_agent), "")
