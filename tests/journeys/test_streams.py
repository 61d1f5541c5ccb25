"""Two hundred people with a page open: each hears of a change, and the desk still answers."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest

from tests.journeys.company import ANA
from tests.journeys.hands import HttpHands
from tests.journeys.living_desk import PATIENCE, LivingDesk

pytestmark = [pytest.mark.processes, pytest.mark.parametrize("desk", ["sqlite"], indirect=True)]

READERS = 200


@contextmanager
def reading(desk: LivingDesk, hands: HttpHands) -> Iterator[http.client.HTTPResponse]:
    """An open stream of changes, past its first words."""
    connection = http.client.HTTPConnection("127.0.0.1", desk.started.port, timeout=PATIENCE)
    with closing(connection):
        connection.request("GET", "/live", headers={"Cookie": hands.cookies()})
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.readline().startswith(b"retry")
        yield answer


def said(stream: http.client.HTTPResponse) -> dict[str, object]:
    """The next thing that a stream says."""
    while not (line := stream.readline()).startswith(b"data: "):
        assert line, "the stream has ended"
    found: dict[str, object] = json.loads(line.removeprefix(b"data: "))
    return found


def test_two_hundred_open_streams_all_hear_and_the_pages_answer(desk: LivingDesk, customer: str) -> None:
    ana = HttpHands(desk, ANA)
    with ExitStack() as open_streams:
        streams = [open_streams.enter_context(reading(desk, ana)) for _ in range(READERS)]

        desk.sends_mail(customer, "Two hundred read this", "Please look.")
        number = desk.ticket_about("Two hundred read this")

        assert ana.get(f"/tickets/{number}").status == 200
        assert all("about" in said(stream) for stream in streams)
