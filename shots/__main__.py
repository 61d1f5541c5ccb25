"""`./run screenshots`: every screen on a desktop and a phone, light and dark, in English and Romanian."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, StorageState, ViewportSize, sync_playwright

from app.web.demo_accounts import PASSWORD
from shots.desk import ROOT, DeskDidNotStart, demo_desk
from shots.screens import SCREENS, Screen

DEVICES = {"desktop": ViewportSize(width=1440, height=900), "phone": ViewportSize(width=390, height=844)}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LANGUAGES = ("en", "ro")
# Diagrams and the first partial updates draw a moment after the page is there.
SETTLE_MS = 300


def main(words: list[str]) -> int:
    """Photograph the screens; the exit status."""
    options = _options(words)
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser_path is None:
        print("Screenshots need Chromium on this machine.", file=sys.stderr)
        return 1
    screens = [each for each in SCREENS if not options.only or each.name in options.only]
    folder: Path = options.out
    folder.mkdir(parents=True, exist_ok=True)
    made: list[str] = []
    try:
        with demo_desk() as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
            for language in LANGUAGES:
                for account, looked_at in groupby(sorted(screens, key=_account), _account):
                    state = _sign_in(browser, address, account, language)
                    for name in _photograph(browser, address, state, list(looked_at), folder, language):
                        made.append(name)
                        print(name, flush=True)
            browser.close()
    except DeskDidNotStart as failure:
        print(f"The demo did not start:\n\n{failure}", file=sys.stderr)
        return 1
    (folder / "index.html").write_text(_index(sorted(made)))
    missing = sorted({each.name for each in screens} - {name.split(".")[0] for name in made})
    print(f"\n{len(made)} pictures in {folder}" + (f"; this desk has no {', '.join(missing)}" if missing else "") + ".")
    return 0 if made else 1


def _account(screen: Screen) -> str:
    return screen.account


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "screenshots", help="folder (var/screenshots)")
    names = [each.name for each in SCREENS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="SCREEN", help=f"of {', '.join(names)}")
    return parser.parse_args(words)


def _sign_in(browser: Browser, address: str, account: str, language: str) -> StorageState:
    """What a browser remembers that somebody is signed in with, reading in a language."""
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/sign-in")
    if account:
        page.fill("#email", account)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
    page.evaluate(
        """(language) => fetch("/language", {method: "POST", redirect: "manual", body: new URLSearchParams({
            language, next: "/", csrf_token: document.querySelector("meta[name=csrf-token]").content})})""",
        language,
    )
    state = context.storage_state()
    context.close()
    return state


def _photograph(
    browser: Browser, address: str, state: StorageState, screens: list[Screen], folder: Path, language: str
) -> Iterator[str]:
    for device, viewport in DEVICES.items():
        for theme in THEMES:
            context = browser.new_context(
                base_url=address, viewport=viewport, color_scheme=theme, storage_state=state, reduced_motion="reduce"
            )
            page = context.new_page()
            for screen in screens:
                if _open(page, screen):
                    name = f"{screen.name}.{device}.{theme}.{language}.png"
                    page.screenshot(path=folder / name, full_page=True)
                    yield name
            context.close()


def _open(page: Page, screen: Screen) -> bool:
    """Whether the screen is there."""
    answer = page.goto(screen.path)
    if screen.follow:
        link = page.locator(screen.follow).first
        if not page.locator(screen.follow).count():
            return False
        answer = page.goto(link.get_attribute("href") or link.get_attribute("data-href") or screen.path)
    if answer is None or (answer.status == 404 and not screen.is_gone):
        return False
    page.wait_for_timeout(SETTLE_MS)
    return True


def _index(names: list[str]) -> str:
    """A page with all pictures, one row per screen."""
    rows = []
    for screen, pictures in groupby(names, lambda name: name.split(".")[0]):
        figures = "".join(
            f'<figure><a href="{name}"><img src="{name}" alt="" loading="lazy">{name}</a></figure>'
            for name in map(escape, pictures)
        )
        rows.append(f"<h2>{escape(screen)}</h2><div>{figures}</div>")
    look = "body{font:14px system-ui;margin:24px}div{display:flex;gap:12px;overflow-x:auto}figure{margin:0}"
    look += "img{height:320px;border:1px solid #ccc;display:block}a{font-size:12px;color:#555}"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Screens</title><style>{look}</style>'
    return head + "".join(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
