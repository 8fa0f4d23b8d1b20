"""What a user sees when something is refused or fails: each finding, a remedy, an exit code."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import ParamSpec

import typer

from subledger.errors import Exit, Finding, Refused

P = ParamSpec("P")

SHOWN_FINDINGS = 50
INTERRUPTED = 130
TRACEBACK: ContextVar[bool] = ContextVar("traceback", default=False)


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Return a command that ends in an exit code, never in a traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except BrokenPipeError:
            # Whoever reads the output has read enough.
            _discard_output()
            raise typer.Exit(Exit.OK) from None
        except KeyboardInterrupt:
            say("subledger: interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:  # noqa: BLE001 - the last line of defence
            raise typer.Exit(_end(error)) from None

    return run


def _end(error: Exception) -> int:
    """Say what went wrong; return the exit code."""
    refused = error if isinstance(error, Refused) else _machine_refusal(error)
    if refused is not None:
        show_findings(refused.findings)
        if isinstance(error, OSError):
            _discard_output()
        return int(refused.exit)
    if TRACEBACK.get():
        traceback.print_exception(error)
    say(f"subledger: a bug: {type(error).__name__}: {error}")
    say("  fix: report it with the command and the output of subledger --traceback COMMAND")
    return int(Exit.BUG)


def _machine_refusal(error: Exception) -> Refused | None:
    from subledger.operations.failing import refusal_of  # noqa: PLC0415 - help stays light

    return refusal_of(error)


def _discard_output() -> None:
    """Let nothing more be written, so that the interpreter does not fail at its end."""
    if sys.stdout is sys.__stdout__ and sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show_findings(findings: Sequence[Finding], *, as_notes: bool = False) -> None:
    """Print findings on stderr, each with its place and remedy; a long list is cut with a count."""
    for finding in findings[:SHOWN_FINDINGS]:
        say(f"note: {finding}" if as_notes else str(finding))
    left = len(findings) - SHOWN_FINDINGS
    if left > 0:
        say(f"... and {left} more findings")


def say(message: str) -> None:
    """Print a line on stderr; characters that would steer a terminal are shown escaped."""
    typer.echo(visible(message), err=True)


def visible(text: str) -> str:
    """Return a text in which whatever does not print is escaped; line breaks stay."""
    if text.isprintable():
        return text
    return "".join(
        mark if mark.isprintable() or mark == "\n" else mark.encode("unicode_escape").decode()
        for mark in text
    )
