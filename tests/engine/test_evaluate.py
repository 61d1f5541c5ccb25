"""`./run processes evaluate`: values, errors, and hostile texts within two seconds of work and 100 MB."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.evaluating import evaluate, read_facts, value_of
from app.engine.expressions import ExpressionError
from tests.rules.project_files import ROOT

FACTS = '{"ticket": {"priority": "high", "hours": 2.5, "none": None}}'.replace("None", "null")


def run(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(evaluate, list(words), input=given)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("ticket.priority", '"high"'),
        ('ticket.priority == "high"', "true"),
        ("ticket.hours * 2", "5.0"),
        ("-1 + 2", "1"),
        ("ticket.none", "null"),
        ('[1, "ă"]', '[1, "ă"]'),
        ('moment("2026-11-23")', '"2026-11-23T00:00:00+00:00"'),
        ('duration("PT90M")', '"PT1H30M"'),
        ('now() > "2020-01-01"', "true"),
    ],
)
def test_a_value_is_printed_as_json(text: str, printed: str) -> None:
    result = run(text, "--facts", FACTS)

    assert (result.exit_code, result.stdout) == (0, f"{printed}\n")


@pytest.mark.parametrize(
    ("text", "facts", "message"),
    [
        ("tiket.priority", FACTS, "`tiket.priority`: there is no `tiket`; did you mean `ticket`?"),
        ("ticket.priorty", FACTS, "`ticket.priorty`: `ticket` has no `priorty`; did you mean `priority`?"),
        ("ticket", "{ticket}", "The facts are no JSON: Expecting property name enclosed in double quotes"),
        ("ticket", "[1]", "The facts are a JSON object, such as"),
        ("ticket", '{"ticket": NaN}', "NaN is no number there"),
        ("1", "@nowhere.json", "nowhere.json cannot be read: No such file or directory."),
        ('working_time("PT4H")', "{}", "calendar or data work in diagrams only."),
        ("lenn(1)", "{}", "there is no function `lenn`; did you mean `len`?"),
        ("-", "-", "Only one of the two can come from standard input."),
        ("'\x1b[31m' + 1", "{}", "`'\\x1b[31m' + 1`: `+` does not work on text and a number."),
    ],
)
def test_an_error_is_said_on_standard_error(text: str, facts: str, message: str) -> None:
    result = run(text, "--facts", facts)

    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr


def test_a_script_prints_what_it_assigns() -> None:
    result = run("--script", 'size = "long"\nif hours < 1:\n    size = "short"', "--facts", '{"hours": 0}')

    assert json.loads(result.stdout) == {"size": "short"}


def test_texts_come_from_files_and_standard_input_too(tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text(FACTS)

    result = run("-", "--facts", f"@{tmp_path / 'facts.json'}", given="ticket.priority")

    assert result.stdout == '"high"\n'


def test_run_offers_the_command_in_its_group() -> None:
    """It starts alone, and the group's help names it all the same."""
    from app.engine.commands import group

    assert group.commands["evaluate"] is evaluate
    assert '"app.engine.evaluating"' in (ROOT / "run").read_text()


def test_trying_an_expression_loads_neither_web_nor_database() -> None:
    code = "import sys, app.engine.evaluating; print({'flask', 'sqlalchemy', 'SpiffWorkflow', 'rq'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert done.stdout.strip() == "set()", done.stderr


