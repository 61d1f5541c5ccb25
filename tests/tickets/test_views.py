"""The screens of tickets: list, search, a request taken down, the ticket page and what is done on it."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.contracts.models import Customer
from app.people.models import Person, Role
from app.tickets import queries
from app.tickets.models import Message, MessageKind
from tests import world
from tests.pages import Pages, counted_queries, ticket_of


@pytest.fixture
def agent(desk: Pages) -> FlaskClient:
    return desk.client(desk.staff(Role.AGENT, team="support"))


@pytest.fixture
def number(desk: Pages) -> str:
    return desk.ticket(desk.contact()[0], "Țeava curge în hala B")


def test_words_find_tickets_with_or_without_diacritics(desk: Pages, agent: FlaskClient, number: str) -> None:
    assert number in agent.get("/tickets/?q=teava+hala").text
    assert number not in agent.get("/tickets/?q=imprimanta+xyz").text


def test_a_number_goes_straight_to_its_ticket(agent: FlaskClient, number: str) -> None:
    digits = number.removeprefix("S-")

    answers = [agent.get("/tickets/", query_string={"q": written}) for written in (number, digits, f"#{digits}")]

    assert [answer.headers.get("Location") for answer in answers] == [f"/tickets/{number}"] * 3


def test_filters_narrow_the_list(desk: Pages, agent: FlaskClient, number: str) -> None:
    other = desk.ticket(desk.contact()[0], "Urgent one", priority="urgent")

    urgent = agent.get("/tickets/?priority=urgent").text
    closed = agent.get("/tickets/?category=closed").text
    nobodys = agent.get("/tickets/?assignee=none&category=active").text

    assert other in urgent
    assert number not in urgent
    assert number not in closed
    assert number in nobodys


@pytest.mark.parametrize("address", ["?assignee=%00", "?category=x&team=';--", "?after=nonsense", "?customer=abc"])
def test_nonsense_in_filters_is_answered_calmly(agent: FlaskClient, address: str) -> None:
    assert agent.get(f"/tickets/{address}", follow_redirects=True).status_code in (200, 422)


@pytest.mark.parametrize("name", ["assignee", "requester", "customer"])
@pytest.mark.parametrize("nobody", ["99999999", "99999999999999999999999", "-1", "nobody"])
def test_whoever_is_not_there_has_no_tickets(agent: FlaskClient, number: str, name: str, nobody: str) -> None:
    """A list that is asked for somebody must not answer with everybody's tickets."""
    assert number in agent.get("/tickets/").text

    assert number not in agent.get(f"/tickets/?{name}={nobody}").text


