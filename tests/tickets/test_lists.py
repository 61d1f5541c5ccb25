"""The lists of states and request types: named in each language, in an order, and never taken from what uses them."""

import pytest
from sqlalchemy.orm import Session

from app.engine import definitions
from app.engine import queries as engine_queries
from app.errors import Conflict, InvalidInput
from app.people.models import Team
from app.tickets import queries, service, state_list, type_list, usage
from app.tickets.models import RequestType, Ticket, TicketState
from tests import world
from tests.world import Build, Recorded

STATE = {"label_en": "With the supplier", "label_ro": "La furnizor", "category": "pending"}
TYPE = {
    "label_en": "Visit",
    "label_ro": "Vizită",
    "process": "ticket_lifecycle",
    "priority": "high",
    "team": "",
    "minutes": "90",
}


@pytest.fixture
def supplier(session: Session) -> TicketState:
    world.add_lists(session)
    return state_list.add_state(session, STATE, by=None)


@pytest.fixture
def visit(session: Session) -> RequestType:
    world.add_lists(session)
    world.add_plain_processes(session)
    return type_list.add_type(session, TYPE, by=None)


class TestStates:
    def test_a_new_state_stands_at_the_end_under_a_key_of_its_own(
        self, session: Session, supplier: TicketState, recorded: Recorded
    ) -> None:
        assert queries.states(session)[-1] is supplier
        assert (supplier.key, supplier.labels) == ("with_the_supplier", {"en": STATE["label_en"], "ro": "La furnizor"})
        assert [event.about for event in recorded("ListEntryAdded")] == ["state:with_the_supplier"]

    def test_what_is_missing_is_told_at_its_field(self, session: Session) -> None:
        world.add_lists(session)

        with pytest.raises(InvalidInput) as refused:
            state_list.add_state(session, {"label_en": "New", "key": "new", "category": "odd"}, by=None)

        assert set(refused.value.errors) == {"label_ro", "key", "category"}

    def test_a_built_in_state_is_renamed_but_keeps_its_meaning(self, session: Session) -> None:
        world.add_lists(session)
        closed = state_list.get_state(session, "closed")

        changed = state_list.edit_state(session, closed, {"label_en": "Put away", "label_ro": "Arhivată"}, by=None)

        assert changed == ["labels"]
        with pytest.raises(InvalidInput):
            state_list.edit_state(session, closed, {"label_en": "x", "label_ro": "x", "category": "open"}, by=None)
        with pytest.raises(Conflict):
            state_list.switch_state(session, closed, False, by=None)
        with pytest.raises(Conflict):
            state_list.remove_state(session, closed, by=None)

    def test_a_state_that_requests_were_in_is_switched_off_never_removed(
        self, session: Session, supplier: TicketState, ticket: Build[Ticket]
    ) -> None:
        """Their history would say something that is not there any more; the clocks have counted by its meaning."""
        waiting = ticket()
        service.change_state(session, waiting, supplier.key, by=None)

        with pytest.raises(Conflict):
            state_list.remove_state(session, supplier, by=None)
        with pytest.raises(InvalidInput):
            state_list.edit_state(session, supplier, {**STATE, "category": "open"}, by=None)
        state_list.switch_state(session, supplier, False, by=None)

        assert usage.by_state(session)[supplier.key] == 1
        assert waiting.state is supplier
        with pytest.raises(InvalidInput, match="switched off"):
            service.change_state(session, ticket(), supplier.key, by=None)

    def test_a_state_that_a_diagram_moves_requests_into_stays(self, session: Session, supplier: TicketState) -> None:
        world.add_plain_processes(session)
        current = definitions.current(session, "ticket_lifecycle")
        assert current is not None
        assert engine_queries.definitions_naming(session, supplier.key) == []
        current.files[0].content += f"""<!-- a parameter: '"{supplier.key}"' -->"""
        session.flush()

        with pytest.raises(Conflict, match=current.name):
            state_list.switch_state(session, supplier, False, by=None)

        assert supplier.is_active

    def test_an_unused_state_is_removed(self, session: Session, supplier: TicketState, recorded: Recorded) -> None:
        state_list.remove_state(session, supplier, by=None)

        assert "with_the_supplier" not in {state.key for state in queries.states(session)}
        assert recorded("ListEntryRemoved")[0].payload["labels"]["ro"] == "La furnizor"

    def test_a_state_moves_one_step_and_not_beyond_the_ends(
        self, session: Session, supplier: TicketState, recorded: Recorded
    ) -> None:
        before = [state.key for state in queries.states(session)]

        state_list.move_state(session, supplier, 1, by=None)
        assert [state.key for state in queries.states(session)] == before
        state_list.move_state(session, supplier, -1, by=None)

        assert [state.key for state in queries.states(session)] == [*before[:-2], before[-1], before[-2]]
        assert [event.payload["fields"] for event in recorded("ListEntryChanged")] == [
            {"position": [len(before), len(before) - 1]}
        ]


class TestTypes:
    def test_a_new_type_begins_requests_as_it_says(
        self, session: Session, visit: RequestType, ticket: Build[Ticket]
    ) -> None:
        opened = ticket(type_key=visit.key)

        assert (opened.priority, opened.type.estimated_minutes) == ("high", 90)

    def test_what_does_not_fit_is_told_at_its_field(self, session: Session, visit: RequestType) -> None:
        with pytest.raises(InvalidInput) as refused:
            type_list.edit_type(
                session,
                visit,
                {"label_en": "x" * 61, "process": "none", "priority": "odd", "team": "none", "minutes": "-5"},
                by=None,
            )

        assert set(refused.value.errors) == {"label_en", "label_ro", "process", "priority", "team", "minutes"}

    def test_a_type_is_described_and_sent_to_a_team(
        self, session: Session, visit: RequestType, team: Build[Team], recorded: Recorded
    ) -> None:
        team("field")

        changed = type_list.edit_type(
            session, visit, {**TYPE, "description_ro": "Venim la dumneavoastră.", "team": "field"}, by=None
        )

        assert changed == ["descriptions", "default_team_key"]
        assert visit.descriptions == {"ro": "Venim la dumneavoastră."}
        assert recorded("ListEntryChanged")[0].payload["fields"]["default_team_key"] == [None, "field"]

    def test_a_used_type_is_offered_no_more_and_never_removed(
        self, session: Session, visit: RequestType, ticket: Build[Ticket]
    ) -> None:
        ticket(type_key=visit.key)

        with pytest.raises(Conflict):
            type_list.remove_type(session, visit, by=None)
        type_list.switch_type(session, visit, False, by=None)

        assert visit not in queries.request_types(session)
        assert usage.unsolved_by_type(session)[visit.key] == 1

    def test_the_type_of_mail_stays_offered(self, session: Session) -> None:
        """A mail cannot choose: without it every mail would fail."""
        world.add_lists(session)
        incident = type_list.get_type(session, "incident")

        with pytest.raises(Conflict, match="Mail"):
            type_list.switch_type(session, incident, False, by=None)
        with pytest.raises(Conflict, match="Mail"):
            type_list.remove_type(session, incident, by=None)

    def test_an_unused_type_is_removed_and_types_move(self, session: Session, visit: RequestType) -> None:
        type_list.move_type(session, visit, -1, by=None)
        assert [kind.key for kind in queries.request_types(session)][-2] == visit.key

        type_list.remove_type(session, visit, by=None)

        assert visit.key not in {kind.key for kind in queries.request_types(session)}
