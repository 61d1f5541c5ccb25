"""Who may import whom: the contracts in pyproject.toml hold."""

import subprocess
import sys
import tomllib

from tests.rules.project_files import ROOT


def test_the_import_rules_hold() -> None:
    program = "from importlinter.cli import lint_imports_command as lint; lint()"

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_of_the_application_has_its_place_in_the_line() -> None:
    """A new package that no rule names could import, and be imported by, anything."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["id"] == "layers")
    named = {word.strip(" ()") for layer in layers for word in layer.split("|")}

    packages = {each.parent.name for each in (ROOT / "app").glob("*/__init__.py")}
    modules = {each.stem for each in (ROOT / "app").glob("*.py")} - {"__init__"}

    assert (packages | modules) - named == set()
