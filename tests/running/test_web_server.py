"""The desk under a gunicorn that somebody else starts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running.desk import ROOT

pytestmark = pytest.mark.processes


def test_the_image_logs_no_local_values(tmp_path: Path) -> None:
    """A traceback that shows each function's variables would write passwords into the log."""
    named = re.search(r'"([\w.]+):(\w+)\(\)"', (ROOT / "Dockerfile").read_text())
    assert named is not None
    program = f"""
import structlog
from {named[1]} import {named[2]}
{named[2]}()
def sign_in(password):
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger().exception("request_broke")
sign_in("".join(("hid", "den")))
"""

    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"SUPORT_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert "request_broke" in ran.stdout
    assert "hidden" not in ran.stdout + ran.stderr
