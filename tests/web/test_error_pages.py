"""Error pages: in the reader's own frame, and standing on their own where that frame may be what broke."""

from __future__ import annotations

import pytest

from app.people.models import Role
from tests.pages import Pages


def test_a_customer_meets_errors_inside_the_portal(desk: Pages) -> None:
    person_id, _ = desk.contact()

    answer = desk.client(person_id).get("/tickets/")

    assert answer.status_code in (403, 404)
    assert "/portal/new" in answer.text
    assert "/instances" not in answer.text


def test_a_page_that_breaks_says_so_outside_the_frame_that_may_have_broken_it(
    desk: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down() -> str:
        raise RuntimeError("a bug")

    monkeypatch.setitem(desk.app.view_functions, "tickets.index", break_down)
    monkeypatch.setattr(desk.app, "testing", False)

    answer = desk.client(desk.staff(Role.AGENT)).get("/tickets/")

    assert answer.status_code == 500
    assert "Nothing was half done" in answer.text
    assert "/instances" not in answer.text
