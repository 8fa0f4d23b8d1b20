"""Commands that bring facts in and post them: import, post, mark."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subledger.cli.failures import guarded, say, show_findings
from subledger.cli.listing import Listing, counts, texts
from subledger.cli.options import (
    Bases,
    DryRun,
    Folder,
    Format,
    Output,
    RunBy,
    Shape,
    booked_by,
    opened,
    say_dry_run,
)
from subledger.cli.output import emit, require_offered
from subledger.errors import refuse

if TYPE_CHECKING:
    from subledger.operations.posting import PostResult

commands = typer.Typer()


@commands.command("import")
@guarded
def import_(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="trades, instruments, prices, cash, ...")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to import.")],
    *,
    source_format: Annotated[
        str,
        typer.Option(
            "--format", help="csv, parquet, xlsx or a broker's; auto goes by the first bytes."
        ),
    ] = "auto",
    mapping: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help='TOML with [columns] and lines like "Their Name" = "our_name".'
        ),
    ] = None,
    books: Folder = Path(),
    output: Output = None,
    dry_run: DryRun = False,
) -> None:
    """Import a file of facts: all of its rows, or none.

    Exits 3 when the file is refused. The same facts a second time change nothing.
    """
    from subledger.operations.importing import (  # noqa: PLC0415 - help stays light
        delivered,
        import_bytes,
    )

    columns = _columns(mapping) if mapping else None
    found = opened(books, create_store=True)
    delivery = delivered(kind, file, mapping=columns, source_format=source_format)
    done = import_bytes(found, delivery, dry_run=dry_run)
    show_findings(done.notes, as_notes=True)
    kinds = texts("kind", "file") | counts("rows_read", "rows_new", "rows_known", "batch")
    kinds |= texts("duplicate")
    row = (
        *(done.kind, done.file, done.rows_read, done.rows_new),
        *(done.rows_known, done.batch, done.duplicate),
    )
    emit(Listing("import", "Import", kinds, [row]), Shape.TABLE, output=output)
    if done.duplicate:
        say(f"the same file was imported by batch {done.batch}; nothing was written")
    say_dry_run(dry_run)


def _columns(mapping: Path) -> dict[str, str]:
    """Return our column for each column of the source, from a mapping file."""
    try:
        columns = tomllib.loads(mapping.read_text(encoding="utf-8"))["columns"]
    except OSError as error:
        raise refuse("FILE_UNREADABLE", str(error.strerror), file=str(mapping)) from error
    except KeyError as error:
        raise refuse("MAPPING_FORMAT", "there is no [columns]", file=str(mapping)) from error
    except ValueError as error:
        raise refuse("MAPPING_FORMAT", str(error), file=str(mapping)) from error
    if not isinstance(columns, dict) or not all(isinstance(name, str) for name in columns.values()):
        raise refuse("MAPPING_FORMAT", "[columns] holds something else", file=str(mapping))
    return columns


@commands.command()
@guarded
def post(
    *,
    books: Folder = Path(),
    basis: Bases = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
    dry_run: DryRun = False,
    executor: RunBy = "inline",
) -> None:
    """Post what the journal lacks; posting twice posts nothing."""
    from subledger.operations.posting import post as run  # noqa: PLC0415 - help stays light

    require_offered(shape)
    with booked_by(executor, books) as found:
        done = run(found, basis or (), dry_run=dry_run)
    emit(_posted(done, name="post", title="Posted"), shape, output=output)
    _point_to_exceptions(done)
    say_dry_run(dry_run)


@commands.command()
@guarded
def mark(
    on: Annotated[str, typer.Argument(metavar="DATE", help="The day, as 2026-01-31.")],
    *,
    books: Folder = Path(),
    basis: Bases = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
    dry_run: DryRun = False,
    executor: RunBy = "inline",
) -> None:
    """Value the open lots of a day and post the change.

    Bases that value at cost are left out.
    Exits 4 when the day lies in a closed period.
    """
    from subledger.operations.marking import mark as run  # noqa: PLC0415 - help stays light

    require_offered(shape)
    day = _day(on)
    with booked_by(executor, books) as found:
        done = run(found, day, bases=basis or (), dry_run=dry_run)
    emit(_posted(done, name="mark", title=f"Marked on {day}"), shape, output=output)
    _point_to_exceptions(done)
    say_dry_run(dry_run)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.isoformat() != text:
        raise typer.BadParameter(f"{text!r} is not a day as 2026-01-31", param_hint="DATE")
    return day


def _posted(done: Sequence[PostResult], *, name: str, title: str) -> Listing:
    kinds = texts("basis") | counts("entries", "reversals", "exceptions", "withheld")
    kinds |= texts("months")
    rows = [
        (
            *(one.basis, one.entries, one.reversals),
            *(one.exceptions, one.withheld, ", ".join(one.months)),
        )
        for one in done
    ]
    return Listing(name, title, kinds, rows)


def _point_to_exceptions(done: Sequence[PostResult]) -> None:
    if any(one.exceptions for one in done):
        say("some events could not be booked; see subledger exceptions list")