WIDE = '{"a": [' + "1," * 490_000 + "1]}"
LONG = '{"b": [' + "1," * 900 + '1], "a": "' + "x" * 190_000 + '"}'
HOSTILE: dict[str, tuple[str, str]] = {
    "ten megabytes": ("x" * 10_000_000, "{}"),
    "ten megabytes of brackets": ("(" * 10_000_000, "{}"),
    "ten megabytes of facts": ("1 + z", '{"a": "' + "x" * 10_000_000 + '"}'),
    "brackets": ("[" * 3000, "{}"),
    "minus signs": ("-" * 3998 + "x", "{}"),
    "not": ("not " * 998 + "x", "{}"),
    "lambdas": ("lambda: " * 400 + "1", "{}"),
    "choices": ("1 if 1 else " * 300 + "1", "{}"),
    "dots": ("a." * 1900 + "b", '{"a": {}}'),
    "calls": ("a" + "()" * 1900, "{}"),
    "places": ("a" + "[0]" * 1300, '{"a": [[1]]}'),
    "comparisons": ("1" + "<2" * 1900, "{}"),
    "powers": ("9**9**9", "{}"),
    "repeated text": ("'a' * 1000000000", "{}"),
    "repeated list": ("[0] * 1000000000", "{}"),
    "long number": ("9" * 3999, "{}"),
    "hexadecimal number": ("0x" + "f" * 3990, "{}"),
    "infinity": ("1e999", "{}"),
    "long number of the facts": ("a + a", '{"a": ' + "9" * 4000 + "}"),
    "longer number of the facts": ("a", '{"a": ' + "9" * 900_000 + "}"),
    "deep facts": ("a", '{"a":' + "[" * 400_000 + "]" * 400_000 + "}"),
    "deep facts of objects": ("a", '{"a":' * 150_000),
    "rather deep facts": ("a == a", '{"a":' + "[" * 900 + "]" * 900 + "}"),
    "wide facts": ("a", WIDE),
    "wide facts in order": ("sorted(a)", WIDE),
    "wide facts as text": ("str(a)", WIDE),
    "comprehension over wide facts": ("[i for i in a]", WIDE),
    "comprehension in a comprehension": ("[[i for i in b] for j in b]", LONG),
    "aliases": ("[[a, a, a, a] for i in b]", LONG),
    "copied text": ("[a + i for i in [a, a, a, a, a, a]]", LONG),
    "copied text again": ("[a[0:180000] for i in b]", LONG),
    "searched text": ("[contains(a, 'y') for i in b]", LONG),
    "text in capitals": ("[upper(a) for i in b]", LONG),
    "format text": ("'{0.__class__}'.format(a)", '{"a": 1}'),
    "format with a percent sign": ("'%999999999d' % 1", "{}"),
    "format in an f text": ("f'{a.__class__}'", '{"a": 1}'),
    "reaching for the class": ("a.__class__.__bases__[0].__subclasses__()", '{"a": {}}'),
    "reaching in full width": ("a.__ｃlass__", '{"a": {}}'),
    "reaching by subscript": ("a['__class__']['__init__']", '{"a": {}}'),
    "import": ("__import__('os').system('touch here')", "{}"),
    "open": ("open('here', 'w')", "{}"),
    "evil eval": ("eval(\"open('here', 'w')\")", "{}"),
    "assignment": ("(x := 1)", "{}"),
    "null": ("\0", "{}"),
    "right to left": ("\N{RIGHT-TO-LEFT OVERRIDE}x", "{}"),
    "lone surrogate": ("'\\ud800'", "{}"),
    "similar names": ("z" * 60, "{" + ",".join(f'"{"z" * 40}{n}": 1' for n in range(15_000)) + "}"),
    "beyond the calendar": ("moment('9999-12-31T23:59:59-23:59') + duration('P999999W')", "{}"),
    "script that doubles": ("y = [1]\n" + "y = [y, y]\n" * 300, "{}"),
    "script that multiplies": ("y = 9\n" + "y *= y\n" * 300, "{}"),
    "script that loops": ("while True:\n    y = 1", "{}"),
    "script that is deep": ("".join(" " * n + "if 1:\n" for n in range(80)) + " " * 80 + "y = 1", "{}"),
    "script of tabs": ("\t" * 10_000_000, "{}"),
}
# The bounds are set once the command stands: 100 MB more memory, and two seconds of work, however busy the machine is.
BOUNDED = """
import resource, sys
from pathlib import Path
from app.engine.evaluating import evaluate
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + 100 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (size, size))
worked = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2])) + 1
resource.setrlimit(resource.RLIMIT_CPU, (worked + 2, worked + 2))
evaluate.main(args=sys.argv[1:])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="bounds memory as Linux does")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_ends_in_an_error_and_leaves_no_trace(name: str, tmp_path: Path) -> None:
    text, facts = HOSTILE[name]
    (tmp_path / "text").write_text(text)
    (tmp_path / "facts").write_text(facts)
    words = ["@text", "--facts", "@facts", *(["--script"] if name.startswith("script") else [])]

    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, *words],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr) < 5000
    assert {each.name for each in tmp_path.iterdir()} == {"text", "facts"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=12,
)
WORDS = (
    "a b c a.b b[0] 1 0 -1 1.5 'x' None True [ ] ( ) { } , : . = == < in not and or if else for is + - * / // % ** "
    "len( min( sum( str( sorted( get( moment( duration( now( any( lambda yield := \\ # ? __x__ é 'PT1H'"
)
SOUP = st.lists(st.sampled_from(WORDS.split()), max_size=16).map(" ".join)


@settings(max_examples=400, deadline=None)
@given(SOUP | st.text(max_size=40), st.dictionaries(st.sampled_from(["a", "b", "c"]), JSON, max_size=3), st.booleans())
def test_any_text_on_any_facts_gives_json_or_an_expression_error(
    text: str, facts: dict[str, object], script: bool
) -> None:
    with suppress(ExpressionError):
        json.dumps(value_of(text, facts, script=script), allow_nan=False).encode()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.text(alphabet='{}[]":,1e-ntrue', max_size=30))
def test_any_facts_are_an_object_or_an_expression_error(text: str) -> None:
    with suppress(ExpressionError):
        assert isinstance(read_facts(text), dict)
