"""What people do on the desk's pages: by HTTP as a browser without scripts would, or in Chromium."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar
from typing import Protocol

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.journeys.company import PASSWORD
from tests.journeys.living_desk import LivingDesk

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')

# An answer to the form "Work on the request", as somebody types it.
WORK = {
    "outcome": "answer",
    "reply": "We are looking at it.",
    "minutes": "",
    "kind": "remote",
    "billable": "true",
    "travel_minutes": "",
    "travel_km": "",
    "note": "",
}


class Hands(Protocol):
    """Somebody at the pages of the desk."""

    def takes_over(self, number: str) -> None: ...

    def works(self, number: str, *, outcome: str, reply: str, minutes: str = "") -> None: ...

    def confirms(self, number: str) -> None: ...

    def approves_work(self, entry_id: int) -> None: ...


@dataclass(frozen=True)
class Answer:
    """What a request brought."""

    status: int
    text: str
    url: str


class HttpHands:
    """Somebody signed in, without a browser."""

    def __init__(self, desk: LivingDesk, email: str) -> None:
        self._desk = desk
        self._jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self._token = ""
        self.get("/sign-in")
        signed = self.post("/sign-in", email=email, password=PASSWORD)
        assert signed.status == 200, signed.text

    def cookies(self) -> str:
        """What this browser sends with each request to say who it is."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)

    def get(self, path: str) -> Answer:
        """Read a page; while the web process starts again the browser is asked to come back, and does."""
        ends = time.monotonic() + 60
        while True:
            try:
                return self._send(urllib.request.Request(f"{self._desk.url}{path}"))
            except OSError:
                assert time.monotonic() < ends, f"{path} does not answer"
                time.sleep(0.2)

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form with the token of the last page."""
        body = urllib.parse.urlencode({"csrf_token": self._token, **fields}).encode()
        return self._send(urllib.request.Request(f"{self._desk.url}{path}", data=body))

    def _send(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=60) as answer:
                found = Answer(answer.status, answer.read().decode(), answer.url)
        except urllib.error.HTTPError as error:
            found = Answer(error.code, error.read().decode(), error.url)
        token = _TOKEN.search(found.text)
        self._token = token[1] if token else self._token
        return found

    def completes(self, task: str, **typed: str) -> Answer:
        """Open a task and send its form."""
        assert self.get(f"/tasks/{task}").status == 200
        return self.post(f"/tasks/{task}/complete", **typed)

    def takes_over(self, number: str) -> None:
        """Take a request over for oneself."""
        assert number in self.get("/").text
        done = self.completes(self._desk.task(number, "take_over"), outcome="mine")
        assert done.status == 200, done.text

    def works(self, number: str, *, outcome: str, reply: str, minutes: str = "") -> None:
        """Fill in the form of the work on a request."""
        typed = WORK | {"outcome": outcome, "reply": reply, "minutes": minutes}
        done = self.completes(self._desk.task(number, "work"), **typed)
        assert done.status == 200, done.text

    def confirms(self, number: str) -> None:
        """Say in the portal that all is well."""
        assert "Is everything working now?" in self.get(f"/portal/requests/{number}").text
        done = self.post(f"/portal/requests/{number}/confirm")
        assert done.status == 200, done.text

    def approves_work(self, entry_id: int) -> None:
        """Approve somebody's work."""
        done = self.completes(self._desk.task_of("work_entry", entry_id, "approve_work"), outcome="approve")
        assert done.status == 200, done.text


class BrowserHands:
    """Somebody signed in, in a browser window of their own; a complaint on its console fails the journey."""

    def __init__(self, desk: LivingDesk, browser: Browser, email: str) -> None:
        self._desk = desk
        self.complaints: list[str] = []
        self.page: Page = browser.new_context(base_url=desk.url).new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto("/sign-in")
        self.page.fill("input[name=email]", email)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.press("input[name=password]", "Enter")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.complaints.append(f"{said.text} ({said.location['url']})")

    def takes_over(self, number: str) -> None:
        """Choose the request in My work, and take it over there."""
        self.page.goto("/")
        self.page.locator("[data-row]", has_text=number).locator("a.s-hit").click()
        self._send(self._desk.task(number, "take_over"), outcome="mine")

    def works(self, number: str, *, outcome: str, reply: str, minutes: str = "") -> None:
        """Work on the request on its own page."""
        self.page.goto(f"/tickets/{number}")
        form = self.page.locator(f"#task-{self._desk.task(number, 'work')}")
        self.page.locator(".s-foldtext").click()
        expect(form).to_be_visible()
        form.locator(f'.s-choice:has(input[value="{outcome}"])').click()
        expect(form.locator(f'input[name=outcome][value="{outcome}"]')).to_be_checked()
        form.locator("textarea[name=reply]").fill(reply)
        form.locator("input[name=minutes]").fill(minutes)
        form.locator("button.btn-primary").click()
        expect(form).to_have_count(0)

    def confirms(self, number: str) -> None:
        """Say in the portal that all is well."""
        self.page.goto(f"/portal/requests/{number}")
        self.page.get_by_role("button", name="Yes, it is solved").click()
        expect(self.page.get_by_text("Thank you.")).to_be_visible()

    def approves_work(self, entry_id: int) -> None:
        """Choose the entry in My work, and approve it there."""
        task = self._desk.task_of("work_entry", entry_id, "approve_work")
        self.page.goto("/")
        self.page.locator(f'a.s-hit[href$="/tasks/{task}"]').click()
        self._send(task, outcome="approve")

    def _send(self, task: str, *, outcome: str) -> None:
        form = self.page.locator(f"#task-{task}")
        expect(form).to_be_visible()
        form.locator(f'.s-choice:has(input[value="{outcome}"])').click()
        expect(form.locator(f'input[name=outcome][value="{outcome}"]')).to_be_checked()
        form.locator("button.btn-primary").click()
        expect(form).to_have_count(0)
