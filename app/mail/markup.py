"""HTML of strangers: what may be shown of it, and the text it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from html.parser import HTMLParser

import nh3

# Images are left out: remote ones tell the sender who reads, inline ones are kept as documents.
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "li", "ol",
    "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
# How a sender laid a mail out: shown only in a frame of its own, which loads nothing by itself.
_LAID_OUT_TAGS = _TAGS | {"img", "font", "center", "small", "big", "figure", "figcaption", "caption", "col", "colgroup"}
_LAID_OUT_ATTRIBUTES = {
    **_ATTRIBUTES,
    "*": {"style", "align", "valign", "bgcolor", "width", "height", "dir", "lang"},
    "img": {"src", "alt"},
    "font": {"color", "face", "size"},
    "table": {"border", "cellpadding", "cellspacing"},
}
# Nothing with an address in it, and nothing that leaves its place.
_LOOKS = {
    "color", "background-color", "font", "font-family", "font-size", "font-style", "font-weight", "line-height",
    "letter-spacing", "text-align", "text-decoration", "text-indent", "text-transform", "vertical-align", "white-space",
    "margin", "margin-top", "margin-right", "margin-bottom", "margin-left", "padding", "padding-top", "padding-right",
    "padding-bottom", "padding-left", "border", "border-top", "border-right", "border-bottom", "border-left",
    "border-color", "border-style", "border-width", "border-collapse", "border-spacing", "border-radius", "width",
    "max-width", "min-width", "height", "max-height", "min-height", "display", "list-style-type", "table-layout",
}  # fmt: skip
_IMAGE = re.compile(r"<img\b[^>]*>")
_REMOTE_SOURCE = re.compile(r'\ssrc="(?:https?:)?//[^"]*"', re.IGNORECASE)
_INLINE_SOURCE = re.compile(r'\ssrc="cid:([^"]*)"', re.IGNORECASE)
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


def laid_out_html(page: str) -> tuple[str, int]:
    """HTML as its sender laid it out, with nothing in it that runs, and how many images it would fetch.

    Images keep their addresses: whoever shows it must see to it that none is loaded (`without_remote_images`, and a
    content policy).
    """
    if _depth(page) > _DEEPEST_TAG:
        return "", 0
    cleaned = nh3.clean(
        page,
        tags=_LAID_OUT_TAGS,
        clean_content_tags=_SILENT | {"iframe", "svg", "math"},
        attributes=_LAID_OUT_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        filter_style_properties=_LOOKS,
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer nofollow",
    )
    if not re.sub(r"<(?!img\b)[^>]*>|\s|&nbsp;", "", cleaned):
        return "", 0
    return cleaned.strip(), sum(bool(_REMOTE_SOURCE.search(image)) for image in _IMAGE.findall(cleaned))


def without_remote_images(page: str) -> str:
    """Laid-out HTML whose images on other servers have no address any more; only their words are left."""
    return _IMAGE.sub(lambda image: _REMOTE_SOURCE.sub("", image[0]), page)


def with_inline_images(page: str, source_of: Callable[[str], str]) -> str:
    """Laid-out HTML whose `cid:` images get the source that their content id stands for; empty means none."""

    def replaced(image: re.Match[str]) -> str:
        return _INLINE_SOURCE.sub(lambda found: _source(source_of(unescape(found[1]))), image[0])

    return _IMAGE.sub(replaced, page)


def _source(address: str) -> str:
    return f' src="{escape(address)}"' if address else ""


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
