"""Writes what the code knows into `docs/expressions.md`: `.venv/bin/python -m tests.docs.expressions_reference`.

Functions, facts and limits stand between the two marks of the page; the test compares them.
"""

from collections.abc import Iterable

from app import FEATURES, import_parts
from app.engine import builtin_functions, expression_compiler, expression_source, facts, values
from app.engine.evaluating import MAX_FACTS
from tests.docs.pages import DOCS

PAGE = DOCS / "expressions.md"
BEGIN = "<!-- begin: written by tests/docs/expressions_reference.py -->"
END = "<!-- end -->"
LIMITS = (
    ("characters of an expression or script", expression_source.MAX_SOURCE),
    ("parts (names, values, operators, calls) of an expression or script", expression_compiler.MAX_NODES),
    ("brackets or parts inside each other", expression_source.MAX_DEPTH),
    ("characters of a text", values.MAX_TEXT),
    ("parts of a value, counted through all its lists as often as they are met", values.MAX_PARTS),
    ("lists inside each other", values.MAX_NESTING),
    ("a number, either way from zero", values.MAX_NUMBER),
    ("steps of one calculation", values.MAX_EFFORT),
    ("characters of `--facts`", MAX_FACTS),
)


def reference_text() -> str:
    """Functions, facts and limits, in Markdown."""
    import_parts(FEATURES, ("facts",))
    lines = ["## Functions", "", "| function | gives |", "|---|---|"]
    lines += [f"| `{usage}` | {gives} |" for usage, gives in _functions()]
    lines += [
        "",
        "## Facts",
        "",
        "Facts are read when an expression first names them, forgotten after each operation, and never saved with the",
        "instance. They are read-only: nothing may assign them. Persons are ids, teams and skills are keys.",
        "",
    ]
    for name, shape in facts.shapes().items():
        lines += [f"### `{name}`", "", f"When the process is about {_kinds_with(name)}.", ""]
        lines += ["| fact | holds | meaning |", "|---|---|---|"]
        for attribute, each in shape.items():
            holds = f"{each.kind}, or `None`" if each.optional else str(each.kind)
            lines.append(f"| `{name}.{attribute}` | {holds} | {each.meaning} |")
        lines.append("")
    lines += ["## Limits", "", "| what | most |", "|---|---|"]
    lines += [f"| {what} | {f'{most:,}'.replace(',', ' ')} |" for what, most in LIMITS]
    return "\n".join(lines)


def page_text(text: str) -> str:
    """The page with its written part made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference_text()}\n\n{END}{after}"


def _functions() -> Iterable[tuple[str, str]]:
    provided = facts.explained_functions()
    return [*builtin_functions.EXPLAINED.values(), *(provided[name] for name in sorted(provided))]


def _kinds_with(name: str) -> str:
    # Tests bring kinds of their own, never with the facts of the desk.
    kinds = sorted(kind for kind in facts.kinds() if name in facts.known_facts(kind))
    words = [f"{'an' if kind[0] in 'aeiou' else 'a'} {kind.replace('_', ' ')}" for kind in kinds]
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


if __name__ == "__main__":
    PAGE.write_text(page_text(PAGE.read_text()))
