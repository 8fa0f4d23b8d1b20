"""Tables for people: figures right-aligned with separators of thousands, negatives in parentheses.

A terminal gets a table that fits its width; a file or pipe gets every column at its full width,
without colours. A figure is never shortened.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from subledger.cli.failures import visible
from subledger.cli.listing import AMOUNT, COUNT, TEXT, Listing, Value

_GAP = "  "
_NARROWEST = 12  # columns of a terminal that a text keeps before the table leaves its width
_STATEMENT = ("line", "label", "level")
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Layout:
    """The cells of a table as text: heading, rows, a row of totals or none, and alignment."""

    heading: list[str]
    body: list[list[str]]
    total: list[str]
    is_number: list[bool]

    def width(self, column: int) -> int:
        """Return the width of a column, heading and total included."""
        rows = [self.heading, *self.body, *([self.total] if self.total else [])]
        return max(_width(row[column]) for row in rows)


def plain(listing: Listing) -> str:
    """Return a table as aligned text, each column at its full width."""
    layout = laid_out(listing)
    widths = [layout.width(n) for n in range(len(layout.heading))]
    rule = _GAP.join("-" * width for width in widths)
    lines = [caption(listing), "", _line(layout.heading, layout, widths=widths), rule]
    lines += [_line(row, layout, widths=widths) for row in layout.body]
    if not layout.body:
        lines.append("(none)")
    if layout.total:
        lines += [rule, _line(layout.total, layout, widths=widths)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str], layout: Layout, *, widths: Sequence[int]) -> str:
    parts = []
    for cell, number, width in zip(cells, layout.is_number, widths, strict=True):
        space = " " * (width - _width(cell))
        parts.append(space + cell if number else cell + space)
    return _GAP.join(parts).rstrip()


def show(listing: Listing) -> None:
    """Print a table on the terminal: text folds where it must, figures never do."""
    layout = laid_out(listing)
    columns = range(len(layout.heading))
    least = [
        layout.width(n) if layout.is_number[n] else min(layout.width(n), _NARROWEST)
        for n in columns
    ]
    if sum(least) + len(_GAP) * (len(least) - 1) > shutil.get_terminal_size().columns:
        sys.stdout.write(plain(listing))
        return
    from rich.console import Console  # noqa: PLC0415 - only where there is a terminal
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, show_footer=bool(layout.total), padding=(0, len(_GAP), 0, 0))
    for n in columns:
        number = layout.is_number[n]
        table.add_column(
            Text(layout.heading[n]),
            footer=Text(layout.total[n]) if layout.total else "",
            footer_style="bold",
            justify="right" if number else "left",
            no_wrap=number,
            min_width=least[n],
            overflow="fold",
        )
    for row in layout.body:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    console = Console(file=sys.stdout, highlight=False)
    console.print(Text(caption(listing), style="bold"), "", table, sep="\n")


_STYLES = {"OK": "green", "FAIL": "bold red"}


def caption(listing: Listing) -> str:
    """Return the line above a table: its title, and what it is of."""
    named = (listing.meta.get(name) for name in ("entity", "basis", "period", "base"))
    words = [listing.title, *(str(value) for value in named if value)]
    return visible(", ".join(words))


def laid_out(listing: Listing) -> Layout:
    """Return the text of every cell."""
    listing = _indented(listing)
    names, kinds = list(listing.kinds), list(listing.kinds.values())
    columns = [
        _column([row[n] for row in listing.rows], listing.totals.get(names[n]), kind=kinds[n])
        for n in range(len(names))
    ]
    total = [column[-1] for column in columns] if listing.totals else []
    first_text = next((n for n, kind in enumerate(kinds) if kind == TEXT), None)
    if total and first_text is not None:
        total[first_text] = "Total"
    return Layout(
        heading=names,
        body=[list(row) for row in zip(*(column[:-1] for column in columns), strict=True)],
        total=total,
        is_number=[kind != TEXT for kind in kinds],
    )


def _indented(listing: Listing) -> Listing:
    """Return a statement with its labels indented by level; other listings as they are."""
    if tuple(listing.kinds)[: len(_STATEMENT)] != _STATEMENT:
        return listing
    kinds = {name: kind for name, kind in listing.kinds.items() if name not in ("line", "level")}
    rows = [
        [_INDENT * int(level or 0) + str(label), *amounts]
        for _, label, level, *amounts in listing.rows
    ]
    return replace(listing, kinds=kinds, rows=rows)


def _column(values: Sequence[Value], total: str | None, *, kind: str) -> list[str]:
    """Return the cells of a column and of its total; digits stand below digits."""
    cells = [_cell(value, kind) for value in (*values, total)]
    if kind == AMOUNT and any(cell.endswith(")") for cell in cells):
        cells = [cell if cell.endswith(")") or not cell else f"{cell} " for cell in cells]
    return cells


def _cell(value: Value, kind: str) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if kind == COUNT:
        return str(value)
    return grouped(str(value)) if kind == AMOUNT else visible(str(value)).replace("\n", " ")


def grouped(number: str) -> str:
    """Return exact decimal text for reading: `-1234.50` becomes `(1,234.50)`."""
    digits, point, decimals = number.removeprefix("-").partition(".")
    text = f"{int(digits):,}{point}{decimals}"
    return f"({text})" if number.startswith("-") else text


def _width(text: str) -> int:
    """Return the columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - only for text that needs it

    return cell_len(text)
