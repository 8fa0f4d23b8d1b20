"""A command that is killed at any step leaves the store as it was, or as it will be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_any_step_leaves_the_state_before_or_after(tmp_path: Path) -> None:
    script = Path(__file__).parent / "crash_points.py"
    command = [sys.executable, str(script), str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stderr == ""
    steps, heads, states = result.stdout.split(maxsplit=2)
    assert int(steps) > 30
    assert (heads, states) == ("1", "[0, 1]\n")
