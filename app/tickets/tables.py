"""Tickets as a table for spreadsheets: CSV and XLSX, written row by row into a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import IO
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy.orm import Session

from app.people.models import Person
from app.tickets import queries
from app.tickets.columns import COLUMNS, NUMBER, SUBJECT, Column, Value, extras
from app.tickets.filters import Filters

# So many rows at once: more keep a process busy for minutes, and nobody reads them.
MOST_ROWS = 20_000
CHUNK = queries.LARGEST_PAGE
# What spreadsheets take for the beginning of a formula, also in the wide forms of East Asian writing.
FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where a comma parts the decimals, it does not part the cells.
DELIMITERS = {"ro": ";"}

Row = list[Value]


def columns_of(keys: Sequence[str]) -> list[Column]:
    """The columns of a table: number and subject, then those that are shown."""
    return [NUMBER, SUBJECT, *(COLUMNS[key] for key in keys if key in COLUMNS)]


def rows(session: Session, reader: Person, filters: Filters, sort: str, keys: Sequence[str]) -> Iterator[Row]:
    """The rows of a list, in its order, read page by page."""
    columns, cursor = columns_of(keys), None
    while True:
        page = queries.page(
            session, reader, filters, cursor, CHUNK, sort=sort, with_requesters="requester" in keys
        )  # fmt: skip
        more = extras(session, [ticket.id for ticket in page.tickets], reader, keys)
        yield from ([column.value(ticket, more) for column in columns] for ticket in page.tickets)
        cursor = page.next_cursor
        if cursor is None:
            return


def write_csv(file: IO[bytes], titles: Sequence[str], found: Iterable[Row], zone: ZoneInfo, language: str) -> None:
    """Write a CSV file in UTF-8, marked so that spreadsheets know it; moments are in the reader's zone (ISO 8601).

    What parts the cells is what spreadsheets of the reader's language expect.
    """
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text, delimiter=DELIMITERS.get(language, ","))
    writer.writerow([harmless(title) for title in titles])
    for row in found:
        writer.writerow([_in_csv(value, zone) for value in row])
    text.flush()
    text.detach()


def write_xlsx(file: IO[bytes], titles: Sequence[str], found: Iterable[Row], zone: ZoneInfo, _language: str) -> None:
    """Write a workbook whose texts are texts and whose moments are dates, in the reader's zone."""
    # Rows go to the disk as they come; what a cell says is never a formula or a link.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, options)
    sheet = book.add_worksheet()
    heading, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.freeze_panes(1, 0)
    for place, title in enumerate(titles):
        sheet.set_column(place, place, 50 if place == 1 else 18)
        sheet.write_string(0, place, title, heading)
    for line, row in enumerate(found, start=1):
        for place, value in enumerate(row):
            if isinstance(value, datetime):
                sheet.write_datetime(line, place, value.astimezone(zone).replace(tzinfo=None), moment)
            elif value:
                sheet.write_string(line, place, value)
    book.close()


def harmless(value: str) -> str:
    """A text that no spreadsheet takes for a formula (OWASP, CSV injection): a quote in front makes it a text."""
    return f"'{value}" if value.lstrip(" \u00a0").startswith(FORMULA_BEGINS) else value


def _in_csv(value: Value, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(microsecond=0).isoformat(sep=" ", timespec="minutes")[:16]
    return harmless(value or "")
