"""`./run screenshots` makes pictures of the demo."""

import subprocess
import sys
from pathlib import Path

import pytest

from shots.desk import ROOT
from tests.chromium import executable


@pytest.mark.browser
@pytest.mark.processes
def test_a_screen_is_photographed_in_every_way(tmp_path: Path) -> None:
    """Desktop and phone, light and dark, English and Romanian, with a page that shows them all."""
    executable()

    done = subprocess.run(
        [sys.executable, "-m", "shots", "--out", tmp_path, "--only", "sign-in"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    pictures = sorted(each.name for each in tmp_path.glob("*.png"))
    assert len(pictures) == 8
    assert "sign-in.phone.dark.ro.png" in pictures
    assert all(each.stat().st_size > 4000 for each in tmp_path.glob("*.png"))
    assert pictures[0] in (tmp_path / "index.html").read_text()
