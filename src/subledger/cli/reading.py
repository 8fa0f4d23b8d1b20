"""Commands that read: status, report, explain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from subledger.cli.closing import PeriodArgument
from subledger.cli.failures import guarded, say, visible
from subledger.cli.listing import listing_of
from subledger.cli.options import AsAt, Folder, Format, OneBasis, Output, Shape, opened
from subledger.cli.output import emit, require_offered, write_parts, write_text
from subledger.errors import CODES, refuse

commands = typer.Typer()

ReportBases = Annotated[
    list[str] | None,
    typer.Option(
        "--basis",
        metavar="NAME",
        help="Accounting basis. Default: the first. basis-difference takes two.",
    ),
]


@commands.command()
@guarded
def status(
    *,
    history: Annotated[
        bool, typer.Option("--history", help="List every command that wrote or was refused.")
    ] = False,
    books: Folder = Path(),
    as_at: AsAt = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
) -> None:
    """Show which periods are closed and what is open, or who ran which command."""
    from subledger.operations import status as run  # noqa: PLC0415 - help stays light

    require_offered(shape)
    found = opened(books)
    report = (run.history if history else run.status)(found, as_at=as_at)
    emit(listing_of(report, found.units(found.control.read(as_at))), shape, output=output)
    say(f"as at batch {report.meta['knowledge_seq']}")


@commands.command()
@guarded
def report(  # noqa: PLR0913 - one per option
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="trial-balance, pnl, lots, realised, ...")
    ],
    period: PeriodArgument,
    *,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Split by a column; may be repeated."),
    ] = None,
    books: Folder = Path(),
    basis: ReportBases = None,
    as_at: AsAt = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
) -> None:
    """Print a report of a period.

    Names: trial-balance, balance-sheet, income-statement, pnl, realised, unrealised, lots,
    positions, journal, unsettled, entitlements, fx, rates, basis-difference, exceptions.
    """
    from subledger.operations import reporting  # noqa: PLC0415 - help stays light
    from subledger.operations.splitting import require_splits  # noqa: PLC0415
    from subledger.statements.report import csv_parts  # noqa: PLC0415

    require_offered(shape)
    one, other = _bases(name, basis or [])
    view = reporting.view_of(opened(books), period, basis=one, other=other, as_at=as_at)
    if name in reporting.REPORTS:
        require_splits(name, by or ())
    made = reporting.report(view, name, by=by or ())
    if shape is Shape.CSV:
        write_parts(csv_parts(made, view.units), output)
        return
    of = {"entity": view.books.settings.entity, "basis": view.policy.name}
    listing = listing_of(made, view.units, **of, period=view.period.label)
    emit(listing, shape, output=output)


def _bases(name: str, given: list[str]) -> tuple[str, str]:
    """Return the basis of a report, and the one that it is compared with."""
    most = 2 if name == "basis-difference" else 1
    if len(given) > most:
        raise refuse("NOT_OFFERED", f"{name} of {len(given)} bases", value=", ".join(given))
    return (*given, "", "")[0], (*given, "", "")[1]


@commands.command()
@guarded
def explain(
    identifier: Annotated[
        str,
        typer.Argument(metavar="ID", help="An entry, lot, relief or trade; or a code as LATE."),
    ],
    *,
    books: Folder = Path(),
    basis: OneBasis = "",
    as_at: AsAt = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
) -> None:
    """Walk from a number back to the file and row.

    Or say what a code means and what to do.
    """
    if shape not in (Shape.TABLE, Shape.JSON):
        raise refuse("NOT_OFFERED", "an explanation is text or json", value=shape.value)
    if identifier in CODES:
        lines, data = _code(identifier)
    else:
        from subledger.operations import explaining  # noqa: PLC0415 - help stays light

        found = opened(books)
        if shape is Shape.JSON:
            lines, data = [], explaining.explain_data(found, identifier, basis=basis, as_at=as_at)
        else:
            lines, data = explaining.explain(found, identifier, basis=basis, as_at=as_at), {}
    if shape is Shape.JSON:
        text = json.dumps(data, ensure_ascii=False, indent=1)
        write_text(f"{text}\n", output)
    else:
        write_text("".join(f"{visible(line)}\n" for line in lines), output)


def _code(name: str) -> tuple[list[str], dict[str, object]]:
    """Return what a code means, as lines and as a JSON document."""
    code = CODES[name]
    lines = [f"{name}: {code.meaning}", f"  fix: {code.remedy}", f"  exit code: {int(code.exit)}"]
    if code.waivable:
        lines.append("  it can be waived: subledger exceptions waive ID --reason TEXT")
    row: dict[str, object] = {"code": name, "meaning": code.meaning, "remedy": code.remedy}
    row |= {"exit": int(code.exit), "waivable": code.waivable}
    return lines, {"schema": "subledger.explain/1", "meta": {}, "rows": [row], "totals": {}}
