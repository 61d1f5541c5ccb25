"""Reading mails: people's, programs', and those made to break what reads them (G8)."""

from pathlib import Path

import pytest

from app.mail.loops import automatic_reason
from app.mail.parser_process import ParserProcess, parse_apart
from app.mail.parsing import TEXT_CHARACTERS, ParsedMail, Unreadable, parse
from tests.mail.conftest import OutOfTimeError, interrupted

CORPUS = Path(__file__).parent / "corpus"
EVERY_MAIL = sorted(path.stem for path in CORPUS.glob("*.eml"))
OWN = frozenset({"suport@desk.example", "network@desk.example"})


def raw(name: str) -> bytes:
    return (CORPUS / f"{name}.eml").read_bytes()


def read(name: str) -> ParsedMail:
    return parse(raw(name))


def test_an_ordinary_mail_is_read_as_it_was_written() -> None:
    mail = read("ordinary")

    assert (mail.sender, mail.sender_name) == ("ioana.radu@medis.example", "Ioana Radu")
    assert mail.subject == "Imprimanta de la recepție nu mai printează"
    assert mail.text.startswith("Bună ziua,")
    assert mail.text.endswith("Ioana Radu")
    assert mail.message_id == "<ordinary.1@medis.example>"
    assert automatic_reason(mail, "ioana.radu@medis.example", OWN) == ""


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("reply_ro", "Mulțumesc, acum merge."),
        ("reply_ro_outlook", "Tot nu merge, arată aceeași eroare."),
        ("reply_en", "It works again, thank you."),
        ("reply_below", "Yes, it is."),
    ],
)
def test_of_a_reply_only_what_is_new_is_kept(name: str, written: str) -> None:
    mail = read(name)

    assert mail.text == written
    assert mail.html is None, "the HTML would bring the quoted history back"


def test_answers_between_quoted_questions_keep_the_questions() -> None:
    text = read("reply_between").text

    assert "> Which floor is it on?" in text
    assert "Since Monday." in text


def test_a_forwarded_mail_keeps_what_it_forwards() -> None:
    assert "Certificatul expira maine." in read("forwarded").text


def test_html_is_shown_without_anything_that_runs_or_loads() -> None:
    mail = read("html_only")

    assert mail.text.startswith("Bună ziua,\n\nVPN-ul nu merge de aici.")
    assert "- am repornit\n- am așteptat" in mail.text
    assert mail.html is not None
    assert "<b>nu merge</b>" in mail.html
    for forbidden in ("script", "alert", "img", "onclick", "javascript", "iframe", "svg", "@import", "form", "style"):
        assert forbidden not in mail.html


def test_attachments_keep_their_bytes_and_lose_their_paths() -> None:
    mail = read("attachments")

    assert [(one.name, one.content_type) for one in mail.attachments] == [
        ("file-1.png", "image/png"),
        ("factură și deviz.pdf", "application/pdf"),
        ("log.txt", "text/plain"),
        ("Mesaj inaintat.eml", "message/rfc822"),
    ]
    assert mail.attachments[0].content.startswith(b"\x89PNG")
    assert mail.attachments[1].content == b"%PDF-1.4 not much"
    assert b"Acesta este mesajul" in mail.attachments[3].content
    assert mail.text == "Vezi captura"


@pytest.mark.parametrize("name", ["encoded_crlf", "from_crlf", "broken_headers", "nul_bytes", "raw_8bit"])
def test_header_values_are_one_line_without_control_characters(name: str) -> None:
    mail = read(name)

    for value in (mail.subject, mail.sender_name, mail.message_id, *mail.references):
        assert value.isprintable()
    assert "\x00" not in mail.text


def test_what_a_header_hides_behind_a_line_end_stays_text() -> None:
    assert read("encoded_crlf").subject.startswith("Salut Bcc:")
    assert read("from_crlf").sender == "ana@medis.example"


def test_bytes_in_a_charset_nobody_knows_are_still_read() -> None:
    assert read("bad_charset").text == "Am uitat parola şă nu pot intra."


def test_bytes_in_headers_are_read_as_utf_8_else_central_european() -> None:
    mail = read("raw_8bit")

    assert mail.sender_name == "Ștefan Țepeș"
    assert mail.subject == "Ştiu că nu merge"


def test_people_in_copy_are_found_and_nonsense_is_left_out() -> None:
    mail = read("copies")

    assert ("Mihai Șerban", "mihai.serban@furnizor.example") in mail.cc
    assert "not-an-address" not in [address for _, address in mail.cc]


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("auto_reply", "Auto-Submitted"),
        ("bounce", "null sender"),
        ("bulk_list", "Precedence: bulk"),
        ("own_address", "own address"),
        ("no_sender", "no sender"),
        ("suppressed_only", "X-Auto-Response-Suppress"),
    ],
)
def test_mail_of_programs_is_known(name: str, because: str) -> None:
    assert because in automatic_reason(read(name), None, OWN)


