"""Diagram files come from browsers and strangers: reading them must be harmless."""

import time

import pytest

from app.engine import xml
from app.errors import InvalidInput

ENTITIES = '<!DOCTYPE d [<!ENTITY l0 "lol">' + "".join(
    f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 9)
)
HOSTILE = {
    "empty": b"",
    "not xml": b"hello",
    "unclosed": b"<a><b></a>",
    "external entity": b'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><d>&a;</d>',
    "internal entity": b'<!DOCTYPE d [<!ENTITY a "1+1">]><d>&a;</d>',
    "billion laughs": f"{ENTITIES}]><d>&l8;</d>".encode(),
    "doctype alone": b"<!DOCTYPE d><d/>",
    "doctype in another encoding": '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE d><d/>'.encode("utf-16"),
    "too large": b"<a>" + b"x" * xml.MAX_BYTES + b"</a>",
    "too many elements": b"<a>" + b"<b/>" * xml.MAX_ELEMENTS + b"</a>",
    "too deep": b"<a>" * 100 + b"</a>" * 100,
    "unknown encoding": b'<?xml version="1.0" encoding="klingon"?><a/>',
    "undefined entity": b"<a>&nbsp;</a>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_quickly(name: str) -> None:
    started = time.process_time()

    with pytest.raises(InvalidInput) as raised:
        xml.parse(HOSTILE[name])

    assert raised.value.message
    assert time.process_time() - started < 1


def test_comments_are_taken_out_and_the_text_around_them_kept() -> None:
    root = xml.parse(b"<a>x <!-- c -->&lt; 1<b/><?p i?> tail</a>")

    assert root.text == "x < 1"
    assert root[0].tail == " tail"
    assert len(root) == 1
