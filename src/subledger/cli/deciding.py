"""Commands on the exception queue: list it, waive an item with a reason, sweep one on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subledger.cli.failures import guarded
from subledger.cli.listing import Listing, listing_of, texts
from subledger.cli.options import (
    AsAt,
    Bases,
    DryRun,
    Folder,
    Format,
    Output,
    Shape,
    opened,
    say_dry_run,
)
from subledger.cli.output import emit, require_offered
from subledger.errors import Exit

exceptions = typer.Typer(
    invoke_without_command=True, help="See what blocks a close, and settle it."
)

ExceptionId = Annotated[
    str, typer.Argument(metavar="ID", help="Id of the exception, as the list shows it.")
]


@exceptions.callback()
def _default(
    context: typer.Context,
    *,
    books: Folder = Path(),
    basis: Bases = None,
    as_at: AsAt = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
) -> None:
    if context.invoked_subcommand is None:
        list_(books=books, basis=basis, as_at=as_at, shape=shape, output=output)
        return
    for name in ("books", "basis", "as_at", "shape", "output"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter("options stand behind list, waive or sweep")


@exceptions.command("list")
@guarded
def list_(
    *,
    books: Folder = Path(),
    basis: Bases = None,
    as_at: AsAt = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
) -> None:
    """List every exception with its status; exits 1 while one is open."""
    from subledger.operations.exceptions import list_exceptions  # noqa: PLC0415 - help stays light

    require_offered(shape)
    found = opened(books)
    report = list_exceptions(found, basis or (), as_at=as_at)
    units = found.units(found.control.read(as_at))
    emit(listing_of(report, units, entity=found.settings.entity), shape, output=output)
    if "open" in report.table.column("status").to_pylist():
        raise typer.Exit(Exit.FINDINGS)


@exceptions.command()
@guarded
def waive(
    exception_id: ExceptionId,
    *,
    reason: Annotated[str, typer.Option(help="Why it no longer blocks the close.")] = "",
    books: Folder = Path(),
    shape: Format = Shape.TABLE,
    output: Output = None,
    dry_run: DryRun = False,
) -> None:
    """Let an exception no longer block the close; its event stays as it is."""
    from subledger.operations.exceptions import waive as run  # noqa: PLC0415 - help stays light

    require_offered(shape)
    run(opened(books), exception_id, reason=reason, dry_run=dry_run)
    kinds = texts("exception_id", "status", "reason")
    emit(
        Listing("waive", "Waived", kinds, [(exception_id, "waived", reason)]), shape, output=output
    )
    say_dry_run(dry_run)


@exceptions.command()
@guarded
def sweep(
    exception_id: ExceptionId,
    *,
    reason: Annotated[str, typer.Option(help="Why it is posted in a later period.")] = "",
    books: Folder = Path(),
    shape: Format = Shape.TABLE,
    output: Output = None,
    dry_run: DryRun = False,
) -> None:
    """Move an exception's event to the next open period, where it is posted."""
    from subledger.operations.exceptions import sweep as run  # noqa: PLC0415 - help stays light

    require_offered(shape)
    day = run(opened(books), exception_id, reason=reason, dry_run=dry_run)
    kinds = texts("exception_id", "status", "swept_to")
    row = (exception_id, "swept", day.isoformat())
    emit(Listing("sweep", "Swept", kinds, [row]), shape, output=output)
    say_dry_run(dry_run)
