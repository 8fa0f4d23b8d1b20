"""Commands at a period's end: check, close, verify, package, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subledger.cli.failures import guarded, say, show_findings
from subledger.cli.listing import Listing, amounts, counts, texts
from subledger.cli.options import (
    Bases,
    DryRun,
    Folder,
    Format,
    OneBasis,
    Output,
    RunBy,
    Shape,
    booked_by,
    opened,
    progress,
    say_dry_run,
)
from subledger.cli.output import emit, require_offered
from subledger.errors import CODES, Exit

if TYPE_CHECKING:
    from subledger.closing.checks import Check

commands = typer.Typer()

PeriodArgument = Annotated[
    str, typer.Argument(metavar="PERIOD", help="A month 2026-01, a quarter 2026-Q1 or a year 2026.")
]


@commands.command()
@guarded
def check(
    *,
    books: Folder = Path(),
    basis: Bases = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
) -> None:
    """Prove the journal: balances, lots, unsettled items, gains.

    Exits 1 when a check fails; each check is listed either way.
    """
    from subledger.operations.checking import check as run  # noqa: PLC0415 - help stays light

    require_offered(shape)
    found = opened(books)
    done = run(found, basis or ())
    kinds = texts("basis", "period", "check", "description", "result")
    kinds |= amounts("left", "right") | counts("compared") | texts("differences")
    decimals = found.settings.base_decimals
    rows = [
        (month.basis, month.period, *_check_cells(one, decimals))
        for month in done
        for one in month.checks
    ]
    emit(Listing("check", "Checks", kinds, rows), shape, output=output)
    if not all(one.passed for month in done for one in month.checks):
        raise typer.Exit(Exit.FINDINGS)


def _check_cells(check: Check, decimals: int) -> tuple[str | int, ...]:
    from subledger.numbers import to_text  # noqa: PLC0415 - help stays light

    places = decimals if check.unit == "base" else 0
    return (
        check.id,
        check.description,
        "OK" if check.passed else "FAIL",
        to_text(check.left, places),
        to_text(check.right, places),
        check.compared,
        "; ".join(check.differences),
    )


@commands.command()
@guarded
def close(
    period: PeriodArgument,
    *,
    books: Folder = Path(),
    basis: Bases = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
    dry_run: DryRun = False,
    executor: RunBy = "inline",
) -> None:
    """Close a month or a year: book, mark, check, seal.

    Exits 1 when a check fails or an exception is open (each is listed), 4 when the period is
    closed already or an earlier one is not.
    """
    from subledger.operations.closing import close as run  # noqa: PLC0415 - help stays light

    require_offered(shape)
    with booked_by(executor, books) as found:
        done = run(found, period, bases=basis or (), dry_run=dry_run, progress=progress())
    kinds = texts("basis", "period")
    kinds |= counts("checks", "figures_compared", "withheld_trades", "accepted_exceptions")
    kinds |= counts("ledger_files")
    kinds |= texts("seal")
    rows = []
    for one in done:
        withheld = one.withheld.get("trades", [])
        count = len(withheld) if isinstance(withheld, list) else 0
        compared = sum(check.compared for check in one.checks)
        figures = (len(one.checks), compared, count, len(one.accepted), len(one.files))
        rows.append((one.basis, one.period, *figures, "" if dry_run else one.seal))
    emit(
        Listing("close", "Would close" if dry_run else "Closed", kinds, rows), shape, output=output
    )
    for one in done:
        if one.summary:
            say(f"{one.basis}: the ledger tells {one.period} in daily sums without lots")
    say_dry_run(dry_run)


@commands.command()
@guarded
def verify(
    period: Annotated[
        str | None, typer.Argument(metavar="PERIOD", help="Up to this period. Default: the last")
    ] = None,
    *,
    books: Folder = Path(),
    basis: Bases = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
) -> None:
    """Prove the books anew from what is on disk.

    Hashes, chains and sums are computed again, and beancount reads the ledger for itself. Without
    a store, the ledger files are proved against the manifest that stands beside them. Exits 5
    when anything is not what was sealed; each finding names its file and line.
    """
    from subledger.operations.verifying_ledgers import (  # noqa: PLC0415 - help stays light
        verify_folder,
    )

    require_offered(shape)
    done = verify_folder(books, period, bases=basis or ())
    kinds = texts("basis") | counts("compared", "findings") | texts("result", "notes")
    rows = [
        (
            *(one.basis, one.compared, len(one.findings)),
            *("FAIL" if one.findings else "OK", "; ".join(one.notes)),
        )
        for one in done
    ]
    emit(Listing("verify", "Verification", kinds, rows), shape, output=output)
    findings = [finding for one in done for finding in one.findings]
    show_findings(findings)
    if findings:
        raise typer.Exit(max(CODES[finding.code].exit for finding in findings))


@commands.command()
@guarded
def package(
    period: PeriodArgument,
    *,
    books: Folder = Path(),
    basis: Bases = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
    dry_run: DryRun = False,
) -> None:
    """Write a period's workbook and reports.

    They go to reports/PERIOD/BASIS: the workbook, each report as CSV, and a manifest.
    """
    from subledger.operations.packaging import package as run  # noqa: PLC0415 - help stays light

    require_offered(shape)
    done = run(opened(books), period, bases=basis or (), dry_run=dry_run)
    kinds = texts("basis", "period", "folder") | counts("files")
    rows = [(one.basis, one.period, str(one.folder), len(one.files)) for one in done]
    emit(Listing("package", "Package", kinds, rows), shape, output=output)
    say_dry_run(dry_run)


@commands.command()
@guarded
def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="beancount | beancount-full")],
    period: PeriodArgument,
    *,
    books: Folder = Path(),
    basis: OneBasis = "",
    shape: Format = Shape.TABLE,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Another folder than that of the ledger."),
    ] = None,
) -> None:
    """Write the ledger files again, as a close sealed them.

    `beancount-full` writes every entry and lot of all periods up to this one, also of those that
    the ledger tells in daily sums, to the folder of --output.
    """
    from subledger.operations.exporting import export as run  # noqa: PLC0415 - help stays light

    require_offered(shape)
    written = run(opened(books), name, label=period, basis=basis, output=output)
    rows = [(str(path),) for path in written]
    emit(Listing("export", "Files written", texts("file"), rows), shape)
    if not written:
        say("every ledger file is there as the close sealed it; nothing was written")
