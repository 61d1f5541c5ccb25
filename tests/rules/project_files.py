"""The files that belong to the project: what git tracks or would track."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {".git", ".venv", ".boot", ".cache", "node_modules", "var", "build", "__pycache__"}


def project_files() -> list[Path]:
    """All files of the project; in a folder without git, all that set-up and runs did not make."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        found = [each for each in ROOT.rglob("*") if not _NOT_OURS & set(each.relative_to(ROOT).parts)]
    return [each for each in found if each.is_file()]
