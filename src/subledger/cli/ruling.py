"""Commands on the posting rules: prove the chart, and show what an event would post."""

from __future__ import annotations

from dataclasses import astuple, fields
from pathlib import Path
from typing import Annotated

import typer

from subledger.cli.failures import guarded, show_findings
from subledger.cli.listing import Listing, counts, texts
from subledger.cli.options import Bases, Folder, Format, Output, Shape, pairs
from subledger.cli.output import emit, require_offered, write_text
from subledger.errors import Exit

rules = typer.Typer(no_args_is_help=True, help="Prove the posting rules, or see what they post.")


@rules.command()
@guarded
def check(
    *,
    books: Folder = Path(),
    basis: Bases = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
) -> None:
    """Prove the chart: no gap, no tie, every rule balances, every account has its place.

    Exits 1 with each violation: its file, rule, and the cell or the residual.
    """
    from subledger.operations.rules import check_rules  # noqa: PLC0415 - help stays light

    require_offered(shape)
    proof = check_rules(books, basis or ())
    count = len(proof.findings)
    if shape is Shape.TABLE:
        found = f"{count or 'no'} finding{'' if count == 1 else 's'}"
        text = f"{proof.chart} for {', '.join(proof.bases)}: {proof.rules} rules, "
        write_text(f"{text}{proof.cells} cells, {found}\n", output)
    else:
        kinds = texts("chart", "bases") | counts("rules", "cells", "findings")
        row = (proof.chart, ", ".join(proof.bases), proof.rules, proof.cells, count)
        emit(Listing("rules-check", "Proof of the chart", kinds, [row]), shape, output=output)
    show_findings(proof.findings)
    if proof.findings:
        raise typer.Exit(Exit.FINDINGS)


@rules.command()
@guarded
def explain(
    event: Annotated[
        str, typer.Argument(metavar="EVENT", help="trade, settlement, mark, contribution, ...")
    ],
    *,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A dimension of the event; may be repeated."),
    ] = None,
    books: Folder = Path(),
    basis: Bases = None,
    shape: Format = Shape.TABLE,
    output: Output = None,
) -> None:
    """Show the rule and the lines that an event gets, cell by cell of the decision table."""
    from subledger.chart import ExplainedLine  # noqa: PLC0415 - help stays light
    from subledger.operations.rules import explain_rules  # noqa: PLC0415

    require_offered(shape)
    found = explain_rules(books, event, where=pairs(where, "--where"), bases=basis or ())
    names = [one.name for one in fields(ExplainedLine)]
    kinds = texts("basis", "cell", *names) | counts("line")
    rows = [(basis_name, cell, *astuple(line)) for basis_name, cell, line in found]
    emit(Listing("rules-explain", f"What a {event} posts", kinds, rows), shape, output=output)
