"""Work and timers on the ticket page: logging without a task, changing and taking back, and who may not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import clock
from app.engine import queries as engine
from app.engine.subject import Subject
from app.people.models import Person, Role
from app.worklog import timers
from app.worklog.models import WorkEntry
from tests.pages import SOLVED, Pages, open_desk, ticket_of

# So long that somebody has to approve it: until then it can be changed.
LONG = {"minutes": "1 h 30", "kind": "on_site", "billable": "1", "note": "Changed the switch", "travel_minutes": "40",
        "travel_km": "12"}  # fmt: skip


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("work"))


@pytest.fixture
def desk(shared_desk: Pages) -> Iterator[Pages]:
    with clock.frozen(shared_desk.moment):
        yield shared_desk


@pytest.fixture
def person(desk: Pages) -> int:
    return desk.staff(Role.AGENT, team="support")


@pytest.fixture
def agent(desk: Pages, person: int) -> FlaskClient:
    return desk.client(person)


@pytest.fixture
def number(desk: Pages) -> str:
    return desk.ticket(desk.contact()[0])


def entries(desk: Pages, number: str) -> list[tuple[int, str, str]]:
    """(minutes, kind, state) of a request's entries."""

    def read(session: Session) -> list[tuple[int, str, str]]:
        found = session.query(WorkEntry).filter_by(ticket_id=ticket_of(session, number).id).order_by(WorkEntry.id)
        return [(each.minutes, each.kind, each.state) for each in found]

    return desk.write(read)


def entry_id(desk: Pages, number: str) -> int:
    def read(session: Session) -> int:
        return session.query(WorkEntry).filter_by(ticket_id=ticket_of(session, number).id).one().id

    return desk.write(read)


def seconds(desk: Pages, number: str, person: int) -> int | None:
    def read(session: Session) -> int | None:
        timer = timers.of_person(session, person, ticket_of(session, number).id)
        return timers.seconds_of(timer) if timer is not None else None

    return desk.write(read)


def panel(page: str) -> str:
    return page.split('data-panel="worklog"')[1].split('<details class="s-panel"')[0]


