"""Tickets per second through the web form and mails per second through SMTP, on SQLite and on PostgreSQL."""

import argparse
import re
import smtplib
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.message import EmailMessage
from http.cookiejar import CookieJar
from pathlib import Path

from sqlalchemy import text

from app.connecting import standalone_engine
from app.web.demo_accounts import PASSWORD
from tests.postgres import execute, private_server, programs, url_of
from tests.running.desk import StartedDesk, until

CUSTOMER = "ioana.muresan@albalogistic.example"
MAILBOX = "suport@desk.example"


def main(words: list[str]) -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(prog="./run bench smoke", description=__doc__)
    parser.add_argument("--tickets", type=int, default=100, help="how many requests to send by form (100)")
    parser.add_argument("--mails", type=int, default=100, help="how many mails to send (100)")
    parser.add_argument("--clients", type=int, default=4, help="how many browsers and senders at once (4)")
    options = parser.parse_args(words)
    print(f"{'database':<12}{'requests by form/s':>20}{'mails taken/s':>16}{'mails made tickets/s':>22}", flush=True)
    with tempfile.TemporaryDirectory(prefix="suport-bench-") as folder:
        for name, opened in (("SQLite", sqlite), ("PostgreSQL", postgres)):
            if name == "PostgreSQL" and programs() is None:
                print(f"{name:<12}{'not installed':>20}")
                continue
            with opened(Path(folder)) as (desk, url):
                forms = options.tickets / send_forms(desk, options.tickets, options.clients)
                taken, processed = send_mails(desk, url, options.mails, options.clients)
                rates = f"{forms:>20.1f}{options.mails / taken:>16.1f}{options.mails / processed:>22.1f}"
                print(f"{name:<12}{rates}", flush=True)
    return 0


@contextmanager
def sqlite(folder: Path) -> Iterator[tuple[StartedDesk, str]]:
    """A demo desk on a SQLite file."""
    data = folder / "sqlite" / "data"
    data.parent.mkdir()
    with running(data) as desk:
        yield desk, f"sqlite:///{data / 'suport.db'}"


@contextmanager
def postgres(folder: Path) -> Iterator[tuple[StartedDesk, str]]:
    """A demo desk on a PostgreSQL of its own. It does not wait for the disk: this compares desks, not disks."""
    data = folder / "postgres" / "data"
    data.parent.mkdir()
    with private_server() as server:
        execute(server, "CREATE DATABASE bench")
        url = url_of(server, "bench")
        with running(data, DATABASE_URL=url) as desk:
            yield desk, url.replace("postgresql://", "postgresql+psycopg://")


@contextmanager
def running(data: Path, **environment: str) -> Iterator[StartedDesk]:
    """A desk with demo data, gone at the end."""
    desk = StartedDesk(data, environment=environment)
    try:
        desk.wait_until_ready(seconds=300)
        yield desk
        desk.stop()
    finally:
        desk.end()


def send_forms(desk: StartedDesk, count: int, clients: int) -> float:
    """Open requests as a customer in the portal; the seconds it took."""

    def one_browser(number: int) -> None:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        post(opener, f"{desk.url}/sign-in", {"email": CUSTOMER, "password": PASSWORD})
        ready.append(number)
        until(lambda: len(ready) == clients, "all browsers are signed in")
        for each in range(count // clients + (number < count % clients)):
            values = {
                "type": "incident",
                "subject": f"Request {number}.{each}",
                "text": "It stopped.",
                "hindrance": "little",
            }
            page = post(opener, f"{desk.url}/portal/new", values)
            if "/portal/requests/" not in page:
                raise RuntimeError(f"the form was not taken: {page}")

    ready: list[int] = []
    return timed(lambda pool: list(pool.map(one_browser, range(clients))), clients)


def post(opener: urllib.request.OpenerDirector, address: str, values: dict[str, str]) -> str:
    """Open a form's page, send the form as a browser would; where that led."""
    with opener.open(address, timeout=60) as page:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.read().decode())
    if token is None:
        raise RuntimeError(f"{address} shows no form")
    body = urllib.parse.urlencode(values | {"csrf_token": token.group(1)}).encode()
    with opener.open(address, data=body, timeout=60) as answer:
        answer.read()
        led_to: str = answer.url
        return led_to


def send_mails(desk: StartedDesk, url: str, count: int, clients: int) -> tuple[float, float]:
    """Send mails of as many people; the seconds until all were taken, and until all had become tickets."""

    def one_sender(number: int) -> None:
        with smtplib.SMTP("127.0.0.1", desk.receiver_port, timeout=60) as server:
            for each in range(number, count, clients):
                mail = EmailMessage()
                mail["From"], mail["To"] = f"person{each}@company{each}.example", MAILBOX
                mail["Subject"], mail["Message-ID"] = f"Mail {each}", f"<{each}@bench.example>"
                mail.set_content("The printer on the second floor does not print.")
                server.send_message(mail)

    engine = standalone_engine(url)

    def read() -> int:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM received_mail WHERE state = 'done'")).scalar_one())

    before = read()
    began = time.monotonic()
    taken = timed(lambda pool: list(pool.map(one_sender, range(clients))), clients)
    until(lambda: read() >= before + count, "all mails have become tickets", seconds=600)
    engine.dispose()
    return taken, time.monotonic() - began


def timed(work: Callable[[ThreadPoolExecutor], object], threads: int) -> float:
    """The seconds some concurrent work takes."""
    with ThreadPoolExecutor(threads) as pool:
        began = time.monotonic()
        work(pool)
        return time.monotonic() - began
