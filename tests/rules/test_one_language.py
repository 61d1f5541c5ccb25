"""Nothing but the expression language reads what analysts write."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.rules.project_files import ROOT, project_files

# Where Python's own parser may be asked, and where the library's engine is replaced by ours.
PARSES = "app/engine/expression_source.py"
REPLACES = "app/engine/environment.py"
FORBIDDEN = {"eval", "exec", "compile", "__import__", "execfile"}
OF_MODULES = {"ast.parse", "ast.literal_eval", "builtins.eval", "builtins.exec", "builtins.compile", "pickle.loads"}


def test_python_never_runs_a_text() -> None:
    """A template made from a text would run it too; our pages come from files."""
    found = {(name, called) for name, tree in sources() for called in calls_in(tree)}

    assert {(name, called) for name, called in found if called in FORBIDDEN | OF_MODULES} == {(PARSES, "ast.parse")}
    assert [each for each in found if each[1].split(".")[-1] in ("from_string", "render_template_string")] == []


def test_the_librarys_own_evaluation_is_replaced_in_one_place() -> None:
    """Its environments run Python: only our own may be one, and no one else may bring another."""
    bring = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("SpiffWorkflow.bpmn.script_engine")
    }

    assert bring == {REPLACES}


def sources() -> Iterator[tuple[str, ast.Module]]:
    """The application's own modules, by path."""
    for file in project_files():
        name = file.relative_to(ROOT).as_posix()
        if name.startswith("app/") and file.suffix == ".py":
            yield name, ast.parse(Path(file).read_text())


def calls_in(tree: ast.Module) -> Iterator[str]:
    """What is called in a module, as far as it is plain names: `eval`, `ast.parse`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute):
                of = node.func.value
                yield f"{of.id}.{node.func.attr}" if isinstance(of, ast.Name) else f".{node.func.attr}"
