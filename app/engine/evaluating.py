"""`./run processes evaluate`: what an expression gives on facts from the command line.

Stands apart from the other commands, because it needs nothing of the desk, neither database nor features: `./run`
starts this module alone, in a moment, so that analysts and their tools may try one expression after another.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TextIO

import click

from app import clock
from app.engine.expression_source import MAX_SOURCE
from app.engine.expressions import ExpressionError, compile_expression, compile_script
from app.engine.values import plain

# As many characters as `--facts` may have: plenty for a ticket, little for a machine.
MAX_FACTS: Final = 1_000_000
_OF_THE_LANGUAGE: Final[Mapping[str, Callable[..., Any]]] = {"now": clock.now}


def value_of(text: str, facts: Mapping[str, Any], *, script: bool = False) -> Any:
    """What an expression gives, or the variables that a script assigns, as plain JSON values.

    Raises:
        ExpressionError: the text or its calculation is wrong, or it calls a function that only the desk has.
    """
    try:
        if script:
            return compile_script(text).run(facts, _OF_THE_LANGUAGE)
        return plain(compile_expression(text).evaluate(facts, _OF_THE_LANGUAGE))
    except ExpressionError as error:
        if "there is no function" in error.message and "did you mean" not in error.message:
            message = f"{error.message} Functions that count on the desk's calendar or data work in diagrams only."
            raise ExpressionError(message, about_all=True) from None
        raise


def read_facts(text: str) -> dict[str, Any]:
    """The facts of a JSON text.

    Raises:
        ExpressionError: it is too long, no JSON, or no JSON object.
    """
    if len(text) > MAX_FACTS:
        raise ExpressionError(f"The facts are longer than {MAX_FACTS} characters.")
    try:
        facts = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, character {error.colno}"
        raise ExpressionError(f"The facts are no JSON: {error.msg} ({where}).") from None
    except ValueError as error:
        raise ExpressionError(f"The facts are no JSON: {str(error)[:80]}.") from None
    except RecursionError:
        raise ExpressionError("The facts are nested too deeply.") from None
    if not isinstance(facts, dict):
        raise ExpressionError('The facts are a JSON object, such as {"ticket": {"priority": "high"}}.')
    return facts


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number there")


def _given(text: str, most: int) -> str:
    """The text itself, the file that `@FILE` names, or standard input for `-`; little more than `most` of it."""
    if text == "-":
        return _read(sys.stdin, most)
    if not text.startswith("@"):
        return text
    try:
        with Path(text[1:]).open(encoding="utf-8") as file:
            return _read(file, most)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not readable as UTF-8"
        raise ExpressionError(f"{text[1:]} cannot be read: {reason}.") from None


def _read(stream: TextIO, most: int) -> str:
    try:
        return stream.read(most + 1)
    except ValueError:
        raise ExpressionError("Standard input is not readable as UTF-8.") from None


def _printable(text: str) -> str:
    """The text without what could play with a terminal."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


@click.command("evaluate", context_settings={"ignore_unknown_options": True})
@click.argument("expression")
@click.option("--facts", default="{}", metavar="JSON", help="What the expression may read, as a JSON object.")
@click.option("--script", is_flag=True, help="EXPRESSION is a script; print the variables that it assigns.")
def evaluate(expression: str, facts: str, script: bool) -> None:
    """Print what EXPRESSION gives on the facts, as JSON; moments and durations print as ISO 8601 text.

    EXPRESSION and JSON may also be @FILE, or - for standard input. Needs no desk: now() is this machine's time, and
    functions that count on a request's calendar, such as working_time(), are refused. Exit 1 when it is wrong.
    """
    try:
        if expression == facts == "-":
            raise ExpressionError("Only one of the two can come from standard input.")
        text = _given(expression, MAX_SOURCE)
        answer = json.dumps(value_of(text, read_facts(_given(facts, MAX_FACTS)), script=script), ensure_ascii=False)
    except ExpressionError as error:
        raise click.ClickException(_printable(error.message)) from None
    click.echo(_printable(answer))


if __name__ == "__main__":
    evaluate.main(prog_name="./run processes evaluate")
