"""Kills itself at the n-th step of a writing command, for every n; run as a child process.

A step is a SQL statement, a flush to disk or a rename. After each kill the store must be as
before or as after the command, and the command run again must reach the same head.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import event

from subledger import tables
from subledger.store.checking import check_store
from subledger.store.control import Control

STEPS = [0]


def kill_at(n: int) -> None:
    def step(*_: object) -> None:
        STEPS[0] += 1
        if STEPS[0] == n:
            os.kill(os.getpid(), signal.SIGKILL)

    fsync, rename = os.fsync, Path.rename

    def counted_fsync(handle: int) -> None:
        step()
        fsync(handle)

    def counted_rename(path: Path, target: Path) -> Path:
        step()
        return rename(path, target)

    os.fsync = counted_fsync  # type: ignore[assignment]
    Path.rename = counted_rename  # type: ignore[assignment, method-assign]
    event.listen(CONTROL._writer, "before_cursor_execute", step)
    event.listen(CONTROL._writer, "commit", step)


def command() -> None:
    row = {field.name: "" if tables.is_text(field.type) else 1 for field in tables.LINES.schema} | {
        "amount": 0,
        "amount_base": 0,
    }
    lines = tables.LINES.empty().from_pylist([row], schema=tables.LINES.schema)
    with CONTROL.write("post", {}) as unit:
        unit.raw(b"content")
        unit.add_segment(tables.LINES, lines, basis="US-GAAP")
        unit.add_close("US-GAAP", "2022-09", knowledge_seq=0, seal="{}")


def run(n: int) -> bool:
    """Run the command in a child that is killed at step n; say whether it was."""
    child = os.fork()
    if child == 0:
        kill_at(n)
        command()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def reopened() -> Control:
    clock = datetime(2022, 10, 3, tzinfo=UTC)
    return Control.open(BOOKS, create=True, clock=lambda: clock, actor="ada")


BOOKS = Path(sys.argv[1])
CONTROL = reopened()
heads: set[str] = set()
states: list[int] = []
shutil.copytree(BOOKS / "store", BOOKS / "fresh")
killed, n = True, 0
while killed:
    n += 1
    shutil.rmtree(BOOKS / "store")
    shutil.copytree(BOOKS / "fresh", BOOKS / "store")
    killed = run(n)
    last = reopened().read().as_at
    assert not check_store(BOOKS).findings, n
    if last == 0:
        command()
    assert not check_store(BOOKS).findings, n
    assert len(list((BOOKS / "store" / "raw").iterdir())) == 1, n
    heads.add(CONTROL.read().head())
    states.append(last)
sys.stdout.write(f"{len(states)} {len(heads)} {sorted(set(states))}\n")
