"""The options that commands share, and how they reach the books."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subledger.cli.failures import say

if TYPE_CHECKING:
    from subledger.operations.books import Books


class Shape(StrEnum):
    """How data is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"


Folder = Annotated[Path, typer.Option("--books", metavar="DIR", help="The books folder.")]
Bases = Annotated[
    list[str] | None,
    typer.Option("--basis", metavar="NAME", help="Accounting basis; may be repeated. Default: all"),
]
OneBasis = Annotated[
    str, typer.Option("--basis", metavar="NAME", help="Accounting basis. Default: the first")
]
AsAt = Annotated[
    int | None,
    typer.Option("--as-at", metavar="BATCH", help="What was known as at this batch. Default: now"),
]
Format = Annotated[Shape, typer.Option("--format", help="How data is printed.")]
Output = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Write there, not on stdout.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")]
RunBy = Annotated[
    str,
    typer.Option(
        "--executor",
        metavar="NAME",
        help="Who books: inline, threads, dask (workers here) or dask://HOST:PORT.",
    ),
]


def opened(folder: Path, *, create_store: bool = False) -> Books:
    """Open a books folder; only commands that write make a store where there is none."""
    from subledger.operations.books import open_books  # noqa: PLC0415 - help stays light

    return open_books(folder, create_store=create_store)


@contextmanager
def booked_by(name: str, folder: Path) -> Iterator[Books]:
    """Open a books folder for a command that books, with the executor of that name.

    Large books without the compiled lot engine are slow: that is said before they begin.
    """
    from subledger.executors import executor  # noqa: PLC0415 - help stays light
    from subledger.lots.engines import notice  # noqa: PLC0415
    from subledger.operations.books import open_books  # noqa: PLC0415

    with executor(name) as run:
        books = open_books(folder, create_store=True, executor=run)
        known = books.control.read().segments("trades")
        if said := notice(sum(segment.rows for segment in known)):
            say(said)
        yield books


def progress() -> Callable[[str], None]:
    """Return what prints progress on stderr: nothing unless stderr is a terminal."""
    return say if sys.stderr is not None and sys.stderr.isatty() else lambda _: None


def say_dry_run(dry_run: bool) -> None:  # noqa: FBT001 - it is the option itself
    """Say on stderr that nothing was written."""
    if dry_run:
        say("dry run: nothing was written")


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """Return the KEY=VALUE arguments of an option that may be repeated."""
    split = [text.partition("=") for text in given or ()]
    for key, sign, _ in split:
        if not key or not sign:
            raise typer.BadParameter(f"{key!r} is not KEY=VALUE", param_hint=option)
    return {key: value for key, _, value in split}