def test_the_null_sender_is_known_from_the_envelope_too() -> None:
    assert "null sender" in automatic_reason(read("ordinary"), "", OWN)


@pytest.mark.parametrize("name", [name for name in EVERY_MAIL if name not in ("deep_nesting", "mail_in_mail")])
def test_no_mail_of_the_corpus_breaks_the_reader(name: str) -> None:
    mail = parse_apart(raw(name))

    # What comes out can be stored: no lone surrogates, no NUL.
    assert "\x00" not in (mail.subject + mail.text).encode().decode()


@pytest.mark.parametrize("name", ["deep_nesting", "mail_in_mail"])
def test_parts_within_parts_without_end_are_refused(name: str) -> None:
    with pytest.raises(Unreadable, match=r"levels|inside one another"):
        parse_apart(raw(name))


HOSTILE = {
    "huge_header": b"From: a@b.example\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\nx",
    "folded_header": b"From: a@b.example\r\nSubject: x" + b"\r\n y" * 300_000 + b"\r\n\r\nx",
    "many_parts": b'Content-Type: multipart/mixed; boundary="p"\r\n\r\n' + b"--p\r\n\r\nx\r\n" * 100_000 + b"--p--",
    "many_boundaries": b"\r\n".join(b'X-%d: boundary="b%d"' % (n, n) for n in range(2_000)) + b"\r\n\r\nx",
    "empty": b"",
    "blank": b"\r\n \r\n\r\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_would_make_the_parser_run_away_is_refused_before_it_is_parsed(name: str) -> None:
    with pytest.raises(Unreadable):
        parse_apart(HOSTILE[name])


SLOW = {
    "addresses": b"From: a@b.example\r\nTo: " + b"x@y.example, " * 9_000 + b"\r\n\r\nx",
    "quotes": b"From: a@b.example\r\n\r\n" + b">" * 900_000 + b"\r\nOn " + b"a " * 200_000 + b"wrote\r\n" * 20,
    "headers_in_text": b"From: a@b.example\r\n\r\n" + b"From: x\r\nTo: y\r\n" * 20_000,
    "encoded_words": b"From: a@b.example\r\nSubject: " + b"=?utf-8?Q?a?= " * 8_000 + b"\r\n\r\nx",
    "open_tags": b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 200_000,
    "entities": b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + b"&#x" * 300_000 + b"<" * 100_000,
}


@pytest.mark.parametrize("name", SLOW)
def test_awkward_mail_is_read_within_its_limits(name: str) -> None:
    assert parse_apart(SLOW[name]).sender == "a@b.example"


def test_a_parser_that_was_killed_is_started_again() -> None:
    parser = ParserProcess()
    try:
        assert parser.parse(raw("ordinary")).sender
        server = parser._server
        assert server is not None
        server.kill()
        server.wait()

        assert parser.parse(raw("ordinary")).sender == "ioana.radu@medis.example"
    finally:
        parser.close()


def test_what_comes_too_late_about_one_mail_is_not_taken_for_the_next() -> None:
    """A job may be ended while it waits for the parser; a later mail must never get another's text."""
    parser = ParserProcess()
    first = b"From: a@x.example\r\nSubject: First\r\n\r\n" + b"a line of it\r\n" * 200_000
    try:
        parser.parse(raw("ordinary"))
        with pytest.raises(OutOfTimeError), interrupted(after_seconds=0.01):
            parser.parse(first)

        assert parser.parse(raw("ordinary")).sender_name == "Ioana Radu"
    finally:
        parser.close()


def test_a_very_long_mail_is_cut_and_says_so() -> None:
    parsed = parse_apart(b"From: a@b.example\r\nContent-Type: text/plain\r\n\r\n" + b"long " * 4_000_000)

    assert parsed.was_cut
    assert len(parsed.text) <= TEXT_CHARACTERS


def test_references_folded_into_an_encoded_word_are_found() -> None:
    """Python's own mail library writes a long identifier like this."""
    raw = (
        b"From: ioana@medis.example\r\nTo: suport@desk.example\r\nSubject: Re\r\n"
        b"References: =?utf-8?q?=3Cfirst=40desk=2Eexample=3E?=\r\n =?utf-8?q?_=3Csecond=40desk=2Eexample=3E?=\r\n"
        b"\r\nText\r\n"
    )

    assert parse(raw).references == ["<second@desk.example>", "<first@desk.example>"]
