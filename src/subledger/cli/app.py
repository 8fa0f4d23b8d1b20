"""The program `subledger`: all commands in one tree, and what holds for every one of them."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from subledger import __version__
from subledger.cli import benching, closing, deciding, intake, reading, reconciling, ruling, setup
from subledger.cli.failures import TRACEBACK
from subledger.memory import share_among_threads

app = typer.Typer(
    name="subledger",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=(
        "Exit codes: 0 ok; 1 findings; 2 usage; 3 input refused; 4 period closed; 5 integrity "
        "broken; 70 a bug; 73, 74, 75 the machine (cannot write, input or output, busy)."
    ),
)
for part in (setup, intake, closing, reading, benching):
    app.add_typer(part.commands)
app.add_typer(deciding.exceptions, name="exceptions")
app.add_typer(ruling.rules, name="rules")
app.add_typer(reconciling.reconcile, name="reconcile")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - called by Typer
    if wanted:
        typer.echo(f"subledger {__version__}")
        raise typer.Exit


@app.callback()
def subledger(
    *,
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
    traceback: Annotated[
        bool,
        typer.Option(
            "--traceback",
            envvar="SUBLEDGER_TRACEBACK",
            help="Where the program itself fails, print where in its source.",
        ),
    ] = False,
) -> None:
    """Turn settled trades into closed books: import, post, close, report, package, verify."""
    TRACEBACK.set(traceback)


def main() -> None:
    """Run the command line; the console script starts here."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    share_among_threads()
    app(prog_name="subledger")
