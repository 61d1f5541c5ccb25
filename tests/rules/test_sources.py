"""What the tree may not contain."""

import json
import re

from tests.rules.project_files import ROOT, project_files

# Regular expressions, so that this file does not contain what it forbids.
PACKAGE_HOSTS = (
    r"pypi[.]org|pythonhosted[.]org|npmjs[.](org|com)|yarnpkg[.]com|unpkg[.]com|jsdelivr[.]net|cdnjs[.]|esm[.]sh"
    r"|skypack[.]dev|googleapis[.]com|anaconda[.]org"
)
TEXT = {".py", ".md", ".txt", ".toml", ".lock", ".in", ".json", ".js", ".mjs", ".css", ".html", ".yml", ".bpmn", ".dmn"}
TEXT |= {".form", ".svg", ".po", ""}


def test_no_file_names_a_host_of_packages() -> None:
    """Where packages come from is the machine's setting, never the project's."""
    hosts = re.compile(PACKAGE_HOSTS, re.IGNORECASE)

    named = {
        str(file.relative_to(ROOT)): found.group()
        for file in project_files()
        if file.suffix in TEXT and (found := hosts.search(file.read_text(errors="replace")))
    }

    assert named == {}


def test_locks_hold_hashes_and_no_addresses() -> None:
    npm = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-node.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        pinned = re.findall(r"^[a-z0-9][^\s=]*==", text, re.MULTILINE)
        assert pinned
        assert len(pinned) == len(re.findall(r"==[^\\\n]*\\\n\s+--hash=sha256:", text)), name

    assert all("resolved" not in package for package in npm.values())
    assert all("integrity" in package for name, package in npm.items() if name)


def test_no_code_of_others_is_kept_in_the_tree() -> None:
    """What others wrote is installed by the locks and built at set-up, never committed."""
    bundled = [
        str(file.relative_to(ROOT))
        for file in project_files()
        if file.suffix in {".js", ".mjs", ".css"}
        and (".min." in file.name or max(map(len, file.read_text().splitlines()), default=0) > 4000)
    ]

    assert bundled == []


def test_no_source_file_has_grown_out_of_hand() -> None:
    """Past about 400 lines, two things live in one file; a migration is one thing however long."""
    sources = [each for each in project_files() if each.suffix == ".py" and "migrations" not in each.parts]
    long = {
        str(file.relative_to(ROOT)): lines for file in sources if (lines := len(file.read_text().splitlines())) > 500
    }

    assert long == {}


def test_an_image_takes_no_secrets_along() -> None:
    """`COPY . .` takes what is not named here, and images are passed on."""
    left_out = (ROOT / ".dockerignore").read_text().split()

    assert {".git", ".env", "var"} <= set(left_out)
