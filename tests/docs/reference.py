"""Writes what the registries know into `docs/operations.md`: `.venv/bin/python -m tests.docs.reference`.

Between the two marks of the page stands what this makes; the test compares them.
"""

import json
from itertools import groupby
from typing import Any

from marshmallow import Schema, fields, missing, validate

from app import FEATURES, import_parts
from app.engine.operations import Operation, all_operations
from tests.docs.pages import DOCS

PAGE = DOCS / "operations.md"
BEGIN = "<!-- begin: written by tests/docs/reference.py -->"
END = "<!-- end -->"
# A longer list of values stands once at the end of the page.
SHORT_LIST = 4

_KINDS: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (fields.Integer, "whole number"),
    (fields.Boolean, "true or false"),
    (fields.Date, "day"),
    (fields.Float, "number"),
    (fields.String, "text"),
)


def operations_text() -> str:
    """The reference of all registered operations, in Markdown."""
    import_parts(FEATURES, ("operations",))
    lists: dict[str, list[str]] = {}
    parts: list[str] = []
    # Tests of the engine register operations of their own.
    ours = [each for each in all_operations() if each.handler.__module__.startswith("app.")]
    for feature, found in groupby(ours, lambda each: each.name.partition(".")[0]):
        parts += [f"## {feature}", ""]
        for each in found:
            parts += _operation(each, lists)
    if lists:
        parts += ["## Values", ""]
        for title, values in sorted(lists.items()):
            parts += [f"### {title}", "", ", ".join(f"`{value}`" for value in values) + ".", ""]
    return "\n".join(parts).strip()


def page_text(text: str) -> str:
    """The page with its written part made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{operations_text()}\n\n{END}{after}"


def _operation(one: Operation, lists: dict[str, list[str]]) -> list[str]:
    lines = [f"### `{one.name}`", "", one.description, ""]
    parameters = one.parameters().fields
    if parameters:
        lines += ["| parameter | kind | when left out | meaning |", "|---|---|---|---|"]
        lines += [_row(name, field, lists) for name, field in parameters.items()]
        lines.append("")
    else:
        lines += ["No parameters.", ""]
    if one.result is not None:
        named = ", ".join(f"`{name}` ({_kind(field, lists)})" for name, field in _fields(one.result).items())
        lines += [f"Result: {named}.", ""]
    return lines


def _fields(schema: type[Schema]) -> dict[str, fields.Field[Any]]:
    return dict(schema().fields)


def _row(name: str, field: fields.Field[Any], lists: dict[str, list[str]]) -> str:
    left_out = "refused" if field.required else _literal(field.load_default)
    title = str(field.metadata.get("title", ""))
    return f"| `{name}` | {_kind(field, lists)} | {left_out} | {title} |"


def _kind(field: fields.Field[Any], lists: dict[str, list[str]]) -> str:
    if isinstance(field, fields.List):
        return f"list of {_chosen(field.inner, lists) if _choices(field.inner) else _kind(field.inner, lists)}"
    if _choices(field):
        return _or_none(field, f"one of {_chosen(field, lists)}")
    named = next((words for kind, words in _KINDS if isinstance(field, kind)), type(field).__name__.lower())
    for rule in field.validators:
        if isinstance(rule, validate.Range):
            named += f" from {rule.min}" + (f" to {rule.max}" if rule.max is not None else "")
    return _or_none(field, named)


def _or_none(field: fields.Field[Any], words: str) -> str:
    return f"{words}, or `None`" if field.allow_none else words


def _choices(field: fields.Field[Any]) -> list[str]:
    if isinstance(field, fields.Enum):
        return [str(each.value) for each in field.enum]
    return [str(each) for rule in field.validators if isinstance(rule, validate.OneOf) for each in rule.choices]


def _chosen(field: fields.Field[Any], lists: dict[str, list[str]]) -> str:
    found = _choices(field)
    if len(found) <= SHORT_LIST:
        return ", ".join(f"`{value}`" for value in found)
    title = str(field.metadata.get("title") or "Who is told")
    lists[title] = found
    return f"the [values below](#{title.lower().replace(' ', '-')})"


def _literal(value: object) -> str:
    if value is missing or value is None:
        return "`None`"
    value = getattr(value, "value", value)
    return f"`{value!r}`" if isinstance(value, bool) else f"`{json.dumps(value)}`"


if __name__ == "__main__":
    PAGE.write_text(page_text(PAGE.read_text()))
