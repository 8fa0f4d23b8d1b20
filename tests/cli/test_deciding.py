from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

Run = Callable[..., Result]
Count = Callable[[Path], int]


def listed(run: Run, books: Path) -> list[dict[str, str]]:
    done = run("exceptions", "list", "--format", "json", books=books)
    rows: list[dict[str, str]] = json.loads(done.stdout)["rows"]
    assert done.exit_code == (1 if any(row["status"] == "open" for row in rows) else 0)
    return rows


def test_a_late_trade_is_listed_and_can_be_waived_with_a_reason(
    run: Run, late: Path, batches: Count
) -> None:
    first, second = listed(run, late)
    assert (first["code"], first["event_id"], first["file"]) == ("LATE", "T7", "late.csv")
    before = batches(late)
    name = first["exception_id"]
    assert run("exceptions", "waive", name, books=late).exit_code == 2
    dry = run("exceptions", "waive", name, "--reason", "booked by hand", "--dry-run", books=late)
    assert (dry.exit_code, batches(late)) == (0, before)
    done = run("exceptions", "waive", name, "--reason", "booked by hand", books=late)
    assert done.exit_code == 0
    assert batches(late) == before + 1
    assert [row["status"] for row in listed(run, late)] == ["waived", "open"]
    swept = run("exceptions", "sweep", second["exception_id"], "--format", "csv", books=late)
    assert swept.stdout.splitlines()[1] == f"{second['exception_id']},swept,2022-10-01"


def test_an_exception_that_is_not_there_is_refused(run: Run, closed: Path) -> None:
    assert listed(run, closed) == []
    done = run("exceptions", "sweep", "X-1", books=closed)
    assert (done.exit_code, done.stderr.split()[0]) == (2, "UNKNOWN_EXCEPTION")
