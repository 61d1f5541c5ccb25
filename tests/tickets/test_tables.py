"""Lists as files for spreadsheets: the same rows, harmless to open, with the reader's times."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy.orm import Session

from app.people.models import Person, Role
from app.tickets import tables
from app.tickets.columns import COLUMNS
from tests.pages import Pages

BUCHAREST = ZoneInfo("Europe/Bucharest")
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
BEGINS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\u00a0=1",
    "＝1",
    '=HYPERLINK("x")',
    "-10°C în sală",
]


@pytest.fixture
def agent(desk: Pages) -> FlaskClient:
    return desk.client(desk.staff(Role.AGENT, team="support"))


def read_csv(data: bytes, delimiter: str = ",") -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf"), "Excel reads UTF-8 only with this mark"
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def read_xlsx(data: bytes) -> tuple[list[list[str]], str]:
    """The texts of the sheet's cells by row, and the sheet's XML."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
        rows = []
        for row in etree.fromstring(sheet).iter(f"{SHEET}row"):
            cells = ["".join(map(str, cell.itertext())) for cell in row.iter(f"{SHEET}c")]
            rows.append(cells)
    return rows, sheet.decode()


@pytest.mark.parametrize("text", BEGINS)
def test_a_cell_that_begins_like_a_formula_is_a_text(text: str) -> None:
    """OWASP, CSV injection: what customers write is opened by the desk's own people."""
    assert tables.harmless(text) == f"'{text}"


@given(st.text(max_size=40))
def test_no_text_begins_a_formula(text: str) -> None:
    assert not tables.harmless(text).lstrip(" \u00a0").startswith(tables.FORMULA_BEGINS)
    assert tables.harmless(text).removeprefix("'") == text.removeprefix("'") or text.startswith("'")


@given(st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=3), max_size=6))
def test_a_csv_file_gives_back_what_was_written(rows: list[list[str]]) -> None:
    file = io.BytesIO()

    tables.write_csv(file, ["One", "Two"], [list(row) for row in rows], BUCHAREST, "en")

    expected = [[tables.harmless(each) for each in row] for row in rows]
    read = read_csv(file.getvalue())
    assert read[0] == ["One", "Two"]
    assert [[_plain(cell) for cell in row] for row in read[1:]] == [[_plain(cell) for cell in row] for row in expected]


def _plain(cell: str) -> str:
    # The reader of the standard library drops what it calls line ends of another system.
    return cell.replace("\r\n", "\n").replace("\r", "\n")


def test_where_a_comma_parts_decimals_a_semicolon_parts_cells() -> None:
    """A spreadsheet in Romanian would put a whole line into one cell."""
    file = io.BytesIO()

    tables.write_csv(file, ["Număr", "Subiect"], [["S-1", "a, b; c"]], BUCHAREST, "ro")

    assert read_csv(file.getvalue(), ";") == [["Număr", "Subiect"], ["S-1", "a, b; c"]]


def test_moments_are_on_the_clocks_of_the_reader() -> None:
    summer, winter = datetime(2026, 7, 1, 21, 30, 59, tzinfo=UTC), datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    file, book = io.BytesIO(), io.BytesIO()

    tables.write_csv(file, ["a", "b"], [[summer, winter]], BUCHAREST, "en")
    tables.write_xlsx(book, ["a", "b"], [[summer, winter]], BUCHAREST, "en")

    assert read_csv(file.getvalue())[1] == ["2026-07-02 00:30", "2027-01-01 00:30"]
    days = [float(cell) for cell in read_xlsx(book.getvalue())[0][1]]
    assert [int(each) for each in days] == [46205, 46388]
    assert days[1] % 1 == pytest.approx(30 / 1440, abs=1e-4)