class TestLoggingWork:
    """Work is logged without a task, and changed until somebody approves it."""

    def test_work_stands_in_the_panel_with_its_sum_and_what_waits(
        self, desk: Pages, agent: FlaskClient, number: str
    ) -> None:
        page = agent.post(f"/work/on/{number}", data=LONG, follow_redirects=True).text

        assert entries(desk, number) == [(90, "on_site", "submitted")]
        assert "Changed the switch" in panel(page)
        assert "waits for approval" in panel(page)
        assert "12 km" in panel(page)
        assert "1 h 30 of 1 h" in panel(page)

    def test_work_beyond_the_estimate_is_said_in_words(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        """A full red bar does not tell what it measures."""
        within = agent.post(f"/work/on/{number}", data={"minutes": "50"}, follow_redirects=True).text

        beyond = agent.post(f"/work/on/{number}", data={"minutes": "20"}, follow_redirects=True).text

        assert "over the estimate" not in panel(within)
        assert "10\N{NO-BREAK SPACE}min over the estimate of 1\N{NO-BREAK SPACE}h" in panel(beyond)

    def test_short_work_is_counted_at_once_and_locked(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        page = agent.post(f"/work/on/{number}", data={"minutes": "10"}, follow_redirects=True).text

        assert "Logged and counted: 10 min." in page
        assert entries(desk, number)[0][2] == "approved"
        assert "approved and locked" in agent.get(f"/work/{entry_id(desk, number)}").text

    @pytest.mark.parametrize(
        ("work", "field"),
        [
            ({"minutes": ""}, "minutes"),
            ({"minutes": "soon"}, "minutes"),
            ({"minutes": "30", "worked_on": "2026-12-31"}, "worked_on"),
            ({"minutes": "30", "worked_on": "yesterday"}, "worked_on"),
            ({"minutes": "30", "travel_km": "far"}, "travel_km"),
            ({"minutes": "30", "kind": "telepathy"}, "kind"),
            ({"minutes": "30", "note": "x" * 2001}, "note"),
        ],
    )
    def test_work_that_cannot_be_comes_back_with_what_was_typed(
        self, desk: Pages, agent: FlaskClient, number: str, work: dict[str, str], field: str
    ) -> None:
        answer = agent.post(f"/work/on/{number}", data={"note": "typed <words>", **work})

        assert answer.status_code == 422
        assert f'id="w-{field}-error"' in answer.text
        assert entries(desk, number) == []
        if field != "note":
            assert "typed &lt;words&gt;</textarea>" in answer.text

    def test_an_author_changes_an_entry_and_what_it_said_stays_readable(
        self, desk: Pages, agent: FlaskClient, number: str
    ) -> None:
        agent.post(f"/work/on/{number}", data=LONG)
        entry = entry_id(desk, number)
        assert f'href="/work/{entry}"' in agent.get(f"/tickets/{number}").text

        agent.post(f"/work/{entry}", data={**LONG, "minutes": "2 h"})

        assert entries(desk, number) == [(120, "on_site", "submitted")]
        assert "1 h 30" in agent.get(f"/work/{entry}").text.replace("\u00a0", " ")

    def test_a_change_that_cannot_be_keeps_what_was_typed(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        agent.post(f"/work/on/{number}", data=LONG)

        answer = agent.post(f"/work/{entry_id(desk, number)}", data={**LONG, "minutes": "0", "travel_minutes": ""})

        assert answer.status_code == 422
        assert 'id="e-minutes-error"' in answer.text
        assert "Changed the switch" in answer.text

    def test_an_entry_that_is_taken_back_waits_for_nobody(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        """An approval that is pointless must not stay on somebody's list."""
        agent.post(f"/work/on/{number}", data=LONG)
        entry = entry_id(desk, number)

        agent.post(f"/work/{entry}/withdraw")
        agent.post(f"/work/{entry}/withdraw")

        assert entries(desk, number)[0][2] == "withdrawn"
        assert desk.write(lambda session: engine.open_tasks(session, Subject("work_entry", entry))) == []

    def test_nobody_opens_somebody_elses_entry(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        agent.post(f"/work/on/{number}", data=LONG)
        entry = entry_id(desk, number)
        colleague = desk.client(desk.staff(Role.AGENT, team="support"))

        statuses = [
            colleague.get(f"/work/{entry}").status_code,
            colleague.post(f"/work/{entry}", data=LONG).status_code,
            colleague.post(f"/work/{entry}/withdraw").status_code,
        ]

        assert statuses == [404, 404, 404]
        assert f'href="/work/{entry}"' not in colleague.get(f"/tickets/{number}").text

    def test_all_entries_have_a_page(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        for each in range(8):
            agent.post(f"/work/on/{number}", data={"minutes": "5", "note": f"piece {each}"})

        page, every = agent.get(f"/tickets/{number}").text, agent.get(f"/work/on/{number}").text

        assert len(re.findall(r"piece \d", panel(page))) == 6
        assert "All work entries" in panel(page)
        assert len(re.findall(r"piece \d", every)) == 8


class TestTimers:
    """A timer is started, paused and logged on the page, and shown on every page."""

    def test_it_is_in_the_rail_of_every_page_and_counts_on_while_nobody_looks(
        self, desk: Pages, person: int, number: str
    ) -> None:
        desk.client(person).post(f"/work/timer/{number}/start")

        with clock.frozen(desk.moment + timedelta(minutes=18, seconds=24)):
            page = desk.client(person).get("/").text

        rail = page.split('id="timers-rail"')[1].split("</div>")[0]
        assert "<span>00:18</span>" in rail
        assert number in rail
        assert number in page.split('id="timers-top"')[1].split("</div>")[0]

    def test_another_timer_is_paused_and_the_message_leads_back(
        self, desk: Pages, agent: FlaskClient, person: int, number: str
    ) -> None:
        other = desk.ticket(desk.contact()[0])
        agent.post(f"/work/timer/{number}/start")
        with clock.frozen(desk.moment + timedelta(minutes=12)):
            page = agent.post(f"/work/timer/{other}/start", follow_redirects=True).text

            assert f"The one on {number} is paused at 12 min." in page
            assert f'action="/work/timer/{number}/start"' in page.split('id="toasts"')[1]
        with clock.frozen(desk.moment + timedelta(hours=1)):
            assert seconds(desk, number, person) == 720

    def test_stop_and_log_makes_an_entry_of_it(self, desk: Pages, agent: FlaskClient, person: int, number: str) -> None:
        agent.post(f"/work/timer/{number}/start")
        with clock.frozen(desk.moment + timedelta(minutes=17, seconds=10)):
            page = agent.get(f"/tickets/{number}").text
            assert 'value="18 min"' in panel(page)

            agent.post(
                f"/work/on/{number}", data={"timer": "1", "minutes": "18 min", "kind": "phone", "note": "Called"}
            )

        assert entries(desk, number) == [(18, "phone", "approved")]
        assert seconds(desk, number, person) is None

    def test_a_refused_log_keeps_the_timer_and_the_words(
        self, desk: Pages, agent: FlaskClient, person: int, number: str
    ) -> None:
        agent.post(f"/work/timer/{number}/start")

        answer = agent.post(f"/work/on/{number}", data={"timer": "1", "minutes": "x", "note": "typed"})

        assert answer.status_code == 422
        assert 'id="t-minutes-error"' in answer.text
        assert "typed</textarea>" in answer.text
        assert seconds(desk, number, person) is not None

    def test_discarded_time_comes_back(self, desk: Pages, agent: FlaskClient, person: int, number: str) -> None:
        agent.post(f"/work/timer/{number}/start")
        with clock.frozen(desk.moment + timedelta(minutes=7)):
            page = agent.post(f"/work/timer/{number}/discard", follow_redirects=True).text
            assert seconds(desk, number, person) is None
            toast = page.split('id="toasts"')[1].split("</form>")[0]
            fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', toast))

            agent.post(f"/work/timer/{number}/restore", data=fields)

        assert seconds(desk, number, person) == 420

    def test_the_work_form_takes_the_time_over_and_ends_the_timer(
        self, desk: Pages, agent: FlaskClient, person: int, number: str
    ) -> None:
        desk.complete(number, person, {"outcome": "mine", "person": None})
        agent.post(f"/work/timer/{number}/start")
        with clock.frozen(desk.moment + timedelta(minutes=21)):
            page = agent.get(f"/tickets/{number}").text
            assert "taken from your timer" in page
            assert 'name="minutes" value="21 min"' in page
            address = re.findall(r'action="(/tasks/[^"]+/complete)"', page)[0]

            form = {"outcome": "answer", "reply": "Done.", "minutes": "21 min", "kind": "remote", "billable": "true"}
            agent.post(address, data={**form, "_timer_minutes": "21 min"})

        assert [each[0] for each in entries(desk, number)] == [21]
        assert seconds(desk, number, person) is None

    def test_a_timer_that_the_form_did_not_speak_of_goes_on(
        self, desk: Pages, agent: FlaskClient, person: int, number: str
    ) -> None:
        """It was started in another tab after this form was read."""
        desk.complete(number, person, {"outcome": "mine", "person": None})
        address = re.findall(r'action="(/tasks/[^"]+/complete)"', agent.get(f"/tickets/{number}").text)[0]
        agent.post(f"/work/timer/{number}/start")

        form = {"outcome": "answer", "reply": "Done.", "minutes": "5", "kind": "remote", "billable": "true"}
        agent.post(address, data=form)

        assert seconds(desk, number, person) == 0

    def test_what_the_timer_says_is_in_no_draft(
        self, desk: Pages, agent: FlaskClient, person: int, number: str
    ) -> None:
        """A draft that is found an hour later shows what the timer says then."""
        desk.complete(number, person, {"outcome": "mine", "person": None})
        agent.post(f"/work/timer/{number}/start")
        address = re.findall(r'data-draft="(/tasks/[^"]+)"', agent.get(f"/tickets/{number}").text)[0]
        typed = {"outcome": "answer", "reply": "half", "minutes": "1 min", "_timer_minutes": "1 min"}
        agent.post(address, data=typed, headers={"HX-Request": "true"})

        with clock.frozen(desk.moment + timedelta(hours=1)):
            page = agent.get(f"/tickets/{number}").text

        assert "half</textarea>" in page
        assert 'name="minutes" value="1 h"' in page

    def test_a_draft_that_arrives_after_its_form_was_sent_is_forgotten(
        self, desk: Pages, agent: FlaskClient, person: int, number: str
    ) -> None:
        """The step comes back for the next round, and must not come with what was sent already."""
        desk.complete(number, person, {"outcome": "mine", "person": None})
        address = re.findall(r'data-draft="(/tasks/[^"]+)"', agent.get(f"/tickets/{number}").text)[0]
        desk.complete(number, person, {**SOLVED, "outcome": "answer"})

        agent.post(address, data={"outcome": "answer", "reply": "sent already"}, headers={"HX-Request": "true"})

        assert "sent already" not in agent.get(f"/tickets/{number}").text

    @pytest.mark.parametrize("act", ["start", "pause", "discard", "restore"])
    def test_customers_and_analysts_have_no_timers(self, desk: Pages, act: str) -> None:
        customer, _id = desk.contact()
        own = desk.ticket(customer)
        analyst = desk.client(desk.staff(Role.ANALYST))

        assert desk.client(customer).post(f"/work/timer/{own}/{act}").status_code == 403
        assert analyst.post(f"/work/timer/{own}/{act}").status_code == 403
        assert "Start the timer" not in analyst.get(f"/tickets/{own}").text

    def test_somebody_elses_timer_is_not_there(self, desk: Pages, agent: FlaskClient, number: str) -> None:
        agent.post(f"/work/timer/{number}/start")
        other = desk.staff(Role.AGENT)

        assert desk.client(other).post(f"/work/timer/{number}/pause").status_code == 404
        assert number not in desk.client(other).get("/").text.split('id="timers-rail"')[1].split("</div>")[0]


def test_customers_never_see_work(desk: Pages, agent: FlaskClient) -> None:
    customer, _id = desk.contact()
    number = desk.ticket(customer)
    agent.post(f"/work/on/{number}", data=LONG)
    browser = desk.client(customer)

    assert browser.get(f"/work/on/{number}").status_code == 404
    assert browser.post(f"/work/on/{number}", data=LONG).status_code in (403, 404)
    assert "Changed the switch" not in browser.get(f"/portal/requests/{number}").text


def test_a_colleague_who_left_logs_nothing(desk: Pages, person: int, agent: FlaskClient, number: str) -> None:
    def leave(session: Session) -> None:
        session.get_one(Person, person).is_active = False

    desk.write(leave)

    assert agent.post(f"/work/on/{number}", data=LONG).status_code in (302, 403, 404)
    assert entries(desk, number) == []