def test_older_tickets_are_on_the_next_page_and_none_is_missing(desk: Pages, agent: FlaskClient) -> None:
    requester, customer = desk.contact()
    numbers = {desk.ticket(requester) for _ in range(queries.PAGE_SIZE + 3)}

    first = agent.get(f"/tickets/?customer={customer}").text
    following = agent.get(first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&"))

    on_first = {each for each in numbers if f"/tickets/{each}" in first}
    on_second = {each for each in numbers if f"/tickets/{each}" in following.text}
    assert len(on_first) == queries.PAGE_SIZE
    assert on_first | on_second == numbers
    assert on_first & on_second == set()


def test_the_list_costs_the_same_whatever_its_length(desk: Pages, agent: FlaskClient) -> None:
    requester, customer = desk.contact()
    desk.ticket(requester)
    agent.get(f"/tickets/?customer={customer}")
    with counted_queries() as few:
        agent.get(f"/tickets/?customer={customer}")

    for _ in range(10):
        desk.ticket(requester)
    with counted_queries() as many:
        agent.get(f"/tickets/?customer={customer}")

    assert len(many) == len(few)


def test_the_ticket_page_shows_clocks_conversation_form_and_process(agent: FlaskClient, number: str) -> None:
    text = agent.get(f"/tickets/{number}").text

    assert "Reply due" in text
    assert "Solution due" in text
    assert "Why" in text
    assert "waits for a reply" in text
    assert "Take over the request" in text
    assert "/complete" in text
    assert "Where it is" in text


def test_rows_of_an_explained_deadline_are_on_the_page(agent: FlaskClient, number: str) -> None:
    text = agent.get(f"/tickets/{number}").text

    assert "s-timeline" in text
    assert "Allowed" in text


def test_a_note_is_inside_only(desk: Pages, agent: FlaskClient, number: str) -> None:
    agent.post(f"/tickets/{number}/note", data={"text": "Same as <last> year."})

    text = agent.get(f"/tickets/{number}").text
    seen = desk.write(lambda session: _seen_by_customer(session, number))
    assert "internal note, staff only" in text
    assert "Same as &lt;last&gt; year." in text
    assert "Same as <last> year." not in seen


def _seen_by_customer(session: Session, number: str) -> list[str]:
    ticket = ticket_of(session, number)
    return [message.text for message in queries.conversation(session, ticket, for_customer=True)]


def test_an_empty_note_says_what_is_missing(agent: FlaskClient, number: str) -> None:
    assert agent.post(f"/tickets/{number}/note", data={"text": "  "}).status_code == 422


def test_handing_over_moves_team_and_person(desk: Pages, agent: FlaskClient, number: str) -> None:
    colleague = desk.staff(Role.AGENT, team="network")

    agent.post(f"/tickets/{number}/assign", data={"team": "network", "person": str(colleague)})

    moved = desk.write(lambda session: (ticket_of(session, number).team.key, ticket_of(session, number).assignee_id))  # type: ignore[union-attr]
    assert moved == ("network", colleague)


def test_taking_it_off_somebody_leaves_it_with_the_team(desk: Pages, agent: FlaskClient, number: str) -> None:
    colleague = desk.staff(Role.AGENT, team="support")
    agent.post(f"/tickets/{number}/assign", data={"person": str(colleague)})

    agent.post(f"/tickets/{number}/assign", data={"person": "nobody"})

    assert desk.write(lambda session: ticket_of(session, number).assignee_id) is None


def test_changing_priority_type_and_customer(desk: Pages, agent: FlaskClient, number: str) -> None:
    customer = desk.write(lambda session: world.add_customer(session).id)

    name = desk.write(lambda session: session.get_one(Customer, customer).name)
    form = {"priority": "urgent", "type": "question", "customer": name}
    answer = agent.post(f"/tickets/{number}/change", data=form)

    def read(session: Session) -> tuple[str, str, int]:
        ticket = ticket_of(session, number)
        return str(ticket.priority), ticket.type_key, ticket.customer_id

    assert answer.status_code == 302
    assert desk.write(read) == ("urgent", "question", customer)


def test_a_customer_is_found_by_a_name_in_any_letters(desk: Pages, agent: FlaskClient, number: str) -> None:
    """SQLite takes only English letters for small and capital ones; the name that was offered must work."""
    name = "Întreținere Știință SRL"
    customer = desk.write(lambda session: world.add_customer(session, name).id)

    assert f'<option value="{name}">' in agent.get("/tickets/customers?customer=Întreținere").text
    answer = agent.post(f"/tickets/{number}/change", data={"customer": name})

    assert answer.status_code == 302
    assert desk.write(lambda session: ticket_of(session, number).customer_id) == customer
    assert number in agent.get("/tickets/", query_string={"customer": name}).text


def test_a_customer_that_is_not_there_is_told_at_the_field_and_nothing_is_lost(
    desk: Pages, agent: FlaskClient, number: str
) -> None:
    answer = agent.post(f"/tickets/{number}/change", data={"priority": "urgent", "customer": "Nobody & Sons"})
    form = answer.text.split('id="change-form"')[1].split("</form>")[0]

    assert answer.status_code == 422
    assert 'value="Nobody &amp; Sons" aria-invalid="true"' in form
    assert '<option value="urgent" selected>' in form
    assert "There is no customer “Nobody &amp; Sons”." in form
    assert desk.write(lambda session: str(ticket_of(session, number).priority)) != "urgent"


def test_of_two_customers_with_one_name_the_request_stays_with_its_own(
    desk: Pages, agent: FlaskClient, number: str
) -> None:
    def twins(session: Session) -> tuple[str, int]:
        first, second = world.add_customer(session), world.add_customer(session)
        second.name = first.name
        ticket_of(session, number).customer = second
        return first.name, second.id

    name, own = desk.write(twins)

    answer = agent.post(f"/tickets/{number}/change", data={"priority": "low", "customer": name})

    assert answer.status_code == 302
    assert desk.write(lambda session: ticket_of(session, number).customer_id) == own


def test_a_field_for_a_customer_offers_those_that_may_be_meant(desk: Pages, agent: FlaskClient) -> None:
    def named(session: Session) -> None:
        world.add_contact(session, world.add_customer(session, "Țesături Iași SRL"))

    desk.write(named)

    assert '<option value="Țesături Iași SRL">' in agent.get("/tickets/customers?customer=iași").text
    assert '<option value="Țesături Iași SRL">' in agent.get("/tickets/customers?customer=tesaturi").text
    assert agent.get("/tickets/customers?customer=no+such+house").text.strip() == ""
    assert agent.get("/tickets/customers?customer=").text.strip() == ""
    assert agent.get("/tickets/customers?customer=%25").text.strip() == ""


@pytest.mark.parametrize("form", [{"priority": "whatever"}, {"type": "nothing"}, {"customer": "Nobody & Sons"}])
def test_values_that_do_not_exist_change_nothing(
    desk: Pages, agent: FlaskClient, number: str, form: dict[str, str]
) -> None:
    before = desk.write(lambda session: ticket_of(session, number).lock_version)

    assert agent.post(f"/tickets/{number}/change", data=form).status_code == 422
    assert desk.write(lambda session: ticket_of(session, number).lock_version) == before


def test_cancelling_needs_a_reason_and_ends_the_request(desk: Pages, agent: FlaskClient, number: str) -> None:
    without = agent.post(f"/tickets/{number}/cancel", data={"reason": ""})
    with_one = agent.post(f"/tickets/{number}/cancel", data={"reason": "asked twice"})

    assert (without.status_code, with_one.status_code) == (422, 302)
    assert desk.write(lambda session: ticket_of(session, number).state_key) == "cancelled"
    assert "Take over the request" not in agent.get(f"/tickets/{number}").text.split('id="work"')[1].split("</form>")[0]


def test_an_analyst_looks_but_does_not_change(desk: Pages, number: str) -> None:
    browser = desk.client(desk.staff(Role.ANALYST))

    assert browser.get(f"/tickets/{number}").status_code == 200
    assert browser.post(f"/tickets/{number}/assign", data={"person": "nobody"}).status_code == 403


def test_a_message_with_hostile_text_is_only_text(desk: Pages, agent: FlaskClient) -> None:
    person_id, _customer = desk.contact()
    number = desk.ticket(person_id, "<script>alert(1)</script>", text="<img src=x onerror=alert(1)>\n\n<b>x</b>")

    text = agent.get(f"/tickets/{number}").text

    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_system_lines_fold_when_there_are_many(desk: Pages, agent: FlaskClient, number: str) -> None:
    for priority in ("low", "high", "urgent", "normal", "low"):
        agent.post(f"/tickets/{number}/change", data={"priority": priority})

    text = agent.get(f"/tickets/{number}").text
    lines = desk.write(
        lambda session: (
            session.query(Message).filter_by(ticket_id=ticket_of(session, number).id, kind=MessageKind.SYSTEM).count()
        )
    )
    assert lines > 4
    assert "more steps" in text


def test_staff_read_the_desk_in_their_language(desk: Pages, number: str) -> None:
    person_id = desk.staff(Role.AGENT, team="support")

    def speak(session: Session) -> None:
        session.get_one(Person, person_id).language = "ro"

    desk.write(speak)
    assert '<html lang="ro"' in desk.client(person_id).get(f"/tickets/{number}").text


def test_handing_over_without_a_choice_changes_nothing_and_says_so(desk: Pages) -> None:
    number = desk.ticket(desk.contact()[0])
    agent = desk.client(desk.staff(Role.AGENT, team="support"))

    page = agent.post(f"/tickets/{number}/assign", data={"team": "", "person": ""}, follow_redirects=True).text

    assert "it stays as it is" in page
    assert "Assigned to nobody" not in page