def test_a_workbook_has_texts_only_and_no_formulas_or_links() -> None:
    book = io.BytesIO()

    tables.write_xlsx(book, ["Subject", "x"], [[text, "http://example.org"] for text in BEGINS], BUCHAREST, "en")

    rows, xml = read_xlsx(book.getvalue())
    assert "<f>" not in xml
    assert "<hyperlink" not in xml.lower()
    # A carriage return is written as its number, which spreadsheets read as one.
    assert [row[0].replace("_x000D_", "").strip() for row in rows[1:]] == [text.strip() for text in BEGINS]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_has_the_rows_and_columns_of_the_list(desk: Pages, agent: FlaskClient, kind: str) -> None:
    requester, customer = desk.contact()
    hostile = desk.ticket(requester, "=cmd|'/c calc'!A1", priority="urgent")
    later = desk.ticket(requester, "Țeavă; spartă, „aici”", priority="low")
    desk.ticket(desk.contact()[0], "Of somebody else")

    query = f"customer={customer}&sort=priority&column=priority&column=opened&column=tags"
    answer = agent.get(f"/tickets/export.{kind}?{query}")

    assert "attachment" in answer.headers["Content-Disposition"]
    assert f"tickets-2026-11-18.{kind}" in answer.headers["Content-Disposition"]
    rows = read_csv(answer.data) if kind == "csv" else read_xlsx(answer.data)[0]
    assert rows[0] == ["Number", "Subject", "Priority", "Opened", "Tags"]
    assert [row[0] for row in rows[1:]] == [hostile, later]
    assert [row[2] for row in rows[1:]] == ["Urgent", "Low"]
    assert rows[2][1] == "Țeavă; spartă, „aici”"
    if kind == "csv":
        assert rows[1][1] == "'=cmd|'/c calc'!A1"
        assert rows[1][3] == "2026-11-18 10:00"


def test_a_file_of_many_pages_has_every_row_once_in_the_lists_order(
    desk: Pages, agent: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    requester, customer = desk.contact()
    numbers = [desk.ticket(requester, f"Row {each}") for each in range(7)]
    monkeypatch.setattr(tables, "CHUNK", 3)

    rows = read_csv(agent.get(f"/tickets/export.csv?customer={customer}&sort=opened").data)

    assert [row[0] for row in rows[1:]] == numbers


def test_every_column_can_be_exported(desk: Pages, agent: FlaskClient) -> None:
    requester, customer = desk.contact()
    number = desk.ticket(requester, "All of it")
    keys = list(COLUMNS)

    rows = read_csv(
        agent.get(f"/tickets/export.csv?customer={customer}&" + "&".join(f"column={key}" for key in keys)).data
    )

    assert len(rows[0]) == len(keys) + 2
    assert rows[1][0] == number
    assert "Incident" in rows[1]
    assert any(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", cell) for cell in rows[1])


def test_too_many_rows_are_refused_before_anything_is_written(
    desk: Pages, agent: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    requester, customer = desk.contact()
    for each in range(3):
        desk.ticket(requester, f"Row {each}")
    monkeypatch.setattr(tables, "MOST_ROWS", 2)

    answer = agent.get(f"/tickets/export.csv?customer={customer}")

    assert answer.status_code == 422
    assert "more than 2 rows" in answer.text
    assert "Narrow it first" in answer.text


def test_titles_and_names_are_in_the_readers_language(desk: Pages) -> None:
    person_id = desk.staff(Role.AGENT)

    def speak(session: Session) -> None:
        session.get_one(Person, person_id).language = "ro"

    desk.write(speak)
    answer = desk.client(person_id).get("/tickets/export.csv?column=state&column=channel&column=deadline")

    rows = read_csv(answer.data, ";")
    assert rows[0] == ["Număr", "Subiect", "Stare", "Canal", "Termen"]
    assert "cereri-2026" in answer.headers["Content-Disposition"]


def test_customers_have_no_export(desk: Pages) -> None:
    assert desk.client(desk.contact()[0]).get("/tickets/export.csv").status_code == 404


def test_there_is_no_other_kind_of_file(agent: FlaskClient) -> None:
    assert agent.get("/tickets/export.pdf").status_code == 404
