"""Words find tickets: with or without diacritics, by their beginnings, whole ones in quotes; on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.people.models import Person, Role
from app.tickets import conversation, queries, search, service, snippets
from tests import world
from tests.pages import Pages, ticket_of


@pytest.fixture(scope="module")
def shared_desk(either_desk: Pages) -> Pages:
    return either_desk


@pytest.fixture(scope="module")
def numbers(either_desk: Pages) -> dict[str, str]:
    """The numbers of a few requests, by what they are called here."""
    desk = either_desk

    def open_them(session: Session) -> dict[str, str]:
        panifcom = world.add_customer(session, "Panifcom Iași")
        ursu = world.add_contact(session, panifcom, "Gabriela Ursu", email="gabriela.ursu@panifcom.example").person
        other = world.add_contact(session, name="Ștefan Țăranu").person
        agent = world.add_person(session)
        found = {
            "pipe": world.add_ticket(session, "Țeavă spartă la etaj", text="Apa curge în hală.", requester=ursu),
            "printer": world.add_ticket(session, "Imprimanta scoate pagini goale", requester=other),
            "printing": world.add_ticket(
                session, "Imprimare lentă", text="Fișierele PDF de 80% durează.", requester=other
            ),
            "sign": world.add_ticket(session, "STRAßE și đak", text="Naïve café, ﬁlă, ½", requester=other),
        }
        conversation.add_note(session, found["printer"], "Client dificil, verifică tonerul Lexmark.", author=agent)
        service.add_customer_message(
            session, found["printing"], author=other, text="Apare eroarea E-4711 la coadă.", channel="email"
        )
        return {name: ticket.number for name, ticket in found.items()}

    return desk.write(open_them)


@pytest.fixture(scope="module")
def agent_id(either_desk: Pages) -> int:
    return either_desk.staff(Role.AGENT)


def found(desk: Pages, numbers: dict[str, str], words: str, reader: int) -> set[str]:
    """What a search finds, by what it is called here."""

    def read(session: Session) -> set[str]:
        page = queries.page(session, session.get_one(Person, reader), queries.Filters(text=words))
        shown = {ticket.number for ticket in page.tickets}
        return {name for name, number in numbers.items() if number in shown}

    return desk.write(read)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("teava", {"pipe"}),
        ("țeavă", {"pipe"}),
        ("ţeavă", {"pipe"}),  # with the cedilla of old keyboards
        ("TEAVĂ", {"pipe"}),
        ("t\u0326eava", {"pipe"}),  # a letter and a mark that stand apart
        ("etaj teava", {"pipe"}),
        ("impri", {"printer", "printing"}),
        ("imprimant", {"printer"}),
        ('"imprimare"', {"printing"}),
        ('"impri"', set()),
        ('"imprimare" len', {"printing"}),
        ("imprimare teava", set()),
        ("panifcom", {"pipe"}),
        ("iasi", {"pipe"}),
        ("ursu", {"pipe"}),
        ("gabriela.ursu@panifcom.example", {"pipe"}),
        ("taranu", {"printer", "printing", "sign"}),
        ("hala", {"pipe"}),
        ("e-4711", {"printing"}),
        ("4711", {"printing"}),
        ("80%", {"printing"}),
        ("lexmark", {"printer"}),
        ("strasse", {"sign"}),
        ("dak", {"sign"}),
        ("naive cafe", {"sign"}),
        ("fila", {"sign"}),
        ("a", set()),
        ("zzzz", set()),
    ],
)
def test_words_find_what_staff_may_read(
    desk: Pages, numbers: dict[str, str], agent_id: int, words: str, expected: set[str]
) -> None:
    assert found(desk, numbers, words, agent_id) == expected


@pytest.mark.parametrize(
    "words",
    [
        '"',
        '""',
        "'",
        "%",
        "*",
        "teava*zz",
        "NOT teava OR",
        'a" OR "b',
        "NEAR(teava etaj)",
        "words:x",
        "-",
        "& | !",
        "(((",
        ":*",
        "\\",
    ],
)
def test_signs_of_a_query_language_are_only_signs(
    desk: Pages, numbers: dict[str, str], agent_id: int, words: str
) -> None:
    """No search may break, nor mean anything but its words."""
    assert found(desk, numbers, words, agent_id) == set()


@pytest.mark.parametrize("words", ["x" * 500, "ș" * 200, "apa " * 100, "\x00teava"])
def test_long_and_odd_searches_are_answered(desk: Pages, numbers: dict[str, str], agent_id: int, words: str) -> None:
    assert found(desk, numbers, words, agent_id) <= set(numbers)


def test_a_number_is_found_as_a_word_however_it_is_written(desk: Pages, numbers: dict[str, str], agent_id: int) -> None:
    number = numbers["pipe"]

    for written in (number, number.lower(), number.replace("-", ""), number.removeprefix("S-")):
        assert found(desk, numbers, written, agent_id) == {"pipe"}, written


def test_notes_are_found_by_staff_only(desk: Pages, numbers: dict[str, str], agent_id: int) -> None:
    """A customer who guesses words must not learn what was noted about them."""
    requester = desk.write(lambda session: ticket_of(session, numbers["printer"]).requester_id)

    assert found(desk, numbers, "dificil", agent_id) == {"printer"}
    assert found(desk, numbers, "dificil", requester) == set()
    assert found(desk, numbers, "pagini", requester) == {"printer"}


def test_a_ticket_is_found_by_its_new_customer(desk: Pages, agent_id: int) -> None:
    number = desk.ticket(desk.contact()[0], "Moved to another company")

    def move(session: Session) -> None:
        service.change_customer(
            session, ticket_of(session, number), world.add_customer(session, "Belvedere Nou"), by=None
        )

    desk.write(move)

    assert found(desk, {"moved": number}, "belvedere", agent_id) == {"moved"}


def test_words_written_anew_are_the_same(desk: Pages, numbers: dict[str, str], agent_id: int) -> None:
    """`./run tickets reindex` after an upgrade finds what was found before."""

    def reindex(session: Session) -> None:
        after: int | None = 0
        while after is not None:
            after = search.reindex(session, after, most=2)

    desk.write(reindex)

    assert found(desk, numbers, "lexmark", agent_id) == {"printer"}
    assert found(desk, numbers, "teava", agent_id) == {"pipe"}


def test_a_snippet_shows_where_the_words_are(desk: Pages, numbers: dict[str, str]) -> None:
    def pieces(session: Session) -> snippets.Pieces:
        ticket = ticket_of(session, numbers["printer"])
        return snippets.snippets(session, [ticket.id], "toner lexmark")[ticket.id]

    assert [piece for piece, is_hit in desk.write(pieces) if is_hit] == ["tonerul", "Lexmark"]


def test_a_snippet_is_cut_between_words_and_marks_words_with_diacritics() -> None:
    text = "Început. " + "cuvinte de umplutură " * 10 + "apoi Țeava-nouă\ncurge " + "și tot așa " * 30

    pieces = snippets.marked(text, search.wanted_words("teava"))

    said = "".join(piece for piece, _is_hit in pieces)
    assert [piece for piece, is_hit in pieces if is_hit] == ["Țeava"]
    assert said.startswith("…")
    assert said.endswith("…")
    assert len(said) <= snippets.BEFORE + snippets.LENGTH
    assert "  " not in said
    assert "\n" not in said
