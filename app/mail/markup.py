"""HTML of strangers: what may be shown of it, and the text it says."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nh3

# Images are left out: remote ones tell the sender who reads, inline ones are kept as documents.
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "li", "ol",
    "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_BREAKS = {"br", "div", "h1", "h2", "h3", "h4", "li", "p", "pre", "table", "tr", "ul", "ol", "blockquote", "hr"}
_SILENT = {"script", "style", "head", "title", "template", "noscript"}
_BLANKS = re.compile(r"[ \t\xa0\u200b]+")
_DEEPEST_QUOTE = 10
# Cleaning takes time by the square of the depth; no page people write comes near this.
_DEEPEST_TAG = 1_000
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}


def cleaned_html(page: str) -> str:
    """HTML with nothing in it that runs, loads or styles; empty when nothing readable is left or it nests too deep."""
    if _depth(page) > _DEEPEST_TAG:
        return ""
    cleaned = nh3.clean(
        page,
        tags=_TAGS,
        clean_content_tags=_SILENT | {"iframe", "svg", "math"},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return cleaned.strip() if re.sub(r"<[^>]*>|\s|&nbsp;", "", cleaned) else ""


def _depth(page: str) -> int:
    """How deep tags may nest at most: those opened and never closed count too."""
    depth = deepest = 0
    for closing, name in _TAG.findall(page):
        if closing:
            depth = max(0, depth - 1)
        elif name.lower() not in _VOID:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


class _Reader(HTMLParser):
    """Collects the words of a page, line by line; quoted blocks get the "> " of plain mails."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self.quotes = 0
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        if tag in _BREAKS:
            self._break()
        if tag == "blockquote":
            self.quotes = min(self.quotes + 1, _DEEPEST_QUOTE)
        if tag == "li":
            self.lines[-1] += "- "

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        if tag in _BREAKS:
            self._break()
        if tag == "blockquote":
            self.quotes = max(0, self.quotes - 1)
        if tag == "p":
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        words = _BLANKS.sub(" ", data.replace("\n", " ").replace("\r", " "))
        if not words.strip() and not self.lines[-1]:
            return
        if not self.lines[-1]:
            self.lines[-1] = "> " * self.quotes
        self.lines[-1] += words

    def _break(self) -> None:
        if self.lines[-1]:
            self.lines.append("")


def text_of_html(page: str) -> str:
    """What an HTML mail says, as plain text."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    text = "\n".join(line.rstrip() for line in reader.lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
