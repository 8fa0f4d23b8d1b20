"""Commands that compare the books with what a broker states."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subledger.cli.failures import guarded
from subledger.cli.listing import listing_of
from subledger.cli.options import Folder, Format, OneBasis, Output, Shape, opened
from subledger.cli.output import emit, require_offered
from subledger.errors import Exit

reconcile = typer.Typer(no_args_is_help=True, help="Compare the books with a broker's statement.")


@reconcile.command()
@guarded
def trades(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The broker's statement.")],
    *,
    basis: OneBasis = "",
    books: Folder = Path(),
    shape: Format = Shape.TABLE,
    output: Output = None,
) -> None:
    """Compare the realised gain of every closing trade; exits 1 unless all agree."""
    from subledger.operations.reconciling import reconcile_trades  # noqa: PLC0415 - light help
    from subledger.reconcile.realised import AGREES  # noqa: PLC0415 - help stays light

    require_offered(shape)
    found = opened(books)
    report = reconcile_trades(found, file, basis=basis)
    units = found.units(found.control.read())
    emit(listing_of(report, units, entity=found.settings.entity), shape, output=output)
    if set(report.table.column("result").to_pylist()) - {AGREES}:
        raise typer.Exit(Exit.FINDINGS)
