from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import subledger

SOURCE = Path(subledger.__file__).parents[1]
HEAVY = (
    *("numpy", "pandas", "pyarrow", "numba", "duckdb", "sqlalchemy", "alembic"),
    *("openpyxl", "xlsxwriter", "babel", "exchange_calendars", "rich"),
)
PROGRAM = f"""
import sys
sys.argv[0] = "subledger"
try:
    from subledger.cli import main
    main()
finally:
    print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["close", "--help"], ["--version"]])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, *arguments],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")
    assert done.stdout.startswith("subledger 0" if arguments == ["--version"] else "Usage: ")


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = f"import subledger, sys; print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
