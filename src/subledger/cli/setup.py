"""Commands that make a books folder: init, and demo with the sample firm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subledger.cli.failures import guarded, say, show_findings
from subledger.cli.listing import Listing, counts, listing_of, texts
from subledger.cli.options import DryRun, Folder, Shape, pairs, say_dry_run
from subledger.cli.output import emit, write_text
from subledger.errors import Exit

if TYPE_CHECKING:
    from subledger.operations.demonstrating import DemoResult

commands = typer.Typer()


@commands.command()
@guarded
def init(
    *,
    template: Annotated[
        str, typer.Option(help="Chart and settings to begin with: prop-us or prop-ifrs.")
    ] = "prop-us",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting; may be repeated."),
    ] = None,
    books: Folder = Path(),
    dry_run: DryRun = False,
) -> None:
    """Make a new books folder with settings and a chart.

    Exits 2 when the folder holds books already, 3 when a setting is refused.
    """
    from subledger.config import settings_text  # noqa: PLC0415 - help stays light
    from subledger.operations.creating import create, require_free  # noqa: PLC0415

    chosen = pairs(settings, "--set")
    if dry_run:
        text = settings_text(template, chosen)
        require_free(books, template)
        write_text(text, None)
        say_dry_run(dry_run)
        return
    create(books, template=template, settings=chosen)
    say(f"made {books / 'subledger.toml'}; next: subledger import instruments FILE")


@commands.command()
@guarded
def demo(
    *,
    books: Annotated[
        Path, typer.Option("--books", metavar="DIR", help="Where the demo's books are made.")
    ] = Path("subledger-demo"),
    compare: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Books with which every byte is to be compared."),
    ] = None,
) -> None:
    """Build and close the sample firm's books, and show them.

    Exits 1 when a check fails or a compared file differs.
    """
    from subledger.operations.demonstrating import demo as run  # noqa: PLC0415 - help stays light

    done = run(books, compare, echo=say)
    _show(done)
    show_findings(done.findings)
    if compare is not None:
        same = done.files_compared - len(done.findings)
        say(f"{same} of {done.files_compared} files are byte for byte those of {compare}")
    for name in ("ledgers", "reports"):
        say(f"{name}: {done.books.folder / name}")
    if done.findings or not all(check.passed for month in done.checks for check in month.checks):
        raise typer.Exit(Exit.FINDINGS)


def _show(done: DemoResult) -> None:
    """Print trial balance and P&L of the last month of each basis, and the checks."""
    from subledger.operations.reporting import report, view_of  # noqa: PLC0415 - help stays light

    for basis in done.books.settings.bases:
        view = view_of(done.books, done.period, basis=basis)
        for name, by in (("trial-balance", ()), ("pnl", ("strategy",))):
            made = listing_of(
                report(view, name, by=by), view.units, basis=basis, period=done.period
            )
            emit(made, Shape.TABLE)
            write_text("\n", None)
    rows = [
        (month.basis, month.period, len(month.checks), sum(one.passed for one in month.checks))
        for month in done.checks
    ]
    kinds = texts("basis", "period") | counts("checks", "passed")
    emit(Listing("demo", "Checks", kinds, rows), Shape.TABLE)
