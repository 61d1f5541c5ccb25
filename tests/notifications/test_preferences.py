"""What people want to hear of, and how it then reaches them; the signature under their replies."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.mail.models import HIDDEN, OutgoingMail
from app.notifications import account_mail, queries, rendering, service
from app.notifications.kinds import KINDS, Way, choose_ways, chosen_way, kinds_for
from app.people import links, preferences
from app.people.models import Person, Role, SignInLink
from app.tickets import conversation
from app.tickets.models import Ticket
from tests.world import Build, Recorded


def reached(session: Session, person: Person) -> tuple[int, int]:
    """(behind the bell, by mail) of what somebody was told."""
    mails = session.scalars(select(OutgoingMail.id).where(OutgoingMail.to_address == person.email)).all()
    return len(queries.page(session, person).rows), len(mails)


@pytest.mark.parametrize(
    ("way", "expected"), [(Way.BOTH, (1, 1)), (Way.BELL, (1, 0)), (Way.MAIL, (0, 1)), (Way.NONE, (0, 0))]
)
def test_a_notice_comes_by_the_way_that_was_chosen(
    session: Session, person: Build[Person], ticket: Build[Ticket], way: Way, expected: tuple[int, int]
) -> None:
    ana, dan = person(), person()
    choose_ways(session, ana, {"team_new": way})

    service.notify(session, [ana, dan], "team_new", ticket=ticket())

    assert reached(session, ana) == expected
    assert reached(session, dan) == (1, 1)
    assert session.scalar(queries.UNREAD, {"reader_id": ana.id}) == expected[0]


def test_what_somebody_waits_for_cannot_be_switched_off(
    session: Session, person: Build[Person], ticket: Build[Ticket]
) -> None:
    ana = person()
    choose_ways(session, ana, {})

    service.notify(session, [ana], "response_overdue", ticket=ticket())

    assert chosen_way(ana, "response_overdue") is Way.BELL
    assert reached(session, ana) == (1, 0)


def test_a_repeated_step_tells_nobody_twice_also_by_mail_only(
    session: Session, person: Build[Person], ticket: Build[Ticket]
) -> None:
    """What does not stand behind the bell is remembered all the same."""
    ana, late = person(), ticket()
    choose_ways(session, ana, {"response_soon": Way.MAIL})

    for _each in range(2):
        service.notify(session, [ana], "response_soon", ticket=late, step="12:tell")

    assert reached(session, ana) == (0, 1)


def test_choosing_says_what_is_different_and_keeps_only_that(
    session: Session, person: Build[Person], recorded: Recorded
) -> None:
    ana = person()
    everything = {kind.name: Way.BOTH for kind in kinds_for(ana)}

    changed = choose_ways(session, ana, {**everything, "team_new": Way.BELL})
    same = choose_ways(session, ana, {**everything, "team_new": Way.BELL})
    kept = ana.told_by
    back = choose_ways(session, ana, everything)

    assert [kind.name for kind in changed] == [kind.name for kind in back] == ["team_new"]
    assert same == []
    assert (kept, ana.told_by) == ("team_new:bell", "")
    assert len(recorded("PersonChanged")) == 2


def test_people_choose_among_what_they_are_told(person: Build[Person]) -> None:
    names = [
        {kind.name for kind in kinds_for(person(roles=[role]))} for role in (Role.AGENT, Role.CUSTOMER, Role.MANAGER)
    ]

    assert "stalled" not in names[0]
    assert names[1] == {"received", "reminder", "solved", "closed", "cancelled"}
    assert {"stalled", "unassigned", "work_to_approve"} <= names[2]


def test_a_choice_about_closing_holds_for_each_way_of_closing(session: Session, person: Build[Person]) -> None:
    maria = person(roles=[Role.CUSTOMER])

    choose_ways(session, maria, {"closed": Way.NONE})

    assert chosen_way(maria, "closed_silent") is Way.NONE


def test_every_kind_is_a_text_and_every_notice_a_kind() -> None:
    """A new text must not come without anybody having decided who may switch it off."""
    known = {name for kind in KINDS for name in (kind.name, *kind.also)}

    assert known == set(rendering.names()) - {"reply"}


def test_a_stored_choice_that_nobody_knows_counts_as_none(session: Session, person: Build[Person]) -> None:
    ana = person()
    ana.told_by = "team_new:pigeon gone:bell broken"

    assert chosen_way(ana, "team_new") is Way.BOTH
    assert chosen_way(ana, "gone") is Way.BOTH


class TestSignature:
    def test_it_stands_under_the_replies_that_its_owner_mails(
        self, session: Session, person: Build[Person], ticket: Build[Ticket]
    ) -> None:
        elena, dan = person("Elena"), person("Dan")
        preferences.change_own(session, elena, {"signature": "Elena Stan\r\n0264 000 000  \r\n"})
        printer = ticket()

        for author in (elena, dan):
            conversation.reply(session, printer, "It prints again.", author=author)

        first, second = session.scalars(select(OutgoingMail).where(OutgoingMail.kind == "reply").order_by("id"))
        assert "It prints again.\n\nElena Stan\n0264 000 000\n\n--" in first.text
        assert "Elena Stan<br>" in (first.html or "")
        assert "It prints again.\n\n--" in second.text

    def test_it_is_plain_text(self, session: Session, person: Build[Person], ticket: Build[Ticket]) -> None:
        """What looks like a template or like HTML is said as it is."""
        elena = person("Elena")
        preferences.change_own(session, elena, {"signature": "<b>{{ ticket.number }}</b>"})

        conversation.reply(session, ticket(), "Done.", author=elena)

        [mail] = session.scalars(select(OutgoingMail).where(OutgoingMail.kind == "reply"))
        assert "<b>{{ ticket.number }}</b>" in mail.text
        assert "&lt;b&gt;{{ ticket.number }}" in (mail.html or "")

    def test_one_that_is_too_long_is_refused_at_its_field(self, session: Session, person: Build[Person]) -> None:
        with pytest.raises(InvalidInput) as refused:
            preferences.change_own(session, person(), {"signature": "x" * 1001})

        assert list(refused.value.errors) == ["signature"]


class TestLetters:
    @pytest.mark.parametrize("language", ["en", "ro"])
    def test_an_invitation_brings_a_link_that_stands_in_no_list(
        self, session: Session, person: Build[Person], language: str
    ) -> None:
        dan, root = person("Dan", language=language), person("Root")

        mail = account_mail.send_invitation(session, dan, by=root)

        link = session.get_one(SignInLink, mail.sign_in_link_id)
        assert all(words in mail.text for words in (f"/sign-in/forgotten/{HIDDEN}", dan.email, "Root", " 3 "))
        assert links.token_of(link) not in mail.text + (mail.html or "")
        assert link.expires_at - link.created_at == timedelta(days=3)

    def test_a_one_time_password_is_confidential(self, session: Session, person: Build[Person]) -> None:
        mail = account_mail.send_password(session, person("Dan"), "once-only", by=None)

        assert mail.is_confidential
        assert "once-only" in mail.text

    def test_a_test_mail_is_for_everybody_to_see(self, session: Session, person: Build[Person]) -> None:
        mail = account_mail.send_test(session, person())

        assert not mail.is_confidential
        assert "test mail" in mail.text
