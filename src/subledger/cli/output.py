"""Where data goes: stdout or a file, in the shape that was asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from subledger.cli.layout import plain, show
from subledger.cli.listing import Listing, csv_text, json_text
from subledger.cli.options import Shape
from subledger.errors import refuse


def require_offered(shape: Shape) -> None:
    """Refuse a shape that is not offered, before anything is done."""
    if shape is Shape.XLSX:
        raise refuse(
            "NOT_OFFERED", "xlsx of one report; subledger package PERIOD writes the workbook"
        )


def emit(listing: Listing, shape: Shape, *, output: Path | None = None) -> None:
    """Print a listing, or write it to a file, which is there whole or not at all."""
    if output is None and shape is Shape.TABLE and _on_terminal():
        show(listing)
        sys.stdout.flush()
        return
    writers = {Shape.TABLE: plain, Shape.CSV: csv_text, Shape.JSON: json_text}
    write_text(writers[shape](listing), output)


def write_text(text: str, output: Path | None) -> None:
    """Print a text, or write it to a file, which is there whole or not at all."""
    write_parts([text.encode()], output)


def write_parts(parts: Iterable[bytes], output: Path | None) -> None:
    """Print a text piece by piece, or write it to a file, which is there whole or not at all."""
    if output is None:
        if sys.stdout is None:
            raise refuse("CANNOT_WRITE", "stdout is closed")
        for part in parts:
            sys.stdout.write(part.decode())
        sys.stdout.flush()
        return
    if output.exists() and not output.is_file():
        with output.open("wb") as file:  # a pipe or a device
            file.writelines(parts)
        return
    partial = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with partial.open("xb") as file:
            file.writelines(parts)
        partial.replace(output)
    except FileNotFoundError as error:
        raise refuse("CANNOT_WRITE", "there is no such folder", file=str(output)) from error
    finally:
        partial.unlink(missing_ok=True)


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()
