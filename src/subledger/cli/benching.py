"""The command that measures: bench."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subledger.cli.failures import guarded
from subledger.cli.listing import Listing, Value, amounts, counts, texts
from subledger.cli.options import Format, Output, RunBy, Shape
from subledger.cli.output import emit, require_offered, write_text

if TYPE_CHECKING:
    from subledger.operations.bench_child import Measured
    from subledger.operations.benchmarking import BenchResult

commands = typer.Typer()


@commands.command()
@guarded
def bench(  # noqa: PLR0913 - the options of the command
    *,
    trades: Annotated[
        int | None,
        typer.Option(min=1, help="How many trades. Default: 1000000, with --peers 300000."),
    ] = None,
    peers: Annotated[
        bool, typer.Option("--peers", help="Also time bean-check, hledger and ledger.")
    ] = False,
    basis: Annotated[
        list[str] | None,
        typer.Option(
            "--basis", metavar="NAME", help="Accounting basis; may be repeated. Default: US-GAAP"
        ),
    ] = None,
    source: Annotated[
        str, typer.Option("--input", help="What the files are: csv or parquet.")
    ] = "csv",
    books: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Keep the files and books there, not in a scratch folder."
        ),
    ] = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
    executor: RunBy = "inline",
) -> None:
    """Measure a generated month, from its files to the package.

    The book is the same each time: trades of 1,000 instruments in 20 books, skewed, 55 % of them
    closing. Each stage is printed with its seconds, rows per second and the peak memory so far;
    then the lot engine alone; with --peers, what other programs take to load and balance the same
    trades, as a multiple of the whole job and of lots and P&L alone.
    """
    from subledger.operations.bench_book import Recipe  # noqa: PLC0415 - help stays light
    from subledger.operations.bench_machine import machine  # noqa: PLC0415
    from subledger.operations.benchmarking import (  # noqa: PLC0415
        BASIS,
        MONTH_TRADES,
        PEERS_TRADES,
        BenchTerms,
    )
    from subledger.operations.benchmarking import bench as run  # noqa: PLC0415

    require_offered(shape)
    count = trades or (PEERS_TRADES if peers else MONTH_TRADES)
    bases = tuple(basis or (BASIS,))
    done = run(BenchTerms(Recipe(count), bases, source, peers, executor=executor), books)
    described = machine()
    emit(_listing(done, described), shape, output=output)
    if shape is Shape.TABLE and output is None:
        write_text("\n", None)
        rows = list(described.items())
        emit(Listing("machine", "Machine", texts("what", "value"), rows), shape)


def _listing(done: BenchResult, described: dict[str, str]) -> Listing:
    kinds = texts("part", "stage") | counts("rows") | amounts("seconds", "cpu")
    kinds |= (
        counts("rows_per_second", "peak_mb") | amounts("times_job", "times_lots") | texts("note")
    )
    terms = done.terms
    meta: dict[str, Value] = {
        "trades": terms.recipe.trades,
        "closing": done.closing,
        "bases": ", ".join(terms.bases),
        "input": terms.form,
    }
    rows = [_cells(one, done) for one in done.measured]
    return Listing("bench", "Bench", kinds, rows, meta=meta | described)


def _cells(one: Measured, done: BenchResult) -> tuple[Value, ...]:
    ratios = done.ratios(one)
    times = ("", "") if ratios is None else (f"{ratios[0]:.1f}", f"{ratios[1]:.0f}")
    per_second = round(one.rows / one.seconds) if one.rows and one.seconds else None
    return (
        *(one.part, one.stage, one.rows or None),
        *(_seconds(one.seconds), _seconds(one.cpu), per_second),
        *(round(one.peak / 10**6) or None, *times, one.note),
    )


def _seconds(measured: float) -> str:
    return f"{measured:.3f}" if measured else ""
